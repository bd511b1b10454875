import type { Random } from '../random.ts';
import { drawPert, pertMean, type Pert } from '../sampling.ts';

/** A loss in EUR: an amount, an expert's range, or a lognormal law by its median and its 95 %. */
export type Amount =
  | { readonly kind: 'fixed'; readonly eur: number }
  | { readonly kind: 'pert'; readonly range: Pert }
  | { readonly kind: 'lognormal'; readonly median: number; readonly p95: number };

/**
 * What the breaking of a property costs: at once, and with some probability through others
 * (claims, fines, customers who leave).
 */
export interface Severity {
  readonly primary: Amount;
  readonly secondary?: { readonly probability: number; readonly loss: Amount };
}

/** The 95 % quantile of the standard normal distribution. */
const Z95 = 1.6448536269514722;

const sigmaOf = (median: number, p95: number): number => Math.log(p95 / median) / Z95;

function meanAmount(amount: Amount): number {
  switch (amount.kind) {
    case 'fixed':
      return amount.eur;
    case 'pert':
      return pertMean(amount.range);
    case 'lognormal':
      return amount.median * Math.exp(sigmaOf(amount.median, amount.p95) ** 2 / 2);
  }
}

function drawAmount(amount: Amount, random: Random): number {
  switch (amount.kind) {
    case 'fixed':
      return amount.eur;
    case 'pert':
      return drawPert(random, amount.range);
    case 'lognormal':
      return amount.median * Math.exp(sigmaOf(amount.median, amount.p95) * random.normal());
  }
}

export const meanSeverity = ({ primary, secondary }: Severity): number =>
  meanAmount(primary) + (secondary ? secondary.probability * meanAmount(secondary.loss) : 0);

export function drawSeverity({ primary, secondary }: Severity, random: Random): number {
  const first = drawAmount(primary, random);
  return secondary && random.uniform() < secondary.probability
    ? first + drawAmount(secondary.loss, random)
    : first;
}

/** Whether it is an amount that is always the same. */
export const isFixed = ({ primary, secondary }: Severity): boolean =>
  primary.kind === 'fixed' && (secondary === undefined || secondary.probability === 0);
