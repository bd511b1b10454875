import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { folderLogStore } from '../../src/evidence/log/folder.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { memoryLogStore } from '../../src/evidence/log/memory.ts';
import type { LogStore } from '../../src/evidence/log/store.ts';
import { testKeys } from './fixture.ts';
import { logStoreContract } from './logStoreContract.ts';

logStoreContract('memory', async () => {
  const store = memoryLogStore();
  return { open: async () => store, remove: async () => undefined };
});

logStoreContract('folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'probity-log-'));
  return {
    open: () => folderLogStore(folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
});

describe('a damaged folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probity-log-'));
    const log = await TransparencyLog.open(
      await folderLogStore(folder),
      (await testKeys('damage')).log,
    );
    for (const leaf of ['a', 'b', 'c']) await log.append(utf8(leaf));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const reopen = async (): Promise<TransparencyLog> =>
    TransparencyLog.open(await folderLogStore(folder), (await testKeys('damage')).log);
  const segments = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => name.endsWith('.segment')).sort();

  it('leaves nothing behind but segments', async () => {
    expect(await readdir(folder)).toEqual(await segments());
    expect(await (await reopen()).size()).toBe(3);
  });

  it('is refused when a node, a segment or the text of one changed', async () => {
    const file = join(folder, (await segments())[1] ?? '');
    const text = await readFile(file, 'utf8');
    const segment = JSON.parse(text) as { nodes: [number, number, string][] };
    const other = segment.nodes.map(([level, index]) => [
      level,
      index,
      Buffer.alloc(32).toString('base64'),
    ]);
    await writeFile(file, JSON.stringify({ ...segment, nodes: other }));
    await expect(reopen()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    await writeFile(file, text.slice(0, 40));
    await expect(reopen()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });

  it('ignores what a killed writer left without a number', async () => {
    await writeFile(join(folder, '.writing-0000'), '{"half');
    expect(await (await reopen()).size()).toBe(3);
  });
});

describe('a log', () => {
  it('puts appends of one moment into one commit', async () => {
    const store = memoryLogStore();
    let commits = 0;
    const counting: LogStore = {
      ...store,
      commit: (wanted) => ((commits += 1), store.commit(wanted)),
    };
    const log = await TransparencyLog.open(counting, (await testKeys('batch')).log);
    await Promise.all(Array.from({ length: 100 }, (_, at) => log.append(utf8(`leaf ${at}`))));
    expect(commits).toBe(1);
    await Promise.all(Array.from({ length: 300 }, (_, at) => log.append(utf8(`more ${at}`))));
    expect(commits).toBe(3);
    expect(await log.size()).toBe(400);
  });

  it('notices while running that its store was put back, or that its past changed', async () => {
    const { log: key } = await testKeys('rollback');
    let current = memoryLogStore();
    const swappable: LogStore = {
      checkpoint: () => current.checkpoint(),
      leaves: (first, count) => current.leaves(first, count),
      nodes: (ids) => current.nodes(ids),
      find: (hash) => current.find(hash),
      commit: (wanted) => current.commit(wanted),
    };
    const log = await TransparencyLog.open(swappable, key);
    for (const leaf of ['a', 'b', 'c']) await log.append(utf8(leaf));
    const grow = async (leaves: readonly string[]): Promise<LogStore> => {
      const store = memoryLogStore();
      const fork = await TransparencyLog.open(store, key);
      for (const leaf of leaves) await fork.append(utf8(leaf));
      return store;
    };
    for (const [past, code] of [
      [['a', 'b'], 'LOG_ROLLED_BACK'],
      [['a', 'x', 'c', 'd'], 'LOG_FORKED'],
      [['a', 'b', 'x'], 'LOG_FORKED'],
    ] as const) {
      current = await grow(past);
      await expect(log.append(utf8('next')), past.join()).rejects.toMatchObject({ code });
    }
    current = memoryLogStore();
    await expect(log.checkpoint()).rejects.toMatchObject({ code: 'LOG_ROLLED_BACK' });
    current = await grow(['a', 'b', 'c', 'd']);
    expect((await log.append(utf8('next'))).index).toBe(4);
  });
});
