import { stopBranch, type StateChain } from './chain.ts';
import type { Deviation, Match, Matcher } from './matcher.ts';
import type { Moves } from './moves.ts';
import type { Instance } from '../model/semantics.ts';
import { STOP } from './topology.ts';
import type { LogCase } from '../eventLog/log.ts';

/**
 * The positions at which a case may be after some of its events, with the share of paths from the
 * start that lead there, and when the case came there.
 */
export interface CaseLayer {
  readonly nodes: number[];
  readonly forward: number[];
  readonly sinceMs: (number | undefined)[];
  /** Whether some path to the position has passed no goal. */
  readonly clean: boolean[];
  /** The moves from the layer before. */
  readonly moves: readonly Move[];
  /** Silent moves among the positions of this layer, each to one that was found after its own. */
  readonly inner: Move[];
}

/** `branch` is `IDLE` where the event changed nothing. */
export interface Move {
  readonly from: number;
  readonly branch: number;
  readonly to: number;
  readonly afterMs: number | undefined;
}

export const IDLE = -1;
/** As many silent steps as this may follow each other between two events. */
const MAX_SILENT = 60;

export type ReplayedCase = {
  readonly layers: readonly CaseLayer[];
  readonly deviation?: Omit<Deviation, 'case'>;
};

/** The layers of a case, up to where it leaves the model; the last with what follows silently. */
export function replayCase(chain: StateChain, matcher: Matcher, logCase: LogCase): ReplayedCase {
  const before = emptyLayer([]);
  arrive(before, chain, chain.root, 1, undefined, true);
  const layers = [before];
  const first = advance(chain, matcher, before, undefined, logCase.events[0]?.timeMs) as CaseLayer;
  layers.push(first);
  for (const event of logCase.events) {
    const deviation = { row: event.row, activity: event.activity };
    const match = matcher.instancesOf(event);
    if (typeof match === 'string') return { layers, deviation: { ...deviation, reason: match } };
    const last = layers.at(-1) as CaseLayer;
    const known = last.nodes.length;
    if (matcher.hasSilent) expand(chain, last, (instance) => matcher.isSilent(instance));
    const next = advance(chain, matcher, last, match, event.timeMs);
    if (!next) {
      truncate(last, known);
      return { layers, deviation: { ...deviation, reason: 'notEnabled' } };
    }
    layers.push(next);
  }
  // What nothing tells of may have happened or not: only what happens by itself ends a case.
  if (matcher.hasSilent)
    expand(chain, layers.at(-1) as CaseLayer, (instance) => matcher.isEager(instance));
  return { layers };
}

function emptyLayer(moves: readonly Move[]): CaseLayer {
  return { nodes: [], forward: [], sinceMs: [], clean: [], moves, inner: [] };
}

/** Adds a position, and says where it stands. */
function arrive(
  layer: CaseLayer,
  { topology }: StateChain,
  node: number,
  weight: number,
  sinceMs: number | undefined,
  clean: boolean,
): number {
  const at = layer.nodes.push(node) - 1;
  layer.forward.push(weight);
  layer.sinceMs.push(sinceMs);
  layer.clean.push(clean && topology.goal[node] !== 1);
  return at;
}

/**
 * Adds the positions that silent steps lead to: the shortest ways to each state. A silent step
 * takes no time.
 */
function expand(
  chain: StateChain,
  layer: CaseLayer,
  isSilent: (instance: Instance | undefined) => boolean,
): void {
  const { topology, instances } = chain;
  const level = new Map(layer.nodes.map((node) => [node, 0]));
  const place = new Map(layer.nodes.map((node, at) => [node, at]));
  for (let from = 0; from < layer.nodes.length; from += 1) {
    const node = layer.nodes[from] as number;
    const depth = level.get(node) as number;
    if (depth === MAX_SILENT) continue;
    for (let b = topology.rows[node] as number; b < (topology.rows[node + 1] as number); b += 1) {
      const target = topology.targets[b] as number;
      if (target === STOP || !isSilent(instances[b])) continue;
      const known = level.get(target);
      if (known !== undefined && known !== depth + 1) continue;
      const weight = layer.forward[from] as number;
      const clean = layer.clean[from] as boolean;
      let to = place.get(target);
      if (to === undefined) {
        to = arrive(layer, chain, target, 0, layer.sinceMs[from], clean);
        place.set(target, to);
        level.set(target, depth + 1);
      } else if (clean && topology.goal[target] !== 1) layer.clean[to] = true;
      layer.forward[to] = (layer.forward[to] as number) + weight;
      layer.inner.push({ from, branch: b, to, afterMs: 0 });
    }
  }
}

/** Takes back what `expand` added: the case is not known to have gone there. */
function truncate(layer: CaseLayer, size: number): void {
  layer.nodes.length = size;
  layer.forward.length = size;
  layer.sinceMs.length = size;
  layer.clean.length = size;
  layer.inner.length = 0;
}

