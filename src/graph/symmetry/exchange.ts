import type { CellBlock, ChannelBlock, Layout, State } from '../../model/layout.ts';
import { packSet, unpackSet } from '../../model/layout.ts';
import { insertMessage, messageOffset } from '../../model/semantics.ts';
import type { IndexSet, Type } from '../../model/types.ts';

/**
 * For each interchangeable set what becomes of its elements: `of[e]` takes the place of element
 * `e`.
 */
export type ElementExchange = ReadonlyMap<string, readonly number[]>;

/** One exchange after another. */
export function afterExchange(second: ElementExchange, first: ElementExchange): ElementExchange {
  return new Map(
    [...first].map(([set, to]) => [
      set,
      to.map((e) => (second.get(set) as readonly number[])[e] as number),
    ]),
  );
}

/** The exchange that takes this one back. */
export function inverseExchange(exchange: ElementExchange): ElementExchange {
  return new Map(
    [...exchange].map(([set, to]) => {
      const back = new Array<number>(to.length);
      to.forEach((e, from) => (back[e] = from));
      return [set, back];
    }),
  );
}

/** The set whose elements a scalar type has as values. */
export function elementSet(type: Type): string | undefined {
  return type.kind === 'element' ? type.set : undefined;
}

/**
 * Rows with elements exchanged: cells change their places, values their elements, and the messages
 * of a bag are put in order again.
 */
export class Exchanger {
  readonly #layout: Layout;
  readonly #cells: readonly CellMover[];
  readonly #messages: readonly MessageMover[];

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#cells = [...layout.parameters, ...layout.variables].map(
      (block) => new CellMover(block, valueMover(layout, block.type, block.width)),
    );
    this.#messages = layout.channels.map((block) => new MessageMover(layout, block));
  }

  exchanged(row: State, exchange: ElementExchange): State {
    const into = new Array<number>(this.#layout.width).fill(0);
    for (const cells of this.#cells) cells.move(row, into, exchange);
    for (const messages of this.#messages) messages.move(row, into, exchange);
    return into;
  }
}

/** Writes the value that stands `at` in the row to `offset` of `into`, with elements exchanged. */
type ValueMover = (
  row: State,
  at: number,
  into: number[],
  offset: number,
  exchange: ElementExchange,
) => void;

function valueMover(layout: Layout, type: Type, width: number): ValueMover {
  const set = elementSet(type.kind === 'set' ? type.of : type);
  if (set === undefined)
    return (row, at, into, offset) => {
      for (let i = 0; i < width; i += 1) into[offset + i] = row[at + i] as number;
    };
  const moved = (exchange: ElementExchange, e: number): number => exchange.get(set)?.[e] ?? e;
  if (type.kind !== 'set')
    return (row, at, into, offset, exchange) => {
      into[offset] = moved(exchange, row[at] as number);
    };
  const bounds = layout.bounds(type.of);
  return (row, at, into, offset, exchange) => {
    const values = unpackSet(row, at, width, bounds.lo).map((e) => moved(exchange, e));
    packSet(values, into, offset, width, bounds);
  };
}

/** The cells of one name; those of a map change their places with the elements of its keys. */
class CellMover {
  readonly #block: CellBlock;
  readonly #value: ValueMover;
  /** By cell, the elements of its keys. */
  readonly #keys: readonly (readonly number[])[];

  constructor(block: CellBlock, value: ValueMover) {
    this.#block = block;
    this.#value = value;
    this.#keys = keysOfCells(block);
  }

  move(row: State, into: number[], exchange: ElementExchange): void {
    const { offset, width, keySets } = this.#block;
    for (let cell = 0; cell < this.#keys.length; cell += 1) {
      const keys = this.#keys[cell] as readonly number[];
      let target = 0;
      for (let i = 0; i < keys.length; i += 1) {
        const set = keySets[i] as IndexSet;
        const key = keys[i] as number;
        target = target * set.elements.length + (exchange.get(set.name)?.[key] ?? key);
      }
      this.#value(row, offset + cell * width, into, offset + target * width, exchange);
    }
  }
}

class MessageMover {
  readonly #block: ChannelBlock;
  readonly #values: readonly ValueMover[];
  readonly #message: number[];

  constructor(layout: Layout, block: ChannelBlock) {
    this.#block = block;
    this.#values = block.fields.map(({ type, width }) => valueMover(layout, type, width));
    this.#message = new Array<number>(block.messageWidth).fill(0);
  }

  move(row: State, into: number[], exchange: ElementExchange): void {
    const { offset, fields } = this.#block;
    const count = row[offset] as number;
    for (let i = 0; i < count; i += 1) {
      const at = messageOffset(this.#block, i);
      fields.forEach((field, f) =>
        this.#values[f]?.(row, at + field.offset, this.#message, field.offset, exchange),
      );
      insertMessage(into, this.#block, this.#message);
    }
  }
}

/** The elements that lead to each cell of a block, in the order of the cells. */
export function keysOfCells({ keySets }: CellBlock): readonly (readonly number[])[] {
  return keySets.reduce<readonly (readonly number[])[]>(
    (heads, set) => heads.flatMap((head) => set.elements.map((_, e) => [...head, e])),
    [[]],
  );
}
