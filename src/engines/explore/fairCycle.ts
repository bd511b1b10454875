import { ERROR_TARGET, type Edges, type Graph } from '../../graph/graph.ts';

/** A run of state numbers that goes round for ever from `loopStart` on, or stops at its last state. */
export interface FairRun {
  readonly states: readonly number[];
  readonly loopStart: number;
}

/**
 * Looks for a fair run that stays for ever inside `region`, beginning at one of `from` (which lie in it), and that comes again and again
 * to a state that `recurs`.
 * Strong fairness by Streett's condition: a component that a strong condition cannot be fair in is cut at the states that enable it,
 * and what remains is searched again (Emerson and Lei 1987; Etessami and Holzmann 2000, section 3).
 */
export function findFairRun(graph: Graph, from: readonly number[], region: (state: number) => boolean, recurs: (state: number) => boolean = () => true): FairRun | undefined {
  const { edges } = graph;
  if (!edges) throw new Error('invariant broken: a fair cycle needs the edges');
  const search = new FairSearch(graph, edges, region, recurs);
  const reach = search.reachable(from);
  const component = search.fairComponent([...reach.keys()]);
  if (!component) return undefined;
  // Breadth first: whatever was reached first is nearest.
  const inside = new Set(component.states);
  const entry = [...reach.keys()].find((s) => inside.has(s)) ?? (component.states[0] as number);
  const prefix = pathBack(reach, entry);
  const loop = search.loopThrough(component, entry);
  return { states: [...prefix, ...loop], loopStart: prefix.length - 1 };
}

interface Component {
  readonly states: readonly number[];
  /** A single state at which the run may stop, for no fair condition is enabled. */
  readonly stops: boolean;
}

function pathBack(parents: ReadonlyMap<number, number>, to: number): number[] {
  const path = [to];
  for (let at = parents.get(to) ?? -1; at >= 0; at = parents.get(at) ?? -1) path.push(at);
  return path.reverse();
}

class FairSearch {
  readonly #graph: Graph;
  readonly #edges: Edges;
  readonly #region: (state: number) => boolean;
  readonly #recurs: (state: number) => boolean;
  /** The conditions that a step of each label serves: its own by the label, those of several actions together by a number below 0. */
  readonly #conditions = new Map<number, readonly number[]>();
  readonly #joint: ReadonlyMap<string, readonly number[]>;

  constructor(graph: Graph, edges: Edges, region: (state: number) => boolean, recurs: (state: number) => boolean) {
    this.#graph = graph;
    this.#edges = edges;
    this.#region = region;
    this.#recurs = recurs;
    const { actions, fairness } = graph.semantics.model;
    this.#joint = new Map(actions.map(({ name }) => [name, fairness.flatMap((joint, index) => (joint.actions.includes(name) ? [-1 - index] : []))]));
  }

  #conditionsOf(label: number): readonly number[] {
    const known = this.#conditions.get(label);
    if (known) return known;
    const { fair, name } = this.#graph.instance(label).action;
    const found = [...(fair === 'none' ? [] : [label]), ...this.#joint.get(name) ?? []];
    this.#conditions.set(label, found);
    return found;
  }

  #isStrong(condition: number): boolean {
    return (condition < 0 ? this.#graph.semantics.model.fairness[-1 - condition]?.strength : this.#graph.instance(condition).action.fair) === 'strong';
  }

