import { binomialCdf, type Interval } from './distributions.ts';

/** So many of the sorted draws stand for all: the error is far below that of the draws. */
const REPRESENTATIVES = 500;

/**
 * The interval that holds the number of losses in the next `n` cases with probability `level`: of
 * the mixture of Binomial(n, p) over the draws of p (the beta-binomial predictive distribution,
 * where p is Beta). It is wider than n times the interval of p, for even a known rate does not say
 * how many there will be. Whole numbers, each side missing at most half of 1 − level.
 */
export function predictiveInterval(draws: readonly number[], n: number, level: number): Interval {
  const sorted = draws.toSorted((a, b) => a - b);
  const size = Math.min(REPRESENTATIVES, sorted.length);
  const rates = Array.from(
    { length: size },
    (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / size)] as number,
  );
  const tail = (1 - level) / 2;
  return { lower: countAt(rates, n, tail), upper: countAt(rates, n, 1 - tail) };
}

/** The least x with P(X ≤ x) ≥ share. */
function countAt(rates: readonly number[], n: number, share: number): number {
  let [below, at] = [-1, n];
  while (at - below > 1) {
    const middle = Math.floor((below + at) / 2);
    const reached = rates.reduce((sum, p) => sum + binomialCdf(middle, n, p), 0) / rates.length;
    if (reached >= share - 1e-12) at = middle;
    else below = middle;
  }
  return at;
}
