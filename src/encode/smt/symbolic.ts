import { invariant } from '../../errors/index.ts';
import type { Expr } from '../../model/expression.ts';
import type { Layout } from '../../model/layout.ts';
import { isCollection, scalarValues, type Type } from '../../model/types.ts';
import { Unencodable } from '../definedness.ts';
import { smtAnd, smtEq, smtInt, smtIte, smtNot, smtOr, type Term } from './terms.ts';

/**
 * A message as the terms of its fields: a term, or for a set field one membership flag per value of
 * its base.
 */
export type FieldTerms = Term | readonly PresenceTerm[];

export type RecordTerms = readonly FieldTerms[];

/** Whether a value is in a collection. */
export interface PresenceTerm {
  readonly present: Term;
  readonly value: Term;
}

/** One possible item of a list, and how often it stands there when it is present. */
interface Item {
  readonly present: Term;
  readonly value: Term | RecordTerms;
  readonly copies?: Term;
}

/**
 * A list or set with its possible items; in a set known to be `distinct` no two present items are
 * equal.
 */
interface Items {
  readonly items: readonly Item[];
  readonly distinct: boolean;
}

/**
 * One channel. With few possible messages a bag is one counter per message value, which leaves no
 * symmetry to search through; else there are slots, of which the first `count` are in use.
 */
export type ChannelTerms =
  | {
      readonly kind: 'counters';
      readonly count: Term;
      readonly counters: readonly { readonly message: RecordTerms; readonly copies: Term }[];
    }
  | { readonly kind: 'slots'; readonly count: Term; readonly slots: readonly RecordTerms[] };

/** The state that expressions read, as terms. */
export interface StateTerms {
  /** One cell: a term, or for a set one flag per value of its base. */
  cell(of: 'variable' | 'parameter', name: string, index: number): FieldTerms;
  channel(name: string): ChannelTerms;
}

export type LocalTerms = ReadonlyMap<string, Term | RecordTerms>;

/**
 * Expressions as ground terms: finite maps, sets and channels are expanded (SEMANTICS 14), integers
 * stay unbounded.
 */
