import type { Ltl } from '../../model/ltl.ts';

/** A literal: the number of an atom, and whether it is true. */
export interface Literal {
  readonly atom: number;
  readonly wanted: boolean;
}

/**
 * A generalised Büchi automaton over states: a run is accepted if it can be walked along, every
 * place agreeing with its state, so that each set of `accepting` is visited again and again.
 */
export interface Automaton {
  readonly places: readonly {
    readonly literals: readonly Literal[];
    readonly next: readonly number[];
  }[];
  readonly initial: readonly number[];
  readonly accepting: readonly ReadonlySet<number>[];
}

/** The automaton grew beyond what is of use. */
export class TooLarge extends Error {}

/** The product of graph and automaton did. */
export class ProductTooLarge extends TooLarge {}

const MAX_PLACES = 3_000;
const MAX_STEPS = 200_000;

/** In negation normal form. `true` and `false` are atoms of their own. */
type Nnf =
  | { readonly kind: 'literal'; readonly atom: number; readonly wanted: boolean }
  | { readonly kind: 'true' | 'false' }
  | {
      readonly kind: 'and' | 'or' | 'until' | 'release';
      readonly left: number;
      readonly right: number;
    };

/**
 * The automaton of all runs that satisfy a formula (Gerth, Peled, Vardi and Wolper 1995). Atoms are
 * numbers.
 */
export function automatonOf(formula: Ltl<number>): Automaton {
  return new Tableau().build(formula);
}

interface Place {
  readonly incoming: Set<number>;
  readonly now: ReadonlySet<number>;
  readonly next: ReadonlySet<number>;
}

/** What is still to be looked at before a place is complete. */
interface Open {
  readonly incoming: Set<number>;
  readonly fresh: readonly number[];
  readonly now: ReadonlySet<number>;
  readonly next: ReadonlySet<number>;
}

const INITIAL = -1;

class Tableau {
  /** Each subformula once, by its number. */
  readonly #formulas: Nnf[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #places: Place[] = [];
  readonly #known = new Map<string, number>();

  build(formula: Ltl<number>): Automaton {
    const open: Open[] = [
      {
        incoming: new Set([INITIAL]),
        fresh: [this.#nnf(formula, true)],
        now: new Set(),
        next: new Set(),
      },
    ];
    let steps = 0;
    for (let at = open.pop(); at; at = open.pop()) {
      steps += 1;
      if (steps > MAX_STEPS)
        throw new TooLarge(`the formula's automaton takes more than ${MAX_STEPS} steps to build`);
      open.push(...this.#step(at));
    }
    const next = this.#places.map((): number[] => []);
    const initial: number[] = [];
    this.#places.forEach(({ incoming }, place) => {
      for (const from of incoming)
        (from === INITIAL ? initial : (next[from] as number[])).push(place);
    });
    return {
      places: this.#places.map(({ now }, place) => ({
        literals: [...now].flatMap((number): Literal[] => this.#literal(number)),
        next: next[place] as number[],
      })),
      initial,
      accepting: this.#accepting(),
    };
  }

  #literal(number: number): Literal[] {
    const found = this.#formulas[number] as Nnf;
    return found.kind === 'literal' ? [{ atom: found.atom, wanted: found.wanted }] : [];
  }

  /** Of each until that is promised, the places where it is kept, or not promised. */
  #accepting(): ReadonlySet<number>[] {
    return this.#formulas.flatMap((formula, number) =>
      formula.kind === 'until'
        ? [
            new Set(
              this.#places.flatMap(({ now }, place) =>
                !now.has(number) || now.has(formula.right) ? [place] : [],
              ),
            ),
          ]
        : [],
    );
  }

  #number(formula: Nnf): number {
    const key = JSON.stringify(formula);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#formulas.push(formula) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  /** The formula, or its negation, pushed down to the atoms. */
  #nnf(formula: Ltl<number>, wanted: boolean): number {
    if (formula.kind === 'atom')
      return this.#number({ kind: 'literal', atom: formula.atom, wanted });
    if (formula.kind === 'not') return this.#nnf(formula.body, !wanted);
    const constant = (kind: 'true' | 'false'): number => this.#number({ kind });
    if ('body' in formula) {
      const body = this.#nnf(formula.body, wanted);
      const stays = (formula.kind === 'always') === wanted;
      return this.#number(
        stays
          ? { kind: 'release', left: constant('false'), right: body }
          : { kind: 'until', left: constant('true'), right: body },
      );
    }
    const left = this.#nnf(formula.left, formula.kind === 'implies' ? !wanted : wanted);
    const right = this.#nnf(formula.right, wanted);
    switch (formula.kind) {
      case 'and':
        return this.#number({ kind: wanted ? 'and' : 'or', left, right });
      case 'or':
      case 'implies':
        return this.#number({ kind: wanted ? 'or' : 'and', left, right });
      case 'until':
        return this.#number({ kind: wanted ? 'until' : 'release', left, right });
      case 'release':
        return this.#number({ kind: wanted ? 'release' : 'until', left, right });
      case 'weakUntil':
        // p W q = q R (p or q); not (p W q) = not q U (not p and not q)
        return wanted
          ? this.#number({
              kind: 'release',
              left: right,
              right: this.#number({ kind: 'or', left, right }),
            })
          : this.#number({
              kind: 'until',
              left: right,
              right: this.#number({ kind: 'and', left, right }),
            });
    }
  }

  /**
   * One formula of what is open is taken apart; or the place is complete, and what it promises is
   * opened.
   */
  #step({ incoming, fresh, now, next }: Open): readonly Open[] {
    const [first, ...rest] = fresh;
    if (first === undefined) return this.#complete(incoming, now, next);
    const formula = this.#formulas[first] as Nnf;
    if (now.has(first)) return [{ incoming, fresh: rest, now, next }];
    const taken = (more: readonly number[], later: readonly number[] = []): Open => ({
      incoming: new Set(incoming),
      fresh: [...rest, ...more.filter((number) => !now.has(number))],
      now: new Set([...now, first]),
      next: new Set([...next, ...later]),
    });
    switch (formula.kind) {
      case 'false':
        return [];
      case 'true':
        return [taken([])];
      case 'literal': {
        const opposite = this.#numbers.get(
          JSON.stringify({ kind: 'literal', atom: formula.atom, wanted: !formula.wanted }),
        );
        return opposite !== undefined && now.has(opposite) ? [] : [taken([])];
      }
      case 'and':
        return [taken([formula.left, formula.right])];
      case 'or':
        return [taken([formula.left]), taken([formula.right])];
      case 'until':
        return [taken([formula.left], [first]), taken([formula.right])];
      case 'release':
        return [taken([formula.right], [first]), taken([formula.left, formula.right])];
    }
  }

  #complete(
    incoming: Set<number>,
    now: ReadonlySet<number>,
    next: ReadonlySet<number>,
  ): readonly Open[] {
    const sorted = (numbers: ReadonlySet<number>): string =>
      [...numbers].sort((a, b) => a - b).join();
    const key = `${sorted(now)}|${sorted(next)}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      for (const from of incoming) this.#places[known]?.incoming.add(from);
      return [];
    }
    const place = this.#places.push({ incoming, now, next }) - 1;
    if (place >= MAX_PLACES)
      throw new TooLarge(`the formula's automaton has more than ${MAX_PLACES} places`);
    this.#known.set(key, place);
    return [{ incoming: new Set([place]), fresh: [...next], now: new Set(), next: new Set() }];
  }
}
