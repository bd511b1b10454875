import { invariant } from '../errors/index.ts';

/** A target that is no node: the case stops there, and reaches nothing any more. */
export const STOP = -1;

/**
 * A Markov chain without its numbers: the branches of node `i` stand at `rows[i] … rows[i + 1]`.
 */
export interface Topology {
  readonly nodes: number;
  readonly start: number;
  readonly rows: Int32Array;
  readonly targets: Int32Array;
  /** 1 for the nodes whose reaching is asked about. */
  readonly goal: Uint8Array;
}

/**
 * The topology of those branches whose probability is not zero, and their probabilities: "possible"
 * must mean possible.
 */
export function possiblePart(
  topology: Topology,
  probabilities: Float64Array,
): { readonly topology: Topology; readonly probabilities: Float64Array } {
  const rows = new Int32Array(topology.nodes + 1);
  const kept: number[] = [];
  for (let node = 0; node < topology.nodes; node += 1) {
    for (let b = topology.rows[node] as number; b < (topology.rows[node + 1] as number); b += 1)
      if ((probabilities[b] as number) > 0) kept.push(b);
    rows[node + 1] = kept.length;
  }
  const targets = Int32Array.from(kept, (b) => topology.targets[b] as number);
  return {
    topology: { ...topology, rows, targets },
    probabilities: Float64Array.from(kept, (b) => probabilities[b] as number),
  };
}

/**
 * A chain from a list of `[from, to, probability]`. Rows must sum to 1 within rounding; a node
 * without transitions stops.
 */
export function chainOf(
  nodes: number,
  start: number,
  goals: readonly number[],
  transitions: readonly (readonly [number, number, number])[],
): { readonly topology: Topology; readonly probabilities: Float64Array } {
  const sorted = [...transitions].sort((a, b) => a[0] - b[0]);
  const rows = new Int32Array(nodes + 1);
  const sums = new Float64Array(nodes);
  for (const [from, , p] of sorted) {
    rows[from + 1] = (rows[from + 1] as number) + 1;
    sums[from] = (sums[from] as number) + p;
  }
  for (let i = 0; i < nodes; i += 1) {
    invariant(
      rows[i + 1] === 0 || Math.abs((sums[i] as number) - 1) < 1e-9,
      `the probabilities of node ${i} sum to 1`,
    );
    rows[i + 1] = (rows[i + 1] as number) + (rows[i] as number);
  }
  const goal = new Uint8Array(nodes);
  for (const node of goals) goal[node] = 1;
  return possiblePart(
    { nodes, start, rows, goal, targets: Int32Array.from(sorted, ([, to]) => to) },
    Float64Array.from(sorted, ([, , p]) => p),
  );
}
