import type { StateChain } from '../chain.ts';
import type { Match, Matcher } from '../matcher.ts';
import { STOP } from '../topology.ts';
import type { LogCase } from '../../eventLog/log.ts';

/** One move of an alignment. */
export type AlignmentMove =
  /** The event is a step of the model (or of a step that changes nothing). */
  | { readonly kind: 'both'; readonly row: number; readonly activity: string }
  /** The event is none of the model there. */
  | { readonly kind: 'log'; readonly row: number; readonly activity: string }
  /** The model takes a step that no event tells of. */
  | { readonly kind: 'model'; readonly action: string }
  /** The model takes a step that needs no event. */
  | { readonly kind: 'silent'; readonly action: string };

export interface OptimalAlignment {
  /** Moves of the log or of the model alone; the fewest that there can be. */
  readonly cost: number;
  readonly moves: readonly AlignmentMove[];
}

interface Position {
  readonly event: number;
  readonly node: number;
  readonly cost: number;
  readonly before: Position | undefined;
  readonly move: AlignmentMove | undefined;
}

/**
 * The cheapest way to bring a case and the model together, by A* over pairs of an event and a state
 * (Adriansyah, van Dongen and van der Aalst, "Conformance checking using cost-based fitness
 * analysis", EDOC 2011). A move of only one of them costs 1. The case may stop anywhere: one that
 * is still on its way is not at fault. What is left is estimated by the events of unknown
 * activities, each of which must cost 1. `undefined` where more positions than `maxPositions` would
 * have to be looked at.
 */
export function optimalAlignment(
  chain: StateChain,
  matcher: Matcher,
  { events }: LogCase,
  maxPositions: number,
): OptimalAlignment | undefined {
  const { topology, instances, root } = chain;
  const matches = events.map((event) => matcher.instancesOf(event));
  const unknown = new Int32Array(events.length + 1);
  for (let i = events.length - 1; i >= 0; i -= 1)
    unknown[i] = (unknown[i + 1] as number) + (typeof matches[i] === 'string' ? 1 : 0);
  const best = new Map<number, number>();
  const buckets: Position[][] = [];
  const offer = (next: Position): void => {
    const key = next.event * topology.nodes + next.node;
    if (next.cost >= (best.get(key) ?? Infinity)) return;
    best.set(key, next.cost);
    (buckets[next.cost + (unknown[next.event] as number)] ??= []).push(next);
  };
  for (let b = topology.rows[root] as number; b < (topology.rows[root + 1] as number); b += 1)
    offer({
      event: 0,
      node: topology.targets[b] as number,
      cost: 0,
      before: undefined,
      move: undefined,
    });
  let looked = 0;
  for (let bucket = 0; bucket < buckets.length; bucket += 1) {
    const work = buckets[bucket] ?? [];
    for (let here = work.pop(); here; here = work.pop()) {
      const { event, node, cost } = here;
      if ((best.get(event * topology.nodes + node) as number) < cost) continue;
      if (event === events.length) return { cost, moves: movesOf(here) };
      looked += 1;
      if (looked > maxPositions) return undefined;
      const told = events[event] as (typeof events)[number];
      const match = matches[event] as Match | string;
      const { row, activity } = told;
      const step = (to: Partial<Position>, move: AlignmentMove, price: number): void =>
        offer({ event, node, ...to, cost: cost + price, before: here, move });
      step({ event: event + 1 }, { kind: 'log', row, activity }, 1);
      if (typeof match !== 'string' && matcher.idles(chain, node, match))
        step({ event: event + 1 }, { kind: 'both', row, activity }, 0);
      for (let b = topology.rows[node] as number; b < (topology.rows[node + 1] as number); b += 1) {
        const [target, instance] = [topology.targets[b] as number, instances[b]];
        if (target === STOP || !instance) continue;
        const action = instance.action.name;
        if (typeof match !== 'string' && matcher.takes(chain, node, b, match))
          step({ event: event + 1, node: target }, { kind: 'both', row, activity }, 0);
        if (matcher.isSilent(instance)) step({ node: target }, { kind: 'silent', action }, 0);
        else step({ node: target }, { kind: 'model', action }, 1);
      }
    }
  }
  return undefined;
}

function movesOf(last: Position): AlignmentMove[] {
  const moves: AlignmentMove[] = [];
  for (let at: Position | undefined = last; at; at = at.before) if (at.move) moves.push(at.move);
  return moves.toReversed();
}
