import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { claimsModule, claimsOf, type Calibration } from '../../bench/calibration/claims.ts';
import { runForecasts } from '../../bench/calibration/forecasts.ts';
import { FAMILIES, truthOf } from '../../bench/calibration/graphs.ts';
import { runGrid, summaryOf } from '../../bench/calibration/grid.ts';
import { Bench, drawsOf } from '../../bench/calibration/trial.ts';
import { sha256 } from '../../src/canonical/index.ts';
import { quantile } from '../../src/risk/distributions.ts';
import { METHOD_VERSION } from '../../src/risk/index.ts';
import { CALIBRATION } from '../../src/risk/calibrated.ts';
import { Random } from '../../src/risk/random.ts';
import { repository } from './fixture.ts';

describe('calibration, the short form of `npm run calibrate`', () => {
  it('intervals hold the truth as often as they say, on every graph', () => {
    const cells = runGrid({
      graphs: FAMILIES.map(({ name }) => name),
      truths: [0.001, 0.05, 0.3],
      sizes: [200, 1_000],
      logs: 40,
      draws: 200,
      seed: 5,
    });
    const summary = summaryOf(cells);
    expect(cells).toHaveLength(48);
    expect(summary.posteriorAverage).toBeGreaterThan(0.92);
    expect(summary.posteriorLeast).toBeGreaterThan(0.75);
    expect(summary.predictiveAverage).toBeGreaterThan(0.93);
    expect(summary.meanRatioMost).toBeLessThan(2);
  });

  it('forecasts of running cases are better than the base rate', () => {
    const forecasts = runForecasts({
      truths: [0.05, 0.3],
      logs: 3,
      windows: 4,
      casesPerWindow: 100,
      draws: 100,
      seed: 6,
    });
    expect(forecasts.windows).toBe(8 * 2 * 3 * 3);
    expect(forecasts.predictive).toBeGreaterThan(0.88);
    expect(forecasts.brierSkill).toBeGreaterThan(0);
    expect(forecasts.logScore).toBeGreaterThan(forecasts.logScoreOfBaseRate);
    expect(forecasts.inTheLarge).toBeCloseTo(1, 0);
    for (const { forecasts: n, mean, lost } of forecasts.reliability)
      if (n > 1_000) expect(Math.abs(mean - lost)).toBeLessThan(0.05);
  });

  it('can fail: an interval learned from other rates does not hold the truth', () => {
    const [family] = FAMILIES;
    const bench = new Bench(truthOf(family!, 0.1));
    const sorted = drawsOf(bench, Float64Array.of(500, 500), 200, new Random(1));
    expect(quantile(sorted, 0.025)).toBeGreaterThan(0.1);
  });
});

describe('what a card claims', () => {
  it('is made from docs/calibration.json, of this version of the method', async () => {
    const text = await readFile(repository('docs/calibration.json'), 'utf8');
    const calibration = JSON.parse(text) as Calibration;
    expect(calibration.method).toBe(METHOD_VERSION);
    expect(CALIBRATION.claims).toEqual(claimsOf(calibration));
    expect(CALIBRATION.digest).toBe(sha256(text));
    expect(claimsModule(text)).toContain(CALIBRATION.digest);
  });

  it('meets what was asked of it', async () => {
    const { summary, cells, forecasts } = JSON.parse(
      await readFile(repository('docs/calibration.json'), 'utf8'),
    ) as Calibration;
    expect(summary.logsPerCell).toBeGreaterThanOrEqual(500);
    expect(new Set(cells.map(({ graph }) => graph)).size).toBeGreaterThanOrEqual(6);
    expect(summary.posteriorAverage).toBeGreaterThanOrEqual(0.93);
    expect(summary.directLeast).toBeGreaterThanOrEqual(0.9);
    expect(summary.predictiveAverage).toBeGreaterThanOrEqual(0.93);
    expect(forecasts.predictive).toBeGreaterThanOrEqual(0.93);
    expect(forecasts.brierSkill).toBeGreaterThan(0);
    for (const { meanRatio, upperBound } of cells)
      expect(meanRatio <= 2 || upperBound >= 0.95).toBe(true);
  });
});
