import { invariant, unreachable } from '../errors/index.ts';
import type { ArithmeticOperator, CompareOperator, Expr } from './expression.ts';
import { unpackSet, type CellBlock, type Layout, type State } from './layout.ts';
import { isCollection } from './types.ts';

/** An evaluated value: a scalar, a list, or a message (its fields in order). */
export type Evaluated = number | readonly Evaluated[];
/** The values of the local names, by slot. */
export type Locals = Evaluated[];
export interface Slots {
  readonly next: number;
  readonly of: ReadonlyMap<string, number>;
}

export const NO_SLOTS: Slots = { next: 0, of: new Map() };

/**
 * The slots with one more local, which hides an older one of the same name (a filter inside a
 * filter: both say `item`).
 */
export function bindSlot(slots: Slots, name: string): Slots {
  return { next: slots.next + 1, of: new Map(slots.of).set(name, slots.next) };
}

export type ScalarCode = (state: State, locals: Locals) => number;
export type ListCode = (state: State, locals: Locals) => readonly Evaluated[];

/**
 * Thrown, never returned, when a term has no value (SEMANTICS 4): `map[null]`, `min` of nothing.
 * Only steps and predicates catch it.
 */
export const UNDEFINED = Object.freeze(new Error('undefined term'));

/**
 * Thrown when an integer leaves what this evaluator counts exactly; the answer is then bounded,
 * never wrong.
 */
export const BEYOND = Object.freeze(new Error('integer beyond the exact range'));

/**
 * Compiles expressions to closures, once per model. Evaluation is left to right with short circuit
 * (SEMANTICS 4).
 */
export class Compiler {
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  scalar(e: Expr, slots: Slots): ScalarCode {
    switch (e.kind) {
      case 'literal': {
        const { value } = e;
        return () => value;
      }
      case 'cell':
        return this.#cell(e, slots);
      case 'local': {
        const slot = slotOf(e.name, slots);
        return (_, l) => l[slot] as number;
      }
      case 'field': {
        const message = this.#message(e.message, slots);
        const index = this.#fieldIndex(e);
        return (s, l) => message(s, l)[index] as number;
      }
      case 'not': {
        const body = this.scalar(e.body, slots);
        return (s, l) => 1 - body(s, l);
      }
      case 'negate': {
        const body = this.scalar(e.body, slots);
        return (s, l) => 0 - body(s, l);
      }
      case 'and': {
        const [left, right] = [this.scalar(e.left, slots), this.scalar(e.right, slots)];
        return (s, l) => (left(s, l) === 0 ? 0 : right(s, l));
      }
      case 'or': {
        const [left, right] = [this.scalar(e.left, slots), this.scalar(e.right, slots)];
        return (s, l) => (left(s, l) === 1 ? 1 : right(s, l));
      }
      case 'compare':
        return this.#compare(e, slots);
      case 'arithmetic':
        return arithmetic(e.operator, this.scalar(e.left, slots), this.scalar(e.right, slots));
      case 'between': {
        const [value, lo, hi] = [
          this.scalar(e.value, slots),
          this.scalar(e.lo, slots),
          this.scalar(e.hi, slots),
        ];
        return (s, l) => {
          const [v, from, to] = [value(s, l), lo(s, l), hi(s, l)];
          return v >= from && v <= to ? 1 : 0;
        };
      }
      case 'contains': {
        const [list, value] = [this.list(e.list, slots), this.scalar(e.value, slots)];
        return (s, l) => (list(s, l).includes(value(s, l)) ? 1 : 0);
      }
      case 'if': {
        const [condition, yes, no] = [
          this.scalar(e.condition, slots),
          this.scalar(e.yes, slots),
          this.scalar(e.no, slots),
        ];
        return (s, l) => (condition(s, l) === 1 ? yes(s, l) : no(s, l));
      }
      case 'some':
      case 'every':
        return this.#quantified(e, slots);
      case 'count': {
        const list = this.list(e.list, slots);
        return (s, l) => list(s, l).length;
      }
      case 'sum': {
        const list = this.list(e.list, slots);
        return (s, l) => {
          let total = 0;
          for (const value of list(s, l)) total = exact(total + (value as number));
          return total;
        };
      }
      case 'min':
      case 'max':
        return extremum(e.kind, this.list(e.list, slots));
      default:
        return invariant(false, `${e.kind} has no scalar value`) as never;
    }
  }

