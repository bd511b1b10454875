import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { scratchFolder, space, sweepScratch } from '../../src/processes/scratch.ts';

/** More than any process id that Linux gives. */
const GONE = 2 ** 22 + 7;
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probity-test-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function left(name: string, ageHours: number): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  await writeFile(join(path, 'states'), 'x');
  const then = new Date(Date.now() - ageHours * 3_600_000);
  await utimes(path, then, then);
  return path;
}

describe('what processes leave behind that were killed', () => {
  it('is removed; what belongs to a living one, to others, or is not ours, stays', async () => {
    const gone = [
      await left(`probity-tlc-${space()}-${GONE}-abcdef`, 0),
      await left(`probity-warm-1-${GONE}-ABC123`, 30),
    ];
    const stays = [
      await left(`probity-tlc-${space()}-${process.pid}-abcdef`, 2),
      await left(`probity-specification-1-${GONE}-abcdef`, 2),
      await left(`probity-demo-${space()}-${GONE}-abcdef`, 30),
      await left(`other-tlc-${space()}-${GONE}-abcdef`, 30),
    ];
    await symlink(
      stays[3] as string,
      join(folder, `probity-specification-${space()}-${GONE}-linked`),
    );
    expect([...(await sweepScratch())].sort()).toEqual([...gone].sort());
    expect(gone.filter(existsSync)).toEqual([]);
    expect(stays.filter(existsSync)).toEqual(stays);
    expect(existsSync(join(stays[3] as string, 'states'))).toBe(true);
  });

  it('a new folder says whose it is', async () => {
    const made = await scratchFolder('tlc');
    expect(basename(made)).toMatch(new RegExp(`^probity-tlc-${space()}-${process.pid}-\\w{6}$`));
  });
});
