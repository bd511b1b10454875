import type { NodeId } from '../formats/merkle.ts';

export interface LogNode extends NodeId {
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** A log as a reader sees it; over HTTP too. */
export interface LogReader {
  /** The latest signed checkpoint (a C2SP signed note), or nothing for an empty log. */
  checkpoint(): Promise<string | undefined>;
  /**
   * The bytes of up to `count` leaves from `first` on; fewer where the log ends, or where one is
   * missing.
   */
  leaves(first: number, count: number): Promise<Uint8Array[]>;
  /** The hashes of stored nodes, in the order asked; a missing one is a `LOG_CORRUPT` fault. */
  nodes(ids: readonly NodeId[]): Promise<Uint8Array[]>;
  /** What else is stored, for `fsck`; a reader over HTTP has nothing else. */
  audit?(): Promise<StoreAudit>;
}

/**
 * What a store keeps besides leaves, nodes and checkpoint: nothing of it is signed, and all of it
 * is read by somebody.
 */
export interface StoreAudit {
  /** How many there are, wherever they stand. */
  readonly leaves: number;
  readonly nodes: number;
  /** The size as it stands beside the checkpoint; nothing where it does not. */
  readonly size?: number | undefined;
  /** The hashes by which leaves from `first` on are found, by index. */
  lookups?(first: number, count: number): Promise<ReadonlyMap<number, Uint8Array>>;
  /** Checkpoints of the past, oldest first, each with its place. */
  readonly history: readonly {
    readonly from: string;
    readonly note: string;
    readonly size: number;
  }[];
  /** What is there and belongs to no log. */
  readonly strange: readonly string[];
}

/**
 * Where a transparency log lives. The whole seam: an in-memory store, a folder and Postgres
 * implement it. `commit` is a compare-and-swap: leaves, nodes and checkpoint become durable
 * together, or not at all.
 */
export interface LogStore extends LogReader {
  /**
   * The index of the first leaf with this hash (RFC 9162: of a zero byte and the leaf); nothing
   * when there is none.
   */
  find(leafHash: Uint8Array): Promise<number | undefined>;
  /**
   * Appends `leaves` from `firstIndex` on, stores `nodes`, replaces the checkpoint `expected` by
   * `checkpoint`. Resolves to false, having changed nothing, when the stored checkpoint is no
   * longer `expected`.
   */
  commit(change: {
    readonly expected: string | undefined;
    readonly firstIndex: number;
    readonly leaves: readonly Uint8Array[];
    readonly nodes: readonly LogNode[];
    readonly checkpoint: string;
  }): Promise<boolean>;
}
