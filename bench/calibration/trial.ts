import { clopperPearson, binomialCdf, quantile } from '../../src/risk/distributions.ts';
import { DirectSolver } from '../../src/risk/direct.ts';
import { headlineOf } from '../../src/risk/headline.ts';
import { probabilityAt } from '../../src/risk/learned.ts';
import { Posterior } from '../../src/risk/posterior.ts';
import { halfALostCase } from '../../src/risk/prior.ts';
import { ReachQuestion } from '../../src/risk/question.ts';
import type { Random } from '../../src/risk/random.ts';
import { LEVEL } from '../../src/risk/request.ts';
import type { Truth } from './graphs.ts';

/** Prepared once for all logs of a truth. */
export class Bench {
  readonly truth: Truth;
  readonly question: ReachQuestion;
  readonly solver: DirectSolver;
  readonly prior: Float64Array;

  constructor(truth: Truth) {
    this.truth = truth;
    this.question = new ReachQuestion(truth.topology);
    this.solver = new DirectSolver(this.question);
    // Each branch is an action of its own.
    const groups = Int32Array.from(truth.topology.targets, (_, b) => b);
    this.prior = halfALostCase(this.question, groups);
  }

  posterior(counts: Float64Array, times = 1): Posterior {
    const evidence = { counts, cascades: new Map() };
    return new Posterior(this.truth.topology, evidence, this.prior, times);
  }
}

/** One case: whether it was lost, and an unsettled state that it came by, each equally likely. */
export interface Run {
  readonly lost: boolean;
  readonly by: number;
}

/** Adds a case to the counts. */
export function runCase({ truth }: Bench, random: Random, counts: Float64Array): Run {
  const { topology, probabilities } = truth;
  const { rows, targets, goal, start } = topology;
  let [node, by, steps] = [start, start, 0];
  for (;;) {
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    if (from === to) return { lost: goal[node] === 1, by };
    steps += 1;
    if (random.uniform() * steps < 1) by = node;
    let left = random.uniform();
    let branch = from;
    while (branch < to - 1 && (left -= probabilities[branch] as number) > 0) branch += 1;
    counts[branch] = (counts[branch] as number) + 1;
    node = targets[branch] as number;
  }
}

/** What one log says, held against the truth and against the cases that come next. */
export interface Trial {
  readonly mean: number;
  /** Whether the mean may be printed first, and whether it is said that it is mostly prior. */
  readonly headline: 'mean' | 'upperBound' | 'none';
  readonly covered: boolean;
  readonly directCovered: boolean;
  readonly predicted: boolean;
  readonly width: number;
}

export interface TrialOptions {
  readonly cases: number;
  readonly draws: number;
  /** How many cases come next. */
  readonly window: number;
}

export function trial(bench: Bench, options: TrialOptions, random: Random): Trial {
  const { truth } = bench;
  const counts = new Float64Array(truth.topology.targets.length);
  let lost = 0;
  for (let i = 0; i < options.cases; i += 1) if (runCase(bench, random, counts).lost) lost += 1;
  const spare = new Float64Array(counts.length);
  let next = 0;
  for (let i = 0; i < options.window; i += 1) if (runCase(bench, random, spare).lost) next += 1;
  const sorted = drawsOf(bench, counts, options.draws, random);
  const tail = (1 - LEVEL) / 2;
  const lower = lost === 0 ? 0 : quantile(sorted, tail);
  const upper = lost === options.cases ? 1 : quantile(sorted, 1 - tail);
  const direct = clopperPearson(lost, options.cases, LEVEL);
  const mean = meanOf(bench, counts, 1);
  const half = meanOf(bench, counts, 0.5);
  return {
    mean,
    headline: headlineOf({
      mean,
      upper,
      lost,
      priorShare: (2 * Math.abs(mean - half)) / mean,
      outside: 0,
      undecided: 0,
      settled: false,
    }).kind,
    covered: lower <= truth.probability && truth.probability <= upper,
    directCovered: direct.lower <= truth.probability && truth.probability <= direct.upper,
    predicted: isPredicted(sorted, options.window, next),
    width: upper - lower,
  };
}

export function drawsOf(
  bench: Bench,
  counts: Float64Array,
  draws: number,
  random: Random,
): number[] {
  const { topology } = bench.truth;
  const posterior = bench.posterior(counts);
  const weights = new Float64Array(topology.targets.length);
  const values = new Float64Array(topology.nodes);
  const found: number[] = [];
  for (let i = 0; i < draws; i += 1) {
    posterior.draw(random, bench.question.unsettled, weights);
    bench.solver.solve(weights, values);
    found.push(Math.min(1, values[topology.start] as number));
  }
  return found.sort((a, b) => a - b);
}

function meanOf(bench: Bench, counts: Float64Array, times: number): number {
  return probabilityAt(
    bench.question,
    bench.solver,
    bench.posterior(counts, times).mean(),
  ) as number;
}

/** Whether the count is within the predictive interval: neither tail that it begins is too small. */
export function isPredicted(sorted: readonly number[], cases: number, count: number): boolean {
  const tail = (1 - LEVEL) / 2;
  const cdf = (x: number): number =>
    sorted.reduce((sum, p) => sum + binomialCdf(x, cases, p), 0) / sorted.length;
  return cdf(count) >= tail && cdf(count - 1) < 1 - tail;
}
