import { invariant } from '../errors/index.ts';
import type { Channel, Model } from './model.ts';
import { cellType, scalarValues, type IndexSet, type SetLookup, type Type } from './types.ts';

/**
 * A state is one flat row of integers: parameters, variables, channels, in declaration order. Rows
 * are compared, hashed and stored whole. A scalar takes one word; a set takes one bit per value of
 * its base, 30 to a word; a channel takes a count and then its messages, padded with zeros to its
 * capacity. A bag keeps its messages sorted, so that equal bags are equal rows.
 */
export type State = readonly number[];

/** The inclusive bounds of a scalar type in words; an unbounded integer has none. */
export interface WordBounds {
  readonly lo: number;
  readonly hi: number;
}

export interface CellBlock {
  readonly name: string;
  readonly of: 'parameter' | 'variable';
  readonly offset: number;
  /** The type of one cell. */
  readonly type: Type;
  /** The index sets of the maps around it, outermost first. */
  readonly keySets: readonly IndexSet[];
  /** Words per cell. */
  readonly width: number;
  readonly cells: number;
}

export interface FieldBlock {
  readonly name: string;
  readonly type: Type;
  /** Offset within a message. */
  readonly offset: number;
  readonly width: number;
}

export interface ChannelBlock {
  readonly channel: Channel;
  /** Where the count stands; messages follow. */
  readonly offset: number;
  readonly fields: readonly FieldBlock[];
  readonly messageWidth: number;
}

/** Bits of a set that one word holds: sums of words stay small integers. */
export const SET_BITS = 30;

export class Layout {
  readonly model: Model;
  readonly parameters: readonly CellBlock[];
  readonly variables: readonly CellBlock[];
  readonly channels: readonly ChannelBlock[];
  readonly width: number;
  readonly parameterWidth: number;
  readonly #cells = new Map<string, CellBlock>();
  readonly #channels = new Map<string, ChannelBlock>();
  readonly #sets: ReadonlyMap<string, IndexSet>;

  constructor(model: Model) {
    this.model = model;
    this.#sets = new Map(model.sets.map((set) => [set.name, set]));
    let offset = 0;
    const cell = (of: CellBlock['of'], name: string, type: Type): CellBlock => {
      const keySets = keySetsOf(type, this.set);
      const width = widthOf(cellType(type), this.set);
      const cells = keySets.reduce((product, set) => product * set.elements.length, 1);
      const block: CellBlock = { name, of, offset, type: cellType(type), keySets, width, cells };
      offset += cells * width;
      this.#cells.set(`${of} ${name}`, block);
      return block;
    };
    this.parameters = model.parameters.map((p) => cell('parameter', p.name, p.type));
    this.parameterWidth = offset;
    this.variables = model.variables.map((v) => cell('variable', v.name, v.type));
    this.channels = model.channels.map((channel) => {
      let within = 0;
      const fields = channel.fields.map((field): FieldBlock => {
        const width = widthOf(field.type, this.set);
        within += width;
        return { name: field.name, type: field.type, offset: within - width, width };
      });
      const block: ChannelBlock = { channel, offset, fields, messageWidth: within };
      offset += 1 + within * channel.capacity;
      this.#channels.set(channel.name, block);
      return block;
    });
    this.width = offset;
  }

  readonly set: SetLookup = (name) => {
    const found = this.#sets.get(name);
    invariant(found, `no set ${name}`);
    return found;
  };

  cell(of: CellBlock['of'], name: string): CellBlock {
    const block = this.#cells.get(`${of} ${name}`);
    invariant(block, `no ${of} ${name}`);
    return block;
  }

  channel(name: string): ChannelBlock {
    const block = this.#channels.get(name);
    invariant(block, `no channel ${name}`);
    return block;
  }

  bounds(type: Type): WordBounds {
    switch (type.kind) {
      case 'bool':
        return { lo: 0, hi: 1 };
      case 'int':
        return { lo: type.lo ?? -Infinity, hi: type.hi ?? Infinity };
      case 'enum':
        return { lo: 0, hi: type.members.length - 1 };
      case 'element':
        return { lo: type.nullable ? -1 : 0, hi: this.set(type.set).elements.length - 1 };
      default:
        return invariant(false, `${type.kind} has no bounds`) as never;
    }
  }
}

function keySetsOf(type: Type, set: SetLookup): IndexSet[] {
  return type.kind === 'map' ? [set(type.from), ...keySetsOf(type.to, set)] : [];
}

function widthOf(type: Type, set: SetLookup): number {
  return type.kind === 'set' ? Math.ceil(scalarValues(type.of, set).length / SET_BITS) : 1;
}

/** The sorted values of a set that is packed at `offset`; `first` is the value of bit 0. */
export function unpackSet(state: State, offset: number, width: number, first: number): number[] {
  const values: number[] = [];
  for (let word = 0; word < width; word += 1) {
    const bits = state[offset + word] as number;
    for (let bit = 0; bits >> bit > 0; bit += 1)
      if ((bits >> bit) & 1) values.push(first + word * SET_BITS + bit);
  }
  return values;
}

/** Packs values into `into` at `offset`; false when one of them lies outside the base. */
export function packSet(
  values: readonly number[],
  into: number[],
  offset: number,
  width: number,
  bounds: WordBounds,
): boolean {
  let inside = true;
  for (let word = 0; word < width; word += 1) into[offset + word] = 0;
  for (const value of values) {
    if (value < bounds.lo || value > bounds.hi) {
      inside = false;
      continue;
    }
    const bit = value - bounds.lo;
    const at = offset + Math.floor(bit / SET_BITS);
    into[at] = (into[at] as number) | (1 << (bit % SET_BITS));
  }
  return inside;
}
