import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Z3Process } from '../../src/engines/z3/process.ts';
import { runChild } from '../../src/processes/child.ts';
import { confined, mayConfine, toolEnvironment } from '../../src/processes/confined.ts';
import { needs } from '../tools.ts';

const SECRET = 'postgresql://probity:secret@db/probity';
let folder = '';

beforeAll(async () => {
  process.env['DATABASE_URL'] = SECRET;
  folder = await mkdtemp(join(homedir(), '.probity-test-'));
  await writeFile(join(folder, 'secret.txt'), 'in a file');
});
afterAll(async () => {
  delete process.env['DATABASE_URL'];
  await rm(folder, { recursive: true, force: true });
});

/** A process and all that it has started. */
function tree(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(tree)];
}

describe('solvers', () => {
  it('are told nothing of our environment', async () => {
    const z3 = Z3Process.packaged();
    expect(await z3.version()).toContain('Z3');
    const pids = tree(z3.pid ?? 0);
    for (const pid of pids)
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('secret');
    expect(await z3.send('(check-sat)')).toContain('sat');
    z3.kill();
    expect(Z3Process.isConfined).toBe(true);
    expect(pids.length).toBeGreaterThan(mayConfine() ? 1 : 0);
  }, 60_000);

  it('reach no file but their own', async ({ skip }) => {
    needs('bubblewrap', skip);
    const solver = join(folder, 'bin', 'solver');
    await import('node:fs/promises').then(({ mkdir }) => mkdir(join(folder, 'bin')));
    const other = await mkdtemp(join(homedir(), '.probity-other-'));
    await writeFile(join(other, 'secret.txt'), 'in a file');
    await writeFile(
      solver,
      `#!/bin/sh
while read line; do
  case "$line" in
    *answered*) echo '<<answered>>' ;;
    *) echo "env:$DATABASE_URL"; cat ${other}/secret.txt 2>&1; ls /home /root 2>&1 ;;
  esac
done
`,
    );
    await chmod(solver, 0o755);
    const said = await Z3Process.native(solver, 30).send('(check-sat)');
    expect(said).toMatch(/^env:$/m);
    expect(said).not.toContain('in a file');
    expect(said).toMatch(/No such file/);
    await rm(other, { recursive: true, force: true });
  }, 60_000);
});

describe('a program by its name', () => {
  it('is found where the path leads, behind a link too', async ({ skip }) => {
    needs('bubblewrap', skip);
    const { mkdir, symlink } = await import('node:fs/promises');
    const [real, links] = [join(folder, 'real', 'bin'), join(folder, 'links')];
    await mkdir(real, { recursive: true });
    await mkdir(links);
    await writeFile(join(real, 'tool'), '#!/bin/sh\necho here\n', { mode: 0o755 });
    await symlink(join(real, 'tool'), join(links, 'tool'));
    const before = process.env['PATH'];
    process.env['PATH'] = `${links}:${before}`;
    const program = confined('tool', [], { readable: [] });
    process.env['PATH'] = before;
    const limits = { timeoutMs: 10_000, signal: new AbortController().signal };
    expect((await runChild(program.command, program.args, limits)).stdout).toBe('here\n');
  });
});

describe('every child', () => {
  it('has the environment of a tool where it is given none', async () => {
    const limits = { timeoutMs: 10_000, signal: new AbortController().signal };
    const { stdout } = await runChild('env', [], limits);
    expect(stdout).toContain('PATH=');
    expect(stdout).not.toContain('secret');
    expect(Object.keys(toolEnvironment())).not.toContain('DATABASE_URL');
  });

  it('is killed for what it takes together with its own children', async ({ skip }) => {
    needs('bubblewrap', skip);
    const eat = 'const all = []; for (;;) all.push(Buffer.alloc(20_000_000, 1));';
    const program = confined(process.execPath, ['-e', eat], { readable: [] });
    const { end } = await runChild(program.command, program.args, {
      timeoutMs: 60_000,
      memoryMb: 300,
      signal: new AbortController().signal,
    });
    expect(end.kind).toBe('memory');
  }, 90_000);
});
