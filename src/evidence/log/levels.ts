import type { LogNode } from './store.ts';
import type { NodeId } from '../formats/merkle.ts';

const HASH_BYTES = 32;

/**
 * All node hashes of a log in memory, 64 bytes a leaf: per level one growing block, in the order of
 * their indices. A log finishes the nodes of a level in that order, so a gap means that something
 * is missing.
 */
export class HashLevels {
  readonly #levels: { bytes: Buffer; count: number }[] = [];

  /** False when the node is not the next of its level. */
  append({ level, index, hash }: LogNode): boolean {
    while (this.#levels.length <= level)
      this.#levels.push({ bytes: Buffer.alloc(HASH_BYTES * 16), count: 0 });
    const block = this.#levels[level];
    if (block === undefined || index !== block.count || hash.length !== HASH_BYTES) return false;
    if ((index + 1) * HASH_BYTES > block.bytes.length) {
      const larger = Buffer.alloc(block.bytes.length * 2);
      block.bytes.copy(larger);
      block.bytes = larger;
    }
    block.bytes.set(hash, index * HASH_BYTES);
    block.count += 1;
    return true;
  }

  get({ level, index }: NodeId): Uint8Array | undefined {
    const block = this.#levels[level];
    if (block === undefined || index < 0 || index >= block.count) return undefined;
    return Uint8Array.prototype.slice.call(
      block.bytes,
      index * HASH_BYTES,
      (index + 1) * HASH_BYTES,
    );
  }

  count(): number {
    return this.#levels.reduce((sum, { count }) => sum + count, 0);
  }

  /** The index of the first leaf with this hash. */
  find(leafHash: Uint8Array): number | undefined {
    const block = this.#levels[0];
    if (block === undefined) return undefined;
    const used = block.bytes.subarray(0, block.count * HASH_BYTES);
    for (let at = used.indexOf(leafHash); at >= 0; at = used.indexOf(leafHash, at + 1)) {
      if (at % HASH_BYTES === 0) return at / HASH_BYTES;
    }
    return undefined;
  }
}
