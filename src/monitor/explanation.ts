import type { Model } from '../model/model.ts';
import type { Threat } from '../threats/threat.ts';
import { TooManyValues } from '../threats/world.ts';
import { Watched, type Belief, type Held } from './belief.ts';
import type { Mapping } from '../events/mapping.ts';
import type { Observation } from '../events/observation.ts';

/** A set of threats, and what fits the events with them at work. */
export interface Explained {
  readonly watched: Watched;
  readonly belief: Belief;
}

/** What a prefix of events began with: the model's own beginning, or states taken for right. */
export interface Prefix {
  readonly from: readonly Held[] | 'start';
  readonly events: readonly Observation[];
}

/** So many explanations are remembered. */
const MAX_EXPLAINED = 2_000;

/** Finds the threats that explain what no run of the model alone fits. */
export class Explanations {
  readonly #model: Model;
  readonly #mapping: Mapping;
  readonly #threats: readonly Threat[];
  readonly #budget: number;
  readonly #watched = new Map<string, Watched>();
  /** By what was seen: one attack on a thousand orders is explained once. */
  readonly #known = new Map<string, readonly Explained[]>();

  constructor(model: Model, mapping: Mapping, threats: readonly Threat[], budget: number) {
    this.#model = model;
    this.#mapping = mapping;
    this.#threats = threats;
    this.#budget = budget;
  }

  /**
   * All minimal sets of threats under which some run fits a prefix, threat steps before its last
   * event only; the budget counts ids beyond a set that was held for an earlier one (SEMANTICS 27).
   */
  of(prefix: Prefix, held: readonly (readonly string[])[]): readonly Explained[] {
    if (prefix.from !== 'start') return this.#search(prefix, held);
    const key = JSON.stringify([held, prefix.events.map(({ says }) => says)]);
    const known = this.#known.get(key) ?? this.#search(prefix, held);
    if (this.#known.size >= MAX_EXPLAINED) this.#known.clear();
    this.#known.set(key, known);
    return known;
  }

  #search(prefix: Prefix, held: readonly (readonly string[])[]): readonly Explained[] {
    const found: Explained[] = [];
    for (const ids of this.#candidates(held)) {
      if (found.some(({ watched }) => watched.threats.every((id) => ids.includes(id)))) continue;
      const watched = this.#attacked(ids);
      if (!watched) continue;
      const belief = prefix.events.reduce(
        (at, event) => (at.size === 0 ? at : watched.after(at, event, true)),
        prefix.from === 'start' ? watched.begin() : watched.resume(prefix.from),
      );
      if (belief.size > 0) found.push({ watched, belief });
    }
    return found;
  }

  /** Nothing where what the threats may write has too many values to try each. */
  #attacked(ids: readonly string[]): Watched | undefined {
    try {
      return this.watching(ids);
    } catch (error) {
      if (error instanceof TooManyValues) return undefined;
      throw error;
    }
  }

  watching(ids: readonly string[]): Watched {
    const key = ids.join(' ');
    const known = this.#watched.get(key);
    if (known) return known;
    const watched = new Watched(
      this.#model,
      this.#threats.filter(({ id }) => ids.includes(id)),
      this.#mapping,
    );
    this.#watched.set(key, watched);
    return watched;
  }

  /** Sets with no more than the budget beyond one that is held, the smallest first. */
  #candidates(held: readonly (readonly string[])[]): readonly (readonly string[])[] {
    const all = this.#threats.map(({ id }) => id);
    const sets = new Map<string, readonly string[]>();
    for (const base of held.length > 0 ? held : [[]])
      for (const kept of subsets(base, base.length))
        for (const more of subsets(
          all.filter((id) => !base.includes(id)),
          this.#budget,
        )) {
          const ids = all.filter((id) => kept.includes(id) || more.includes(id));
          if (ids.length > 0) sets.set(ids.join(' '), ids);
        }
    return [...sets.values()].sort((a, b) => a.length - b.length || (a.join() < b.join() ? -1 : 1));
  }
}

/** All selections of at most so many. */
function subsets(items: readonly string[], most: number): readonly (readonly string[])[] {
  return items.reduce<(readonly string[])[]>(
    (found, item) => [
      ...found,
      ...found.flatMap((chosen) => (chosen.length < most ? [[...chosen, item]] : [])),
    ],
    [[]],
  );
}
