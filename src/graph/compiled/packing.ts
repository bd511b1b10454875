import type { WordBounds, ChannelBlock, Layout } from '../../model/layout.ts';
import type { Type } from '../../model/types.ts';
import { refuseToCompile } from './refusal.ts';

/**
 * Where a word of a row stands in a packed row: `bits` bits from `shift` on of the 32-bit word
 * number `word`, holding the value less `lo`. No place crosses from one word to the next.
 */
export interface PackedPlace {
  readonly word: number;
  readonly shift: number;
  readonly bits: number;
  /** Its bits, as an unsigned number. */
  readonly mask: number;
  readonly lo: number;
  readonly hi: number;
}

/** A row of words of any range, packed by the ranges of their types. */
export interface Packing {
  /** By the offset of the word in the row (model/layout.ts). */
  readonly places: readonly PackedPlace[];
  /** 32-bit words of a packed row. */
  readonly words: number;
}

const WORD_BITS = 32;
/** Larger rows are few, and their code would be large. */
const MAX_WIDTH = 4_096;

/**
 * What an integer without a range is taken to be, until one is not: then all rows are packed again
 * by the next level. Beyond the last one rows are not packed.
 */
const LEVELS: readonly WordBounds[] = [
  { lo: 0, hi: 3 },
  { lo: -16, hi: 239 },
  { lo: -(2 ** 15), hi: 2 ** 15 - 1 },
  { lo: -(2 ** 31), hi: 2 ** 31 - 1 },
];

/** The bounds of scalar types in packed rows. */
export class Ranges {
  readonly #layout: Layout;
  readonly #assumed: WordBounds;
  readonly level: number;

  /** Throws `NotCompiled` beyond the last level. */
  constructor(layout: Layout, level: number) {
    this.#layout = layout;
    this.level = level;
    this.#assumed = LEVELS[level] ?? refuseToCompile('an integer without a range has left 32 bits');
  }

  /** Whether a type has no range of its own. */
  isAssumed(type: Type): boolean {
    return type.kind === 'int' && (type.lo === undefined || type.hi === undefined);
  }

  of(type: Type): WordBounds {
    return this.isAssumed(type) ? this.#assumed : this.#layout.bounds(type);
  }
}

/** How the rows of a layout are packed. Throws `NotCompiled` where a word has no 32-bit range. */
export function packingOf(layout: Layout, ranges: Ranges): Packing {
  if (layout.width > MAX_WIDTH)
    refuseToCompile(`a state has ${layout.width} words, and no more than ${MAX_WIDTH} are packed`);
  const packer = new Packer();
  for (const block of [...layout.parameters, ...layout.variables]) {
    const { lo, hi } = wordRange(ranges, block.type, block.width, block.name);
    for (let cell = 0; cell < block.cells; cell += 1) packer.add(lo, hi);
  }
  for (const block of layout.channels) packChannel(packer, ranges, block);
  return packer.packing;
}

/** A message that is not there is a row of zeros, whatever its fields may be. */
function packChannel(packer: Packer, ranges: Ranges, block: ChannelBlock): void {
  const { channel, fields } = block;
  packer.add(0, channel.capacity);
  const found = fields.map((field) =>
    wordRange(ranges, field.type, field.width, `${channel.name}.${field.name}`),
  );
  for (let i = 0; i < channel.capacity; i += 1)
    for (const { lo, hi } of found) packer.add(Math.min(lo, 0), Math.max(hi, 0));
}

const MIN_INT32 = -(2 ** 31);
const MAX_INT32 = 2 ** 31 - 1;

/** The words that a cell of this type may have. */
function wordRange(ranges: Ranges, type: Type, width: number, name: string): WordBounds {
  if (type.kind === 'set') {
    const { lo, hi } = ranges.of(type.of);
    if (width !== 1) refuseToCompile(`${name} is a set over ${hi - lo + 1} values`);
    return { lo: 0, hi: 2 ** (hi - lo + 1) - 1 };
  }
  const { lo, hi } = ranges.of(type);
  if (lo < MIN_INT32 || hi > MAX_INT32) refuseToCompile(`${name} has more than 32 bits`);
  return { lo, hi };
}

class Packer {
  readonly #places: PackedPlace[] = [];
  #word = 0;
  #shift = 0;

  add(lo: number, hi: number): void {
    const bits = Math.ceil(Math.log2(hi - lo + 1));
    if (this.#shift + bits > WORD_BITS) {
      this.#word += 1;
      this.#shift = 0;
    }
    // A place of no bits is a constant, and stands in a word that exists.
    const shift = bits === 0 ? 0 : this.#shift;
    this.#places.push({ word: this.#word, shift, bits, mask: 2 ** bits - 1, lo, hi });
    this.#shift += bits;
  }

  get packing(): Packing {
    return { places: this.#places, words: this.#word + 1 };
  }
}

/** Packs a row; false where a word lies outside of its place. */
export function pack(row: ArrayLike<number>, { places }: Packing, into: Int32Array): boolean {
  into.fill(0);
  for (let offset = 0; offset < places.length; offset += 1) {
    const { word, shift, lo, hi } = places[offset] as PackedPlace;
    const value = row[offset] as number;
    if (value < lo || value > hi) return false;
    into[word] = (into[word] as number) | ((value - lo) << shift);
  }
  return true;
}

/** The row that is packed in `words` from `base` on. */
export function unpack(words: Int32Array, base: number, { places }: Packing): number[] {
  const row = new Array<number>(places.length);
  for (let offset = 0; offset < places.length; offset += 1) {
    const { word, shift, bits, mask, lo } = places[offset] as PackedPlace;
    const at = (words[base + word] as number) >>> shift;
    row[offset] = lo + (bits === WORD_BITS ? at : at & mask);
  }
  return row;
}
