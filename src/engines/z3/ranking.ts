import type { FairCondition } from '../../encode/smt/fairness.ts';
import { smtAnd, smtInt, smtNot, smtOr, type Term } from '../../encode/smt/terms.ts';
import type { SmtSystem, SmtVariable } from '../../encode/smt/system.ts';
import { conditionKey, jointConditions } from '../../graph/fairness.ts';
import type { State } from '../../model/layout.ts';
import type { Model } from '../../model/model.ts';
import type { Semantics } from '../../model/semantics.ts';
import type { Type } from '../../model/types.ts';
import { ticking, type Time } from '../../time/time.ts';

/** More states than this are not walked for a guess. */
const MAX_STATES = 4_000;
/** A number with more values than this is data: a ranking says nothing of it. */
const MAX_RANGE = 16;

/**
 * One rank of a ranking: where a run stands that still waits, and the fair condition whose step
 * takes it to a lower rank, or to what it waits for.
 */
export interface Rank {
  readonly region: Term;
  /** One of the fair conditions of the model: while it is guessed by its key, then by its name. */
  readonly helpful: string;
}

type Predicate = (state: State) => boolean | undefined;

/** What a run is in until it has reached the goal, by the values of everything but data. */
interface Place {
  readonly cubes: Set<Term>;
  readonly states: State[];
}

/**
 * Guesses a ranking for "from `from` on, `to` comes" (Manna and Pnueli 1984, the chain rule under
 * justice), lowest rank first: places are the values of everything but data, and a rank is a
 * largest set of places in all of which one fair condition is enabled, which no step leaves but
 * downwards, and which each step of that condition does leave. It looks at examples alone, where
 * data is sampled; whether it is so for all data is for `rankingProof.ts`. Nothing comes back where
 * there is none of this form.
 */
export function guessRanking(
  semantics: Semantics,
  system: SmtSystem,
  fair: readonly FairCondition[],
  pending: { readonly starts: readonly State[]; readonly reached: Predicate },
  time: Time,
): readonly Rank[] | undefined {
  const places = new Places(semantics, system, time);
  places.walk(pending.starts, pending.reached);
  const usable = fair.map(({ key }) => key).filter((key) => key !== undefined);
  return places.ranks(usable);
}

class Places {
  readonly #semantics: Semantics;
  readonly #system: SmtSystem;
  readonly #control: readonly number[];
  readonly #tick: () => void;
  readonly #places = new Map<string, Place>();
  /** Steps between places by the conditions that they are steps of; `null` is the goal. */
  readonly #steps = new Map<string, Map<string | null, Set<string>>>();
  /** The conditions that are enabled in every state of a place. */
  readonly #enabled = new Map<string, Set<string>>();
  readonly #joint: ReturnType<typeof jointConditions>;

