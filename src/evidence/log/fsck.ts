import { Fault } from '../../errors/index.ts';
import type { Checkpoint } from '../formats/checkpoint.ts';
import { equalBytes, toBase64 } from '../formats/encoding.ts';
import { completeSubtrees, type NodeId } from '../formats/merkle.ts';
import type { VerificationKey } from '../formats/note.ts';
import { isLeaf } from '../statements/validate.ts';
import { parseCanonicalJson } from '../formats/strictJson.ts';
import type { TrustedKey } from '../formats/policy.ts';
import { openCheckpoint } from './openCheckpoint.ts';
import type { LogNode, LogReader, StoreAudit } from './store.ts';
import { growHashes, leafHash, NodeMap } from './tree.ts';

/** What can be wrong with a log. A code keeps its meaning. */
export const FSCK_CODES = {
  CHECKPOINT_MISSING: 'there are leaves, or a checkpoint was seen, but the log has no checkpoint',
  CHECKPOINT_SHAPE: 'the checkpoint cannot be read',
  CHECKPOINT_SIGNATURE: 'the checkpoint is not signed by the key of the log',
  CHECKPOINT_RETIRED:
    'the checkpoint is larger than the last one of the retired key that signed it',
  CHECKPOINT_ORIGIN: 'the checkpoint has another origin than the key that signed it',
  LEAF_MISSING: 'a leaf that the checkpoint covers is not there',
  LEAF_SHAPE: 'a leaf is not of the published format',
  LEAF_EXTRA: 'there is a leaf behind the last that the checkpoint covers',
  NODE_MISSING: 'a node that the leaves give is not stored',
  NODE_WRONG: 'a stored node is not what the leaves give',
  NODE_EXTRA: 'a node is stored that the leaves do not give yet',
  LOOKUP_WRONG: 'a leaf is kept under another hash than its own: it would not be found',
  SIZE_WRONG: 'a size that is written beside a checkpoint is not the size of that checkpoint',
  STORE_EXTRA: 'there are leaves, nodes or files that the log does not have',
  STORE_DAMAGED: 'the store cannot be read',
  ROOT_WRONG: 'the leaves do not give the root that was signed',
  AGAINST_SHAPE: 'what the log is compared with is no checkpoint',
  AGAINST_SIGNATURE: 'what the log is compared with is not signed by the key of the log',
  ROLLED_BACK: 'the log is shorter than a checkpoint that was signed',
  FORKED:
    'the log does not begin with what was signed before: one of the two histories was made up',
} as const;
export type FsckCode = keyof typeof FSCK_CODES;

export interface LogFinding {
  readonly code: FsckCode;
  readonly detail: string;
}

export interface FsckReport {
  readonly origin?: string;
  readonly size: number;
  /** Base64, as computed from the leaves. */
  readonly root: string;
  readonly findings: readonly LogFinding[];
  /** Findings beyond those that are listed. */
  readonly more: number;
}

const AT_ONCE = 256;
const LISTED = 100;

/**
 * Earlier checkpoints that the log must be an extension of, each with the place it came from, and
 * the size that it is known by there.
 */
export type Against = readonly {
  readonly from: string;
  readonly note: string;
  readonly size?: number;
}[];

/**
 * Recomputes a log from its leaves alone, and compares: each stored node, the root, the signature,
 * earlier checkpoints, and whatever else its store keeps. Holds one batch of leaves and the right
 * edge of the tree in memory, whatever the size of the log. `past` are keys that signed for it
 * before, each up to its end.
 */
export async function fsck(
  log: LogReader,
  key: VerificationKey,
  against: Against = [],
  past: readonly TrustedKey[] = [],
): Promise<FsckReport> {
  const check = new Check(log, key, past);
  const opened = await check.open();
  if (opened === undefined) return check.report(undefined, 0);
  const { head, audit } = opened;
  const earlier = await check.earlier([...(audit?.history ?? []), ...against]);
  const size = head?.size ?? 0;
  await check.tree(
    size,
    earlier.filter((each) => each.checkpoint.size <= size),
    head,
  );
  for (const { from, checkpoint } of earlier) {
    if (checkpoint.size > size)
      check.found(
        'ROLLED_BACK',
        `${from}: ${checkpoint.size} leaves were signed, the log has ${size}`,
      );
  }
  check.beside(size, audit);
  return check.report(head?.origin, size);
}

interface Earlier {
  readonly from: string;
  readonly checkpoint: Checkpoint;
}

