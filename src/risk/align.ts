import { Codec } from '../model/codec.ts';
import type { Instance, Semantics } from '../model/semantics.ts';
import { stopBranch, type StateChain } from './chain.ts';
import type { EventLog, LogCase, LogEvent } from './eventLog.ts';

/** Why a log move is none of the model. */
export type DeviationReason = 'unknownActivity' | 'unknownBinding' | 'notEnabled';

/**
 * The first move of a case that the model does not allow. What follows it in the case says nothing
 * of the model.
 */
export interface Deviation {
  readonly case: string;
  readonly row: number;
  readonly activity: string;
  readonly reason: DeviationReason;
}

/** A log read as counts on a chain. */
export interface Alignment {
  /**
   * How often each branch was taken, in the earlier and the later half of the cases: the drift test
   * compares them.
   */
  readonly counts: readonly [earlier: Float64Array, later: Float64Array];
  readonly deviations: readonly Deviation[];
  /**
   * Cases that end where the model promises a further step: their moves count, but not as stops.
   */
  readonly openCases: number;
  /** Cases whose moves fit more than one path. */
  readonly ambiguousCases: number;
  readonly eventsCounted: number;
  /** Conformant or not, cases that surely passed a goal of the chain. */
  readonly goalCases: number;
  readonly unusedColumns: readonly string[];
}

/**
 * The positions at which a case may be after some of its events, with the share of paths from the
 * start that lead there.
 */
interface Layer {
  readonly nodes: readonly number[];
  readonly forward: readonly number[];
  /** The moves from the layer before. */
  readonly moves: readonly Move[];
}

interface Move {
  readonly from: number;
  readonly branch: number;
  readonly to: number;
}

/**
 * Replays every case from the starts. All paths of the chain that explain the events so far are
 * kept; what a move counts for is shared among them, each path with the same weight (one forward
 * and one backward pass: the expected counts of the uniform distribution over the paths that
 * explain the whole case). Where only one path explains the events, counts are whole numbers.
 */
export function align(chain: StateChain, log: EventLog): Alignment {
  const matcher = new Matcher(chain.graph.semantics);
  const branches = chain.topology.targets.length;
  const counts = [new Float64Array(branches), new Float64Array(branches)] as const;
  const deviations: Deviation[] = [];
  const tally = { openCases: 0, ambiguousCases: 0, eventsCounted: 0, goalCases: 0 };
  const half = Math.ceil(log.cases.length / 2);
  log.cases.forEach((logCase, index) => {
    const { layers, deviation } = replay(chain, matcher, logCase);
    const into = index < half ? counts[0] : counts[1];
    const { passed, ambiguous } = share(chain, layers, into);
    if (deviation) deviations.push({ case: logCase.id, ...deviation });
    else if (!countStop(chain, layers.at(-1) as Layer, into)) tally.openCases += 1;
    tally.eventsCounted += layers.length - 2;
    if (ambiguous) tally.ambiguousCases += 1;
    if (passed) tally.goalCases += 1;
  });
  return {
    counts,
    deviations,
    ...tally,
    unusedColumns: log.bindingColumns.filter((name) => !matcher.usedColumns.has(name)),
  };
}

type Replayed = { readonly layers: readonly Layer[]; readonly deviation?: Omit<Deviation, 'case'> };

function replay(chain: StateChain, matcher: Matcher, logCase: LogCase): Replayed {
  const layers: Layer[] = [{ nodes: [chain.root], forward: [1], moves: [] }];
  layers.push(advance(chain, layers[0] as Layer, () => true) as Layer);
  for (const event of logCase.events) {
    const deviation = { row: event.row, activity: event.activity };
    const match = matcher.instancesOf(event);
    if (typeof match === 'string') return { layers, deviation: { ...deviation, reason: match } };
    const next = advance(
      chain,
      layers.at(-1) as Layer,
      (instance) => instance !== undefined && match.has(instance.index),
    );
    if (!next) return { layers, deviation: { ...deviation, reason: 'notEnabled' } };
    layers.push(next);
  }
  return { layers };
}

