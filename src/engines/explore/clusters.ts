import type { Selection } from '../../graph/walker.ts';
import type { Expr } from '../../model/expression.ts';
import {
  fairActions,
  judgedPredicates,
  predicatesOf,
  type Model,
  type Property,
} from '../../model/model.ts';
import type { Instance, Semantics } from '../../model/semantics.ts';
import { asksOnlyForMany, endStep, talliesOf, type End } from './ends.ts';
import { atomOf, countersOf, namesIn, touchesOf, type Touch } from './structure.ts';
import { conjuncts, disjuncts } from '../../model/expression.ts';

/**
 * Partial-order reduction for models that move tokens (docs/adr/009-eager-clusters.md has the
 * proof).
 *
 * A *cluster* is a counter and all instances that take from it. It is *eager* if each of them takes
 * one from it, asks for nothing else, puts something somewhere, and nobody else can tell whether
 * the token stands before or behind. From a state in which an eager counter is positive only its
 * cluster is followed: whatever else could happen there can happen afterwards as well. These are
 * persistent sets (Godefroid 1996, chapter 4; Valmari 1989); nothing is put off for ever, since
 * eager clusters never lead in a circle.
 *
 * What leaves out most comes first: with ends, of which may turn out that they say too little.
 */
export function eagerClusters(semantics: Semantics): readonly EagerClusters[] {
  const finder = new ClusterFinder(semantics);
  const [eager, ends] = [acyclic(finder.eager()), finder.ends()];
  const { layout } = semantics;
  const tallies = ends.map(({ tally }) => layout.cell('variable', tally).offset);
  const isEnough = (state: ArrayLike<number>): boolean =>
    tallies.every((offset) => (state[offset] as number) <= 1);
  return [
    ...(ends.length > 0 ? [{ selection: selectionOf([...eager, ...ends], layout), isEnough }] : []),
    ...(eager.length > 0 ? [{ selection: selectionOf(eager, layout) }] : []),
  ];
}

/** The steps of the first cluster whose counter is positive. */
function selectionOf(clusters: readonly Cluster[], layout: Semantics['layout']): Selection {
  const selected = clusters.map(({ counter, touches }) => ({
    offset: layout.cell('variable', counter).offset,
    instances: touches.map(({ instance }): Instance => instance),
  }));
  return (state) => {
    for (const { offset, instances } of selected)
      if ((state[offset] as number) > 0) return instances;
    return undefined;
  };
}

export interface EagerClusters {
  readonly selection: Selection;
  /**
   * Where ends are among them: at a state where this is false the part says nothing of the whole.
   */
  readonly isEnough?: (state: ArrayLike<number>) => boolean;
}

interface Cluster {
  readonly counter: string;
  readonly touches: readonly Touch[];
}

/**
 * Counters that somebody looks at together: are they all 0, or not? Tokens may move inside, but
 * neither in nor out.
 */
type Watched = ReadonlySet<string>;

class ClusterFinder {
  readonly #model: Model;
  readonly #counters: ReadonlySet<string>;
  readonly #touches: readonly Touch[];
  /** What is looked at in a way that a moving token may change. */
  readonly #visible = new Set<string>();
  /** Counters whose token must stay where it is until something else is there as well. */
  readonly #kept = new Set<string>();
  readonly #watched: Watched[] = [];
  /** Sets that somebody empties at once. */
  readonly #cleared: Watched[] = [];
  /** Counters that must not become larger than a number, by every property that says so. */
  readonly #bounds = new Map<string, number>();
  /** Counters that a step asks together, or empties. */
  readonly #askedBySteps: ReadonlySet<string>;
  /** Counters of which an invariant says that they are 0. */
  readonly #mustBeEmpty = new Set<string>();
  /** Variables that are only ever set to one value, and that no guard reads. */
  readonly #flags = new Map<string, number>();