/** The layer after one event, or after the start where `match` is absent. */
function advance(
  chain: StateChain,
  matcher: Matcher,
  layer: CaseLayer,
  match: Match | undefined,
  timeMs: number | undefined,
): CaseLayer | undefined {
  const { topology, root } = chain;
  const place = new Map<number, number>();
  const moves: Move[] = [];
  const next = emptyLayer(moves);
  let total = 0;
  const move = (from: number, branch: number, target: number, since: number | undefined): void => {
    const [weight, clean] = [layer.forward[from] as number, layer.clean[from] as boolean];
    const to = place.get(target) ?? arrive(next, chain, target, 0, since, clean);
    place.set(target, to);
    if (clean && topology.goal[target] !== 1) next.clean[to] = true;
    next.forward[to] = (next.forward[to] as number) + weight;
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
      if (target === STOP || (match && !matcher.takes(chain, node, branch, match))) continue;
      move(from, branch, target, timeMs);
    }
    if (!match || node === root) return;
    if (matcher.idles(chain, node, match)) move(from, IDLE, node, layer.sinceMs[from]);
  });
  if (next.nodes.length === 0) return undefined;
  for (let i = 0; i < next.nodes.length; i += 1)
    next.forward[i] = (next.forward[i] as number) / total;
  return next;
}

/** What a case came to, over all of its paths. */
export interface Shared {
  /** Every path passes a goal. */
  readonly passed: boolean;
  /** Some branch was taken on a part of the paths only. */
  readonly ambiguous: boolean;
  /** Events that changed nothing on any path. */
  readonly idle: number;
  /** The positions at the end, and their shares. */
  readonly ends: readonly { readonly at: number; readonly weight: number }[];
}

/**
 * Adds each move's share of the paths to the counts. Silent steps happen by themselves: a case that
 * has not left the model is at its end where none is left to happen, if it can be there.
 */
export function share(
  chain: StateChain,
  matcher: Matcher,
  { layers, deviation }: ReplayedCase,
  into: Moves,
): Shared {
  const last = layers.at(-1) as CaseLayer;
  let backward = deviation ? last.nodes.map(() => 1) : restsOf(chain, matcher, last);
  const weights = last.forward.map((weight, i) => weight * (backward[i] as number));
  const all = weights.reduce((a, b) => a + b, 0);
  const passed = backward.every((weight, i) => weight === 0 || last.clean[i] === false);
  const taken = new Map<number, number>();
  let idle = 0;
  const take = (node: number, { branch, afterMs }: Move, weight: number): void => {
    if (branch === IDLE || weight === 0) return;
    into.took(node, branch, weight, afterMs);
    taken.set(branch, (taken.get(branch) ?? 0) + weight);
  };
  for (let depth = layers.length - 1; depth > 0; depth -= 1) {
    const layer = layers[depth] as CaseLayer;
    const before = layers[depth - 1] as CaseLayer;
    const mass = layer.forward.reduce((sum, w, i) => sum + w * (backward[i] as number), 0);
    const own = [...backward];
    for (const move of layer.inner.toReversed()) {
      const [from, to] = [move.from, own[move.to] as number];
      own[from] = (own[from] as number) + to;
      take(layer.nodes[from] as number, move, ((layer.forward[from] as number) * to) / mass);
    }
    const total = layer.moves.reduce(
      (sum, { from, to }) => sum + (before.forward[from] as number) * (own[to] as number),
      0,
    );
    const next = before.nodes.map(() => 0);
    for (const move of layer.moves) {
      const [from, to] = [move.from, own[move.to] as number];
      take(before.nodes[from] as number, move, ((before.forward[from] as number) * to) / total);
      next[from] = (next[from] as number) + to;
    }
    if (layer.moves.every(({ branch, to }) => branch === IDLE || own[to] === 0)) idle += 1;
    const largest = next.reduce((a, b) => Math.max(a, b), 0);
    backward = next.map((weight) => weight / largest);
  }
  return {
    passed,
    ambiguous: [...taken.values()].some((n) => Math.abs(n - Math.round(n)) > 1e-9),
    idle,
    ends: weights.flatMap((weight, at) => (weight > 0 ? [{ at, weight: weight / all }] : [])),
  };
}

/** 1 for the positions at which no silent step is enabled; if there are none, for all. */
function restsOf({ topology, instances }: StateChain, matcher: Matcher, last: CaseLayer): number[] {
  const rests = last.nodes.map((node) => {
    for (let b = topology.rows[node] as number; b < (topology.rows[node + 1] as number); b += 1)
      if (matcher.isEager(instances[b])) return 0;
    return 1;
  });
  return rests.includes(1) ? rests : rests.map(() => 1);
}

/** The pairs of branches of a case that fits one path, silent steps left out. */
export function countPairs(
  layers: readonly CaseLayer[],
  count: (before: number, after: number) => void,
): void {
  let after: number | undefined;
  let at = 0;
  for (let depth = layers.length - 1; depth > 0; depth -= 1) {
    const move = (layers[depth] as CaseLayer).moves.find(({ to }) => to === at) as Move;
    at = move.from;
    if (move.branch === IDLE) continue;
    if (after !== undefined) count(move.branch, after);
    after = move.branch;
  }
}

/** Counts the end of a case. False when it can have ended nowhere: then the case is still open. */
export function countEnd(
  chain: StateChain,
  last: CaseLayer,
  ends: Shared['ends'],
  untilMs: number | undefined,
  into: Moves,
): boolean {
  let stopped = false;
  for (const { at, weight } of ends) {
    const [node, since] = [last.nodes[at] as number, last.sinceMs[at]];
    stopped ||= stopBranch(chain, node) !== undefined;
    const known = since !== undefined && untilMs !== undefined;
    into.ended(node, weight, known ? Math.max(0, untilMs - since) : undefined);
  }
  return stopped;
}
