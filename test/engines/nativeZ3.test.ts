import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { findNativeZ3, nativeZ3 } from '../../src/engines/z3/nativeZ3.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'probity-native-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

let made = 0;
/** A cache and a PATH on which `python3` is this script; `$1 $2 $3` are `-I -m MODULE`. */
async function machine(script: string): Promise<{ cache: string; calls(): Promise<number> }> {
  made += 1;
  const [bin, cache] = [join(scratch, `bin${made}`), join(scratch, `cache${made}`)];
  const log = join(bin, 'calls');
  await mkdir(bin);
  await writeFile(join(bin, 'python3'), `#!/bin/sh\necho x >> ${log}\n${script}\n`);
  await chmod(join(bin, 'python3'), 0o755);
  vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`);
  vi.stubEnv('Z3_BIN', '');
  const calls = async (): Promise<number> =>
    (await readFile(log, 'utf8').catch(() => '')).split('\n').length - 1;
  return { cache, calls };
}

const WHEEL_WITH_ANOTHER = `
case "$3" in
  pip) mkdir wheel; : > wheel/z3.whl;;
  zipfile) mkdir -p files/z3.data/data/bin; echo '#!/bin/sh' > files/z3.data/data/bin/z3;;
esac`;

describe('a native Z3 by pip', () => {
  it('is not asked for where Z3_BIN names one, or wants none', async () => {
    const { cache, calls } = await machine('exit 0');
    vi.stubEnv('Z3_BIN', '/opt/z3');
    expect(await findNativeZ3(cache)).toBe('/opt/z3');
    vi.stubEnv('Z3_BIN', 'packaged');
    expect(await findNativeZ3(cache)).toBeUndefined();
    expect(nativeZ3()).toBeUndefined();
    expect(await calls()).toBe(0);
  });

  it('is looked for in the cache alone by who may fetch nothing', async () => {
    const { cache, calls } = await machine('exit 0');
    expect(await findNativeZ3(cache, 'no')).toBeUndefined();
    expect(await calls()).toBe(0);
  });

  it('is asked for once a day where it cannot be had', async () => {
    const { cache, calls } = await machine('echo "no such package" >&2; exit 1');
    expect(await findNativeZ3(cache)).toBeUndefined();
    expect(await calls()).toBe(1);
    const [absent] = await readdir(cache);
    expect(absent).toMatch(/^z3-[0-9a-f]{12}\.absent$/u);
    expect(await readFile(join(cache, absent ?? ''), 'utf8')).toContain('no such package');
    // Another process finds the note, and does not ask.
    vi.resetModules();
    const other = await import('../../src/engines/z3/nativeZ3.ts');
    expect(await other.findNativeZ3(cache)).toBeUndefined();
    expect(await calls()).toBe(1);
    // `doctor` asks all the same.
    expect(await other.findNativeZ3(cache, 'now')).toBeUndefined();
    expect(await calls()).toBe(2);
  });

  it('is not waited for twice, where the first who waited was killed', async () => {
    const { cache, calls } = await machine('sleep 3; exit 1');
    const waiting = findNativeZ3(cache);
    await vi.waitFor(async () => expect(await calls()).toBe(1), { timeout: 10_000 });
    vi.resetModules();
    const other = await import('../../src/engines/z3/nativeZ3.ts');
    expect(await other.findNativeZ3(cache)).toBeUndefined();
    expect(await calls()).toBe(1);
    expect(await waiting).toBeUndefined();
  }, 60_000);

  it('gets into the cache with the pinned bytes only, and is run from it with these only', async () => {
    const { cache, calls } = await machine(WHEEL_WITH_ANOTHER);
    expect(await findNativeZ3(cache)).toBeUndefined();
    expect(await calls()).toBe(2);
    const [absent, ...others] = await readdir(cache);
    expect(others).toEqual([]);
    expect(await readFile(join(cache, absent ?? ''), 'utf8')).toContain('another z3');
    // Somebody puts one there.
    const folder = join(cache, (absent ?? '').replace('.absent', ''));
    await mkdir(folder);
    await writeFile(join(folder, 'z3'), '#!/bin/sh\n', { mode: 0o755 });
    vi.resetModules();
    const other = await import('../../src/engines/z3/nativeZ3.ts');
    expect(await other.findNativeZ3(cache)).toBeUndefined();
  });
});