function advance(
  { topology, instances }: StateChain,
  layer: Layer,
  admits: (instance: Instance | undefined) => boolean,
): Layer | undefined {
  const place = new Map<number, number>();
  const nodes: number[] = [];
  const forward: number[] = [];
  const moves: Move[] = [];
  let total = 0;
  layer.nodes.forEach((node, from) => {
    const weight = layer.forward[from] as number;
    for (
      let branch = topology.rows[node] as number;
      branch < (topology.rows[node + 1] as number);
      branch += 1
    ) {
      const target = topology.targets[branch] as number;
      if (target < 0 || !admits(instances[branch])) continue;
      const to = place.get(target) ?? nodes.push(target) - 1;
      place.set(target, to);
      forward[to] = (forward[to] ?? 0) + weight;
      total += weight;
      moves.push({ from, branch, to });
    }
  });
  return nodes.length === 0
    ? undefined
    : { nodes, forward: forward.map((weight) => weight / total), moves };
}

/**
 * Adds each move's share of the paths to the counts. `passed`: every one of these paths passes a
 * goal. `ambiguous`: there are several.
 */
function share(
  { topology }: StateChain,
  layers: readonly Layer[],
  counts: Float64Array,
): { readonly passed: boolean; readonly ambiguous: boolean } {
  let backward = (layers.at(-1) as Layer).nodes.map(() => 1);
  let [passed, ambiguous] = [false, false];
  for (let depth = layers.length - 1; depth > 0; depth -= 1) {
    const layer = layers[depth] as Layer;
    const before = layers[depth - 1] as Layer;
    const next = before.nodes.map(() => 0);
    passed ||= layer.nodes.every((node, i) => backward[i] === 0 || topology.goal[node] === 1);
    ambiguous ||= layer.moves.filter(({ to }) => (backward[to] as number) > 0).length > 1;
    const total = layer.moves.reduce(
      (sum, { from, to }) => sum + (before.forward[from] as number) * (backward[to] as number),
      0,
    );
    for (const { from, branch, to } of layer.moves) {
      counts[branch] =
        (counts[branch] as number) +
        ((before.forward[from] as number) * (backward[to] as number)) / total;
      next[from] = (next[from] as number) + (backward[to] as number);
    }
    const largest = next.reduce((a, b) => Math.max(a, b), 0);
    backward = next.map((weight) => weight / largest);
  }
  return { passed, ambiguous };
}

/**
 * Counts the end of a case as a stop, as far as it ends where cases may stop. False when it can
 * have ended nowhere of the kind.
 */
function countStop(chain: StateChain, last: Layer, counts: Float64Array): boolean {
  let stopped = false;
  last.nodes.forEach((node, i) => {
    const branch = stopBranch(chain, node);
    if (branch === undefined) return;
    counts[branch] = (counts[branch] as number) + (last.forward[i] as number);
    stopped = true;
  });
  return stopped;
}

/** Which actions, with which bindings, an event may mean. */
class Matcher {
  readonly usedColumns = new Set<string>();
  readonly #semantics: Semantics;
  readonly #codec: Codec;
  readonly #byActivity = new Map<string, readonly Instance[]>();
  readonly #known = new Map<string, ReadonlySet<number> | DeviationReason>();

  constructor(semantics: Semantics) {
    this.#semantics = semantics;
    this.#codec = new Codec(semantics.layout);
  }

  instancesOf(event: LogEvent): ReadonlySet<number> | DeviationReason {
    const key = JSON.stringify([event.activity, event.binding]);
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#find(event);
      this.#known.set(key, known);
    }
    return known;
  }

  #find({ activity, binding }: LogEvent): ReadonlySet<number> | DeviationReason {
    const candidates = this.#named(activity);
    if (candidates.length === 0) return 'unknownActivity';
    const fitting = candidates.filter((instance) => {
      const values = this.#codec.binding(instance);
      return Object.entries(binding).every(([name, value]) => {
        if (!Object.hasOwn(values, name)) return true;
        this.usedColumns.add(name);
        return String(values[name]) === value;
      });
    });
    return fitting.length === 0
      ? 'unknownBinding'
      : new Set(fitting.map((instance) => instance.index));
  }

  /** By the action's name; else by the diagram element that it stands for; else by its label. */
  #named(activity: string): readonly Instance[] {
    const known = this.#byActivity.get(activity);
    if (known) return known;
    const { instances } = this.#semantics;
    const found =
      [
        instances.filter(({ action }) => action.name === activity),
        instances.filter(({ action }) => action.elementId === activity),
        instances.filter(({ action }) => action.label === activity),
      ].find((list) => list.length > 0) ?? [];
    this.#byActivity.set(activity, found);
    return found;
  }
}
