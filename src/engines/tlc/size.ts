import { Graph } from '../../graph/graph.ts';
import type { Semantics } from '../../model/semantics.ts';
import { partOf, type Time } from '../../time/time.ts';

/**
 * Up to so many states TLC is done before the second compiler of the JVM has earned what it costs.
 */
const SMALL_STATES = 10_000;
const LOOK_MS = 300;

const known = new WeakMap<Semantics, Promise<boolean>>();

/**
 * Whether a model is small: found by a short look at its graph, which says how the JVM is started
 * and nothing else.
 */
export function isSmall(semantics: Semantics, time: Time): Promise<boolean> {
  const found = known.get(semantics) ?? look(semantics, time);
  known.set(semantics, found);
  return found;
}

async function look(semantics: Semantics, time: Time): Promise<boolean> {
  const graph = new Graph(semantics, { path: 'interpreted' });
  const nothing = (): void => undefined;
  const limits = { maxStates: SMALL_STATES, memoryMb: 64, time: partOf(time, 1, LOOK_MS) };
  await graph.explore(limits, false, {
    onState: nothing,
    onStuck: nothing,
    onError: nothing,
    onProgress: nothing,
  });
  return graph.expanded === graph.store.count && !graph.startsCut;
}
