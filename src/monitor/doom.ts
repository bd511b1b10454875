import { predicatesOf, type Model } from '../model/model.ts';
import type { Belief, Held, Watched } from './belief.ts';

/** A state that has to stay within reach: of a `recoverable` property, or completion. */
interface Goal {
  readonly name: string;
  readonly reached: (state: readonly number[]) => boolean;
}

/** How far ahead is looked: beyond it nothing is called doomed. */
const MAX_STATES = 50_000;

/** The goals that no state of a belief can still reach by steps of the model (SEMANTICS 27). */
export class Doom {
  readonly #watched: Watched;
  readonly #goals: readonly Goal[];
  readonly #known = new WeakMap<Belief, ReadonlySet<string>>();

  constructor(model: Model, watched: Watched) {
    this.#watched = watched;
    const { semantics } = watched.system;
    const goal = (name: string, expr: Parameters<typeof semantics.predicate>[0]): Goal => {
      const holds = semantics.predicate(expr);
      return { name, reached: (state) => holds(state as number[]) === true };
    };
    this.#goals = [
      ...model.properties.flatMap(({ name, formula }) =>
        formula.kind === 'recoverable' ? predicatesOf(formula).map((expr) => goal(name, expr)) : [],
      ),
      ...(model.final ? [goal('final', model.final)] : []),
    ];
  }

  get names(): readonly string[] {
    return this.#goals.map(({ name }) => name);
  }

  /**
   * Which goals are out of reach; none where a step may be an error, or there is too much to see.
   */
  of(belief: Belief): ReadonlySet<string> {
    const known = this.#known.get(belief) ?? this.#judge(belief);
    this.#known.set(belief, known);
    return known;
  }

  #judge(belief: Belief): ReadonlySet<string> {
    const open = new Set(this.names);
    const found = this.#onward([...belief.values()].filter(({ error }) => !error));
    if (!found) return new Set();
    for (const { name, reached } of this.#goals) if (found.some(reached)) open.delete(name);
    return open;
  }

  #onward(from: readonly Held[]): readonly (readonly number[])[] | undefined {
    const { system } = this.#watched;
    const { width } = system.semantics.layout;
    const found = new Map(from.map(({ row }) => [row.join(), row]));
    if (found.size === 0) return undefined;
    let cut = false;
    for (const row of found.values()) {
      system.steps(row, ({ ids, next }) => {
        if (ids.length > 0) return;
        if (!next) cut = true;
        else if (!found.has(next.join())) found.set(next.join(), next);
      });
      if (cut || found.size > MAX_STATES) return undefined;
    }
    return [...found.values()].map((row) => row.slice(0, width));
  }
}