  /** Breadth first inside the region; each state with its parent, -1 for a root. States whose steps are not known are left out. */
  reachable(from: readonly number[]): Map<number, number> {
    const parents = new Map<number, number>();
    const queue = from.filter((s) => s < this.#graph.expanded);
    for (const s of queue) parents.set(s, -1);
    for (let i = 0; i < queue.length; i += 1) {
      const s = queue[i] as number;
      for (const target of this.#targets(s)) {
        if (parents.has(target) || !this.#region(target)) continue;
        parents.set(target, s);
        queue.push(target);
      }
    }
    return parents;
  }

  #targets(state: number): number[] {
    const { rows, targets } = this.#edges;
    const found: number[] = [];
    for (let e = rows[state] as number; e < (rows[state + 1] as number); e += 1) {
      const target = targets[e] as number;
      if (target !== ERROR_TARGET && target < this.#graph.expanded) found.push(target);
    }
    return found;
  }

  /** The fair conditions that a state enables. */
  #enabled(state: number): Set<number> {
    const { rows, labels } = this.#edges;
    const found = new Set<number>();
    for (let e = rows[state] as number; e < (rows[state + 1] as number); e += 1) {
      for (const condition of this.#conditionsOf(labels[e] as number)) found.add(condition);
    }
    return found;
  }

  /** A set of states in which a run can go round fairly, or one at which it can stop. */
  fairComponent(candidates: readonly number[]): Component | undefined {
    const stop = candidates.find((s) => this.#recurs(s) && this.#enabled(s).size === 0);
    if (stop !== undefined) return { states: [stop], stops: true };
    const work: number[][] = components(candidates, (s) => this.#targets(s));
    for (let component = work.pop(); component; component = work.pop()) {
      const inside = new Set(component);
      if (component.length === 1 && !this.#targets(component[0] as number).includes(component[0] as number)) continue;
      if (!component.some(this.#recurs)) continue;
      const unfair = this.#unfairConditions(component, inside);
      if (unfair.weak) continue;
      if (unfair.strong.size === 0) return { states: component, stops: false };
      const rest = component.filter((s) => ![...this.#enabled(s)].some((condition) => unfair.strong.has(condition)));
      work.push(...components(rest, (s) => this.#targets(s)));
    }
    return undefined;
  }

  /** Conditions that going round all of the component would starve. */
  #unfairConditions(component: readonly number[], inside: ReadonlySet<number>): { weak: boolean; strong: Set<number> } {
    const { rows, targets, labels } = this.#edges;
    const enabledCount = new Map<number, number>();
    const taken = new Set<number>();
    for (const s of component) {
      for (const condition of this.#enabled(s)) enabledCount.set(condition, (enabledCount.get(condition) ?? 0) + 1);
      for (let e = rows[s] as number; e < (rows[s + 1] as number); e += 1) {
        if (inside.has(targets[e] as number)) for (const condition of this.#conditionsOf(labels[e] as number)) taken.add(condition);
      }
    }
    const strong = new Set<number>();
    let weak = false;
    for (const [condition, count] of enabledCount) {
      if (taken.has(condition)) continue;
      if (this.#isStrong(condition)) strong.add(condition);
      else weak ||= count === component.length;
    }
    return { weak, strong };
  }

  /** The states after `entry` on a loop that gives every condition of the component its due, back to `entry`. */
  loopThrough(component: Component, entry: number): number[] {
    if (component.stops) return [];
    const inside = new Set(component.states);
    const { rows, targets, labels } = this.#edges;
    const loop: number[] = [];
    let at = entry;
    const walk = (to: number): void => {
      const path = this.#pathInside(at, to, inside);
      loop.push(...path);
      at = to;
    };
    const owed = new Set(component.states.flatMap((s) => [...this.#enabled(s)]));
    for (const condition of owed) {
      const edge = firstEdge(component.states, rows, (e) => inside.has(targets[e] as number) && this.#conditionsOf(labels[e] as number).includes(condition));
      if (edge) {
        if (edge.state !== at) walk(edge.state);
        loop.push(targets[edge.index] as number);
        at = targets[edge.index] as number;
      } else {
        const disabled = component.states.find((s) => !this.#enabled(s).has(condition));
        if (disabled !== undefined && disabled !== at) walk(disabled);
      }
    }
    if (!loop.some(this.#recurs)) {
      const again = component.states.find(this.#recurs);
      if (again !== undefined && again !== at) walk(again);
    }
    if (at !== entry || loop.length === 0) walk(entry);
    return loop;
  }

  /** A shortest path of at least one step inside the component, without its first state. */
  #pathInside(from: number, to: number, inside: ReadonlySet<number>): number[] {
    const parents = new Map<number, number>();
    const queue = [from];
    for (let i = 0; i < queue.length; i += 1) {
      const s = queue[i] as number;
      for (const target of this.#targets(s)) {
        if (!inside.has(target) || parents.has(target)) continue;
        parents.set(target, s);
        if (target === to) {
          const path = [to];
          for (let back = s; back !== from || path.length === 0; back = parents.get(back) as number) path.push(back);
          return path.reverse();
        }
        queue.push(target);
      }
    }
    throw new Error('invariant broken: a component is strongly connected');
  }
}

function firstEdge(states: readonly number[], rows: Int32Array, test: (edge: number) => boolean): { state: number; index: number } | undefined {
  for (const state of states) {
    for (let e = rows[state] as number; e < (rows[state + 1] as number); e += 1) if (test(e)) return { state, index: e };
  }
  return undefined;
}

/** Strongly connected components of the graph induced by `states` (Tarjan 1972, without recursion). */
export function components(states: readonly number[], targetsOf: (state: number) => readonly number[]): number[][] {
  const members = new Set(states);
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const onStack = new Set<number>();
  const stack: number[] = [];
  const found: number[][] = [];
  for (const root of states) {
    if (order.has(root)) continue;
    const frames: { state: number; targets: readonly number[]; next: number }[] = [];
    const enter = (state: number): void => {
      order.set(state, order.size);
      low.set(state, order.size - 1);
      stack.push(state);
      onStack.add(state);
      frames.push({ state, targets: targetsOf(state).filter((t) => members.has(t)), next: 0 });
    };
    enter(root);
    for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
      const target = frame.targets[frame.next];
      if (target !== undefined) {
        frame.next += 1;
        if (!order.has(target)) enter(target);
        else if (onStack.has(target)) low.set(frame.state, Math.min(low.get(frame.state) as number, order.get(target) as number));
        continue;
      }
      frames.pop();
      const parent = frames.at(-1);
      if (parent) low.set(parent.state, Math.min(low.get(parent.state) as number, low.get(frame.state) as number));
      if (low.get(frame.state) !== order.get(frame.state)) continue;
      const component: number[] = [];
      for (let s = stack.pop(); s !== undefined; s = stack.pop()) {
        onStack.delete(s);
        component.push(s);
        if (s === frame.state) break;
      }
      found.push(component);
    }
  }
  return found;
}
