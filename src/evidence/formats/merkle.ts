import { concat, equalBytes } from './encoding.ts';
import type { Hash } from './crypto.ts';

/**
 * A complete subtree of `2^level` leaves, the `index`-th of its level (RFC 9162 section 2.1; level
 * 0 is a leaf hash).
 */
export interface NodeId {
  readonly level: number;
  readonly index: number;
}

/**
 * The Merkle tree of RFC 6962 section 2.1 and RFC 9162 section 2.1: which nodes a proof consists
 * of, and how a proof is verified. Hashing is injected: the log hashes synchronously, a browser
 * cannot. Sizes are safe integers; arithmetic is used instead of shifts, which would cut them to 32
 * bits.
 */

const LEAF_PREFIX = Uint8Array.of(0x00);
const NODE_PREFIX = Uint8Array.of(0x01);

/** What is hashed for a leaf: the prefix keeps a leaf from ever passing for an inner node. */
export const leafInput = (leaf: Uint8Array): Uint8Array => concat(LEAF_PREFIX, leaf);
export const nodeInput = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  concat(NODE_PREFIX, left, right);

/**
 * Leaves from `start` up to, not including, `end`: the subtree that one element of a proof stands
 * for.
 */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The largest power of two smaller than `size` (RFC 9162 section 2.1.1: where a tree of that size
 * splits).
 */
function splitOf(size: number): number {
  let half = 1;
  while (half * 2 < size) half *= 2;
  return half;
}

/**
 * The complete subtrees that make up a range of a proof, from left to right: the binary digits of
 * its length. Folding their hashes from the right gives the hash of the range.
 */
export function completeSubtrees({ start, end }: Range): NodeId[] {
  const nodes: NodeId[] = [];
  let at = start;
  while (at < end) {
    let level = 0;
    while (2 ** (level + 1) <= end - at) level += 1;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/**
 * RFC 9162 section 2.1.3.1: the audit path of leaf `index` in a tree of `size`, from the leaf's
 * sibling upwards.
 */
export function inclusionRanges(index: number, size: number): Range[] {
  const path: Range[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      path.unshift({ start: middle, end });
      end = middle;
    } else {
      path.unshift({ start, end: middle });
      start = middle;
    }
  }
  return path;
}

/**
 * RFC 9162 section 2.1.4.1: the proof that the tree of `oldSize` is a prefix of the tree of
 * `newSize`.
 */
export function consistencyRanges(oldSize: number, newSize: number): Range[] {
  const proof: Range[] = [];
  let start = 0;
  let end = newSize;
  let knownToVerifier = true;
  while (end > oldSize) {
    const middle = start + splitOf(end - start);
    if (oldSize <= middle) {
      proof.unshift({ start: middle, end });
      end = middle;
    } else {
      proof.unshift({ start, end: middle });
      start = middle;
      knownToVerifier = false;
    }
  }
  if (!knownToVerifier) proof.unshift({ start, end });
  return proof;
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const half = (value: number): number => Math.floor(value / 2);

/** RFC 9162 section 2.1.3.2. */
export async function verifyInclusion(
  claim: {
    readonly index: number;
    readonly size: number;
    readonly leafHash: Uint8Array;
    readonly root: Uint8Array;
  },
  proof: readonly Uint8Array[],
  hash: Hash,
): Promise<boolean> {
  if (!isSize(claim.index) || !isSize(claim.size) || claim.index >= claim.size) return false;
  if (claim.leafHash.length !== 32) return false;
  let node = claim.index;
  let last = claim.size - 1;
  let computed = claim.leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      computed = await hash(nodeInput(sibling, computed));
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      computed = await hash(nodeInput(computed, sibling));
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalBytes(computed, claim.root);
}

/**
 * RFC 9162 section 2.1.4.2. From an empty tree there is nothing to prove, so a proof from size 0 to
 * a larger size is refused; equal sizes need equal roots, and size 0 the hash of nothing.
 */
export async function verifyConsistency(
  claim: {
    readonly size1: number;
    readonly size2: number;
    readonly root1: Uint8Array;
    readonly root2: Uint8Array;
  },
  proof: readonly Uint8Array[],
  hash: Hash,
): Promise<boolean> {
  const { size1, size2, root1, root2 } = claim;
  if (!isSize(size1) || !isSize(size2) || size1 > size2) return false;
  if (size1 === size2) {
    if (proof.length > 0 || !equalBytes(root1, root2)) return false;
    return size1 > 0 || equalBytes(root1, await hash(new Uint8Array(0)));
  }
  if (size1 === 0) return false;
  const [first, ...path] = Number.isInteger(Math.log2(size1)) ? [root1, ...proof] : proof;
  if (first === undefined) return false;
  let node = size1 - 1;
  let last = size2 - 1;
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let old = first;
  let grown = first;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      old = await hash(nodeInput(sibling, old));
      grown = await hash(nodeInput(sibling, grown));
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      grown = await hash(nodeInput(grown, sibling));
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalBytes(old, root1) && equalBytes(grown, root2);
}
