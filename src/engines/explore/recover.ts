import { ERROR_TARGET } from '../../graph/edges.ts';
import type { Graph } from '../../graph/graph.ts';
import { ENDLESS, ticking, type Time } from '../../time/time.ts';

/**
 * For each state, 1 when a step sequence leads from it to a goal, to an error step or to a state
 * whose steps are not known; else 0. Backward search over the reversed edges: linear in the graph.
 * Throws `OutOfTime`.
 */
export function backwardReach(
  graph: Pick<Graph, 'edges' | 'expanded'> & { readonly store: { readonly count: number } },
  goal: (index: number) => boolean,
  time: Time = ENDLESS,
): Uint8Array {
  const tick = ticking(time);
  const { edges, expanded, store } = graph;
  const open = new Uint8Array(store.count);
  if (!edges) throw new Error('invariant broken: AG EF needs the edges');
  const { rows, targets } = edges;
  const incoming = new Int32Array(store.count + 1);
  for (let e = 0; e < targets.length; e += 1) {
    const target = targets[e] as number;
    if (target !== ERROR_TARGET) incoming[target + 1] = (incoming[target + 1] as number) + 1;
  }
  for (let i = 0; i < store.count; i += 1)
    incoming[i + 1] = (incoming[i + 1] as number) + (incoming[i] as number);
  const sources = new Int32Array(incoming[store.count] as number);
  const fill = incoming.slice();
  const queue: number[] = [];
  const add = (index: number): void => {
    if (open[index] === 1) return;
    open[index] = 1;
    queue.push(index);
  };
  for (let s = 0; s < expanded; s += 1) {
    tick();
    if (goal(s)) add(s);
    for (let e = rows[s] as number; e < (rows[s + 1] as number); e += 1) {
      const target = targets[e] as number;
      if (target === ERROR_TARGET) add(s);
      else {
        sources[fill[target] as number] = s;
        fill[target] = (fill[target] as number) + 1;
      }
    }
  }
  for (let s = expanded; s < store.count; s += 1) add(s);
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    tick();
    for (let i = incoming[at] as number; i < (incoming[at + 1] as number); i += 1)
      add(sources[i] as number);
  }
  return open;
}

/**
 * Whether no state can be come back to. Takes edges from what is known: Kahn's algorithm (1962).
 * Throws `OutOfTime`.
 */
export function isAcyclic(graph: Graph, time: Time): boolean {
  const tick = ticking(time);
  const { edges, expanded, store } = graph;
  if (!edges) throw new Error('invariant broken: circles are made of edges');
  const { rows, targets } = edges;
  const incoming = new Int32Array(store.count);
  for (const target of targets)
    if (target !== ERROR_TARGET) incoming[target] = (incoming[target] as number) + 1;
  const free: number[] = [];
  for (let s = 0; s < store.count; s += 1) if (incoming[s] === 0) free.push(s);
  let removed = 0;
  for (let s = free.pop(); s !== undefined; s = free.pop()) {
    removed += 1;
    tick();
    if (s >= expanded) continue;
    for (let e = rows[s] as number; e < (rows[s + 1] as number); e += 1) {
      const target = targets[e] as number;
      if (target === ERROR_TARGET) continue;
      incoming[target] = (incoming[target] as number) - 1;
      if (incoming[target] === 0) free.push(target);
    }
  }
  return removed === store.count;
}
