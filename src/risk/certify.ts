import type { DirectSolver } from './direct.ts';
import { DEPENDS, SURELY, type ReachQuestion, type NodeBounds } from './question.ts';
import { solve, SOUND, ULP } from './solve.ts';
import { STOP } from './topology.ts';

/** The first step away from the solution that is tried, and how far the last one may go. */
const [FIRST_STEP, LAST_STEP] = [1e-14, 1e-7];

/**
 * Sound bounds of every node, around a direct solution x: u = x + δ d and l = x − δ d, with d the
 * expected sum of x over the nodes that a case still comes by, are bounds if one step of the chain
 * takes no value of u up and none of l down; that is checked with outward rounding, and δ grows
 * until it holds (an inductive bound as in Hartmanns and Kaminski, "Optimistic value iteration",
 * CAV 2020). Where nothing of the kind holds, or nothing was solved directly, interval iteration.
 */
export function soundBounds(
  question: ReachQuestion,
  solver: DirectSolver,
  weights: Float64Array,
): NodeBounds {
  const { nodes } = question.topology;
  const solution = new Float64Array(nodes);
  const ahead = new Float64Array(nodes);
  const solved = solver.solve(weights, solution) && solver.solve(weights, ahead, solution);
  for (let step = FIRST_STEP; solved && step < LAST_STEP; step *= 8) {
    const upper = solution.map((x, i) => Math.min(1, x + step * (ahead[i] as number)));
    const lower = solution.map((x, i) => Math.max(0, x - step * (ahead[i] as number)));
    settle(question, lower, upper);
    if (isInductive(question, weights, lower, upper)) return { lower, upper };
  }
  return solve(question, weights, SOUND);
}

function settle({ verdicts }: ReachQuestion, lower: Float64Array, upper: Float64Array): void {
  verdicts.forEach((verdict, node) => {
    if (verdict !== DEPENDS) lower[node] = upper[node] = verdict === SURELY ? 1 : 0;
  });
}

function isInductive(
  { topology, unsettled }: ReachQuestion,
  weights: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
): boolean {
  const { rows, targets } = topology;
  return unsettled.every((node) => {
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    let [low, high, sum] = [0, 0, 0];
    for (let b = from; b < to; b += 1) {
      const weight = weights[b] as number;
      const target = targets[b] as number;
      sum += weight;
      if (target === STOP) continue;
      low += weight * (lower[target] as number);
      high += weight * (upper[target] as number);
    }
    const slack = (2 * (to - from) + 4) * ULP;
    return (
      Math.min(1, (high / sum) * (1 + slack)) <= (upper[node] as number) &&
      (low / sum) * (1 - slack) >= (lower[node] as number)
    );
  });
}
