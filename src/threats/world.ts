import { type ChannelBlock, type FieldBlock, type Layout, packSet } from '../model/layout.ts';
import { insertMessage, messageOffset, removeMessage, type Semantics } from '../model/semantics.ts';
import { scalarValues, typeText, type Type } from '../model/types.ts';
import { InternedSets } from './sets.ts';

/** The values of a type, or the payloads of a channel, are too many to try one by one. */
export class TooManyValues extends Error {}

const MAX_VALUES = 4_096;

/**
 * What the steps of threats work on: rows of the model with added state behind it. Flags and hold
 * places are state; records of what was seen are not, for what a step changes (SEMANTICS 3).
 */
export class World {
  readonly semantics: Semantics;
  readonly layout: Layout;
  readonly sets = new InternedSets();
  readonly #places = new Map<string, number>();
  readonly #records = new Set<number>();
  readonly #integers: readonly number[] | undefined;
  width: number;

  /**
   * `integers`: all that are tried where a type has too many values. Then what is found is found,
   * and nothing else is known.
   */
  constructor(semantics: Semantics, integers?: readonly number[]) {
    this.#integers = integers;
    this.semantics = semantics;
    this.layout = semantics.layout;
    this.width = semantics.layout.width;
  }

  /** Where added state of this name stands: the same name is the same place. */
  place(name: string, words = 1): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const at = this.width;
    this.#places.set(name, at);
    this.width += words;
    return at;
  }

  placeOf(name: string): number | undefined {
    return this.#places.get(name);
  }

  places(prefix: string): { readonly name: string; readonly at: number }[] {
    return [...this.#places]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, at]) => ({ name: name.slice(prefix.length), at }));
  }

  /** Where a set of what was seen so far stands. */
  record(name: string): number {
    const at = this.place(name);
    this.#records.add(at);
    return at;
  }

  /** Whether a threat's step changed something: records alone are nothing. */
  differs(a: readonly number[], b: readonly number[]): boolean {
    for (let i = 0; i < this.width; i += 1) if (a[i] !== b[i] && !this.#records.has(i)) return true;
    return false;
  }

  messages(row: readonly number[], block: ChannelBlock): number[][] {
    return Array.from({ length: row[block.offset] as number }, (_, i) => {
      const at = messageOffset(block, i);
      return row.slice(at, at + block.messageWidth);
    });
  }

  /** All values of a field, as packed words. */
  values(type: Type): number[][] {
    const { lo = -Infinity, hi = Infinity } = type.kind === 'int' ? type : {};
    if (type.kind === 'int' && hi - lo >= MAX_VALUES) {
      if (this.#integers)
        return this.#integers.filter((value) => value >= lo && value <= hi).map((value) => [value]);
      throw new TooManyValues(
        hi === Infinity || lo === -Infinity
          ? `an unbounded int has no list of values`
          : `${typeText(type)} has too many values to try each`,
      );
    }
    if (type.kind === 'set') {
      const base = this.values(type.of).map(([value]) => value as number);
      if (base.length > 12)
        throw new TooManyValues(`${typeText(type)} has 2^${base.length} values`);
      const width = Math.ceil(base.length / 30);
      return Array.from({ length: 2 ** base.length }, (_, bits) => {
        const words = new Array<number>(width).fill(0);
        const members = base.filter((_v, i) => (bits >> i) & 1);
        packSet(members, words, 0, width, this.layout.bounds(type.of));
        return words;
      });
    }
    return scalarValues(type, this.layout.set).map((value) => [value]);
  }

  /** All payloads of a channel. */
  payloads(block: ChannelBlock): number[][] {
    const perField = block.fields.map((field) => this.values(field.type));
    if (perField.reduce((product, values) => product * values.length, 1) > MAX_VALUES)
      throw new TooManyValues(`${block.channel.name} has more than ${MAX_VALUES} payloads`);
    return perField.reduce<number[][]>(
      (heads, values) => heads.flatMap((head) => values.map((value) => [...head, ...value])),
      [[]],
    );
  }

  /** Whether an attacker may know what stands in the unguessable fields of a payload. */
  knows(row: readonly number[], block: ChannelBlock, payload: readonly number[]): boolean {
    const secret = block.fields.filter((field) => this.isUnguessable(block, field));
    return secret.every((field) =>
      this.sets.has(row[this.record('seen')] as number, seenKey(field, payload)),
    );
  }

  isUnguessable(block: ChannelBlock, field: FieldBlock): boolean {
    return block.channel.unguessable?.includes(field.name) ?? false;
  }

  /** Keeps what is needed to judge what an attacker adds to the channel. */
  watch(block: ChannelBlock): void {
    if (block.channel.fresh?.length) this.record(`received ${block.channel.name}`);
    if (block.channel.unguessable?.length) this.record('seen');
  }

  /** The row with a message more that an attacker adds, where there is room and it is fresh. */
  added(
    row: readonly number[],
    block: ChannelBlock,
    payload: readonly number[],
  ): number[] | undefined {
    if ((row[block.offset] as number) >= block.channel.capacity) return undefined;
    if (!this.#isFresh(row, block, payload)) return undefined;
    const next = [...row];
    insertMessage(next, block, payload);
    return next;
  }

  /** The row without one message. */
  without(row: readonly number[], block: ChannelBlock, index: number): number[] {
    const next = [...row];
    removeMessage(next, block, index);
    return next;
  }

  #isFresh(row: readonly number[], block: ChannelBlock, payload: readonly number[]): boolean {
    if (!block.channel.fresh?.length) return true;
    const key = freshKey(block, payload);
    const received = row[this.record(`received ${block.channel.name}`)] as number;
    return (
      !this.sets.has(received, key) &&
      this.messages(row, block).every((message) => freshKey(block, message) !== key)
    );
  }
}

/** What the fields that a receiver accepts once say. */
export function freshKey(block: ChannelBlock, payload: readonly number[]): string {
  return block.fields
    .filter((field) => block.channel.fresh?.includes(field.name))
    .map((field) => payload.slice(field.offset, field.offset + field.width).join(','))
    .join(';');
}

/** A value in a field, by the field's type: two integer types of different ranges are one. */
export function seenKey(field: FieldBlock, payload: readonly number[]): string {
  const words = payload.slice(field.offset, field.offset + field.width).join(',');
  return `${kindOf(field.type)}=${words}`.replaceAll(' ', '_');
}

/** Two integer types of different ranges are one kind. */
export function kindOf(type: Type): string {
  if (type.kind === 'int') return 'int';
  return type.kind === 'element' ? type.set : typeText(type);
}
