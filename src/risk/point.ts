import { Fault } from '../errors/index.ts';
import { soundBounds } from './certify.ts';
import type { Learned } from './learned.ts';
import type { PointSolution } from './request.ts';
import { solveByLu, suitsLu } from './sparseLu.ts';

/**
 * Beyond the bounds by more than this part of them, a solution is wrong: two solvers that differ
 * are a fault, not an answer.
 */
const SLACK = 1e-9;

/** The solution at the mean rates, held against sound bounds and, where it pays, against LU. */
export async function pointSolution(
  { question, solver, posterior }: Learned,
  value: number,
): Promise<PointSolution> {
  if (question.settled !== undefined) return { value, lower: value, upper: value, solver: 'graph' };
  const weights = posterior.mean();
  const bounds = soundBounds(question, solver, weights);
  const lower = bounds.lower[question.topology.start] as number;
  const upper = bounds.upper[question.topology.start] as number;
  const others = suitsLu(question) ? [await solveByLu(question, weights)] : [];
  for (const other of [value, ...others])
    if (!(other >= lower * (1 - SLACK) && other <= upper * (1 + SLACK)))
      throw new Fault(
        'INTERNAL',
        `solvers disagree: ${other} is not in the sound interval [${lower}, ${upper}]`,
      );
  return { value, lower, upper, solver: 'elimination' };
}
