import { describe, expect, it } from 'vitest';
import { chiSquareTail, driftTest } from '../../src/risk/drift.ts';
import { quantile } from '../../src/risk/assess.ts';
import type { Topology } from '../../src/risk/topology.ts';

const node = (branches: number): Topology => ({
  nodes: 1,
  start: 0,
  rows: Int32Array.of(0, branches),
  targets: new Int32Array(branches).fill(-1),
  goal: new Uint8Array(1),
});

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

describe('drift', () => {
  it('equal halves do not differ', () => {
    expect(driftTest(node(2), [Float64Array.of(30, 70), Float64Array.of(30, 70)])).toEqual({
      statistic: 0,
      degreesOfFreedom: 1,
      p: 1,
    });
  });

  it('a rate that doubles is found', () => {
    const { p } = driftTest(node(2), [Float64Array.of(30, 170), Float64Array.of(70, 130)]);
    expect(p).toBeLessThan(1e-4);
  });

  it('rare branches are pooled, and too few visits say nothing', () => {
    expect(
      driftTest(node(4), [Float64Array.of(3, 4, 50, 60), Float64Array.of(4, 3, 55, 58)])
        .degreesOfFreedom,
    ).toBe(2);
    expect(driftTest(node(2), [Float64Array.of(2, 3), Float64Array.of(0, 6)])).toEqual({
      statistic: 0,
      degreesOfFreedom: 0,
    });
    expect(driftTest(node(2), [Float64Array.of(0, 0), Float64Array.of(0, 0)])).toEqual({
      statistic: 0,
      degreesOfFreedom: 0,
    });
  });
});

it('quantiles interpolate between order statistics', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([7], 0.975)).toBe(7);
});