class Check {
  readonly #log: LogReader;
  readonly #key: VerificationKey;
  readonly #past: readonly TrustedKey[];
  readonly #findings: LogFinding[] = [];
  #more = 0;
  #audit: StoreAudit | undefined;
  #nodes = new NodeMap();
  #root: Uint8Array = this.#nodes.hashOf({ start: 0, end: 0 });

  constructor(log: LogReader, key: VerificationKey, past: readonly TrustedKey[]) {
    this.#log = log;
    this.#key = key;
    this.#past = past;
  }

  found(code: FsckCode, detail: string): void {
    if (this.#findings.length < LISTED) this.#findings.push({ code, detail });
    else this.#more += 1;
  }

  report(origin: string | undefined, size: number): FsckReport {
    return {
      ...(origin === undefined ? {} : { origin }),
      size,
      root: toBase64(this.#root),
      findings: this.#findings,
      more: this.#more,
    };
  }

  /** Checkpoint and audit; nothing of a store that cannot be read, which is the finding then. */
  async open(): Promise<
    { readonly head: Checkpoint | undefined; readonly audit: StoreAudit | undefined } | undefined
  > {
    try {
      const head = await this.head();
      this.#audit = await this.#log.audit?.();
      return { head, audit: this.#audit };
    } catch (cause) {
      if (!(cause instanceof Fault) || cause.code !== 'LOG_CORRUPT') throw cause;
      this.found('STORE_DAMAGED', cause.message);
      return undefined;
    }
  }

  /** What is stored once more, or where no reader of the log comes to. */
  beside(size: number, audit: StoreAudit | undefined): void {
    if (audit === undefined) return;
    if ((audit.size ?? size) !== size)
      this.found('SIZE_WRONG', `${audit.size} beside a checkpoint of ${size} leaves`);
    let nodes = 0;
    for (let width = 1; width <= size; width *= 2) nodes += Math.floor(size / width);
    if (audit.leaves > size)
      this.found('STORE_EXTRA', `${audit.leaves} leaves are stored, the log has ${size}`);
    if (audit.nodes > nodes)
      this.found('STORE_EXTRA', `${audit.nodes} nodes are stored, the log has ${nodes}`);
    for (const name of audit.strange) this.found('STORE_EXTRA', name);
  }

  async head(): Promise<Checkpoint | undefined> {
    const note = await this.#log.checkpoint();
    if (note === undefined) return undefined;
    const read = await this.#open(note);
    if (read.wrong === 'shape') this.found('CHECKPOINT_SHAPE', 'the latest checkpoint');
    if (read.wrong === 'retired')
      this.found('CHECKPOINT_RETIRED', `${read.checkpoint?.size ?? 0} leaves`);
    if (read.wrong === 'signature')
      this.found('CHECKPOINT_SIGNATURE', `it is not signed by ${this.#key.name}+${this.#key.hash}`);
    if (read.checkpoint && read.checkpoint.origin !== this.#key.name)
      this.found('CHECKPOINT_ORIGIN', read.checkpoint.origin);
    return read.checkpoint;
  }

  async earlier(against: Against): Promise<Earlier[]> {
    const earlier: Earlier[] = [];
    for (const { from, note, size } of against) {
      const { checkpoint, wrong } = await this.#open(note);
      if (checkpoint && size !== undefined && checkpoint.size !== size)
        this.found(
          'SIZE_WRONG',
          `${from}: a checkpoint of ${checkpoint.size} leaves stands for ${size}`,
        );
      if (wrong === 'shape') this.found('AGAINST_SHAPE', from);
      // What nobody we know has signed proves nothing against the log.
      else if (wrong === 'signature' || wrong === 'retired') this.found('AGAINST_SIGNATURE', from);
      else if (checkpoint) earlier.push({ from, checkpoint });
    }
    return earlier.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
  }

  async #open(
    text: string,
  ): Promise<{ checkpoint?: Checkpoint; wrong?: 'shape' | 'signature' | 'retired' }> {
    const { checkpoint, by } = await openCheckpoint(text, { signer: this.#key, past: this.#past });
    if (checkpoint === undefined) return { wrong: 'shape' };
    if (by === 'retired') return { checkpoint, wrong: 'retired' };
    return by === undefined ? { checkpoint, wrong: 'signature' } : { checkpoint };
  }

  async tree(
    size: number,
    earlier: readonly Earlier[],
    head: Checkpoint | undefined,
  ): Promise<void> {
    let at = 0;
    let next = 0;
    for (const stop of new Set([...earlier.map(({ checkpoint }) => checkpoint.size), size])) {
      for (; at < stop; at = Math.min(stop, at + AT_ONCE)) {
        if (!(await this.#batch(at, Math.min(AT_ONCE, stop - at)))) return;
      }
      const root = this.#nodes.hashOf({ start: 0, end: stop });
      for (; earlier[next]?.checkpoint.size === stop; next += 1) {
        const { from, checkpoint } = earlier[next] as Earlier;
        if (!equalBytes(checkpoint.root, root)) this.found('FORKED', `${from}: at ${stop} leaves`);
      }
      this.#root = root;
    }
    if (head && !equalBytes(head.root, this.#root))
      this.found(
        'ROOT_WRONG',
        `${toBase64(head.root)} was signed, the leaves give ${toBase64(this.#root)}`,
      );
    await this.#behind(size, head === undefined);
  }

  /** False when a leaf and its hash are both lost: nothing can be said of what comes after. */
  async #batch(first: number, count: number): Promise<boolean> {
    const hashes = await this.#leafHashes(first, count);
    if (hashes === undefined) return false;
    const edge = completeSubtrees({ start: 0, end: first }).map((id): LogNode => ({
      ...id,
      hash: this.#nodes.get(id) as Uint8Array,
    }));
    this.#nodes = new NodeMap(edge);
    const nodes = growHashes(this.#nodes, first, hashes);
    const lookups = await this.#audit?.lookups?.(first, count);
    hashes.forEach((hash, offset) => {
      const kept = lookups?.get(first + offset);
      if (kept !== undefined && !equalBytes(kept, hash))
        this.found('LOOKUP_WRONG', String(first + offset));
    });
    const stored = await this.#stored(nodes);
    nodes.forEach(({ level, index, hash }, at) => {
      const there = stored[at];
      if (there === undefined) this.found('NODE_MISSING', `${level}/${index}`);
      else if (!equalBytes(there, hash)) this.found('NODE_WRONG', `${level}/${index}`);
    });
    return true;
  }

  async #leafHashes(first: number, count: number): Promise<Uint8Array[] | undefined> {
    const hashes: Uint8Array[] = [];
    while (hashes.length < count) {
      const at = first + hashes.length;
      const leaves = await this.#leaves(at, count - hashes.length);
      leaves.forEach((leaf, offset) => {
        const json = parseCanonicalJson(leaf);
        if (!json.ok || !isLeaf(json.value)) this.found('LEAF_SHAPE', String(at + offset));
        hashes.push(leafHash(leaf));
      });
      if (hashes.length === count) break;
      this.found('LEAF_MISSING', String(first + hashes.length));
      const [hash] = await this.#stored([{ level: 0, index: first + hashes.length }]);
      if (hash === undefined) return undefined;
      hashes.push(hash);
    }
    return hashes;
  }

  async #leaves(first: number, count: number): Promise<Uint8Array[]> {
    try {
      return await this.#log.leaves(first, count);
    } catch (cause) {
      if (cause instanceof Fault && cause.code === 'LOG_CORRUPT') return [];
      throw cause;
    }
  }

  /** The stored hashes; asked one by one where a batch has a gap. */
  async #stored(ids: readonly NodeId[]): Promise<(Uint8Array | undefined)[]> {
    try {
      return await this.#log.nodes(ids.map(({ level, index }) => ({ level, index })));
    } catch (cause) {
      if (!(cause instanceof Fault) || cause.code !== 'LOG_CORRUPT') throw cause;
      if (ids.length === 1) return [undefined];
      const each: (Uint8Array | undefined)[] = [];
      for (const id of ids) each.push(...(await this.#stored([id])));
      return each;
    }
  }

  async #behind(size: number, noCheckpoint: boolean): Promise<void> {
    const extra = (await this.#leaves(size, 1)).length > 0;
    if (extra) this.found(noCheckpoint ? 'CHECKPOINT_MISSING' : 'LEAF_EXTRA', String(size));
    for (let level = 0; 2 ** level <= Math.max(size, 1); level += 1) {
      const index = Math.floor(size / 2 ** level);
      const [hash] = await this.#stored([{ level, index }]);
      if (hash !== undefined) this.found('NODE_EXTRA', `${level}/${index}`);
    }
  }
}
