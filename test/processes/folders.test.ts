import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeFolder } from '../../src/processes/folders.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probity-folders-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('is made with those above it, once or by several at once, with its mode', async () => {
  const deep = join(folder, 'a', 'b', 'c');
  await Promise.all([makeFolder(deep, 0o700), makeFolder(deep, 0o700), makeFolder(deep, 0o700)]);
  expect((await stat(deep)).mode & 0o777).toBe(0o700);
  await makeFolder(deep);
});

it('is refused below and in the place of a file, and where the system has none', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(makeFolder(join(file, 'x', 'y'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(makeFolder('/proc/probity/x')).rejects.toMatchObject({ code: 'ENOENT' });
});