  constructor(semantics: Semantics, system: SmtSystem, time: Time) {
    this.#semantics = semantics;
    this.#system = system;
    this.#control = system.variables.flatMap((variable, at) =>
      isControl(semantics.model, variable) ? [at] : [],
    );
    this.#tick = ticking(time, 64);
    this.#joint = jointConditions(semantics.model);
  }

  walk(starts: readonly State[], reached: Predicate): void {
    const seen = new Set<string>();
    const queue: State[] = [];
    const meet = (state: State): string | null => {
      if (reached(state) === true) return null;
      const place = this.#placeOf(state);
      const key = state.join();
      if (!seen.has(key) && seen.size < MAX_STATES) {
        seen.add(key);
        queue.push(state);
      }
      return place;
    };
    starts.forEach(meet);
    for (let at = 0; at < queue.length; at += 1) {
      this.#tick();
      this.#expand(queue[at] as State, meet);
    }
  }

  #expand(state: State, meet: (state: State) => string | null): void {
    const from = this.#placeOf(state);
    this.#places.get(from)?.states.push(state);
    const steps = this.#steps.get(from) ?? new Map<string | null, Set<string>>();
    this.#steps.set(from, steps);
    const enabled = new Set<string>();
    for (const instance of this.#semantics.instances)
      this.#semantics.stepsOf(instance, state, (_, next, _errors, taken) => {
        const { fair, name } = instance.action;
        const keys = [
          ...(fair === 'none' ? [] : [conditionKey(this.#semantics, instance, state, taken)]),
          ...(this.#joint.get(name) ?? []).map(({ key }) => key),
        ];
        keys.forEach((key) => enabled.add(key));
        if (!next) return;
        const to = meet(next);
        const by = steps.get(to) ?? new Set();
        steps.set(to, by);
        keys.forEach((key) => by.add(key));
      });
    const before = this.#enabled.get(from);
    this.#enabled.set(
      from,
      before ? new Set([...before].filter((key) => enabled.has(key))) : enabled,
    );
  }

  #placeOf(state: State): string {
    const values = this.#system.values(state);
    const key = this.#control.map((at) => this.#shown(values, at)).join();
    const place = this.#places.get(key) ?? { cubes: new Set(), states: [] };
    this.#places.set(key, place);
    for (const backwards of [false, true])
      place.cubes.add(this.#cube(this.#system.values(state, backwards)));
    return key;
  }

  /** Fields of a message that is not there have no value that counts. */
  #shown(values: readonly (number | boolean)[], at: number): string {
    return this.#isHeld(values, at) ? String(values[at]) : '-';
  }

  #isHeld(values: readonly (number | boolean)[], at: number): boolean {
    const { meaning } = this.#system.variables[at] as SmtVariable;
    const held = meaning.kind === 'cell' ? meaning.held : undefined;
    const [, slot, count] = /^\(< (\d+) (\S+)\)$/u.exec(held ?? '') ?? [];
    if (slot === undefined) return true;
    const index = this.#system.variables.findIndex(({ name }) => name === count);
    return (values[index] as number) > Number(slot);
  }

  #cube(values: readonly (number | boolean)[]): Term {
    return smtAnd(
      this.#control.flatMap((at) => {
        if (!this.#isHeld(values, at)) return [];
        const { name } = this.#system.variables[at] as SmtVariable;
        const value = values[at] as number | boolean;
        if (typeof value === 'number') return [`(= ${name} ${smtInt(value)})`];
        return [value ? name : smtNot(name)];
      }),
    );
  }

  ranks(conditions: readonly string[]): readonly Rank[] | undefined {
    const left = new Set(this.#places.keys());
    const ranks: Rank[] = [];
    while (left.size > 0) {
      const next = conditions
        .map((helpful) => ({ helpful, inside: this.#largest(left, helpful) }))
        .sort((a, b) => b.inside.size - a.inside.size)[0];
      if (!next || next.inside.size === 0) return undefined;
      const cubes = [...next.inside].flatMap((key) => [...(this.#places.get(key)?.cubes ?? [])]);
      ranks.push({ region: smtOr([...new Set(cubes)]), helpful: next.helpful });
      next.inside.forEach((key) => left.delete(key));
    }
    return ranks;
  }

  /** The largest set of places of no rank yet that one condition makes a rank. */
  #largest(left: ReadonlySet<string>, helpful: string): Set<string> {
    const inside = new Set([...left].filter((key) => this.#enabled.get(key)?.has(helpful)));
    for (let before = -1; before !== inside.size;) {
      before = inside.size;
      for (const key of inside) {
        const leaves = [...(this.#steps.get(key) ?? [])].every(
          ([to, by]) => to === null || !left.has(to) || (inside.has(to) && !by.has(helpful)),
        );
        if (!leaves) inside.delete(key);
      }
    }
    return inside;
  }
}

/** What a place is told by: flags, members, elements, small ranges, numbers of messages. */
function isControl(model: Model, { sort, meaning }: SmtVariable): boolean {
  if (meaning.kind === 'error') return false;
  if (sort === 'Bool' || meaning.kind !== 'cell' || meaning.values !== undefined) return true;
  if (meaning.held !== undefined) return false;
  const name = /^[^[]+/u.exec(meaning.text)?.[0];
  const declared = [...model.variables, ...model.parameters].find((each) => each.name === name);
  return declared !== undefined && isSmall(declared.type);
}

function isSmall(type: Type): boolean {
  if (type.kind === 'map') return isSmall(type.to);
  if (type.kind !== 'int' || type.lo === undefined || type.hi === undefined) return false;
  return type.hi - type.lo < MAX_RANGE;
}
