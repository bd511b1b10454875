/**
 * The few distribution functions that a score and its card need. Each is checked in
 * `test/risk/distributions.test.ts` against closed forms and sums.
 */

const MAX_TERMS = 100_000;
const TINY = 1e-300;

/** ln Γ(a) for a > 0: Stirling's series (DLMF 5.11.1) from 10 on, and back by the recurrence. */
export function logGamma(a: number): number {
  let shift = 0;
  let z = a;
  for (; z < 10; z += 1) shift += Math.log(z);
  const w = 1 / (z * z);
  const series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/**
 * The regularised incomplete beta function I_x(a, b), a, b > 0: the distribution function of
 * Beta(a, b). Continued fraction by Lentz's method (DLMF 8.17.22), on the side where it converges
 * fast.
 */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  return x < (a + 1) / (a + b + 2)
    ? Math.min(1, (front * betaFraction(x, a, b)) / a)
    : Math.max(0, 1 - (front * betaFraction(1 - x, b, a)) / b);
}

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < MAX_TERMS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 4 * Number.EPSILON) break;
  }
  return h;
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** The x with I_x(a, b) = share, by bisection: slow, sure, and right to the last digits. */
export function betaQuantile(share: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 1100; i += 1) {
    const middle = low === 0 && high > 1e-12 ? high / 2 : (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (betaCdf(middle, a, b) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(X ≤ x) of X ~ Binomial(n, p), as I_{1−p}(n − x, x + 1) (DLMF 8.17.5). */
export function binomialCdf(x: number, n: number, p: number): number {
  if (x < 0) return 0;
  return x >= n ? 1 : betaCdf(1 - p, n - x, x + 1);
}

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * The exact interval of a share k of n (Clopper and Pearson, Biometrika 26(4), 1934): each side
 * errs with at most half of 1 − level, whatever the truth is.
 */
export function clopperPearson(k: number, n: number, level: number): Interval {
  const tail = (1 - level) / 2;
  return {
    lower: k === 0 ? 0 : betaQuantile(tail, k, n - k + 1),
    upper: k === n ? 1 : betaQuantile(1 - tail, k + 1, n - k),
  };
}

/** P(chi-square with `degrees` ≥ x) = Q(degrees / 2, x / 2). */
export function chiSquareTail(x: number, degrees: number): number {
  return x <= 0 ? 1 : upperGamma(degrees / 2, x / 2);
}

/**
 * The regularised upper incomplete gamma function: the series of its complement below a + 1,
 * Legendre's continued fraction by Lentz's method above (DLMF 8.11.4 and 8.9.2; Press et al.,
 * *Numerical Recipes*, section 6.2).
 */
function upperGamma(a: number, x: number): number {
  const factor = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < MAX_TERMS && term > sum * Number.EPSILON; n += 1) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - factor * sum);
  }
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < MAX_TERMS; n += 1) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / nonZero(an * d + b);
    c = nonZero(b + an / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < Number.EPSILON) break;
  }
  return Math.min(1, factor * h);
}

/**
 * Linear between order statistics (type 7 of Hyndman and Fan, The American Statistician 50(4),
 * 1996). `sorted` is in ascending order.
 */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const low = sorted[below] as number;
  return low + (at - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] as number) - low);
}

/**
 * The standard error of a quantile of so many draws, without a density: half the way between the
 * order statistics one standard deviation of the binomial count below and above.
 */
export function quantileError(sorted: readonly number[], share: number): number {
  const spread = Math.sqrt((share * (1 - share)) / sorted.length);
  const [low, high] = [Math.max(0, share - spread), Math.min(1, share + spread)];
  return (quantile(sorted, high) - quantile(sorted, low)) / 2;
}

export function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