  constructor(semantics: Semantics) {
    this.#model = semantics.model;
    this.#counters = countersOf(semantics.model);
    this.#touches = touchesOf(semantics);
    this.#findFlags();
    this.#lookAtSteps();
    this.#askedBySteps = new Set([...this.#watched, ...this.#cleared].flatMap((set) => [...set]));
    for (const property of this.#model.properties) this.#lookAtProperty(property);
    if (this.#model.final) this.#lookAt(this.#model.final);
  }

  eager(): readonly Cluster[] {
    const fair = fairActions(this.#model);
    const consumers = new Map<string, Touch[]>();
    const needed = new Map<string, number>();
    for (const touch of this.#touches) {
      for (const name of touch.needs) needed.set(name, (needed.get(name) ?? 0) + 1);
      for (const [name, by] of touch.adds) {
        if (by >= 0) continue;
        const known = consumers.get(name);
        if (known) known.push(touch);
        else consumers.set(name, [touch]);
      }
    }
    return [...consumers].flatMap(([counter, touches]) => {
      // Each of them asks for it, and nobody else does.
      const alone =
        !this.#visible.has(counter) &&
        !this.#kept.has(counter) &&
        needed.get(counter) === touches.length;
      const eager =
        alone &&
        touches.every(
          (touch) => fair.has(touch.instance.action.name) && this.#movesOn(counter, touch),
        );
      return eager ? [{ counter, touches }] : [];
    });
  }

  /**
   * Tokens that are taken away by a step that is only counted. Whoever asks whether such a counter
   * is 0 must ask for no more than that: what held when the token was gone holds when it is gone
   * early. Two tokens at once are seen by the count of those that were taken.
   */
  ends(): readonly (Cluster & End)[] {
    const fair = fairActions(this.#model);
    const tallies = talliesOf(this.#model, this.#touches);
    const predicates = judgedPredicates(this.#model);
    return this.#touches.flatMap((touch) => {
      const end = endStep(touch, tallies);
      if (!end) return [];
      const { counter, tally } = end;
      const others = this.#touches.filter((each) => each !== touch);
      const isAlone =
        !this.#visible.has(counter) &&
        !this.#kept.has(counter) &&
        !this.#askedBySteps.has(counter) &&
        !this.#mustBeEmpty.has(counter) &&
        others.every(({ needs, adds }) => !needs.has(counter) && (adds.get(counter) ?? 0) >= 0);
      return isAlone &&
        (this.#bounds.get(counter) ?? 1) >= 1 &&
        fair.has(touch.instance.action.name) &&
        predicates.every((predicate) => asksOnlyForMany(predicate, tally))
        ? [{ ...end, touches: [touch] }]
        : [];
    });
  }

  /** One token from here to somewhere, unnoticed. */
  #movesOn(counter: string, touch: Touch): boolean {
    const outputs = outputsOf(touch);
    if (touch.needs.size !== 1 || !touch.needs.has(counter) || touch.adds.get(counter) !== -1)
      return false;
    if (touch.zero.size > 0 || touch.some.length > 0 || touch.other.size > 0) return false;
    if (
      outputs.length === 0 ||
      outputs.length !== touch.adds.size - 1 ||
      outputs.some((name) => this.#visible.has(name))
    )
      return false;
    if (
      ![...touch.sets].every(
        ([name, value]) => this.#flags.get(name) === value && !this.#visible.has(name),
      )
    )
      return false;
    const limit = this.#bounds.get(counter);
    if (
      limit !== undefined &&
      !outputs.some((name) => (this.#bounds.get(name) ?? Infinity) <= limit)
    )
      return false;
    return (
      this.#watched.every((set) =>
        set.has(counter)
          ? outputs.some((name) => set.has(name))
          : outputs.every((name) => !set.has(name)),
      ) &&
      this.#cleared.every((set) =>
        set.has(counter)
          ? outputs.every((name) => set.has(name))
          : outputs.every((name) => !set.has(name)),
      )
    );
  }

  #findFlags(): void {
    const values = new Map<string, Set<number>>();
    const read = new Set<string>();
    for (const { sets, other } of this.#touches) {
      for (const [name, value] of sets)
        values.set(name, (values.get(name) ?? new Set()).add(value));
      for (const name of other) read.add(name);
    }
    for (const [name, given] of values) {
      const [value] = given;
      if (value !== undefined && given.size === 1 && !read.has(name) && !this.#counters.has(name))
        this.#flags.set(name, value);
    }
  }

  #lookAtSteps(): void {
    for (const { zero, some, adds, sets, needs, other } of this.#touches) {
      if (zero.size > 0) this.#watched.push(zero);
      for (const reading of some) this.#watched.push(reading);
      for (const name of other) this.#visible.add(name);
      for (const [name, by] of adds)
        if (by < -1 || (by < 0 && !needs.has(name))) this.#visible.add(name);
      const emptied = [...sets].flatMap(([name, value]) =>
        this.#counters.has(name) && value === 0 ? [name] : [],
      );
      for (const [name, value] of sets)
        if (this.#counters.has(name) && value !== 0) this.#visible.add(name);
      if (emptied.length > 0) this.#cleared.push(new Set(emptied));
    }
    for (const { name, init } of this.#model.variables) {
      if (
        this.#counters.has(name) &&
        !(init.kind === 'value' && init.value.kind === 'literal' && init.value.value >= 0)
      )
        this.#visible.add(name);
    }
  }

  #lookAtProperty({ formula }: Property): void {
    if (formula.kind === 'always') {
      for (const term of conjuncts(formula.expr)) {
        const atom = atomOf(term, this.#counters);
        if (atom?.kind === 'zero') this.#mustBeEmpty.add(atom.name);
        if (atom?.kind !== 'atMost' || atom.bound < 0) this.#lookAt(term);
        else
          this.#bounds.set(
            atom.name,
            Math.min(atom.bound, this.#bounds.get(atom.name) ?? Infinity),
          );
      }
    } else if (formula.kind === 'reachable' || formula.kind === 'reachableEach') {
      for (const goal of formula.kind === 'reachable'
        ? [formula.expr]
        : formula.goals.map(({ expr }) => expr)) {
        for (const way of disjuncts(goal)) this.#lookAtGoal(way);
      }
    } else for (const predicate of predicatesOf(formula)) this.#lookAt(predicate);
    if (formula.kind === 'ltl')
      for (const { name } of this.#model.variables) this.#visible.add(name);
  }

  /**
   * A goal of one term is seen when its token comes; one of several only if none of them goes on
   * before the others are there.
   */
  #lookAtGoal(goal: Expr): void {
    const terms = conjuncts(goal);
    const zero = new Set<string>();
    for (const term of terms) {
      const atom = atomOf(term, this.#counters);
      if (atom?.kind === 'positive') {
        if (terms.length > 1) this.#kept.add(atom.name);
      } else if (atom?.kind === 'zero') zero.add(atom.name);
      else if (atom?.kind !== 'is' || this.#flags.get(atom.name) !== atom.value)
        namesIn(term, this.#visible);
    }
    if (zero.size > 0) this.#watched.push(zero);
  }

  #lookAt(predicate: Expr): void {
    const zero = new Set<string>();
    for (const term of conjuncts(predicate)) {
      const atom = atomOf(term, this.#counters);
      if (atom?.kind === 'zero') zero.add(atom.name);
      else namesIn(term, this.#visible);
    }
    if (zero.size > 0) this.#watched.push(zero);
  }
}

function outputsOf(touch: Touch): readonly string[] {
  return [...touch.adds].flatMap(([name, by]) => (by > 0 ? [name] : []));
}

/**
 * Some of the clusters, so that no way through them leads in a circle: in every endless run the
 * others have their turn.
 */
function acyclic(clusters: readonly Cluster[]): readonly Cluster[] {
  const all = new Map(clusters.map((cluster) => [cluster.counter, cluster]));
  const done = new Set<string>();
  const open = new Set<string>();
  const ordered: Cluster[] = [];
  const visit = (cluster: Cluster): void => {
    open.add(cluster.counter);
    for (const name of cluster.touches.flatMap(outputsOf)) {
      const next = all.get(name);
      if (!next || done.has(name)) continue;
      if (open.has(name)) all.delete(name);
      else visit(next);
    }
    open.delete(cluster.counter);
    done.add(cluster.counter);
    ordered.unshift(cluster);
  };
  for (const cluster of clusters) if (!done.has(cluster.counter)) visit(cluster);
  return ordered.filter(({ counter }) => all.has(counter));
}
