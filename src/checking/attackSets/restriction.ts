import { automatonOf } from '../../engines/explore/buchi.ts';
import { arenaOf, findFairRun, stopping, type FairRun } from '../../engines/explore/fairCycle.ts';
import { productOf, type WalkedGraph } from '../../engines/explore/product.ts';
import { backwardReach } from '../../engines/explore/recover.ts';
import { FALSE, HOLDS_THERE, TRUTH } from '../../engines/explore/watch.ts';
import { EdgeRecorder, ERROR_TARGET, type Edges } from '../../graph/edges.ts';
import { mapLtl } from '../../model/ltl.ts';
import type { Property } from '../../model/model.ts';
import { ERROR_BIT } from '../../model/semantics.ts';
import type { Time } from '../../time/time.ts';
import type { AttackGraph } from './attackGraph.ts';
import type { ImplicitKind } from '../../model/propertyKinds.ts';

/** How a property breaks under a set of threats: edges of the graph from a start, in order. */
export interface Attack {
  readonly start: number;
  readonly edges: readonly number[];
  /** Of a lasso: the number of steps before what repeats for ever; all of them where it stops. */
  readonly loopStart?: number;
}

/** The part of the graph that uses only some ids: what is reached in it, and what breaks there. */
export class Restriction {
  readonly #graph: AttackGraph;
  readonly #allowed: readonly boolean[];
  /** Reached states, breadth first. */
  readonly #reached: readonly number[];
  readonly #parentEdge: Int32Array;
  readonly #sources: Int32Array;
  readonly #time: Time;
  #walked: WalkedGraph | undefined;

  constructor(graph: AttackGraph, ids: ReadonlySet<string>, sources: Int32Array, time: Time) {
    this.#graph = graph;
    this.#time = time;
    this.#sources = sources;
    this.#allowed = graph.idSets.map((set) => set.every((id) => ids.has(id)));
    this.#parentEdge = new Int32Array(graph.store.count).fill(UNSEEN);
    this.#reached = this.#reach();
  }

  /** A shortest attack on a property, or (of liveness) some attack; nothing where it resists. */
  attack(property: Property): Attack | undefined {
    const { formula } = property;
    const graph = this.#graph;
    switch (formula.kind) {
      case 'implicit':
        return this.#error(formula.of);
      case 'always':
      case 'never': {
        const [values] = graph.values(property);
        const wrong = formula.kind === 'always' ? FALSE : HOLDS_THERE;
        return this.#first((state) => values?.[state] === wrong);
      }
      case 'deadlockFree':
        return this.#first((state) => graph.stuck[state] === 1 && graph.final[state] === FALSE);
      case 'recoverable': {
        const open = recovering(graph, property);
        return this.#first((state) => open[state] === 0);
      }
      case 'eventually':
      case 'leadsTo':
      case 'eventuallyAlways':
        return this.#run(property);
      case 'ltl':
        return this.#ltl(property);
      default:
        return undefined;
    }
  }

  /** The ids that an attack uses. */
  idsOf(attack: Attack): Set<string> {
    const { ids, idSets } = this.#graph;
    return new Set(attack.edges.flatMap((edge) => idSets[ids[edge] as number] ?? []));
  }

  #reach(): number[] {
    const { edges, expanded, ids, starts } = this.#graph;
    const queue = [...starts];
    for (const start of starts) this.#parentEdge[start] = ROOT;
    for (let i = 0; i < queue.length; i += 1) {
      const state = queue[i] as number;
      if (state >= expanded) continue;
      for (let e = edges.rows[state] as number; e < (edges.rows[state + 1] as number); e += 1) {
        const target = edges.targets[e] as number;
        if (target === ERROR_TARGET || !this.#allowed[ids[e] as number]) continue;
        if (this.#parentEdge[target] !== UNSEEN) continue;
        this.#parentEdge[target] = e;
        queue.push(target);
      }
    }
    return queue;
  }

  #first(test: (state: number) => boolean): Attack | undefined {
    const state = this.#reached.find(test);
    return state === undefined ? undefined : this.#pathTo(state);
  }

