import { betaQuantile } from '../distributions.ts';
import type { Random } from '../random.ts';
import { drawBeta, drawPert, pertMean, pertShape, type Pert } from '../sampling.ts';

/**
 * What is known of the probability that a threat is attempted in one unit of exposure and gets
 * through (SEMANTICS 24), each said as what it is.
 */
export type Rate =
  | { readonly kind: 'known'; readonly q: number }
  /** An expert's range of the probability. */
  | { readonly kind: 'pert'; readonly range: Pert }
  | { readonly kind: 'beta'; readonly a: number; readonly b: number; readonly detected: Detected }
  /** Events in a day ~ Gamma(shape, rate); `days` at risk in one unit: q = 1 − exp(−λ · days). */
  | {
      readonly kind: 'gamma';
      readonly shape: number;
      readonly rate: number;
      readonly days: number;
      readonly detected: Detected;
    };

/** The share of what happens that is seen. */
export type Detected = number | Pert;

/** A rate as a card tells it, with its derivation. */
export interface RateRow {
  readonly id: string;
  readonly kind: Rate['kind'];
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
  /** From what it was made, in words that can be recomputed. */
  readonly derivation: string;
}

/** Points of the distribution of a detected share over which is averaged. */
const POINTS = 400;

export const isCertain = (rate: Rate): boolean =>
  rate.kind === 'known' || (rate.kind === 'pert' && rate.range[0] === rate.range[2]);

function detectedPoints(detected: Detected): readonly number[] {
  if (typeof detected === 'number') return [detected];
  const { a, b } = pertShape(detected);
  const [least, , most] = detected;
  return Array.from(
    { length: POINTS },
    (_, i) => least + (most - least) * betaQuantile((i + 0.5) / POINTS, a, b),
  );
}

/** E[q], exactly but for the average over a detected share that is a range. */
export function meanOf(rate: Rate): number {
  switch (rate.kind) {
    case 'known':
      return rate.q;
    case 'pert':
      return pertMean(rate.range);
    case 'beta': {
      const points = detectedPoints(rate.detected);
      const seen = rate.a / (rate.a + rate.b);
      return points.reduce((sum, d) => sum + Math.min(1, seen / d), 0) / points.length;
    }
    case 'gamma': {
      const points = detectedPoints(rate.detected);
      // E[exp(−λ t)] of Gamma(shape, rate · d) is (rate · d ÷ (rate · d + t))^shape.
      const missed = (d: number): number =>
        Math.exp(-rate.shape * Math.log1p(rate.days / (rate.rate * d)));
      return points.reduce((sum, d) => sum + 1 - missed(d), 0) / points.length;
    }
  }
}

export function drawRate(rate: Rate, random: Random): number {
  switch (rate.kind) {
    case 'known':
      return rate.q;
    case 'pert':
      return drawPert(random, rate.range);
    case 'beta':
      return Math.min(1, drawBeta(random, rate.a, rate.b) / drawDetected(rate.detected, random));
    case 'gamma': {
      const seen = rate.rate * drawDetected(rate.detected, random);
      return -Math.expm1((-Math.exp(random.logGamma(rate.shape)) / seen) * rate.days);
    }
  }
}

const drawDetected = (detected: Detected, random: Random): number =>
  typeof detected === 'number' ? detected : drawPert(random, detected);