  /** Sets come out sorted and without repetition; lists as they are written. */
  list(e: Expr, slots: Slots): ListCode {
    switch (e.kind) {
      case 'elements': {
        const all = this.#layout.set(e.set).elements.map((_, i) => i);
        return () => all;
      }
      case 'messages':
        return this.#messages(e.channel);
      case 'list': {
        const items = e.items.map((item) => this.scalar(item, slots));
        return (s, l) => items.map((item) => item(s, l));
      }
      case 'toSet': {
        const list = this.list(e.list, slots);
        return (s, l) => distinct(list(s, l) as readonly number[]);
      }
      case 'cell':
        return this.#setCell(e, slots);
      case 'field': {
        const message = this.#message(e.message, slots);
        const index = this.#fieldIndex(e);
        return (s, l) => message(s, l)[index] as readonly Evaluated[];
      }
      case 'if': {
        const [condition, yes, no] = [
          this.scalar(e.condition, slots),
          this.list(e.yes, slots),
          this.list(e.no, slots),
        ];
        return (s, l) => (condition(s, l) === 1 ? yes(s, l) : no(s, l));
      }
      case 'for': {
        const [domain, slot, inner] = this.#bind(e, slots);
        const body = this.scalar(e.body, inner);
        return (s, l) =>
          domain(s, l).map((item) => {
            l[slot] = item;
            return body(s, l);
          });
      }
      case 'filter': {
        const [domain, slot, inner] = this.#bind(e, slots);
        const body = this.scalar(e.body, inner);
        return (s, l) =>
          domain(s, l).filter((item) => {
            l[slot] = item;
            return body(s, l) === 1;
          });
      }
      case 'union': {
        const lists = e.lists.map((list) => this.list(list, slots));
        return (s, l) => distinct(lists.flatMap((list) => list(s, l) as readonly number[]));
      }
      default:
        return invariant(false, `${e.kind} is no list`) as never;
    }
  }

  /** The offset of the cell that keys pick; throws UNDEFINED for `map[null]`. */
  offset(block: CellBlock, keys: readonly Expr[], slots: Slots): ScalarCode {
    const codes = keys.map((key) => this.scalar(key, slots));
    const strides = block.keySets.map((_, i) =>
      block.keySets.slice(i + 1).reduce((n, set) => n * set.elements.length, block.width),
    );
    const { offset } = block;
    const [first] = codes;
    if (!first) return () => offset;
    if (codes.length === 1) {
      const { width } = block;
      return (s, l) => {
        const key = first(s, l);
        if (key < 0) throw UNDEFINED;
        return offset + key * width;
      };
    }
    return (s, l) =>
      codes.reduce((at, code, i) => {
        const key = code(s, l);
        if (key < 0) throw UNDEFINED;
        return at + key * (strides[i] as number);
      }, offset);
  }

