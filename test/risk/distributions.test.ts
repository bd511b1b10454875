import { describe, expect, it } from 'vitest';
import {
  betaCdf,
  betaQuantile,
  binomialCdf,
  chiSquareTail,
  clopperPearson,
  quantile,
} from '../../src/risk/distributions.ts';
import { predictiveInterval } from '../../src/risk/predictive.ts';

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);

describe('chi-square tail', () => {
  // The usual table of critical values.
  it.each([
    [3.841458820694124, 1, 0.05],
    [6.634896601021214, 1, 0.01],
    [18.307038053275146, 10, 0.05],
    [124.34211340400407, 100, 0.05],
    [0.015790774093431218, 1, 0.9],
  ])('P(χ² ≥ %d), %d degrees, is %d', (x, degrees, p) => {
    expect(chiSquareTail(x, degrees)).toBeCloseTo(p, 9);
  });

  it('two degrees have the closed form exp(−x/2)', () => {
    for (const x of [0.1, 1, 3, 10, 50])
      expect(chiSquareTail(x, 2)).toBeCloseTo(Math.exp(-x / 2), 12);
  });
});

describe('beta and binomial', () => {
  it('has its closed forms', () => {
    for (const x of [0.001, 0.2, 0.5, 0.9]) {
      expect(betaCdf(x, 1, 1)).toBeCloseTo(x, 13);
      expect(betaCdf(x, 3, 1)).toBeCloseTo(x ** 3, 13);
      expect(betaCdf(x, 0.5, 0.5)).toBeCloseTo((2 / Math.PI) * Math.asin(Math.sqrt(x)), 13);
    }
  });

  it('the binomial distribution function is the sum of its terms', () => {
    for (const [n, p] of [
      [10, 0.3],
      [50, 0.02],
    ] as const)
      for (let x = 0; x < n; x += 1) {
        let sum = 0;
        for (let k = 0; k <= x; k += 1) sum += choose(n, k) * p ** k * (1 - p) ** (n - k);
        expect(binomialCdf(x, n, p)).toBeCloseTo(sum, 12);
      }
  });

  it('the quantile turns the distribution function round', () => {
    for (const [a, b] of [
      [0.5, 300.5],
      [3, 4],
      [1e-3, 5],
      [20, 1e6],
    ] as const)
      for (const share of [0.025, 0.5, 0.975]) {
        const x = betaQuantile(share, a, b);
        if (x > 1e-12) expect(betaCdf(x, a, b)).toBeCloseTo(share, 9);
      }
  });

  it('Clopper and Pearson: k = 0 and k = n have closed forms, and the middle is the published one', () => {
    expect(clopperPearson(0, 300, 0.95)).toMatchObject({ lower: 0 });
    expect(clopperPearson(0, 300, 0.95).upper).toBeCloseTo(1 - 0.025 ** (1 / 300), 12);
    expect(clopperPearson(20, 20, 0.95).lower).toBeCloseTo(0.025 ** (1 / 20), 12);
    // R: binom.test(10, 100)
    const { lower, upper } = clopperPearson(10, 100, 0.95);
    expect(lower).toBeCloseTo(0.04900469, 8);
    expect(upper).toBeCloseTo(0.1762226, 8);
  });
});

describe('the predictive interval', () => {
  it('of one known rate is the binomial one', () => {
    const { lower, upper } = predictiveInterval([0.1], 100, 0.95);
    expect(binomialCdf(lower - 1, 100, 0.1)).toBeLessThan(0.025);
    expect(binomialCdf(lower, 100, 0.1)).toBeGreaterThanOrEqual(0.025);
    expect(binomialCdf(upper, 100, 0.1)).toBeGreaterThanOrEqual(0.975);
    expect(binomialCdf(upper - 1, 100, 0.1)).toBeLessThan(0.975);
  });

  it('of a Beta posterior is the beta-binomial one', () => {
    // Beta(1, 1): every count of n is equally likely.
    const draws = Array.from({ length: 5_000 }, (_, i) => (i + 0.5) / 5_000);
    expect(predictiveInterval(draws, 99, 0.93)).toEqual({ lower: 3, upper: 96 });
  });

  it('takes a billion cases', () => {
    const { lower, upper } = predictiveInterval([0.5], 1e9, 0.95);
    expect(lower).toBeGreaterThan(5e8 - 4e4);
    expect(upper).toBeLessThan(5e8 + 4e4);
  });
});

it('quantiles interpolate between order statistics', () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([7], 0.975)).toBe(7);
});
