import type { State } from '../../model/layout.ts';
import type { States } from '../states.ts';
import type { Symmetry } from '../symmetry/symmetry.ts';
import { TooSmall } from '../walker.ts';
import { pack, unpack, type Packing } from './packing.ts';

/** What is thrown where a word does not fit into its place: no stack is written down. */
export const TOO_SMALL = Object.freeze(new TooSmall('a word does not fit into its place'));

const FIRST_ROWS = 1 << 10;
/** A table is at most half full: a probe then looks at two places on average. */
const SLOTS_A_ROW = 2;

/**
 * The set of states seen, each kept whole (SEMANTICS 13), packed, in the order of discovery: rows
 * one after the other in one array, found by an open-addressing table of row numbers. No hash is
 * kept: to look at it costs as much as to look at a row, and the table grows by reading all rows
 * one after the other.
 */
export class PackedStates implements States {
  readonly #packing: Packing;
  readonly #words: number;
  /** All packed rows. Replaced by a larger one when it is full. */
  rows: Int32Array;
  /** Row numbers from 1; 0 is an empty slot. */
  #table = new Int32Array(FIRST_ROWS * SLOTS_A_ROW);
  /** How many rows there is room for. */
  #room = FIRST_ROWS;
  #count = 0;
  readonly #row: Int32Array;

  constructor(packing: Packing) {
    this.#packing = packing;
    this.#words = packing.words;
    this.rows = new Int32Array(FIRST_ROWS * packing.words);
    this.#row = new Int32Array(packing.words);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return 4 * (this.rows.length + this.#table.length);
  }

  get(index: number): number[] {
    return unpack(this.rows, index * this.#words, this.#packing);
  }

  put(state: State): number {
    if (!pack(state, this.#packing, this.#row)) throw TOO_SMALL;
    return this.putPacked(this.#row);
  }

  /** The same of the row that stands for a packed one. */
  putRepresentative(packed: Int32Array, symmetry: Symmetry): number {
    const row = unpack(packed, 0, this.#packing);
    const representative = symmetry.representative(row);
    return representative === row ? this.putPacked(packed) : this.put(representative);
  }

  /** The number of a packed row; of a new one, which is stored, its complement (below 0). */
  putPacked(row: Int32Array): number {
    const words = this.#words;
    const table = this.#table;
    const { rows } = this;
    const mask = table.length - 1;
    let slot = hash(row, 0, words) & mask;
    for (;;) {
      const found = (table[slot] as number) - 1;
      if (found < 0) break;
      const base = found * words;
      let i = 0;
      while (i < words && rows[base + i] === row[i]) i += 1;
      if (i === words) return found;
      slot = (slot + 1) & mask;
    }
    const index = this.#count;
    table[slot] = index + 1;
    const base = index * words;
    for (let i = 0; i < words; i += 1) rows[base + i] = row[i] as number;
    this.#count += 1;
    if (this.#count === this.#room) this.#grow();
    return ~index;
  }

  #grow(): void {
    this.#room *= 2;
    const rows = new Int32Array(this.#room * this.#words);
    rows.set(this.rows);
    this.rows = rows;
    this.#table = tableOf(rows, this.#words, this.#count, this.#room * SLOTS_A_ROW);
  }
}

function tableOf(
  rows: Int32Array,
  words: number,
  count: number,
  size: number,
): Int32Array<ArrayBuffer> {
  const table = new Int32Array(size);
  const mask = size - 1;
  for (let index = 0; index < count; index += 1) {
    let slot = hash(rows, index * words, words) & mask;
    while ((table[slot] as number) !== 0) slot = (slot + 1) & mask;
    table[slot] = index + 1;
  }
  return table;
}

/** A rotation, an exclusive or and a multiplication a word; a last mixing as of MurmurHash3. */
function hash(rows: Int32Array, base: number, words: number): number {
  let h = 0;
  for (let i = 0; i < words; i += 1)
    h = Math.imul(((h << 5) | (h >>> 27)) ^ (rows[base + i] as number), 0x9e3779b1);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
