import { TooLarge } from '../../engines/explore/buchi.ts';
import type { Model, Property } from '../../model/model.ts';
import { AttackedSystem } from '../../threats/attacked.ts';
import { FusedSystem } from '../../threats/fused.ts';
import type { Threat } from '../../threats/threat.ts';
import { isOver, OutOfTime, partOf, type Time } from '../../time/time.ts';
import { AttackGraph, type AttackLimits } from './attackGraph.ts';
import { attackTraceOf } from './attackTrace.ts';
import { bySize, isSubset, minimalSets, subsetsOf, type Ids } from './minimal.ts';
import { withoutSimulated } from './simulated.ts';
import { Restriction, sourcesOf, type Attack } from './restriction.ts';
import type { Trace } from '../../model/trace.ts';

/** The minimal sets of one property, and up to which size there is no other. */
export interface FoundSets {
  readonly sets: readonly Ids[];
  readonly complete: true | { readonly upTo: number };
}

/** So many restrictions are kept at once. */
const KEPT = 64;

/** A graph, and the parts of it under fewer threats. */
export class ExploredAttacks {
  readonly graph: AttackGraph;
  readonly #sources: Int32Array;
  #time: Time;
  readonly #restrictions = new Map<string, Restriction>();

  constructor(graph: AttackGraph, time: Time) {
    this.graph = graph;
    this.#time = time;
    this.#sources = sourcesOf(graph);
  }

