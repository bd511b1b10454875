import { quantile } from '../distributions.ts';
import { LEVEL } from '../request.ts';

/**
 * A number at the mean rates, and the equal-tailed interval in which 95 % of the draws of the rates
 * have it; null where it is infinite, or was not found.
 */
export interface Spread {
  readonly atMeanRates: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly level: number;
}

export function spreadOf(atMeanRates: number | null, draws: readonly (number | null)[]): Spread {
  const sorted = draws.map((value) => value ?? Infinity).sort((a, b) => a - b);
  const tail = (1 - LEVEL) / 2;
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    atMeanRates,
    lower: finite(quantile(sorted, tail)),
    upper: finite(quantile(sorted, 1 - tail)),
    level: LEVEL,
  };
}
