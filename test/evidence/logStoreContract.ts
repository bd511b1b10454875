import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCheckpoint } from '../../src/evidence/formats/checkpoint.ts';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import type { LogStore } from '../../src/evidence/log/store.ts';
import { growTree, leafHash, NodeMap } from '../../src/evidence/log/tree.ts';
import { verifyConsistency, verifyInclusion } from '../../src/evidence/formats/merkle.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parseNote } from '../../src/evidence/formats/note.ts';
import { parseReceipt } from '../../src/evidence/formats/receipt.ts';
import { testKeys } from './fixture.ts';

/**
 * One place where a log lives. `open` gives a handle, as another process would have it; all handles
 * see one log.
 */
export interface LogStorePlace {
  open(): Promise<LogStore>;
  /** Removes the place and ends its handles. */
  remove(): Promise<void>;
}

type Commit = Parameters<LogStore['commit']>[0];

/**
 * A change that appends `leaves` to a store whose leaves are `before`; the checkpoint is any text
 * here.
 */
function change(
  before: readonly string[],
  leaves: readonly string[],
  expected: string | undefined,
  checkpoint: string,
): Commit {
  const nodes = new NodeMap();
  growTree(nodes, 0, before.map(utf8));
  const added = growTree(nodes, before.length, leaves.map(utf8));
  return {
    expected,
    firstIndex: before.length,
    leaves: leaves.map(utf8),
    nodes: added,
    checkpoint,
  };
}

/** A store whose n-th commit (from 1) fails, before or after it was persisted. */
function failing(
  store: LogStore,
  plan: ReadonlyMap<number, 'failed' | 'failed but persisted'>,
): LogStore {
  let commits = 0;
  return {
    checkpoint: () => store.checkpoint(),
    leaves: (first, count) => store.leaves(first, count),
    find: (hash) => store.find(hash),
    nodes: (ids) => store.nodes(ids),
    async commit(wanted) {
      commits += 1;
      const fate = plan.get(commits);
      if (fate === 'failed') throw new Error('the write failed');
      const done = await store.commit(wanted);
      if (fate === 'failed but persisted') throw new Error('the answer was lost');
      return done;
    },
  };
}

async function proves(receiptText: string, leaf: string): Promise<boolean> {
  const receipt = parseReceipt(receiptText);
  const checkpoint = parseCheckpoint(parseNote(receipt?.checkpoint ?? '')?.text ?? '');
  if (receipt === undefined || checkpoint === undefined) return false;
  const claim = {
    index: receipt.index,
    size: checkpoint.size,
    leafHash: leafHash(utf8(leaf)),
    root: checkpoint.root,
  };
  return verifyInclusion(claim, receipt.proof, nodeCrypto.sha256);
}

/**
 * What every `LogStore` must do, and what a log over it then does. Call it at the top of a test
 * file:
 *
 *     logStoreContract('postgres', async () => ({ open: async () => new PostgresLogStore(…), remove: async () => … }));
 */
