import { Components } from '../../graph/components.ts';
import { ERROR_TARGET, type Edges } from '../../graph/edges.ts';
import type { Action, JointFairness } from '../../model/model.ts';
import { ENDLESS, ticking, type Time } from '../../time/time.ts';

/**
 * A run of node numbers that goes round for ever from `loopStart` on, or stops at its last node.
 */
export interface FairRun {
  readonly nodes: readonly number[];
  readonly loopStart: number;
}

/** What a search needs of a graph: its edges, and what each label says of fairness. */
export interface FairGraph {
  readonly edges: Edges | undefined;
  /** States below this number have their edges. */
  readonly expanded: number;
  /** The action behind a label from 0; a label below 0 serves no condition. */
  instance(label: number): { readonly action: Pick<Action, 'name' | 'fair'> };
  readonly semantics: { readonly model: { readonly fairness: readonly JointFairness[] } };
}

/**
 * What is searched: the graph itself, or its product with an automaton. Nodes carry a state of the
 * graph; what is enabled is the state's affair, where an edge leads is the node's. Edges to
 * `ERROR_TARGET`, and to nodes whose steps are not known, are not followed.
 */
export interface Arena {
  readonly graph: FairGraph;
  readonly edges: Edges;
  /** How many nodes have their edges in `edges`. */
  readonly size: number;
  /**
   * Whether a run that stops is a node where nothing fair is enabled; else stopping is a circle
   * like any other.
   */
  readonly stops: boolean;
  stateOf(node: number): number;
}

/** The arena that is the graph itself. */
export function arenaOf(graph: FairGraph): Arena {
  if (!graph.edges) throw new Error('invariant broken: a fair cycle needs the edges');
  return { graph, edges: graph.edges, size: graph.expanded, stops: true, stateOf: (node) => node };
}

export interface Sought {
  /** Where the run begins; each lies in the region. */
  readonly from: readonly number[];
  /** The nodes that the run may use: absent means all. */
  readonly region?: (node: number) => boolean;
  /** Of each of these sets the run meets some node again and again (generalised Büchi). */
  readonly recurs?: readonly ((node: number) => boolean)[];
  /** When it is over, `OutOfTime` is thrown. */
  readonly time: Time;
}

/**
 * Looks for a fair run: one that treats every fairness condition as it asks (SEMANTICS 7) and comes
 * again and again to each of `recurs`. Strong fairness by Streett's condition: a component that a
 * strong condition cannot be fair in is cut at the states that enable it, and what remains is
 * searched again (Emerson and Lei 1987; Etessami and Holzmann 2000, section 3).
 */
export function findFairRun(arena: Arena, sought: Sought): FairRun | undefined {
  // Near the start first: what goes round there goes round in fewer steps than what goes round
  // everywhere.
  for (let size = NEAR; size < arena.size; size *= FARTHER) {
    const near = findWithin({ ...arena, size }, sought);
    if (near) return near;
  }
  return findWithin(arena, sought);
}

const NEAR = 32;
const FARTHER = 4;

function findWithin(arena: Arena, sought: Sought): FairRun | undefined {
  const search = new FairSearch(arena, sought);
  const reached = search.reach(sought.from);
  const component = search.fairComponent(reached);
  if (!component) return undefined;
  // Breadth first: what was reached first is nearest.
  const inside = new Set(component.nodes);
  const entry = reached.find((node) => inside.has(node)) as number;
  const prefix = search.pathTo(entry);
  const loop = component.stops ? [] : search.loopThrough(component.nodes, inside, entry);
  return { nodes: [...prefix, ...loop], loopStart: prefix.length - 1 };
}

/**
 * Whether a run may stop in a state: no fair condition is enabled (SEMANTICS 7). A state whose
 * steps are not known is none.
 */
export function stopping(graph: FairGraph): (state: number) => boolean {
  const search = new FairSearch(arenaOf(graph), { from: [], time: ENDLESS });
  return (state) => state < graph.expanded && !search.stateEnables(state);
}

interface Component {
  readonly nodes: readonly number[];
  /** A single node at which the run may stop, for no fair condition is enabled. */
  readonly stops: boolean;
}

const NOTHING: readonly number[] = [];

class FairSearch {
  readonly #arena: Arena;
  readonly #region: ((node: number) => boolean) | undefined;
  readonly #recurs: readonly ((node: number) => boolean)[];
  readonly #tick: () => void;
  readonly #parents: Int32Array;
  /**
   * Of each label, the conditions that a step with it serves, as numbers from 0; and which of them
   * are strong.
   */
  readonly #conditionsOf: (readonly number[] | undefined)[] = [];
  readonly #strong: boolean[] = [];
  readonly #numbers = new Map<string, number>();
  /** The node that a condition was last met at: each counts once a node. */
  #met: number[] = [];

