import type { Layout, State } from '../../model/layout.ts';
import type { IndexSet } from '../../model/types.ts';
import { Colours } from './colours.ts';
import { Exchanger, type ElementExchange } from './exchange.ts';

/**
 * States that differ only in which element is which are one state: of all rows that are each
 * other's exchange one stands for all (Ip and Dill 1996, *Better Verification Through Symmetry*).
 * Elements are put in the order of their colours. Where alike elements are not told apart, two rows
 * may stand for the same ones: more states than need be, and nothing lost.
 */
export class Symmetry {
  readonly sets: readonly IndexSet[];
  readonly #colours: Colours;
  readonly #exchanger: Exchanger;

  /** `sets`: those whose elements nothing tells apart; that is the caller's to know. */
  constructor(layout: Layout, sets: readonly IndexSet[]) {
    this.sets = sets;
    this.#colours = new Colours(layout, sets);
    this.#exchanger = new Exchanger(layout);
  }

  /** The row that stands for this one. */
  representative(row: State): State {
    const exchange = this.exchangeOf(row);
    return exchange ? this.exchanged(row, exchange) : row;
  }

  /** What takes a row to the one that stands for it; nothing where it stands for itself. */
  exchangeOf(row: State): ElementExchange | undefined {
    const colours = this.#colours.of(row);
    let moved = false;
    const exchange = new Map<string, readonly number[]>();
    for (const [set, ofElements] of colours) {
      if (isInOrder(ofElements)) {
        exchange.set(
          set,
          Array.from(ofElements, (_, e) => e),
        );
        continue;
      }
      moved = true;
      const order = Array.from(ofElements, (_, e) => e).sort(
        (a, b) => (ofElements[a] as number) - (ofElements[b] as number) || a - b,
      );
      const to = new Array<number>(order.length);
      order.forEach((e, place) => (to[e] = place));
      exchange.set(set, to);
    }
    return moved ? exchange : undefined;
  }

  exchanged(row: State, exchange: ElementExchange): State {
    return this.#exchanger.exchanged(row, exchange);
  }
}

function isInOrder(colours: Int32Array): boolean {
  for (let i = 1; i < colours.length; i += 1)
    if ((colours[i - 1] as number) > (colours[i] as number)) return false;
  return true;
}
