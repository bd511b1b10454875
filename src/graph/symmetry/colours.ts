import {
  unpackSet,
  type CellBlock,
  type ChannelBlock,
  type Layout,
  type State,
} from '../../model/layout.ts';
import { messageOffset } from '../../model/semantics.ts';
import type { IndexSet, Type } from '../../model/types.ts';
import { elementSet, keysOfCells } from './exchange.ts';

/**
 * Tells the elements of a row apart by what the row says of them, whatever their numbers are:
 * elements that differ in it get different colours (colour refinement, as of Weisfeiler and Leman).
 * Two rows that are each other's exchange give their elements the same colours. Colours are hashes:
 * where two meet by chance, elements count as alike.
 */
export class Colours {
  /** By the name of an interchangeable set, the colours of its elements. */
  #colours = new Map<string, Int32Array>();
  #next = new Map<string, Int32Array>();
  readonly #facts: readonly ((row: State) => void)[];
  /** Whether what is said of one element ever speaks of another: else one look is enough. */
  readonly #related: boolean;

  constructor(layout: Layout, sets: readonly IndexSet[]) {
    for (const { name, elements } of sets) {
      this.#colours.set(name, new Int32Array(elements.length));
      this.#next.set(name, new Int32Array(elements.length));
    }
    const cells = [...layout.parameters, ...layout.variables].filter((b) => this.#mentions(b));
    const channels = layout.channels.filter((b) => this.#names(b) > 0);
    this.#facts = [
      ...cells.map((block, i) => this.#cellFacts(layout, block, i)),
      ...channels.map((block, i) => this.#messageFacts(layout, block, cells.length + i)),
    ];
    this.#related =
      cells.some((b) => b.keySets.length > 1 || this.#isNamed(b.type)) ||
      channels.some((b) => this.#names(b) > 1 || b.fields.some(({ type }) => type.kind === 'set'));
  }

  /** The colours of the elements of each set; reused by the next call. */
  of(row: State): ReadonlyMap<string, Int32Array> {
    for (const colours of this.#colours.values()) colours.fill(1);
    let classes = this.#colours.size;
    for (;;) {
      for (const [set, next] of this.#next) next.set(this.#colours.get(set) as Int32Array);
      for (const tell of this.#facts) tell(row);
      for (const next of this.#next.values())
        for (let e = 0; e < next.length; e += 1) next[e] = mixed(next[e] as number);
      [this.#colours, this.#next] = [this.#next, this.#colours];
      if (!this.#related) return this.#colours;
      const found = this.#classes();
      if (found <= classes) return this.#colours;
      classes = found;
    }
  }

  #classes(): number {
    let count = 0;
    for (const colours of this.#colours.values()) count += new Set(colours).size;
    return count;
  }

  #isNamed(type: Type): boolean {
    return this.#colours.has(elementSet(type.kind === 'set' ? type.of : type) ?? '');
  }

  #mentions({ keySets, type }: CellBlock): boolean {
    return keySets.some(({ name }) => this.#colours.has(name)) || this.#isNamed(type);
  }

  #names({ fields }: ChannelBlock): number {
    return fields.filter(({ type }) => this.#isNamed(type)).length;
  }

  /** What a cell says: of the elements among its keys, and of those it holds. */
  #cellFacts(layout: Layout, block: CellBlock, seed: number): (row: State) => void {
    const { offset, width, keySets, type } = block;
    const keys = keysOfCells(block);
    const names = keySets.map(({ name }) => name);
    const fact = new Fact(this);
    return (row) => {
      keys.forEach((key, cell) => {
        fact.begin(seed);
        key.forEach((e, i) => fact.add(names[i] as string, e));
        this.#addValue(fact, layout, type, row, offset + cell * width, width);
        fact.tell();
      });
    };
  }

  #messageFacts(layout: Layout, block: ChannelBlock, seed: number): (row: State) => void {
    const fact = new Fact(this);
    const inOrder = block.channel.order === 'fifo';
    return (row) => {
      const count = row[block.offset] as number;
      for (let i = 0; i < count; i += 1) {
        fact.begin(seed);
        if (inOrder) fact.addPlain(i);
        for (const { type, offset, width } of block.fields)
          this.#addValue(fact, layout, type, row, messageOffset(block, i) + offset, width);
        fact.tell();
      }
    };
  }

  #addValue(fact: Fact, layout: Layout, type: Type, row: State, at: number, width: number): void {
    const set = elementSet(type.kind === 'set' ? type.of : type);
    if (set === undefined || !this.#colours.has(set))
      for (let i = 0; i < width; i += 1) fact.addPlain(row[at + i] as number);
    else if (type.kind === 'set')
      fact.addMembers(set, unpackSet(row, at, width, layout.bounds(type.of).lo));
    else if ((row[at] as number) < 0) fact.addPlain(-1);
    else fact.add(set, row[at] as number);
  }

  colourOf(set: string, element: number): number | undefined {
    return this.#colours.get(set)?.[element];
  }

  /** One more thing that is said of an element; the order in which things are said is nothing. */
  say(set: string, element: number, what: number): void {
    const next = this.#next.get(set);
    if (next) next[element] = ((next[element] as number) + what) | 0;
  }
}

/** One thing that a row says, of the elements that stand in it. */
class Fact {
  readonly #colours: Colours;
  #hash = 0;
  readonly #sets: string[] = [];
  readonly #elements: number[] = [];
  readonly #places: number[] = [];
  #count = 0;
  #place = 0;

  constructor(colours: Colours) {
    this.#colours = colours;
  }

  begin(seed: number): void {
    this.#hash = mixed(seed + 1);
    this.#count = 0;
    this.#place = 0;
  }

  addPlain(value: number): void {
    this.#hash = mixed(this.#hash ^ Math.imul(value, 0x9e3779b1));
  }

  /** An element in this place: of what is said of it, or of another one beside it. */
  add(set: string, element: number): void {
    const colour = this.#colours.colourOf(set, element);
    if (colour === undefined) return this.addPlain(element);
    this.#note(set, element, (this.#place += 1));
    this.#hash = mixed(this.#hash ^ Math.imul(colour, 0x85ebca6b));
  }

  addMembers(set: string, elements: readonly number[]): void {
    this.#place += 1;
    let sum = elements.length;
    for (const element of elements) {
      this.#note(set, element, this.#place);
      sum = (sum + mixed(this.#colours.colourOf(set, element) ?? 0)) | 0;
    }
    this.#hash = mixed(this.#hash ^ sum);
  }

  #note(set: string, element: number, place: number): void {
    this.#sets[this.#count] = set;
    this.#elements[this.#count] = element;
    this.#places[this.#count] = place;
    this.#count += 1;
  }

  /** An element that stands in two places is told of both: the two are one. */
  tell(): void {
    for (let i = 0; i < this.#count; i += 1) {
      const [set, element] = [this.#sets[i] as string, this.#elements[i] as number];
      let places = 0;
      for (let j = 0; j < this.#count; j += 1)
        if (this.#elements[j] === element && this.#sets[j] === set)
          places = (places + mixed(this.#places[j] as number)) | 0;
      this.#colours.say(
        set,
        element,
        mixed(this.#hash ^ mixed((this.#places[i] as number) ^ places)),
      );
    }
  }
}

/** The last mixing of MurmurHash3. */
function mixed(value: number): number {
  let h = value ^ (value >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
