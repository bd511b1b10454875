import { Fault, invariant } from '../../errors/index.ts';
import { type Checkpoint, checkpointText } from '../formats/checkpoint.ts';
import { equalBytes, toBase64, utf8 } from '../formats/encoding.ts';
import type { LogKeys } from '../signing/keys.ts';
import type { Signer } from '../signing/signer.ts';
import {
  completeSubtrees,
  consistencyRanges,
  inclusionRanges,
  type NodeId,
  type Range,
} from '../formats/merkle.ts';
import { signatureLine } from '../formats/note.ts';
import { openCheckpoint } from './openCheckpoint.ts';
import { formatReceipt } from '../formats/receipt.ts';
import type { Seen } from './seen.ts';
import type { LogStore } from './store.ts';
import { MAX_ENTRY_BYTES, type TileSource } from './tiles.ts';
import { growTree, leafHash, NodeMap } from './tree.ts';
import { asFault, corrupt, forked, rolledBack } from './logFaults.ts';
import type { Head, LoggedLeaf } from './head.ts';

/**
 * Leaves that one commit takes at most; more wait for the next, so that an answer never waits for
 * all.
 */
const BATCH = 256;

/**
 * Losing the race against another writer this often in a row means that something else is wrong.
 */
const MAX_ATTEMPTS = 50;

/** A store that fails this often for one batch is down; the caller's queue tries again later. */
const MAX_FAILURES = 3;

interface Waiting {
  readonly leaf: Uint8Array;
  readonly resolve: (logged: LoggedLeaf) => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * An append-only Merkle log (RFC 9162) over a `LogStore`, with signed checkpoints (C2SP). Any
 * number of processes may append to one store: each signs what it wants to commit and the store's
 * compare-and-swap lets one win.
 *
 * An append is acknowledged only after a durable checkpoint covers it, and after that checkpoint is
 * kept as seen. An append that rejects may have happened all the same (the answer of the store was
 * lost); appending the same leaf again is harmless.
 */
export class TransparencyLog implements TileSource {
  readonly #store: LogStore;
  readonly #keys: LogKeys;
  readonly #seen: Seen | undefined;
  #head: Head;
  /** The size up to which what we have shown is known to be kept. */
  #keptSize = 0;
  readonly #waiting: Waiting[] = [];
  #draining = false;

  private constructor(store: LogStore, keys: LogKeys, head: Head, seen: Seen | undefined) {
    this.#store = store;
    this.#keys = keys;
    this.#head = head;
    this.#seen = seen;
  }

  /**
   * Opens a log whose origin is the name of its key. Nothing may be built on a log that contradicts
   * itself or what was seen of it: throws LOG_CORRUPT when the stored checkpoint is not signed by
   * this key, or by one of the past up to its end, or is not the root of the stored nodes;
   * LOG_ROLLED_BACK when the log is shorter than the checkpoint in `seen`, or than it was when a
   * key was replaced; LOG_FORKED when it is another log.
   */
  static async open(
    store: LogStore,
    keys: Signer | LogKeys,
    { seen }: { readonly seen?: Seen } = {},
  ): Promise<TransparencyLog> {
    const empty: Head = {
      size: 0,
      root: new NodeMap().hashOf({ start: 0, end: 0 }),
      checkpoint: undefined,
      edge: [],
    };
    const log = new TransparencyLog(
      store,
      'signer' in keys ? keys : { signer: keys, past: [], refresh: async () => undefined },
      empty,
      seen,
    );
    const newest = await seen?.newest();
    const { size } = await log.#refresh();
    const least = Math.max(0, ...log.#keys.past.map(({ until = 0 }) => until));
    if (size < least) throw rolledBack(least, size);
    if (newest !== undefined)
      log.#keptSize = await log.mustExtend(newest, 'the checkpoint that was kept');
    return log;
  }

  /**
   * That the log is the one of a checkpoint that was signed before, grown or the same; gives the
   * size of that one. Throws LOG_ROLLED_BACK or LOG_FORKED; LOG_CORRUPT when it is no checkpoint of
   * ours.
   */
  async mustExtend(checkpoint: string, what: string): Promise<number> {
    const before = await this.#read(checkpoint, what);
    const head = await this.#refresh();
    if (head.size < before.size) throw rolledBack(before.size, head.size, what);
    const [root] = await this.#hashes([{ start: 0, end: before.size }], new NodeMap(head.edge));
    if (!equalBytes(root as Uint8Array, before.root)) throw forked(before.size, what);
    return before.size;
  }

  /** The vkey under which its checkpoints verify from now on. */
  get vkey(): string {
    return this.#signer.vkey;
  }

  get #signer(): Signer {
    return this.#keys.signer;
  }