export class Symbolic {
  readonly #layout: Layout;
  readonly #state: StateTerms;
  #named = 0;
  readonly #fresh = (): number => {
    this.#named += 1;
    return this.#named;
  };

  constructor(layout: Layout, state: StateTerms) {
    this.#layout = layout;
    this.#state = state;
  }

  term(e: Expr, locals: LocalTerms): Term {
    switch (e.kind) {
      case 'literal':
        return e.type.kind === 'bool' ? String(e.value === 1) : smtInt(e.value);
      case 'cell':
        return this.#cell(e, locals);
      case 'local': {
        const value = locals.get(e.name);
        invariant(typeof value === 'string', `${e.name} is a single value`);
        return value;
      }
      case 'field': {
        const value = this.#field(e, locals);
        invariant(typeof value === 'string', 'a single field');
        return value;
      }
      case 'not':
        return smtNot(this.term(e.body, locals));
      case 'negate':
        return `(- ${this.term(e.body, locals)})`;
      case 'and':
        return smtAnd([this.term(e.left, locals), this.term(e.right, locals)]);
      case 'or':
        return smtOr([this.term(e.left, locals), this.term(e.right, locals)]);
      case 'compare':
        return this.#compare(e, locals);
      case 'arithmetic':
        return `(${e.operator} ${this.term(e.left, locals)} ${this.term(e.right, locals)})`;
      case 'between':
        return `(<= ${this.term(e.lo, locals)} ${this.term(e.value, locals)} ${this.term(e.hi, locals)})`;
      case 'contains':
        return contains(this.items(e.list, locals), this.term(e.value, locals));
      case 'if':
        return smtIte(
          this.term(e.condition, locals),
          this.term(e.yes, locals),
          this.term(e.no, locals),
        );
      case 'some':
      case 'every':
        return this.#quantified(e, locals);
      case 'count':
        return sum(
          this.#unique(e.list, locals).map((item) => smtIte(item.present, item.copies ?? '1', '0')),
        );
      case 'sum':
        return sum(
          this.#unique(e.list, locals).map((item) =>
            smtIte(
              item.present,
              item.copies === undefined
                ? (item.value as Term)
                : `(* ${item.copies} ${item.value as Term})`,
              '0',
            ),
          ),
        );
      case 'min':
      case 'max':
        return extremum(e.kind, this.items(e.list, locals), this.#fresh);
      default:
        throw new Unencodable(`${e.kind} as a single value`);
    }
  }

  items(e: Expr, locals: LocalTerms): Items {
    switch (e.kind) {
      case 'elements':
        return {
          items: this.#layout
            .set(e.set)
            .elements.map((_, i) => ({ present: 'true', value: smtInt(i) })),
          distinct: true,
        };
      case 'messages': {
        const channel = this.#state.channel(e.channel);
        const items =
          channel.kind === 'slots'
            ? channel.slots.map((value, i) => ({ present: `(< ${i} ${channel.count})`, value }))
            : channel.counters.map(({ message, copies }) => ({
                present: `(< 0 ${copies})`,
                value: message,
                copies,
              }));
        return { items, distinct: false };
      }
      case 'list':
        return {
          items: e.items.map((item) => ({ present: 'true', value: this.term(item, locals) })),
          distinct: e.items.length < 2,
        };
      case 'toSet':
        return { ...this.items(e.list, locals) };
      case 'cell':
        return { items: this.#setCell(e, locals), distinct: true };
      case 'field':
        return { items: this.#field(e, locals) as readonly PresenceTerm[], distinct: true };
      case 'if': {
        const condition = this.term(e.condition, locals);
        const [yes, no] = [this.items(e.yes, locals), this.items(e.no, locals)];
        const guarded = (side: Items, when: Term): Items['items'] =>
          side.items.map((item) => ({ ...item, present: smtAnd([when, item.present]) }));
        return {
          items: [...guarded(yes, condition), ...guarded(no, smtNot(condition))],
          distinct: yes.distinct && no.distinct,
        };
      }
      case 'filter': {
        const domain = this.items(e.domain, locals);
        return {
          items: domain.items.map((item) => ({
            ...item,
            present: smtAnd([
              item.present,
              this.term(e.body, new Map(locals).set(e.local, item.value)),
            ]),
          })),
          distinct: domain.distinct,
        };
      }
      case 'for':
        return {
          items: this.items(e.domain, locals).items.map((item) => ({
            ...item,
            value: this.term(e.body, new Map(locals).set(e.local, item.value)),
          })),
          distinct: false,
        };
      case 'union':
        return {
          items: e.lists.flatMap((list) => this.items(list, locals).items),
          distinct: false,
        };
      default:
        throw new Unencodable(`${e.kind} as a list`);
    }
  }

  /** The items to count: in a set, an item equal to an earlier one does not count again. */
  #unique(e: Expr, locals: LocalTerms): Items['items'] {
    const { items, distinct } = this.items(e, locals);
    if (distinct || e.type.kind !== 'set') return items;
    return items.map((item, i) => {
      const earlier = items
        .slice(0, i)
        .map((other) => smtAnd([other.present, smtEq(other.value as Term, item.value as Term)]));
      return { present: smtAnd([item.present, smtNot(smtOr(earlier))]), value: item.value };
    });
  }

  /** The terms of a value to be stored in a cell or field of this type. */
  stored(e: Expr, type: Type, locals: LocalTerms): FieldTerms {
    if (type.kind !== 'set') return this.term(e, locals);
    const list = this.items(e, locals);
    return this.base(type).map((value) => ({ value, present: contains(list, value) }));
  }

  /** The values of a set's base, as terms, in order. */
  base(type: Extract<Type, { kind: 'set' }>): Term[] {
    return scalarValues(type.of, this.#layout.set).map((value) =>
      type.of.kind === 'bool' ? String(value === 1) : smtInt(value),
    );
  }

  /**
   * For each cell of a variable, the condition that the keys pick it; a single `true` without keys.
   */
  selected(
    name: string,
    of: 'variable' | 'parameter',
    keys: readonly Expr[],
    locals: LocalTerms,
  ): Term[] {
    const block = this.#layout.cell(of, name);
    return keys.reduce<Term[]>(
      (conditions, key, i) => {
        const term = this.term(key, locals);
        const elements = block.keySets[i]?.elements ?? [];
        return conditions.flatMap((condition) =>
          elements.map((_, value) => smtAnd([condition, smtEq(term, smtInt(value))])),
        );
      },
      ['true'],
    );
  }

  #cell(e: Extract<Expr, { kind: 'cell' }>, locals: LocalTerms): Term {
    const conditions = this.selected(e.name, e.of, e.keys, locals);
    const cells = conditions.map((_, i) => this.#state.cell(e.of, e.name, i) as Term);
    return choose(conditions, cells);
  }

  #setCell(e: Extract<Expr, { kind: 'cell' }>, locals: LocalTerms): PresenceTerm[] {
    invariant(e.type.kind === 'set', 'a set');
    const conditions = this.selected(e.name, e.of, e.keys, locals);
    const cells = conditions.map(
      (_, i) => this.#state.cell(e.of, e.name, i) as readonly PresenceTerm[],
    );
    return (cells[0] ?? []).map((flag, bit) => ({
      value: flag.value,
      present: choose(
        conditions,
        cells.map((cell) => (cell[bit] as PresenceTerm).present),
      ),
    }));
  }

  #field(e: Extract<Expr, { kind: 'field' }>, locals: LocalTerms): FieldTerms {
    invariant(e.message.kind === 'local', 'a message is always named');
    const message = locals.get(e.message.name);
    invariant(Array.isArray(message), `${e.message.name} is a message`);
    const index = this.#layout.channel(e.channel).fields.findIndex((f) => f.name === e.field);
    return (message as RecordTerms)[index] as FieldTerms;
  }

  #compare(e: Extract<Expr, { kind: 'compare' }>, locals: LocalTerms): Term {
    if (isCollection(e.left.type)) {
      if (e.left.type.kind !== 'set') throw new Unencodable('the order of a list');
      const [left, right] = [this.items(e.left, locals), this.items(e.right, locals)];
      const within = (a: Items, b: Items): Term =>
        smtAnd(
          a.items.map((item) => smtOr([smtNot(item.present), contains(b, item.value as Term)])),
        );
      const same = smtAnd([within(left, right), within(right, left)]);
      return e.operator === '=' ? same : smtNot(same);
    }
    const [left, right] = [this.term(e.left, locals), this.term(e.right, locals)];
    if (e.operator === '=') return smtEq(left, right);
    return e.operator === '!=' ? smtNot(smtEq(left, right)) : `(${e.operator} ${left} ${right})`;
  }

  #quantified(e: Extract<Expr, { kind: 'some' | 'every' }>, locals: LocalTerms): Term {
    const bodies = this.items(e.domain, locals).items.map((item) => {
      const body = this.term(e.body, new Map(locals).set(e.local, item.value));
      return e.kind === 'some' ? smtAnd([item.present, body]) : smtOr([smtNot(item.present), body]);
    });
    return e.kind === 'some' ? smtOr(bodies) : smtAnd(bodies);
  }
}