  /** The same, with the time of who asks now. */
  within(time: Time): this {
    if (time === this.#time) return this;
    this.#time = time;
    this.#restrictions.clear();
    return this;
  }

  restriction(ids: Ids): Restriction {
    const key = ids.join(' ');
    const known = this.#restrictions.get(key);
    if (known) return known;
    const made = new Restriction(this.graph, new Set(ids), this.#sources, this.#time);
    if (this.#restrictions.size >= KEPT) this.#restrictions.clear();
    this.#restrictions.set(key, made);
    return made;
  }

  /** The attack in the model's words. */
  trace(attack: Attack): Trace | undefined {
    const { graph } = this;
    const { edges, errors, ids, idSets, store, system } = graph;
    const states = [attack.start];
    let error: number | undefined;
    for (const edge of attack.edges) {
      const target = edges.targets[edge] as number;
      if (target >= 0) states.push(target);
      else error = errors[edge] as number;
    }
    return attackTraceOf(system, {
      rows: states.map((state) => store.get(state)),
      ids: attack.edges.map((edge) => idSets[ids[edge] as number] ?? []),
      ...(error === undefined ? {} : { error }),
      ...(attack.loopStart === undefined ? {} : { loopStart: attack.loopStart }),
    });
  }
}

/** The graph under some threats; `time` is for what is then looked for on it. */
export const explored = (
  model: Model,
  threats: readonly Threat[],
  limits: AttackLimits,
  time: Time = limits,
): Promise<ExploredAttacks> => exploredOf(new AttackedSystem(model, threats), limits, time);

/** The graph of any system under threats. */
export async function exploredOf(
  system: AttackedSystem,
  limits: AttackLimits,
  time: Time = limits,
): Promise<ExploredAttacks> {
  const graph = new AttackGraph(system);
  await graph.explore(limits);
  return new ExploredAttacks(graph, time);
}

/** All minimal sets of a property on a whole graph; nothing where time ran out. */
async function allSets(
  all: ExploredAttacks,
  universe: Ids,
  property: Property,
): Promise<FoundSets | undefined> {
  try {
    const sets = await minimalSets(universe, (ids) => {
      const restriction = all.restriction(ids);
      const attack = restriction.attack(property);
      return attack && [...restriction.idsOf(attack)].sort();
    });
    return { sets: [...sets].sort(bySize), complete: true };
  } catch (error) {
    if (error instanceof OutOfTime || error instanceof TooLarge) return undefined;
    throw error;
  }
}

/** Graphs of some threats alone, each explored once and kept while there is room. */
export class Graphs {
  readonly model: Model;
  readonly #threats: readonly Threat[];
  readonly #kept = new Map<string, ExploredAttacks>();
  #states = 0;

  constructor(model: Model, threats: readonly Threat[]) {
    this.model = model;
    this.#threats = threats;
  }

  of(ids: Ids, limits: AttackLimits): Promise<ExploredAttacks> {
    return this.#made(ids.join(' '), ids, AttackedSystem, limits);
  }

  /** Whether sets break a property of states and steps is read from far fewer states. */
  fused(ids: Ids, limits: AttackLimits): Promise<ExploredAttacks> {
    return this.#made(`fused ${ids.join(' ')}`, ids, FusedSystem, limits);
  }

  async #made(
    key: string,
    ids: Ids,
    System: typeof AttackedSystem,
    limits: AttackLimits,
  ): Promise<ExploredAttacks> {
    const known = this.#kept.get(key);
    if (known) return known.within(limits);
    const threats = this.#threats.filter(({ id }) => ids.includes(id));
    const made = await exploredOf(new System(this.model, threats), limits);
    this.#states += made.graph.store.count;
    if (this.#states > KEPT_STATES) {
      this.#kept.clear();
      this.#states = made.graph.store.count;
    }
    // What time cut short is tried again by whoever has more of it.
    if (made.graph.bound === undefined || !isOver(limits)) this.#kept.set(key, made);
    return made;
  }
}

const KEPT_STATES = 500_000;

const OF_STATES: ReadonlySet<string> = new Set(['always', 'never', 'implicit']);

/**
 * The minimal sets of a property where the graph of all threats is too large: first the single
 * threats that break it, then the sets of the others, each on the graph of what it needs. Where one
 * of these is too large as well, or time runs out, it is complete up to a size.
 */
async function setsPeeled(
  graphs: Graphs,
  universe: Ids,
  property: Property,
  limits: AttackLimits,
): Promise<FoundSets> {
  const judge = async (ids: Ids): Promise<Ids | undefined> => {
    const ofStates = OF_STATES.has(property.formula.kind);
    const needed = ofStates ? withoutSimulated(graphs.model, ids) : ids;
    const own = await (ofStates ? graphs.fused(needed, limits) : graphs.of(needed, limits));
    const restriction = own.restriction(needed);
    const attack = restriction.attack(property);
    if (!attack && own.graph.bound !== undefined) throw new OutOfTime();
    return attack && [...restriction.idsOf(attack)].sort();
  };
  const singles: Ids[] = [];
  let upTo = -1;
  try {
    if (await judge([])) return { sets: [[]], complete: true };
    upTo = 0;
    for (const id of universe) if (await judge([id])) singles.push([id]);
    upTo = 1;
    const rest = universe.filter((id) => !singles.some(([single]) => single === id));
    const more = await minimalSets(rest, judge);
    return { sets: [...singles, ...more].sort(bySize), complete: true };
  } catch (error) {
    if (!(error instanceof OutOfTime || error instanceof TooLarge)) throw error;
    return { sets: upTo > 0 ? singles : [], complete: { upTo } };
  }
}

/**
 * Set by set, smallest first, each on a graph of its own: where the graph of all threats is too
 * large. What was completed stays, also of what was known before.
 */
async function setsBySize(
  graphs: Graphs,
  universe: Ids,
  known: ReadonlyMap<Property, { readonly sets: readonly Ids[]; readonly upTo: number }>,
  budget: number,
  limits: AttackLimits,
): Promise<Map<string, FoundSets>> {
  const found = new Map([...known].map(([property, { sets }]) => [property, [...sets]]));
  /** The largest size of which all sets were judged. */
  const judged = new Map<Property, number>();
  const leave = (property: Property, size: number): void =>
    void judged.set(property, Math.min(judged.get(property) ?? Infinity, size - 1));
  const least = Math.min(...[...known.values()].map(({ upTo }) => upTo + 1));
  const most = Math.min(budget, universe.length);
  let done = least - 1;
  for (let size = least; size <= most && !isOver(limits); size += 1) {
    let isCut = false;
    for (const ids of subsetsOf(universe, size)) {
      const asked = [...known].flatMap(([property, { upTo }]) =>
        size <= upTo || found.get(property)?.some((set) => isSubset(set, ids)) ? [] : [property],
      );
      if (asked.length === 0) continue;
      const own = isOver(limits) ? undefined : await graphs.of(ids, limits);
      for (const property of asked) {
        const answer = own && attacked(own, ids, property);
        if (answer === true) found.get(property)?.push(ids);
        else if (answer === undefined) leave(property, size);
      }
      isCut = own === undefined;
      if (isCut) break;
    }
    if (!isCut) done = size;
  }
  return new Map(
    [...known].map(([property, { upTo: before }]) => {
      const sets = found.get(property) ?? [];
      const upTo = Math.max(0, judged.get(property) ?? Math.max(before, done));
      const whole = upTo >= universe.length || sets.some((set) => set.length === 0);
      return [property.name, { sets: sets.sort(bySize), complete: whole ? true : { upTo } }];
    }),
  );
}

/** Whether a property breaks; nothing where the graph or the time was too small to say. */
function attacked(own: ExploredAttacks, ids: Ids, property: Property): boolean | undefined {
  try {
    if (own.restriction(ids).attack(property)) return true;
    return own.graph.bound === undefined ? false : undefined;
  } catch (error) {
    if (error instanceof OutOfTime || error instanceof TooLarge) return undefined;
    throw error;
  }
}

/**
 * The minimal sets of each property: on the whole graph at once; what that leaves open on parts of
 * it, and then set by set.
 */
export async function foundSets(
  whole: ExploredAttacks,
  graphs: Graphs,
  threats: readonly Threat[],
  properties: readonly Property[],
  budget: number,
  limits: AttackLimits,
): Promise<ReadonlyMap<string, FoundSets>> {
  const ids = threats.map(({ id }) => id);
  const sets = new Map<string, FoundSets>();
  if (whole.graph.bound === undefined)
    for (const property of properties) {
      const answer = await allSets(whole, ids, property);
      if (answer) sets.set(property.name, answer);
    }
  const half = { ...limits, ...partOf(limits, 1 / 2) };
  const left = properties.filter(({ name }) => !sets.has(name));
  const open = new Map<Property, { sets: readonly Ids[]; upTo: number }>();
  for (const [i, property] of left.entries()) {
    const time = { ...half, ...partOf(half, 1 / (left.length - i)) };
    const answer = await setsPeeled(graphs, ids, property, time);
    if (answer.complete === true) sets.set(property.name, answer);
    else open.set(property, { sets: answer.sets, upTo: answer.complete.upTo });
  }
  if (open.size === 0) return sets;
  return new Map([...sets, ...(await setsBySize(graphs, ids, open, budget, limits))]);
}