  /** Appends a leaf; calls that come while a commit is under way share the next one. */
  append(leaf: Uint8Array): Promise<LoggedLeaf> {
    invariant(leaf.length <= MAX_ENTRY_BYTES, 'a leaf fits into an entry bundle');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ leaf, resolve, reject });
      if (!this.#draining) void this.#drain();
    });
  }

  /** The latest signed checkpoint, or nothing for a log without leaves. */
  async checkpoint(): Promise<string | undefined> {
    const head = await this.#refresh();
    await this.#keep(head);
    return head.checkpoint;
  }

  /**
   * The same; of a log without leaves, a checkpoint that says so, for those who may know of more.
   * It is not kept.
   */
  async checkpointOrEmpty(): Promise<string> {
    return (
      (await this.checkpoint()) ??
      this.#note({ size: 0, root: new NodeMap().hashOf({ start: 0, end: 0 }) })
    );
  }

  /** Where a leaf with exactly these bytes stands; nothing when the log does not have it. */
  find(leaf: Uint8Array): Promise<number | undefined> {
    return this.#store.find(leafHash(leaf));
  }

  async covers(size: number): Promise<boolean> {
    return size <= this.#head.size || size <= (await this.#refresh()).size;
  }

  leaves(first: number, count: number): Promise<Uint8Array[]> {
    return this.#store.leaves(first, count);
  }

  nodes(ids: readonly NodeId[]): Promise<Uint8Array[]> {
    return this.#store.nodes(ids);
  }

  async size(): Promise<number> {
    return (await this.#refresh()).size;
  }

  /** A receipt for a leaf under the latest checkpoint; nothing when the log is not that long. */
  async receipt(index: number): Promise<string | undefined> {
    const head = await this.#refresh();
    if (head.checkpoint === undefined || index < 0 || index >= head.size) return undefined;
    await this.#keep(head);
    return this.#receiptUnder(head, index, new NodeMap(head.edge));
  }

  /**
   * A receipt under a checkpoint of this log that others have signed as well; nothing when it does
   * not cover the leaf.
   */
  async receiptUnder(index: number, checkpoint: string): Promise<string | undefined> {
    const { size } = await this.#read(checkpoint, 'the checkpoint of a receipt');
    if (index < 0 || index >= size || !(await this.covers(size))) return undefined;
    return this.#receiptUnder({ size, checkpoint }, index, new NodeMap());
  }

  /**
   * RFC 9162 section 2.1.4: that the log of `oldSize` leaves is the beginning of the log of
   * `newSize`.
   */
  async consistencyProof(oldSize: number, newSize: number): Promise<Uint8Array[] | undefined> {
    const head = await this.#refresh();
    if (oldSize < 1 || oldSize > newSize || newSize > head.size) return undefined;
    return this.#hashes(consistencyRanges(oldSize, newSize), new NodeMap(head.edge));
  }

  /**
   * Signs the latest checkpoint anew, after the key was replaced: readers see the new key at once,
   * and a writer that still holds the old one loses the compare-and-swap, and looks which key is
   * the one of now. False when somebody was faster.
   */
  async signAnew(): Promise<boolean> {
    const head = await this.#refresh();
    if (head.checkpoint === undefined) return true;
    const checkpoint = await this.#note(head);
    const swapped = await this.#store.commit({
      expected: head.checkpoint,
      firstIndex: head.size,
      leaves: [],
      nodes: [],
      checkpoint,
    });
    if (swapped) this.#head = { ...head, checkpoint };
    return swapped;
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    // Let the callers of this turn join the first batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        const receipts = await this.#commit(batch.map(({ leaf }) => leaf));
        batch.forEach(({ resolve }, offset) => resolve(receipts[offset] as LoggedLeaf));
      } catch (cause) {
        for (const { reject } of batch) reject(cause);
      }
    }
    this.#draining = false;
  }

  /**
   * The write order: read the head → compute nodes and root → sign → compare-and-swap → keep as
   * seen → acknowledge. A commit that failed may have persisted, and one that lost may be our own
   * earlier try; both are found by looking.
   */
  async #commit(leaves: readonly Uint8Array[]): Promise<LoggedLeaf[]> {
    let failures = 0;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      await this.#keys.refresh();
      const head = await this.#refresh();
      const nodes = new NodeMap(head.edge);
      const added = growTree(nodes, head.size, leaves);
      const grown = await this.#signed(head.size + leaves.length, nodes);
      try {
        const change = {
          expected: head.checkpoint,
          firstIndex: head.size,
          leaves,
          nodes: added,
          checkpoint: grown.checkpoint,
        };
        if (await this.#store.commit(change)) {
          this.#head = grown;
          await this.#keep(grown);
          return await this.#receipts(grown, head.size, leaves.length, nodes);
        }
      } catch (cause) {
        if (cause instanceof Fault && !cause.retryable) throw cause;
        failures += 1;
        if (failures >= MAX_FAILURES) throw asFault(cause);
      }
      if (await this.#holds(head.size, leaves)) {
        await this.#keep(this.#head);
        return await this.#receipts(
          this.#head,
          head.size,
          leaves.length,
          new NodeMap(this.#head.edge),
        );
      }
      await new Promise((resolve) =>
        setTimeout(resolve, Math.random() * Math.min(2 ** attempt, 64)),
      );
    }
    throw new Fault('LOG_WRITE', 'other writers were faster every time', { retryable: true });
  }

  /**
   * Whether the durable log has exactly these leaves at this place. A leaf is unique by the salt in
   * its digest.
   */
  async #holds(firstIndex: number, leaves: readonly Uint8Array[]): Promise<boolean> {
    const head = await this.#refresh();
    if (head.size < firstIndex + leaves.length) return false;
    const stored = await this.#store.leaves(firstIndex, leaves.length);
    return (
      stored.length === leaves.length &&
      stored.every((leaf, at) => equalBytes(leaf, leaves[at] as Uint8Array))
    );
  }

  /**
   * Whatever leaves this process is kept first. The mark may lag behind the store (a kill between
   * commit and keep) and then says nothing wrong; it can lead only if the store lost what it had
   * called durable.
   */
  async #keep({ size, checkpoint }: Head): Promise<void> {
    if (checkpoint === undefined || size <= this.#keptSize) return;
    await this.#seen?.keep(checkpoint);
    this.#keptSize = Math.max(this.#keptSize, size);
  }

  async #signed(size: number, nodes: NodeMap): Promise<Head & { readonly checkpoint: string }> {
    const root = nodes.hashOf({ start: 0, end: size });
    const edge = completeSubtrees({ start: 0, end: size }).map((id) => ({
      ...id,
      hash: nodes.get(id) as Uint8Array,
    }));
    return { size, root, checkpoint: await this.#note({ size, root }), edge };
  }

  async #note({ size, root }: Pick<Head, 'size' | 'root'>): Promise<string> {
    const signer = this.#signer;
    const text = checkpointText({ origin: signer.name, size, root });
    return `${text}\n${signatureLine(signer, await signer.sign(utf8(text)))}`;
  }

  #receipts(head: Head, firstIndex: number, count: number, nodes: NodeMap): Promise<LoggedLeaf[]> {
    return Promise.all(
      Array.from({ length: count }, async (_, offset) => {
        const index = firstIndex + offset;
        return { index, receipt: await this.#receiptUnder(head, index, nodes) };
      }),
    );
  }

  async #receiptUnder(
    head: Pick<Head, 'size' | 'checkpoint'>,
    index: number,
    known: NodeMap,
  ): Promise<string> {
    const proof = await this.#hashes(inclusionRanges(index, head.size), known);
    return formatReceipt({ index, proof, checkpoint: head.checkpoint ?? '' });
  }

  /** The hashes of ranges; nodes that are not known are read from the store in one call. */
  async #hashes(ranges: readonly Range[], known: NodeMap): Promise<Uint8Array[]> {
    const missing = ranges.flatMap(completeSubtrees).filter((id) => known.get(id) === undefined);
    if (missing.length > 0) {
      const hashes = await this.#store.nodes(missing);
      missing.forEach((id, at) => known.set({ ...id, hash: hashes[at] as Uint8Array }));
    }
    return ranges.map((range) => known.hashOf(range));
  }

  /**
   * Reads the stored head and checks it: signed by our key, root of the stored nodes, and an
   * extension of the head that this process has seen, so that a log put back to an older state is
   * noticed while we run.
   */
  async #refresh(): Promise<Head> {
    // Taken before reading: a commit of ours that ends meanwhile must not make what was read look
    // like a step back.
    const seen = this.#head;
    const checkpoint = await this.#store.checkpoint();
    if (checkpoint === seen.checkpoint) return this.#head;
    if (checkpoint === undefined) throw rolledBack(seen.size, 0);
    const parsed = await this.#read(checkpoint, 'its checkpoint');
    if (parsed.size < seen.size) throw rolledBack(seen.size, parsed.size);
    const whole = { start: 0, end: parsed.size };
    const nodes = new NodeMap();
    const [root, rootBefore] = await this.#hashes([whole, { start: 0, end: seen.size }], nodes);
    if (!equalBytes(root as Uint8Array, parsed.root))
      throw corrupt(`its nodes do not give the root ${toBase64(parsed.root)}`);
    if (!equalBytes(rootBefore as Uint8Array, seen.root)) throw forked(seen.size);
    const edge = completeSubtrees(whole).map((id) => ({
      ...id,
      hash: nodes.get(id) as Uint8Array,
    }));
    // A slower reader of an older state must not move this process back.
    if (this.#head.size <= parsed.size)
      this.#head = { size: parsed.size, root: parsed.root, checkpoint, edge };
    return this.#head;
  }

  /**
   * Opens a checkpoint of ours; LOG_CORRUPT when it is not one. By an unknown key it may be of the
   * one that replaced ours.
   */
  async #read(checkpoint: string, what: string): Promise<Checkpoint> {
    let opened = await openCheckpoint(checkpoint, this.#keys);
    if (opened.by === undefined) {
      await this.#keys.refresh();
      opened = await openCheckpoint(checkpoint, this.#keys);
    }
    if (opened.by === 'retired')
      throw corrupt(`${what} is signed by a key that was retired before it had so many leaves`);
    if (opened.by === undefined) throw corrupt(`${what} is not signed by ${this.#signer.keyId}`);
    if (opened.checkpoint?.origin !== this.#signer.name)
      throw corrupt(`${what} has another origin`);
    return opened.checkpoint;
  }
}
