import type { State } from '../model/layout.ts';
import type { States } from './states.ts';

const CHUNK_BITS = 14;
const CHUNK = 1 << CHUNK_BITS;
/** The first chunk begins with so many rows, and grows to the size of the others. */
const FIRST_ROWS = 1 << 7;

/** How a word is kept. Most words are small: a byte each, until one comes that is not. */
const WORDS = [Uint8Array, Int32Array, Float64Array] as const;
type Words = InstanceType<(typeof WORDS)[number]>;
const [BYTES, INTEGERS, NUMBERS] = [0, 1, 2] as const;

/**
 * The set of states seen, each kept whole (SEMANTICS 13: no hash-only set), in the order of
 * discovery. Rows live in typed chunks; an open-addressing table of row numbers finds them.
 */
export class StateStore implements States {
  readonly #width: number;
  /** What a word that is no byte becomes. */
  readonly #larger: typeof INTEGERS | typeof NUMBERS;
  #kept: 0 | 1 | 2 = BYTES;
  readonly #chunks: Words[] = [];
  /** How many rows the chunks have room for. */
  #room = 0;
  #table = new Int32Array(1 << 12).fill(-1);
  /**
   * Each row's hash: rows are compared only where it agrees, and the table grows without reading
   * them.
   */
  #hashes = new Int32Array(1 << 11);
  #count = 0;

  /** `wide` rows hold integers beyond 32 bits. */
  constructor(width: number, wide: boolean) {
    this.#width = Math.max(width, 1);
    this.#larger = wide ? NUMBERS : INTEGERS;
  }

  get count(): number {
    return this.#count;
  }

  /** An estimate of the memory held, in bytes. */
  get bytes(): number {
    return (
      this.#room * this.#width * WORDS[this.#kept].BYTES_PER_ELEMENT +
      (this.#table.length + this.#hashes.length) * 4
    );
  }

  /** The number of a state, and whether it is new; a new one is stored. */
  add(state: State): { readonly index: number; readonly isNew: boolean } {
    const index = this.put(state);
    return index < 0 ? { index: ~index, isNew: true } : { index, isNew: false };
  }

  put(state: State): number {
    if (this.#count * 2 >= this.#table.length) this.#grow();
    const mask = this.#table.length - 1;
    const hashed = hash(state);
    let slot = hashed & mask;
    for (;;) {
      const index = this.#table[slot] as number;
      if (index < 0) break;
      if (this.#hashes[index] === hashed && this.#equals(index, state)) return index;
      slot = (slot + 1) & mask;
    }
    const index = this.#count;
    this.#table[slot] = index;
    this.#hashes[index] = hashed;
    this.#write(index, state);
    this.#count += 1;
    return ~index;
  }

  get(index: number): number[] {
    const chunk = this.#chunks[index >> CHUNK_BITS] as Words;
    const at = (index & (CHUNK - 1)) * this.#width;
    const state = new Array<number>(this.#width);
    for (let i = 0; i < this.#width; i += 1) state[i] = chunk[at + i] as number;
    return state;
  }

  #write(index: number, state: State): void {
    if (this.#kept === BYTES && !state.every(isByte)) this.#widen();
    if (index === this.#room) this.#makeRoom();
    const number = index >> CHUNK_BITS;
    (this.#chunks[number] as Words).set(state, (index & (CHUNK - 1)) * this.#width);
  }

  #makeRoom(): void {
    const first = this.#chunks[0];
    const isWhole = this.#room >= CHUNK;
    const rows = isWhole ? CHUNK : Math.max(FIRST_ROWS, this.#room * 2);
    const chunk = new WORDS[this.#kept](rows * this.#width);
    if (isWhole) this.#chunks.push(chunk);
    else {
      if (first) chunk.set(first);
      this.#chunks[0] = chunk;
    }
    this.#room = isWhole ? this.#room + CHUNK : rows;
  }

  /** All rows again, in larger words. */
  #widen(): void {
    this.#kept = this.#larger;
    this.#chunks.forEach((chunk, number) => {
      this.#chunks[number] = new WORDS[this.#larger](chunk);
    });
  }

  #equals(index: number, state: State): boolean {
    const chunk = this.#chunks[index >> CHUNK_BITS] as Words;
    const at = (index & (CHUNK - 1)) * this.#width;
    for (let i = 0; i < state.length; i += 1) if (chunk[at + i] !== state[i]) return false;
    return true;
  }

  #grow(): void {
    const table = new Int32Array(this.#table.length * 2).fill(-1);
    const mask = table.length - 1;
    for (let index = 0; index < this.#count; index += 1) {
      let slot = (this.#hashes[index] as number) & mask;
      while ((table[slot] as number) >= 0) slot = (slot + 1) & mask;
      table[slot] = index;
    }
    this.#table = table;
    const hashes = new Int32Array(table.length / 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }
}

function isByte(word: number): boolean {
  return word === (word & 0xff);
}

/**
 * One rotation, one exclusive or and one multiplication a word, and a last mixing; equality is
 * decided on whole rows.
 */
function hash(state: State): number {
  let h = 0;
  for (let i = 0; i < state.length; i += 1)
    h = Math.imul(((h << 5) | (h >>> 27)) ^ (state[i] as number), 0x9e3779b1);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  return h ^ (h >>> 13);
}