  constructor(arena: Arena, { region, recurs = [], time }: Sought) {
    this.#arena = arena;
    this.#region = region;
    this.#recurs = recurs;
    this.#tick = ticking(time);
    this.#parents = new Int32Array(arena.size).fill(UNSEEN);
  }

  #follows(target: number): boolean {
    return (
      target !== ERROR_TARGET &&
      target < this.#arena.size &&
      (this.#region === undefined || this.#region(target))
    );
  }

  #conditions(label: number): readonly number[] {
    if (label < 0) return NOTHING;
    const known = this.#conditionsOf[label];
    if (known) return known;
    const { graph } = this.#arena;
    const { action } = graph.instance(label);
    const found = [
      ...(action.fair === 'none' ? [] : [this.#number(`own ${label}`, action.fair === 'strong')]),
      ...graph.semantics.model.fairness.flatMap((joint, i) =>
        joint.actions.includes(action.name)
          ? [this.#number(`joint ${i}`, joint.strength === 'strong')]
          : [],
      ),
    ];
    this.#conditionsOf[label] = found;
    return found;
  }

  #number(key: string, strong: boolean): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#strong.push(strong) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  /** The nodes that can be reached inside the region, breadth first. */
  reach(from: readonly number[]): number[] {
    const { rows, targets } = this.#arena.edges;
    const queue: number[] = [];
    for (const node of from) {
      if (node >= this.#arena.size || this.#parents[node] !== UNSEEN) continue;
      this.#parents[node] = ROOT;
      queue.push(node);
    }
    for (let i = 0; i < queue.length; i += 1) {
      this.#tick();
      const node = queue[i] as number;
      for (let e = rows[node] as number; e < (rows[node + 1] as number); e += 1) {
        const target = targets[e] as number;
        if (!this.#follows(target) || this.#parents[target] !== UNSEEN) continue;
        this.#parents[target] = node;
        queue.push(target);
      }
    }
    return queue;
  }

  pathTo(node: number): number[] {
    const path = [node];
    for (let at = this.#parents[node] as number; at >= 0; at = this.#parents[at] as number)
      path.push(at);
    return path.reverse();
  }

  /** Calls once for each fair condition that the node's state enables. */
  #enabled(node: number, visit: (condition: number) => void): void {
    const { graph, stateOf } = this.#arena;
    const { rows, labels } = graph.edges as Edges;
    const state = stateOf(node);
    for (let e = rows[state] as number; e < (rows[state + 1] as number); e += 1) {
      for (const condition of this.#conditions(labels[e] as number)) {
        if (this.#met[condition] === node) continue;
        this.#met[condition] = node;
        visit(condition);
      }
    }
  }

  #enables(node: number): boolean {
    return this.stateEnables(this.#arena.stateOf(node));
  }

  /** Whether a fair condition is enabled in a state of the graph. */
  stateEnables(state: number): boolean {
    const { rows, labels } = this.#arena.graph.edges as Edges;
    for (let e = rows[state] as number; e < (rows[state + 1] as number); e += 1)
      if (this.#conditions(labels[e] as number).length > 0) return true;
    return false;
  }

  /** A set of nodes in which a run can go round fairly, or one at which it can stop. */
  fairComponent(candidates: readonly number[]): Component | undefined {
    const stop = !this.#arena.stops
      ? undefined
      : candidates.find(
          (node) => this.#recurs.every((recurs) => recurs(node)) && !this.#enables(node),
        );
    if (stop !== undefined) return { nodes: [stop], stops: true };
    const { rows, targets } = this.#arena.edges;
    const members = new Uint8Array(this.#arena.size);
    const components = new Components(this.#arena.edges, this.#arena.size, this.#tick);
    const work = components.among(candidates);
    for (let component = work.pop(); component; component = work.pop()) {
      const [only] = component as [number];
      if (component.length === 1 && !hasEdge(rows, targets, only, only)) continue;
      const here = component;
      if (!this.#recurs.every((recurs) => here.some(recurs))) continue;
      const unfair = this.#unfairConditions(component, members);
      if (unfair.weak) continue;
      if (unfair.strong.size === 0) return { nodes: component, stops: false };
      const calm = component.filter((node) => !this.#enablesAny(node, unfair.strong));
      for (const part of components.among(calm)) work.push(part);
    }
    return undefined;
  }

  #enablesAny(node: number, conditions: ReadonlySet<number>): boolean {
    let found = false;
    this.#met = [];
    this.#enabled(node, (condition) => {
      found ||= conditions.has(condition);
    });
    return found;
  }

  /** Conditions that going round all of the component would starve. */
  #unfairConditions(
    component: readonly number[],
    members: Uint8Array,
  ): { weak: boolean; strong: Set<number> } {
    const { rows, targets, labels } = this.#arena.edges;
    const enabledIn: number[] = [];
    const taken: boolean[] = [];
    this.#met = [];
    for (const node of component) members[node] = 1;
    for (const node of component) {
      this.#tick();
      this.#enabled(node, (condition) => {
        enabledIn[condition] = (enabledIn[condition] ?? 0) + 1;
      });
      for (let e = rows[node] as number; e < (rows[node + 1] as number); e += 1) {
        const target = targets[e] as number;
        if (target !== ERROR_TARGET && members[target] === 1)
          for (const condition of this.#conditions(labels[e] as number)) taken[condition] = true;
      }
    }
    for (const node of component) members[node] = 0;
    const strong = new Set<number>();
    let weak = false;
    enabledIn.forEach((count, condition) => {
      if (taken[condition]) return;
      if (this.#strong[condition]) strong.add(condition);
      else weak ||= count === component.length;
    });
    return { weak, strong };
  }

  /**
   * The nodes after `entry` on a loop that gives every condition of the component its due, back to
   * `entry`.
   */
  loopThrough(component: readonly number[], inside: ReadonlySet<number>, entry: number): number[] {
    const { rows, targets, labels } = this.#arena.edges;
    const loop: number[] = [];
    let at = entry;
    const walk = (to: number): void => {
      for (const node of this.#pathInside(at, to, inside)) loop.push(node);
      at = to;
    };
    for (const condition of this.#owed(component)) {
      if (this.#isServed(condition, [entry, ...loop])) continue;
      const edge = firstEdge(
        component,
        rows,
        (e) =>
          inside.has(targets[e] as number) &&
          this.#conditions(labels[e] as number).includes(condition),
      );
      if (edge) {
        if (edge.node !== at) walk(edge.node);
        at = targets[edge.index] as number;
        loop.push(at);
      } else {
        const disabled = component.find((node) => !this.#enablesAny(node, new Set([condition])));
        if (disabled !== undefined && disabled !== at) walk(disabled);
      }
    }
    for (const recurs of this.#recurs) {
      if (loop.some(recurs) || recurs(at)) continue;
      const again = component.find(recurs);
      if (again !== undefined && again !== at) walk(again);
    }
    if (at !== entry || loop.length === 0) walk(entry);
    return loop;
  }

  /**
   * Whether some step along these nodes serves the condition, or some node does not enable it and
   * it is weak.
   */
  #isServed(condition: number, nodes: readonly number[]): boolean {
    const { rows, targets, labels } = this.#arena.edges;
    return nodes.some((node, i) => {
      for (let e = rows[node] as number; e < (rows[node + 1] as number); e += 1) {
        if (
          targets[e] === nodes[i + 1] &&
          this.#conditions(labels[e] as number).includes(condition)
        )
          return true;
      }
      return !this.#strong[condition] && i > 0 && !this.#enablesAny(node, new Set([condition]));
    });
  }

  #owed(component: readonly number[]): ReadonlySet<number> {
    const owed = new Set<number>();
    this.#met = [];
    for (const node of component) this.#enabled(node, (condition) => owed.add(condition));
    return owed;
  }

  /** A shortest path of at least one step inside the component, without its first node. */
  #pathInside(from: number, to: number, inside: ReadonlySet<number>): number[] {
    const { rows, targets } = this.#arena.edges;
    const parents = new Map<number, number>();
    const queue = [from];
    for (let i = 0; i < queue.length; i += 1) {
      this.#tick();
      const node = queue[i] as number;
      for (let e = rows[node] as number; e < (rows[node + 1] as number); e += 1) {
        const target = targets[e] as number;
        if (!inside.has(target) || parents.has(target)) continue;
        parents.set(target, node);
        if (target === to) {
          const path = [to];
          for (let back = node; back !== from; back = parents.get(back) as number) path.push(back);
          return path.reverse();
        }
        queue.push(target);
      }
    }
    throw new Error('invariant broken: a component is strongly connected');
  }
}

const UNSEEN = -2;
const ROOT = -1;

function hasEdge(rows: Int32Array, targets: Int32Array, from: number, to: number): boolean {
  for (let e = rows[from] as number; e < (rows[from + 1] as number); e += 1)
    if (targets[e] === to) return true;
  return false;
}

function firstEdge(
  nodes: readonly number[],
  rows: Int32Array,
  test: (edge: number) => boolean,
): { node: number; index: number } | undefined {
  for (const node of nodes) {
    for (let e = rows[node] as number; e < (rows[node + 1] as number); e += 1)
      if (test(e)) return { node, index: e };
  }
  return undefined;
}
