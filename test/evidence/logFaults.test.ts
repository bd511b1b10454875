import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCheckpoint } from '../../src/evidence/formats/checkpoint.ts';
import { fromUtf8, utf8 } from '../../src/evidence/formats/encoding.ts';
import { durableFiles, type Files } from '../../src/evidence/log/files.ts';
import { folderLogStore } from '../../src/evidence/log/folder.ts';
import { fsck } from '../../src/evidence/log/fsck.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import type { LoggedLeaf } from '../../src/evidence/log/head.ts';
import { memoryLogStore } from '../../src/evidence/log/memory.ts';
import { seenInFolder } from '../../src/evidence/log/seen.ts';
import { parseNote } from '../../src/evidence/formats/note.ts';
import { quickFolder } from '../servers.ts';
import { testKeys } from './fixture.ts';

const { log: key } = await testKeys('faults');
let folder: string;
beforeEach(async () => {
  folder = await quickFolder('faults');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const logPlace = (): string => join(folder, 'log');

const seenPlace = (): string => join(folder, 'seen');

const openLog = async (files: Files = durableFiles): Promise<TransparencyLog> =>
  TransparencyLog.open(await folderLogStore(logPlace(), files), key, {
    seen: await seenInFolder(seenPlace(), files),
  });

/**
 * A file system whose n-th write (from 1) fails, before or after it happened; `writes` counts them.
 */
function breaking(
  n: number,
  fate: 'failed' | 'failed but persisted',
  code = 'EIO',
): Files & { writes: number } {
  const step = async <T>(write: () => Promise<T>): Promise<T> => {
    broken.writes += 1;
    const now = broken.writes === n;
    if (now && fate === 'failed') throw Object.assign(new Error('the write failed'), { code });
    const done = await write();
    if (now) throw Object.assign(new Error('the answer was lost'), { code });
    return done;
  };
  const broken = {
    ...durableFiles,
    writes: 0,
    create: (path: string, text: string) => step(() => durableFiles.create(path, text)),
    link: (path: string, name: string) => step(() => durableFiles.link(path, name)),
    sync: (place: string) => step(() => durableFiles.sync(place)),
    remove: (path: string) => step(() => durableFiles.remove(path)),
  };
  return broken;
}

/** As the service does it: what was not acknowledged is looked for, then appended. */
async function insist(open: () => Promise<TransparencyLog>, leaf: string): Promise<LoggedLeaf> {
  for (;;) {
    try {
      const log = await open();
      const index = await log.find(utf8(leaf));
      const receipt = index === undefined ? undefined : await log.receipt(index);
      return index !== undefined && receipt !== undefined
        ? { index, receipt }
        : await log.append(utf8(leaf));
    } catch (error) {
      if ((error as { retryable?: unknown }).retryable !== true) throw error;
    }
  }
}

const LEAVES = ['a', 'b', 'c'];

/** Runs three appends with one broken write; how many writes there were in all. */
async function withOneBroken(
  n: number,
  fate: 'failed' | 'failed but persisted',
  reopens: boolean,
): Promise<number> {
  const files = breaking(n, fate);
  let log: TransparencyLog | undefined;
  const open = async (): Promise<TransparencyLog> =>
    (log = log === undefined || reopens ? await openLog(files) : log);
  const acknowledged: LoggedLeaf[] = [];
  for (const leaf of LEAVES) acknowledged.push(await insist(open, leaf));
  expect(acknowledged.map(({ index }) => index)).toEqual([0, 1, 2]);
  // Nothing that was handed out is contradicted: the mark covers it, and a fresh process accepts
  // log and mark.
  const shown = (await (await seenInFolder(seenPlace())).newest()) ?? '';
  expect(parseCheckpoint(parseNote(shown)?.text ?? '')?.size).toBe(3);
  const store = await folderLogStore(logPlace());
  expect((await store.leaves(0, 9)).map(fromUtf8)).toEqual(LEAVES);
  await openLog();
  const { findings } = await fsck(store, key, [{ from: 'shown', note: shown }]);
  expect(findings.filter(({ code }) => code !== 'LEAF_SHAPE')).toEqual([]);
  return files.writes;
}

describe('each write of a folder and of its mark, broken twice', () => {
  for (const fate of ['failed', 'failed but persisted'] as const) {
    for (const reopens of [false, true]) {
      it(`${fate}, ${reopens ? 'every append by a new process' : 'one process'}: every leaf is there once`, async () => {
        let writes = 1;
        for (let n = 1; n <= writes; n += 1) {
          writes = await withOneBroken(n, fate, reopens);
          await rm(folder, { recursive: true });
        }
        // Three appends: segment and mark, each made, linked, flushed and tidied.
        expect(writes).toBeGreaterThan(3 * 2 * 4);
      });
    }
  }

  it('says that a disk is full, retryable, however the system words it', async () => {
    for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) {
      await rm(folder, { recursive: true });
      const files = breaking(0, 'failed');
      const log = await openLog(files);
      files.create = async () => {
        throw Object.assign(new Error(code), { code });
      };
      await expect(log.append(utf8('a')), code).rejects.toMatchObject({
        code: 'DISK_FULL',
        retryable: true,
      });
      files.create = durableFiles.create;
      expect((await log.append(utf8('a'))).index).toBe(0);
    }
  });

  it('acknowledges nothing whose checkpoint could not be kept', async () => {
    const files = { ...durableFiles };
    const log = await TransparencyLog.open(await folderLogStore(logPlace()), key, {
      seen: await seenInFolder(seenPlace(), files),
    });
    files.create = async () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    await expect(log.append(utf8('a'))).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(log.receipt(0)).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(log.checkpoint()).rejects.toMatchObject({ code: 'DISK_FULL' });
    files.create = durableFiles.create;
    expect(await log.receipt(0)).toContain('index 0\n');
  });
});

describe('at the start a log is compared with what was last shown', () => {
  async function grown(leaves: readonly string[]): Promise<void> {
    const log = await openLog();
    for (const leaf of leaves) await log.append(utf8(leaf));
  }

  it('refuses an older copy that was put back while nothing ran', async () => {
    await grown(['a', 'b']);
    await cp(logPlace(), join(folder, 'backup'), { recursive: true });
    await grown(['c']);
    await rm(logPlace(), { recursive: true });
    await cp(join(folder, 'backup'), logPlace(), { recursive: true });
    await expect(openLog()).rejects.toMatchObject({ code: 'LOG_ROLLED_BACK', retryable: false });
    await rm(logPlace(), { recursive: true });
    await expect(openLog()).rejects.toMatchObject({ code: 'LOG_ROLLED_BACK' });
  });

  it('refuses another history of the same length or longer', async () => {
    await grown(['a', 'b']);
    for (const other of [
      ['a', 'x'],
      ['x', 'b', 'c'],
    ]) {
      await rm(logPlace(), { recursive: true });
      const forked = await TransparencyLog.open(await folderLogStore(logPlace()), key);
      for (const leaf of other) await forked.append(utf8(leaf));
      await expect(openLog(), other.join()).rejects.toMatchObject({
        code: 'LOG_FORKED',
        retryable: false,
      });
    }
  });

  it('accepts a mark that lags behind, as a kill between commit and mark leaves it', async () => {
    await grown(['a']);
    const unmarked = await TransparencyLog.open(await folderLogStore(logPlace()), key);
    await unmarked.append(utf8('b'));
    const log = await openLog();
    expect(await log.size()).toBe(2);
    await log.checkpoint();
    expect(await readdir(seenPlace())).toEqual(['0000000000000002.checkpoint']);
  });

  it('refuses a mark that is damaged or signed by somebody else', async () => {
    await grown(['a']);
    await writeFile(join(seenPlace(), '0000000000000005.checkpoint'), 'nothing');
    await expect(openLog()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    const stranger = await TransparencyLog.open(memoryLogStore(), (await testKeys('stranger')).log);
    await stranger.append(utf8('a'));
    await writeFile(
      join(seenPlace(), '0000000000000005.checkpoint'),
      (await stranger.checkpoint()) ?? '',
    );
    await expect(openLog()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });

  it('keeps the largest of what many processes keep at once, and two of one size are a fork', async () => {
    const log = await TransparencyLog.open(memoryLogStore(), key);
    const notes: string[] = [];
    for (let at = 0; at < 20; at += 1) {
      await log.append(utf8(`leaf ${at}`));
      notes.push((await log.checkpoint()) ?? '');
    }
    const marks = await Promise.all([0, 1, 2, 3].map(() => seenInFolder(seenPlace())));
    await Promise.all(notes.map((note, at) => marks[at % 4]?.keep(note)));
    expect(await (await seenInFolder(seenPlace())).newest()).toBe(notes.at(-1));
    const fork = await TransparencyLog.open(memoryLogStore(), key);
    for (let at = 0; at < 20; at += 1) await fork.append(utf8(`other ${at}`));
    await expect(marks[0]?.keep((await fork.checkpoint()) ?? '')).rejects.toMatchObject({
      code: 'LOG_FORKED',
    });
  });
});