export function logStoreContract(name: string, makePlace: () => Promise<LogStorePlace>): void {
  describe(`LogStore: ${name}`, () => {
    let place: LogStorePlace;
    beforeEach(async () => {
      place = await makePlace();
    });
    afterEach(() => place.remove());

    it('starts without a checkpoint and without leaves', async () => {
      const store = await place.open();
      expect(await store.checkpoint()).toBeUndefined();
      expect(await store.leaves(0, 10)).toEqual([]);
      expect(await store.find(leafHash(utf8('a')))).toBeUndefined();
    });

    it('keeps leaves, nodes and checkpoint together, for other handles too', async () => {
      const store = await place.open();
      expect(await store.commit(change([], ['a', 'b', 'c'], undefined, 'one'))).toBe(true);
      expect(await store.commit(change(['a', 'b', 'c'], ['d'], 'one', 'two'))).toBe(true);
      for (const handle of [store, await place.open()]) {
        expect(await handle.checkpoint()).toBe('two');
        expect((await handle.leaves(1, 10)).map((leaf) => Buffer.from(leaf).toString())).toEqual([
          'b',
          'c',
          'd',
        ]);
        expect((await handle.leaves(1, 2)).map((leaf) => Buffer.from(leaf).toString())).toEqual([
          'b',
          'c',
        ]);
        expect(await handle.leaves(4, 1)).toEqual([]);
        expect(await handle.find(leafHash(utf8('c')))).toBe(2);
        expect(await handle.find(leafHash(utf8('x')))).toBeUndefined();
        const [root, second] = await handle.nodes([
          { level: 2, index: 0 },
          { level: 0, index: 1 },
        ]);
        const whole = new NodeMap();
        growTree(whole, 0, ['a', 'b', 'c', 'd'].map(utf8));
        expect(Buffer.from(root ?? [])).toEqual(Buffer.from(whole.hashOf({ start: 0, end: 4 })));
        expect(Buffer.from(second ?? [])).toEqual(Buffer.from(leafHash(utf8('b'))));
      }
    });

    it('gives a missing node as LOG_CORRUPT', async () => {
      const store = await place.open();
      await store.commit(change([], ['a'], undefined, 'one'));
      await expect(store.nodes([{ level: 7, index: 0 }])).rejects.toMatchObject({
        code: 'LOG_CORRUPT',
      });
    });

    it('changes nothing when the checkpoint is not the expected one', async () => {
      const store = await place.open();
      await store.commit(change([], ['a'], undefined, 'one'));
      expect(await store.commit(change([], ['x', 'y'], undefined, 'other'))).toBe(false);
      expect(await store.commit(change(['a'], ['x'], 'wrong', 'other'))).toBe(false);
      expect(await store.checkpoint()).toBe('one');
      expect((await store.leaves(0, 10)).map((leaf) => Buffer.from(leaf).toString())).toEqual([
        'a',
      ]);
    });

    it('lets exactly one of several racing commits win', async () => {
      const stores = await Promise.all(Array.from({ length: 5 }, () => place.open()));
      for (let round = 0; round < 5; round += 1) {
        const before = Array.from({ length: round }, (_, at) => `round ${at}`);
        const expected = round === 0 ? undefined : `checkpoint ${round - 1}`;
        const wins = await Promise.all(
          stores.map((store) =>
            store.commit(change(before, [`round ${round}`], expected, `checkpoint ${round}`)),
          ),
        );
        expect(wins.filter((won) => won)).toHaveLength(1);
      }
      expect(await (await place.open()).checkpoint()).toBe('checkpoint 4');
    });

    describe('under a log', () => {
      it('acknowledges each append with a receipt that proves it, from several writers at once', async () => {
        const { log: key } = await testKeys(name);
        const writers = await Promise.all(
          [0, 1, 2].map(async () => TransparencyLog.open(await place.open(), key)),
        );
        const leaves = Array.from({ length: 60 }, (_, at) => `leaf ${at}`);
        const logged = await Promise.all(
          leaves.map((leaf, at) => (writers[at % 3] as TransparencyLog).append(utf8(leaf))),
        );
        expect(new Set(logged.map(({ index }) => index)).size).toBe(60);
        for (const [at, { receipt }] of logged.entries())
          expect(await proves(receipt, leaves[at] ?? ''), leaves[at]).toBe(true);

        const reader = await TransparencyLog.open(await place.open(), key);
        expect(await reader.size()).toBe(60);
        for (const [at, { index }] of logged.entries())
          expect(await proves((await reader.receipt(index)) ?? '', leaves[at] ?? '')).toBe(true);
        const sizes = logged.map(({ receipt }) =>
          parseCheckpoint(parseNote(parseReceipt(receipt)?.checkpoint ?? '')?.text ?? ''),
        );
        const last = sizes.find((checkpoint) => checkpoint?.size === 60);
        for (const old of sizes) {
          if (old === undefined || last === undefined) throw new Error('checkpoints can be read');
          const proof = await reader.consistencyProof(old.size, 60);
          const claim = { size1: old.size, size2: 60, root1: old.root, root2: last.root };
          expect(await verifyConsistency(claim, proof ?? [], nodeCrypto.sha256)).toBe(true);
        }
      });

      it('loses nothing and doubles nothing when a write fails, or fails but persisted', async () => {
        const { log: key } = await testKeys(name);
        const plan = new Map([
          [1, 'failed'],
          [3, 'failed but persisted'],
          [4, 'failed'],
          [5, 'failed but persisted'],
          [8, 'failed but persisted'],
        ] as const);
        const log = await TransparencyLog.open(failing(await place.open(), plan), key);
        for (let at = 0; at < 10; at += 1) {
          const { index, receipt } = await log.append(utf8(`leaf ${at}`));
          expect(index).toBe(at);
          expect(await proves(receipt, `leaf ${at}`)).toBe(true);
        }
        expect(await log.size()).toBe(10);
      });

      it('recognises its own leaves when another writer went on before the lost answer was noticed', async () => {
        const { log: key } = await testKeys(name);
        const store = await place.open();
        const other = await TransparencyLog.open(await place.open(), key);
        const overtaken: LogStore = {
          checkpoint: () => store.checkpoint(),
          leaves: (first, count) => store.leaves(first, count),
          nodes: (ids) => store.nodes(ids),
          find: (hash) => store.find(hash),
          async commit(wanted) {
            await store.commit(wanted);
            await other.append(utf8('theirs'));
            throw new Error('the answer was lost');
          },
        };
        const { index, receipt } = await (
          await TransparencyLog.open(overtaken, key)
        ).append(utf8('mine'));
        expect(index).toBe(0);
        expect(await proves(receipt, 'mine')).toBe(true);
        expect(await other.size()).toBe(2);
      });

      it('rejects with a retryable fault when the store stays down, and goes on when it is back', async () => {
        const { log: key } = await testKeys(name);
        const plan = new Map([
          [1, 'failed'],
          [2, 'failed'],
          [3, 'failed'],
        ] as const);
        const log = await TransparencyLog.open(failing(await place.open(), plan), key);
        await expect(log.append(utf8('a'))).rejects.toMatchObject({
          code: 'LOG_WRITE',
          retryable: true,
        });
        expect((await log.append(utf8('a'))).index).toBe(0);
      });

      it('refuses a log that another key signed', async () => {
        const mine = await TransparencyLog.open(await place.open(), (await testKeys(name)).log);
        await mine.append(utf8('a'));
        await expect(
          TransparencyLog.open(await place.open(), (await testKeys('other')).log),
        ).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
      });
    });
  });
}
