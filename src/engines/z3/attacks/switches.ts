import { smtAnd, smtNot, smtOr, type Term } from '../../../encode/smt/terms.ts';
import type { SmtSystem } from '../../../encode/smt/system.ts';
import type { ValuePath } from '../bmc.ts';

/** A threat, and the variable of the system that says whether it may act; no step changes it. */
export interface Switch {
  readonly id: string;
  readonly term: Term;
}

/** What can be said of the switches of a system. */
export class Switches {
  readonly #list: readonly Switch[];

  constructor(list: readonly Switch[]) {
    this.#list = list;
  }

  get count(): number {
    return this.#list.length;
  }

  /** The ids that are on along a path. */
  on(system: SmtSystem, [first]: ValuePath): readonly string[] {
    return this.#list
      .filter(({ term }) => first?.[system.variables.findIndex((v) => v.name === term)] === true)
      .map(({ id }) => id);
  }

  /** That all others are off. */
  only(ids: readonly string[]): Term {
    return smtAnd(this.#list.filter(({ id }) => !ids.includes(id)).map(({ term }) => smtNot(term)));
  }

  /** That none of these sets is on as a whole. */
  without(sets: readonly (readonly string[])[]): Term {
    return smtAnd(
      sets.map((set) =>
        smtOr(this.#list.filter(({ id }) => set.includes(id)).map(({ term }) => smtNot(term))),
      ),
    );
  }

  atMost(most: number): Term {
    if (most >= this.count) return 'true';
    const ones = this.#list.map(({ term }) => `(ite ${term} 1 0)`);
    return ones.length === 1 ? `(<= ${ones[0]} ${most})` : `(<= (+ ${ones.join(' ')}) ${most})`;
  }
}
