import type { Random } from './random.ts';

/** Beta(a, b), from two gamma variables, in logarithms. */
export function drawBeta(random: Random, a: number, b: number): number {
  const [x, y] = [random.logGamma(a), random.logGamma(b)];
  return 1 / (1 + Math.exp(y - x));
}

/**
 * Binomial(n, p), exactly: the middle order statistic of n uniform values is a beta variable, and
 * says on which side of it the rest is to be counted (Relles, 1972; Devroye, *Non-Uniform Random
 * Variate Generation*, 1986, X.4.4).
 */
export function drawBinomial(random: Random, n: number, p: number): number {
  let [left, chance, count] = [n, Math.min(1, Math.max(0, p)), 0];
  while (left > 12 && chance > 0 && chance < 1) {
    const middle = Math.floor(left / 2) + 1;
    const at = drawBeta(random, middle, left + 1 - middle);
    if (at <= chance) {
      count += middle;
      left -= middle;
      chance = at >= 1 ? 0 : (chance - at) / (1 - at);
    } else {
      left = middle - 1;
      chance /= at;
    }
  }
  if (chance >= 1) return count + left;
  for (let i = 0; i < left; i += 1) if (random.uniform() < chance) count += 1;
  return count;
}

/** What an expert says of a quantity: at least, most likely, at most. */
export type Pert = readonly [least: number, mode: number, most: number];

/**
 * The beta distribution of PERT: mean (least + 4 mode + most) ÷ 6 (Malcolm, Roseboom, Clark and
 * Fazar, 1959; with this shape Vose, *Risk Analysis*, 2008).
 */
export function pertShape([least, mode, most]: Pert): { readonly a: number; readonly b: number } {
  const width = most - least;
  return width === 0
    ? { a: 1, b: 1 }
    : { a: 1 + (4 * (mode - least)) / width, b: 1 + (4 * (most - mode)) / width };
}

export const pertMean = ([least, mode, most]: Pert): number => (least + 4 * mode + most) / 6;

export function drawPert(random: Random, pert: Pert): number {
  const { a, b } = pertShape(pert);
  const [least, , most] = pert;
  return least + (most - least) * drawBeta(random, a, b);
}