  #pathTo(state: number): Attack {
    const edges: number[] = [];
    let at = state;
    for (let e = this.#parentEdge[at] as number; e >= 0; e = this.#parentEdge[at] as number) {
      edges.push(e);
      at = this.#sources[e] as number;
    }
    return { start: at, edges: edges.reverse() };
  }

  #error(kind: ImplicitKind): Attack | undefined {
    const { edges, errors, expanded, ids, undefinedAt } = this.#graph;
    for (const state of this.#reached) {
      if (kind === 'defined' && undefinedAt[state] === 1) return this.#pathTo(state);
      if (state >= expanded) continue;
      for (let e = edges.rows[state] as number; e < (edges.rows[state + 1] as number); e += 1)
        if (this.#allowed[ids[e] as number] && ((errors[e] as number) & ERROR_BIT[kind]) !== 0) {
          const path = this.#pathTo(state);
          const direct = kind === 'defined' ? this.#first((s) => undefinedAt[s] === 1) : undefined;
          if (direct && direct.edges.length <= path.edges.length) return direct;
          return { ...path, edges: [...path.edges, e] };
        }
    }
    return undefined;
  }

  /** The restricted graph, as the search for fair runs wants it. */
  #walk(): WalkedGraph {
    if (this.#walked) return this.#walked;
    const graph = this.#graph;
    this.#walked = {
      edges: edgesWhere(
        graph,
        (state, edge) =>
          this.#parentEdge[state] !== UNSEEN && this.#allowed[graph.ids[edge] as number] === true,
      ),
      expanded: graph.expanded,
      starts: graph.starts,
      semantics: graph.semantics,
      instance: (label: number) => graph.instance(label),
    };
    return this.#walked;
  }

  #run(property: Property): Attack | undefined {
    const graph = this.#walk();
    const watches = this.#graph.values(property);
    const goal = watches.at(-1);
    const misses = (state: number): boolean => goal?.[state] === FALSE;
    const { kind } = property.formula;
    const arena = arenaOf(graph);
    if (kind === 'eventuallyAlways')
      return this.#lasso(
        findFairRun(arena, { from: graph.starts, recurs: [misses], time: this.#time }),
      );
    const from =
      kind === 'eventually'
        ? graph.starts.filter(misses)
        : this.#reached.filter((state) => watches[0]?.[state] === HOLDS_THERE && misses(state));
    return this.#lasso(findFairRun(arena, { from, region: misses, time: this.#time }));
  }

  #ltl(property: Property): Attack | undefined {
    if (property.formula.kind !== 'ltl') return undefined;
    const graph = this.#walk();
    const watches = this.#graph.values(property);
    let atoms = 0;
    const automaton = automatonOf({
      kind: 'not',
      body: mapLtl(property.formula.formula, () => atoms++),
    });
    const truth = (atom: number, state: number): boolean | undefined =>
      TRUTH[watches[atom]?.[state] ?? 0];
    const product = productOf(graph, automaton, truth, stopping(graph), this.#time);
    const recurs = automaton.accepting.map(
      (places) =>
        (node: number): boolean =>
          places.has(product.placeOf(node)),
    );
    const run = findFairRun(product, { from: product.starts, recurs, time: this.#time });
    if (!run) return undefined;
    const stop = run.nodes.findIndex((node) => product.isStopped(node));
    const nodes = (stop < 0 ? run.nodes : run.nodes.slice(0, stop)).map((node) =>
      product.stateOf(node),
    );
    return this.#lasso({ nodes, loopStart: stop < 0 ? run.loopStart : nodes.length - 1 });
  }

  #lasso(run: FairRun | undefined): Attack | undefined {
    const [first] = run?.nodes ?? [];
    if (!run || first === undefined) return undefined;
    const prefix = this.#pathTo(first);
    const edges = run.nodes
      .slice(1)
      .map((target, i) => this.#edgeBetween(run.nodes[i] as number, target));
    return {
      start: prefix.start,
      edges: [...prefix.edges, ...edges],
      loopStart: prefix.edges.length + run.loopStart,
    };
  }

  /** A step from one state to another, one of the model where there is one. */
  #edgeBetween(from: number, to: number): number {
    const { edges, ids, idSets } = this.#graph;
    let found = -1;
    for (let e = edges.rows[from] as number; e < (edges.rows[from + 1] as number); e += 1) {
      if (edges.targets[e] !== to || !this.#allowed[ids[e] as number]) continue;
      const cost = (edge: number): number => idSets[ids[edge] as number]?.length ?? 0;
      if (found < 0 || cost(e) < cost(found)) found = e;
    }
    return found;
  }
}

const UNSEEN = -2;
const ROOT = -1;

/** The state that each edge leaves. */
export function sourcesOf({ edges: { rows, targets } }: AttackGraph): Int32Array {
  const sources = new Int32Array(targets.length);
  for (let state = 0; state + 1 < rows.length; state += 1)
    sources.fill(state, rows[state] as number, rows[state + 1] as number);
  return sources;
}

/** The edges of a graph that are kept. */
function edgesWhere(
  { edges: { rows, targets, labels }, expanded }: AttackGraph,
  isKept: (state: number, edge: number) => boolean,
): Edges {
  const recorder = new EdgeRecorder();
  for (let state = 0; state < expanded; state += 1) {
    recorder.open();
    for (let e = rows[state] as number; e < (rows[state + 1] as number); e += 1)
      if (isKept(state, e)) recorder.push(targets[e] as number, labels[e] as number);
  }
  return recorder.finish();
}

const recoveringByGraph = new WeakMap<AttackGraph, Map<string, Uint8Array>>();

/**
 * 1 for each state from which steps of the model alone reach the goal, an error, or what was not
 * looked at (SEMANTICS 4, 17). The same under every set of threats.
 */
function recovering(graph: AttackGraph, property: Property): Uint8Array {
  const byName = recoveringByGraph.get(graph) ?? new Map<string, Uint8Array>();
  const known = byName.get(property.name);
  if (known) return known;
  const { expanded, ids, idSets, store } = graph;
  const [values] = graph.values(property);
  const edges = edgesWhere(graph, (_, edge) => idSets[ids[edge] as number]?.length === 0);
  const open = backwardReach({ edges, expanded, store }, (state) => values?.[state] !== FALSE);
  recoveringByGraph.set(graph, byName.set(property.name, open));
  return open;
}