function contains(list: Items, value: Term): Term {
  return smtOr(list.items.map((item) => smtAnd([item.present, smtEq(item.value as Term, value)])));
}

function sum(terms: readonly Term[]): Term {
  const counted = terms.filter((t) => t !== '0');
  if (counted.length === 0) return '0';
  return counted.length === 1 ? (counted[0] as Term) : `(+ ${counted.join(' ')})`;
}

/**
 * The cell that its condition picks; the last one needs no condition, for the conditions exclude
 * each other and one is true.
 */
function choose(conditions: readonly Term[], cells: readonly Term[]): Term {
  const last = cells.length - 1;
  return cells
    .slice(0, last)
    .reduceRight((rest, cell, i) => smtIte(conditions[i] as Term, cell, rest), cells[last] as Term);
}

/**
 * The least or greatest present item, by a chain of `let`s so that no term is printed twice.
 * Without present items: anything.
 */
function extremum(kind: 'min' | 'max', list: Items, fresh: () => number): Term {
  const better = kind === 'min' ? '<' : '>';
  return list.items.reduce<(best: Term | undefined, has: Term) => Term>(
    (next, item) => (best, has) => {
      const number = fresh();
      const [b, h] = [`best!${number}`, `has!${number}`];
      const value = item.value as Term;
      const taken =
        best === undefined
          ? value
          : smtIte(
              smtAnd([item.present, smtOr([smtNot(has), `(${better} ${value} ${best})`])]),
              value,
              best,
            );
      return `(let ((${b} ${taken}) (${h} ${smtOr([has, item.present])})) ${next(b, h)})`;
    },
    (best) => best ?? '0',
  )(undefined, 'false');
}

export function describeType(type: Type): 'Bool' | 'Int' {
  switch (type.kind) {
    case 'bool':
      return 'Bool';
    case 'int':
    case 'enum':
    case 'element':
    case 'null':
      return 'Int';
    default:
      throw new Unencodable(`the type ${type.kind}`);
  }
}
