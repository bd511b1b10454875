import { average, quantile, quantileError } from './distributions.ts';
import type { Learned } from './learned.ts';
import { Random } from './random.ts';
import { LEVEL } from './request.ts';

const MOST_DRAWS = 10_000;
const LEAST_DRAWS = 400;
/** What drawing may cost, as it was measured; the same on every machine, so that draws are too. */
const NANOSECONDS = { all: 1e9, perBranch: 100, perMultiplication: 4 };

/** So many draws as cost about a second, by the size of the equations and not by a clock. */
export function defaultDraws({ posterior, question, solver }: Learned): number {
  if (question.settled !== undefined) return LEAST_DRAWS;
  const { cascades } = posterior.evidence;
  const branches = question.unsettled.reduce(
    (n, node) => n + posterior.branches(node) * (cascades.get(node)?.stages.length ?? 1),
    0,
  );
  const each =
    branches * NANOSECONDS.perBranch + solver.cost * NANOSECONDS.perMultiplication + 1_000;
  return Math.max(LEAST_DRAWS, Math.min(MOST_DRAWS, Math.floor(NANOSECONDS.all / each)));
}

/** The probability of a loss for each draw of the rates, in the order of the draws. */
export interface Draws {
  readonly values: readonly number[];
  readonly sorted: readonly number[];
}

/**
 * Every draw solved directly. `undefined` where one was not solved to the end: an unfinished solve
 * is no part of a mean.
 */
export async function drawProbabilities(
  { posterior, question, solver }: Learned,
  draws: number,
  seed: number,
  turn: (reached: string) => Promise<void>,
): Promise<Draws | undefined> {
  const { settled, topology, unsettled } = question;
  if (settled !== undefined) return { values: [settled], sorted: [settled] };
  const random = new Random(seed);
  const weights = new Float64Array(topology.targets.length);
  const solution = new Float64Array(topology.nodes);
  const values: number[] = [];
  for (let draw = 0; draw < draws; draw += 1) {
    posterior.draw(random, unsettled, weights);
    if (!solver.solve(weights, solution)) return undefined;
    values.push(Math.min(1, solution[topology.start] as number));
    await turn(`${draw + 1} of ${draws} draws`);
  }
  return { values, sorted: values.toSorted((a, b) => a - b) };
}

/** The posterior of the probability of a loss: mean and equal-tailed credible interval. */
export interface Probability {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
  readonly level: number;
  /** Of the rates: what is known of the probability itself, not of the next cases. */
  readonly interval: 'posterior';
  /** The probability at the mean rates. */
  readonly atMeanRates: number;
  /**
   * How the mean was found: where no state comes twice in a case it is that at the mean rates,
   * exactly; else the average over the draws.
   */
  readonly meanBy: 'exact' | 'draws';
  /** Standard errors of the sampling alone. */
  readonly monteCarloError: {
    readonly mean: number;
    readonly lower: number;
    readonly upper: number;
  };
}

/**
 * `seen`: whether some case was lost, and some was not. What was never seen may be impossible, what
 * was always seen certain: the interval then goes to the end (Brown, Cai and DasGupta, Statistical
 * Science 16(2), 2001, section 4.1.1).
 */
export function probabilityOf(
  { values, sorted }: Draws,
  atMeanRates: number,
  exact: boolean,
  seen: { readonly lost: boolean; readonly notLost: boolean },
): Probability {
  const [low, high] = [(1 - LEVEL) / 2, (1 + LEVEL) / 2];
  const mean = average(values);
  const spread = Math.sqrt(average(values.map((p) => (p - mean) ** 2)) / values.length);
  return {
    mean: exact ? atMeanRates : mean,
    lower: seen.lost ? quantile(sorted, low) : 0,
    upper: seen.notLost ? quantile(sorted, high) : 1,
    level: LEVEL,
    interval: 'posterior',
    atMeanRates,
    meanBy: exact ? 'exact' : 'draws',
    monteCarloError: {
      mean: exact ? 0 : spread,
      lower: seen.lost ? quantileError(sorted, low) : 0,
      upper: seen.notLost ? quantileError(sorted, high) : 0,
    },
  };
}
