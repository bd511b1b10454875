import { average, quantile, quantileError } from '../distributions.ts';
import { Random } from '../random.ts';
import { drawBinomial } from '../sampling.ts';
import type { CompiledLoss } from './compiled.ts';
import { drawRate } from './rates.ts';

/** A number with the error that comes of drawing. */
export interface Estimated {
  readonly value: number;
  readonly monteCarloError: number;
}

/** The loss of one period of N units, by compound simulation, EUR. */
export interface PeriodLoss {
  readonly replicates: number;
  readonly seed: number;
  readonly mean: Estimated;
  /** P(the period's loss is above 0). */
  readonly someLoss: Estimated;
  /** At each level: the loss that is not passed with that probability, and the mean beyond it. */
  readonly tails: readonly {
    readonly level: number;
    readonly valueAtRisk: Estimated;
    readonly conditional: Estimated;
  }[];
  /** Loss, and the probability that a period's is larger. */
  readonly exceedance: readonly { readonly lossEur: number; readonly probability: number }[];
}

const LEVELS = [0.9, 0.95, 0.99] as const;
const MAX_REPLICATES = 10_000;
const MIN_REPLICATES = 200;
/** Losses that are drawn one by one, over all replicates. */
const MAX_LOSSES = 4_000_000;
/** Nodes that are weighed over all replicates. */
const MAX_NODES_WEIGHED = 120_000_000;
const CURVE_POINTS = 60;

/**
 * What a period may cost: each replicate draws the rates, then what is shared by its units, then
 * how many units lose, and of each of them what happened and what it cost. `undefined` where even
 * the fewest replicates would take too long.
 */
export function simulatePeriod(compiled: CompiledLoss, seed: number): PeriodLoss | undefined {
  const { cases, q } = compiled.question;
  const costly = compiled.groups.flat();
  if (costly.length === 0) return undefined;
  const diagram = compiled.union(costly);
  const meanLosses = cases * compiled.chance(diagram, compiled.vector(q));
  const nodes = (diagram.size + 1) * compiled.causes.length;
  const replicates = Math.floor(
    Math.min(MAX_REPLICATES, MAX_LOSSES / Math.max(meanLosses, 1e-9), MAX_NODES_WEIGHED / nodes),
  );
  if (replicates < MIN_REPLICATES) return undefined;
  const random = new Random(seed);
  const losses = Array.from({ length: replicates }, () => onePeriod(compiled, random));
  return told(losses, seed);
}

/** The loss of one replicate. */
function onePeriod(compiled: CompiledLoss, random: Random): number {
  const { question, causes, groups } = compiled;
  const given = drawnRates(compiled, random);
  for (const id of question.uncertain?.perPeriod ?? []) {
    const at = compiled.place(id);
    given[at] = random.uniform() < (given[at] as number) ? 1 : 0;
  }
  const diagram = compiled.union(groups.flat());
  const weights = causes.map(({ chance, struck }) => {
    const q = struckBy(given, struck);
    return { q, p: chance === 0 ? 0 : chance * diagram.probability(q) };
  });
  const p = Math.min(
    1,
    weights.reduce((sum, each) => sum + each.p, 0),
  );
  let left = drawBinomial(random, question.cases, p);
  let rest = p;
  let loss = 0;
  const happened = new Uint8Array(compiled.ids.length);
  for (const { q, p: share } of weights) {
    if (left === 0 || rest <= 0) break;
    const count = drawBinomial(random, left, Math.min(1, share / rest));
    left -= count;
    rest -= share;
    if (count === 0) continue;
    diagram.probability(q);
    for (let i = 0; i < count; i += 1) {
      diagram.drawTrue(q, () => random.uniform(), happened);
      loss += compiled.lossOf(happened, random);
    }
  }
  return loss;
}

/** One draw of the probabilities, by the places of ids. */
export function drawnRates({ question, ids }: CompiledLoss, random: Random): Float64Array {
  return Float64Array.from(ids, (id) => {
    const rate = question.uncertain?.rates.get(id);
    return rate ? drawRate(rate, random) : (question.q.get(id) ?? 0);
  });
}

function struckBy(q: Float64Array, struck: readonly number[]): Float64Array {
  if (struck.length === 0) return q;
  const given = q.slice();
  for (const at of struck) given[at] = 1;
  return given;
}

function told(losses: readonly number[], seed: number): PeriodLoss {
  const sorted = [...losses].sort((a, b) => a - b);
  const n = sorted.length;
  const mean = average(sorted);
  const deviation = Math.sqrt(average(sorted.map((x) => (x - mean) ** 2)));
  const some = sorted.filter((x) => x > 0).length / n;
  return {
    replicates: n,
    seed,
    mean: { value: mean, monteCarloError: deviation / Math.sqrt(n) },
    someLoss: { value: some, monteCarloError: Math.sqrt((some * (1 - some)) / n) },
    tails: LEVELS.map((level) => tailOf(sorted, level)),
    exceedance: Array.from({ length: CURVE_POINTS }, (_, i) => {
      // Evenly in the logarithm of the probability, from 1 to five losses beyond.
      const probability = Math.exp((i / (CURVE_POINTS - 1)) * Math.log(5 / n));
      return { lossEur: quantile(sorted, 1 - probability), probability };
    }),
  };
}

/**
 * Value at risk, and the mean of the worst (1 − level) of the periods; the error of the latter by
 * Manistre and Hancock (North American Actuarial Journal 9(2), 2005).
 */
function tailOf(sorted: readonly number[], level: number): PeriodLoss['tails'][number] {
  const n = sorted.length;
  const at = quantile(sorted, level);
  const worst = sorted.slice(Math.ceil(n * level));
  const conditional = average(worst);
  const variance = average(worst.map((x) => (x - conditional) ** 2));
  return {
    level,
    valueAtRisk: { value: at, monteCarloError: quantileError(sorted, level) },
    conditional: {
      value: conditional,
      monteCarloError: Math.sqrt((variance + level * (conditional - at) ** 2) / (n * (1 - level))),
    },
  };
}
