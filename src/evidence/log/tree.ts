import { invariant } from '../../errors/index.ts';
import {
  completeSubtrees,
  leafInput,
  nodeInput,
  type Range,
  type NodeId,
} from '../formats/merkle.ts';
import { sha256Sync } from '../formats/nodeCrypto.ts';
import type { LogNode } from './store.ts';

export const leafHash = (leaf: Uint8Array): Uint8Array => sha256Sync(leafInput(leaf));
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256Sync(nodeInput(left, right));

/** The root of a log without leaves: the hash of nothing (RFC 9162 section 2.1.1). */
export const EMPTY_ROOT = sha256Sync(new Uint8Array(0));

const nameOf = ({ level, index }: NodeId): string => `${level}/${index}`;

/** Node hashes by place. */
export class NodeMap {
  readonly #hashes = new Map<string, Uint8Array>();

  constructor(nodes: readonly LogNode[] = []) {
    for (const node of nodes) this.set(node);
  }

  set(node: LogNode): void {
    this.#hashes.set(nameOf(node), node.hash);
  }

  get(id: NodeId): Uint8Array | undefined {
    return this.#hashes.get(nameOf(id));
  }

  /** Makes the node above two: the `index`-th of the next level. */
  join(level: number, index: number): void {
    const [left, right] = [
      this.get({ level, index: index * 2 }),
      this.get({ level, index: index * 2 + 1 }),
    ];
    invariant(left && right, 'both halves are known');
    this.set({ level: level + 1, index, hash: nodeHash(left, right) });
  }

  /**
   * The hash of a range of leaves, from the complete subtrees in it; the hash of nothing for an
   * empty range.
   */
  hashOf(range: Range): Uint8Array {
    return (
      completeSubtrees(range).reduceRight<Uint8Array | undefined>((right, id) => {
        const left = this.get(id);
        invariant(left, `node ${nameOf(id)} was not fetched`);
        return right === undefined ? left : nodeHash(left, right);
      }, undefined) ?? EMPTY_ROOT
    );
  }
}

/**
 * Appends leaves to a tree of `size` leaves whose complete subtrees at its right edge are in
 * `nodes`. Returns every complete subtree that the new leaves finish, and adds it to `nodes`.
 */
export function growTree(nodes: NodeMap, size: number, leaves: readonly Uint8Array[]): LogNode[] {
  return growHashes(nodes, size, leaves.map(leafHash));
}

/** As `growTree`, from the hashes of leaves. */
export function growHashes(nodes: NodeMap, size: number, hashes: readonly Uint8Array[]): LogNode[] {
  const added: LogNode[] = [];
  const add = (node: LogNode): void => {
    nodes.set(node);
    added.push(node);
  };
  hashes.forEach((hash, offset) => {
    let node: LogNode = { level: 0, index: size + offset, hash };
    add(node);
    while (node.index % 2 === 1) {
      const left = nodes.get({ level: node.level, index: node.index - 1 });
      invariant(left, 'the right edge of the tree is known');
      node = {
        level: node.level + 1,
        index: (node.index - 1) / 2,
        hash: nodeHash(left, node.hash),
      };
      add(node);
    }
  });
  return added;
}
