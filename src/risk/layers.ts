import { stopBranch, type StateChain } from './chain.ts';
import type { LogCase } from './eventLog.ts';
import type { Deviation, Match, Matcher } from './matcher.ts';
import type { Moves } from './moves.ts';
import { STOP } from './topology.ts';

/**
 * The positions at which a case may be after some of its events, with the share of paths from the
 * start that lead there, and when the case came there.
 */
export interface Layer {
  readonly nodes: readonly number[];
  readonly forward: readonly number[];
  readonly sinceMs: readonly (number | undefined)[];
  /** The moves from the layer before. */
  readonly moves: readonly Move[];
}

/** `branch` is `IDLE` where the event changed nothing. */
export interface Move {
  readonly from: number;
  readonly branch: number;
  readonly to: number;
  readonly afterMs: number | undefined;
}

export const IDLE = -1;

export type Replayed = {
  readonly layers: readonly Layer[];
  readonly deviation?: Omit<Deviation, 'case'>;
};

export function replay(chain: StateChain, matcher: Matcher, logCase: LogCase): Replayed {
  const idles = (node: number, match: Match): boolean => matcher.idles(chain, node, match);
  const before: Layer = { nodes: [chain.root], forward: [1], sinceMs: [undefined], moves: [] };
  const layers = [
    before,
    advance(chain, before, undefined, logCase.events[0]?.timeMs, idles) as Layer,
  ];
  for (const event of logCase.events) {
    const deviation = { row: event.row, activity: event.activity };
    const match = matcher.instancesOf(event);
    if (typeof match === 'string') return { layers, deviation: { ...deviation, reason: match } };
    const next = advance(chain, layers.at(-1) as Layer, match, event.timeMs, idles);
    if (!next) return { layers, deviation: { ...deviation, reason: 'notEnabled' } };
    layers.push(next);
  }
  return { layers };
}

/** The layer after one event, or after the start where `match` is absent. */
function advance(
  { topology, instances, root }: StateChain,
  layer: Layer,
  match: Match | undefined,
  timeMs: number | undefined,
  idles: (node: number, match: Match) => boolean,
): Layer | undefined {
  const place = new Map<number, number>();
  const nodes: number[] = [];
  const forward: number[] = [];
  const sinceMs: (number | undefined)[] = [];
  const moves: Move[] = [];
  let total = 0;
  const arrive = (
    from: number,
    branch: number,
    target: number,
    since: number | undefined,
  ): void => {
    const to = place.get(target) ?? nodes.push(target) - 1;
    place.set(target, to);
    const weight = layer.forward[from] as number;
    forward[to] = (forward[to] ?? 0) + weight;
    sinceMs[to] = since;
    total += weight;
    const came = layer.sinceMs[from];
    moves.push({
      from,
      branch,
      to,
      afterMs: came === undefined || timeMs === undefined ? undefined : timeMs - came,
    });
  };
  layer.nodes.forEach((node, from) => {
    const end = topology.rows[node + 1] as number;
    for (let branch = topology.rows[node] as number; branch < end; branch += 1) {
      const target = topology.targets[branch] as number;
      const instance = instances[branch];
      if (target === STOP || (match && !(instance && match.numbers.has(instance.index)))) continue;
      arrive(from, branch, target, timeMs);
    }
    if (!match || node === root) return;
    if (idles(node, match)) arrive(from, IDLE, node, layer.sinceMs[from]);
  });
  return nodes.length === 0
    ? undefined
    : { nodes, forward: forward.map((weight) => weight / total), sinceMs, moves };
}

/**
 * Adds each move's share of the paths to the counts. `passed`: every one of these paths passes a
 * goal. `ambiguous`: there are several. `idle`: how many events changed nothing on any path.
 */
export function share(
  { topology }: StateChain,
  layers: readonly Layer[],
  into: Moves,
): { readonly passed: boolean; readonly ambiguous: boolean; readonly idle: number } {
  let backward = (layers.at(-1) as Layer).nodes.map(() => 1);
  let [passed, ambiguous, idle] = [false, false, 0];
  for (let depth = layers.length - 1; depth > 0; depth -= 1) {
    const layer = layers[depth] as Layer;
    const before = layers[depth - 1] as Layer;
    const next = before.nodes.map(() => 0);
    passed ||= layer.nodes.every((node, i) => backward[i] === 0 || topology.goal[node] === 1);
    const taken = layer.moves.filter(({ to }) => (backward[to] as number) > 0);
    ambiguous ||= taken.length > 1;
    if (taken.every(({ branch }) => branch === IDLE)) idle += 1;
    const total = layer.moves.reduce(
      (sum, { from, to }) => sum + (before.forward[from] as number) * (backward[to] as number),
      0,
    );
    for (const { from, branch, to, afterMs } of layer.moves) {
      const weight = ((before.forward[from] as number) * (backward[to] as number)) / total;
      if (branch !== IDLE && weight > 0)
        into.took(before.nodes[from] as number, branch, weight, afterMs);
      next[from] = (next[from] as number) + (backward[to] as number);
    }
    const largest = next.reduce((a, b) => Math.max(a, b), 0);
    backward = next.map((weight) => weight / largest);
  }
  return { passed, ambiguous, idle };
}

/** Adds the pairs of branches of a case that fits one path: the moves that go through at the end. */
export function countPairs(
  layers: readonly Layer[],
  count: (before: number, after: number) => void,
): void {
  let after: number | undefined;
  let at = 0;
  for (let depth = layers.length - 1; depth > 0; depth -= 1) {
    const move = (layers[depth] as Layer).moves.find(({ to }) => to === at) as Move;
    at = move.from;
    if (move.branch === IDLE) continue;
    if (after !== undefined) count(move.branch, after);
    after = move.branch;
  }
}

/** Counts the end of a case. False when it can have ended nowhere: then the case is still open. */
export function countEnd(
  chain: StateChain,
  last: Layer,
  untilMs: number | undefined,
  into: Moves,
): boolean {
  let stopped = false;
  last.nodes.forEach((node, i) => {
    stopped ||= stopBranch(chain, node) !== undefined;
    const since = last.sinceMs[i];
    into.ended(
      node,
      last.forward[i] as number,
      since === undefined || untilMs === undefined ? undefined : Math.max(0, untilMs - since),
    );
  });
  return stopped;
}