  #cell(e: Extract<Expr, { kind: 'cell' }>, slots: Slots): ScalarCode {
    const block = this.#layout.cell(e.of, e.name);
    if (e.keys.length === 0) {
      const { offset } = block;
      return (s) => s[offset] as number;
    }
    const at = this.offset(block, e.keys, slots);
    return (s, l) => s[at(s, l)] as number;
  }

  #setCell(e: Extract<Expr, { kind: 'cell' }>, slots: Slots): ListCode {
    const block = this.#layout.cell(e.of, e.name);
    invariant(block.type.kind === 'set', `${e.name} holds no set`);
    const first = this.#layout.bounds(block.type.of).lo;
    const at = this.offset(block, e.keys, slots);
    return (s, l) => unpackSet(s, at(s, l), block.width, first);
  }

  #message(e: Expr, slots: Slots): ListCode {
    invariant(e.kind === 'local', 'a message is always named');
    const slot = slotOf(e.name, slots);
    return (_, l) => l[slot] as readonly Evaluated[];
  }

  #fieldIndex(e: Extract<Expr, { kind: 'field' }>): number {
    return this.#layout.channel(e.channel).fields.findIndex((f) => f.name === e.field);
  }

  #messages(channel: string): ListCode {
    const block = this.#layout.channel(channel);
    return (s) =>
      Array.from({ length: s[block.offset] as number }, (_, i) => this.messageAt(s, channel, i));
  }

  /** The `index`-th message of a channel, its fields in order. */
  messageAt(state: State, channel: string, index: number): readonly Evaluated[] {
    const block = this.#layout.channel(channel);
    const at = block.offset + 1 + index * block.messageWidth;
    return block.fields.map((field) =>
      field.type.kind === 'set'
        ? unpackSet(state, at + field.offset, field.width, this.#layout.bounds(field.type.of).lo)
        : (state[at + field.offset] as number),
    );
  }

  #bind(
    e: Extract<Expr, { kind: 'some' | 'every' | 'for' | 'filter' }>,
    slots: Slots,
  ): [ListCode, number, Slots] {
    const inner = bindSlot(slots, e.local);
    return [this.list(e.domain, slots), slots.next, inner];
  }

  #quantified(e: Extract<Expr, { kind: 'some' | 'every' }>, slots: Slots): ScalarCode {
    const [domain, slot, inner] = this.#bind(e, slots);
    const body = this.scalar(e.body, inner);
    const decisive = e.kind === 'some' ? 1 : 0;
    return (s, l) => {
      for (const item of domain(s, l)) {
        l[slot] = item;
        if (body(s, l) === decisive) return decisive;
      }
      return 1 - decisive;
    };
  }

  #compare(e: Extract<Expr, { kind: 'compare' }>, slots: Slots): ScalarCode {
    if (isCollection(e.left.type)) {
      const [left, right] = [this.list(e.left, slots), this.list(e.right, slots)];
      const equal = e.operator === '=' ? 1 : 0;
      return (s, l) => (sameItems(left(s, l), right(s, l)) ? equal : 1 - equal);
    }
    return compareCode(e.operator, this.scalar(e.left, slots), this.scalar(e.right, slots));
  }
}

function slotOf(name: string, slots: Slots): number {
  const slot = slots.of.get(name);
  invariant(slot !== undefined, `no slot for ${name}`);
  return slot;
}

function compareCode(operator: CompareOperator, left: ScalarCode, right: ScalarCode): ScalarCode {
  switch (operator) {
    case '=':
      return (s, l) => (left(s, l) === right(s, l) ? 1 : 0);
    case '!=':
      return (s, l) => (left(s, l) !== right(s, l) ? 1 : 0);
    case '<':
      return (s, l) => (left(s, l) < right(s, l) ? 1 : 0);
    case '<=':
      return (s, l) => (left(s, l) <= right(s, l) ? 1 : 0);
    case '>':
      return (s, l) => (left(s, l) > right(s, l) ? 1 : 0);
    case '>=':
      return (s, l) => (left(s, l) >= right(s, l) ? 1 : 0);
    default:
      return unreachable(operator);
  }
}

function arithmetic(operator: ArithmeticOperator, left: ScalarCode, right: ScalarCode): ScalarCode {
  switch (operator) {
    case '+':
      return (s, l) => exact(left(s, l) + right(s, l));
    case '-':
      return (s, l) => exact(left(s, l) - right(s, l));
    case '*':
      // Adding 0 turns -0 into 0: rows are compared word by word.
      return (s, l) => exact(left(s, l) * right(s, l)) + 0;
    default:
      return unreachable(operator);
  }
}

function exact(value: number): number {
  if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) throw BEYOND;
  return value;
}

function extremum(kind: 'min' | 'max', list: ListCode): ScalarCode {
  return (s, l) => {
    const values = list(s, l) as readonly number[];
    if (values.length === 0) throw UNDEFINED;
    return values.reduce((best, value) =>
      (kind === 'min' ? value < best : value > best) ? value : best,
    );
  };
}

function distinct(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function sameItems(a: readonly Evaluated[], b: readonly Evaluated[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
