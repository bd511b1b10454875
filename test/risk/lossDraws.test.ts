import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assessLoss } from '../../src/risk/attacks/assessLoss.ts';
import { readIncidents } from '../../src/risk/attacks/incidents.ts';
import { readLossQuestion, type LossQuestion } from '../../src/risk/attacks/question.ts';
import { drawRate, meanOf, type Rate } from '../../src/risk/attacks/rates.ts';
import { drawSeverity, meanSeverity, type Severity } from '../../src/risk/attacks/severity.ts';
import { betaQuantile } from '../../src/risk/distributions.ts';
import { Random } from '../../src/risk/random.ts';
import { drawBinomial } from '../../src/risk/sampling.ts';
import { value } from './fixture.ts';

const sets = (properties: Readonly<Record<string, readonly (readonly string[])[]>>): object => ({
  properties: Object.entries(properties).map(([name, found]) => ({
    name,
    minimalAttackSets: found.map((threats) => ({ threats })),
    complete: true,
  })),
});

const question = (
  properties: Readonly<Record<string, readonly (readonly string[])[]>>,
  risk: object,
  incidents?: string,
): LossQuestion =>
  value(
    readLossQuestion(
      JSON.stringify({ sets: sets(properties), risk }),
      undefined,
      incidents === undefined ? undefined : value(readIncidents(incidents)),
    ),
  );

/** The mean of many draws, and five standard errors of it. */
function meanOfDraws(draw: (random: Random) => number, n = 40_000): { mean: number; five: number } {
  const random = new Random(11);
  const values = Array.from({ length: n }, () => draw(random));
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
  return { mean, five: 5 * Math.sqrt(variance / n) };
}

describe('draws', () => {
  it('have the means and spreads of their laws', () => {
    for (const [n, p] of [
      [5, 0.3],
      [1_000, 0.02],
      [1_000_000, 0.4],
      [40, 0.999],
    ] as const) {
      const { mean, five } = meanOfDraws((random) => drawBinomial(random, n, p), 20_000);
      expect(Math.abs(mean - n * p)).toBeLessThanOrEqual(five);
      const square = meanOfDraws((random) => (drawBinomial(random, n, p) - n * p) ** 2, 20_000);
      expect(Math.abs(square.mean - n * p * (1 - p))).toBeLessThanOrEqual(square.five);
    }
    expect(drawBinomial(new Random(1), 50, 0)).toBe(0);
    expect(drawBinomial(new Random(1), 50, 1)).toBe(50);
  });

  it('of a rate have the mean that is computed for it', () => {
    const rates: readonly Rate[] = [
      { kind: 'pert', range: [0.01, 0.05, 0.3] },
      { kind: 'beta', a: 3.5, b: 97.5, detected: 1 },
      { kind: 'beta', a: 3.5, b: 97.5, detected: [0.5, 0.7, 0.8] },
      { kind: 'gamma', shape: 2.5, rate: 365, days: 30, detected: 0.5 },
      { kind: 'gamma', shape: 0.5, rate: 90, days: 365, detected: [0.2, 0.5, 0.9] },
    ];
    for (const rate of rates) {
      const { mean, five } = meanOfDraws((random) => drawRate(rate, random));
      expect(Math.abs(mean - meanOf(rate)), rate.kind).toBeLessThanOrEqual(five);
    }
  });

  it('of an amount have the mean that is computed for it', () => {
    const severities: readonly Severity[] = [
      { primary: { kind: 'pert', range: [100, 400, 5_000] } },
      { primary: { kind: 'lognormal', median: 100, p95: 1_000 } },
      {
        primary: { kind: 'fixed', eur: 10 },
        secondary: { probability: 0.2, loss: { kind: 'lognormal', median: 50, p95: 200 } },
      },
    ];
    for (const severity of severities) {
      const { mean, five } = meanOfDraws((random) => drawSeverity(severity, random));
      expect(Math.abs(mean - meanSeverity(severity))).toBeLessThanOrEqual(five);
    }
  });
});

const INCIDENTS = `threat,time,outcome
forge,2026-01-05,succeeded
forge,2026-02-05T10:00:00Z,stopped
forge,2026-03-05,succeeded
forge,2025-12-31,succeeded
key,2026-03-01,succeeded
`;
const WINDOW = { from: '2026-01-01', to: '2026-04-01' };

describe('rates from incidents', () => {
  it('are the posterior of what succeeded in the window, of cases or of days at risk', () => {
    const asked = question(
      { safe: [['forge'], ['key']] },
      {
        q: { forge: 'incidents', key: 'incidents' },
        observation: { ...WINDOW, cases: 1_000, threats: { key: { unitDays: 2, detected: 0.5 } } },
      },
      INCIDENTS,
    );
    const { rates } = assessLoss(asked, 1);
    expect(rates[0]).toMatchObject({ id: 'forge', kind: 'beta', mean: 2.5 / 1001 });
    expect(rates[0]?.derivation).toBe(
      '2 succeeded and 1 stopped from 2026-01-01 to 2026-04-01 (1 outside of it left out); detected share 1; of 1000 cases: Beta(½ + 2, ½ + 998), prior Jeffreys',
    );
    // What is seen is half of what happens.
    expect(rates[1]?.mean).toBeCloseTo((2 * 1.5) / 1001, 12);
    const days = question(
      { safe: [['key']] },
      { q: { key: 'incidents' }, observation: { ...WINDOW, unitDays: 2 } },
      INCIDENTS,
    );
    // One in 90 days: E[1 − exp(−2 λ)] of Gamma(1.5, 90).
    expect(assessLoss(days, 1).rates[0]?.mean).toBeCloseTo(1 - (90 / 92) ** 1.5, 12);
  });

  it('take an expert as a named prior, which a long history outweighs', () => {
    const asked = (cases: number) =>
      assessLoss(
        question(
          { safe: [['forge']] },
          {
            q: { forge: 'incidents' },
            priors: { forge: { pert: [0.1, 0.2, 0.3] } },
            observation: { ...WINDOW, cases },
          },
          INCIDENTS,
        ),
        1,
      ).rates[0];
    expect(asked(2)?.mean).toBeGreaterThan(0.2);
    expect(asked(1_000_000)?.mean).toBeLessThan(0.0001);
    expect(asked(2)?.derivation).toMatch(
      /prior of an expert, PERT\(0.1, 0.2, 0.3\) by its moments/,
    );
  });

  it('give the interval of the law where one threat is the attack', () => {
    const { properties, intervals } = assessLoss(
      question({ safe: [['a']] }, { q: { a: { beta: [4, 96] } } }),
      7,
    );
    expect(properties[0]?.p).toBeCloseTo(0.04, 12);
    expect(intervals?.properties[0]?.p.lower).toBeCloseTo(betaQuantile(0.025, 4, 96), 2);
    expect(intervals?.properties[0]?.p.upper).toBeCloseTo(betaQuantile(0.975, 4, 96), 2);
    const [id] = intervals?.properties[0]?.ids ?? [];
    expect(id).toEqual({
      id: 'a',
      birnbaum: { lower: 1, upper: 1 },
      fussellVesely: { lower: 1, upper: 1 },
    });
  });

  it('that cannot be read are refused row by row', () => {
    const refused = readIncidents(
      'threat,time,outcome\n,2026-01-01,stopped\na,soon,stopped\na,2026-01-01,maybe\n',
    );
    expect(refused.ok ? [] : refused.problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'INCIDENTS_ROW line 2',
      'INCIDENTS_ROW line 3',
      'INCIDENTS_ROW line 4',
    ]);
    const asked = readLossQuestion(
      JSON.stringify({
        sets: sets({ safe: [['a', 'b']] }),
        risk: {
          q: { a: { pert: [0.2, 0.1, 0.3] }, b: 'incidents' },
          severity: { safe: { lognormal: { median: 100, p95: 50 } } },
          measures: [{ name: 'm', costEur: 0, effects: { a: { set: 0 } } }],
          perPeriod: ['c'],
        },
      }),
    );
    expect(asked.ok ? [] : asked.problems.map(({ path }) => path).sort()).toEqual([
      'risk.measures.0',
      'risk.perPeriod',
      'risk.q',
      'risk.q.a',
      'risk.severity.safe',
    ]);
  });
});

const KEYS = ['a', 'b', 'c', 'd'];
const probability = fc.integer({ min: 0, max: 10 }).map((n) => n / 20);

describe('a period of many units', () => {
  it('costs by simulation what is computed exactly, within its own error', () => {
    const questions = fc.record({
      one: fc.array(fc.subarray(KEYS, { minLength: 1 }), { maxLength: 3 }),
      two: fc.array(fc.subarray(KEYS, { minLength: 1 }), { minLength: 1, maxLength: 3 }),
      q: fc.tuple(probability, probability, probability, probability),
      common: fc.subarray(KEYS, { minLength: 1 }),
      perPeriod: fc.subarray(KEYS, { maxLength: 2 }),
      grouped: fc.boolean(),
      cases: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(questions, ({ one, two, q, common, perPeriod, grouped, cases }) => {
        const report = assessLoss(
          question(
            { one, two },
            {
              q: Object.fromEntries(KEYS.map((id, at) => [id, q[at]])),
              commonCause: [{ members: common, q: 0.1 }],
              severity: { one: 100, two: 30 },
              lossGroups: grouped ? [['one', 'two']] : [],
              perPeriod,
              cases,
            },
          ),
          3,
        );
        const { period, expectedLoss, someLossAtLeastOnce } = report;
        if (!period) throw new Error('no simulation');
        const off = (period.mean.value - (expectedLoss ?? 0)) / (period.mean.monteCarloError || 1);
        expect(Math.abs(off)).toBeLessThan(5);
        const some = period.someLoss.value - (someLossAtLeastOnce ?? 0);
        expect(Math.abs(some)).toBeLessThan(5 * period.someLoss.monteCarloError + 2e-3);
      }),
      { numRuns: 12, seed: 5 },
    );
  }, 60_000);

  it('shares what is drawn once in it', () => {
    const { properties } = assessLoss(
      question({ safe: [['a', 'k']] }, { q: { a: 0.2, k: 0.1 }, perPeriod: ['k'], cases: 10 }),
      1,
    );
    expect(properties[0]?.p).toBeCloseTo(0.02, 14);
    expect(properties[0]?.atLeastOnce).toBeCloseTo(0.1 * (1 - 0.8 ** 10), 14);
  });

  it('has the tails of its law', () => {
    const { period } = assessLoss(
      question({ safe: [['a']] }, { q: { a: 0.3 }, severity: { safe: 100 }, cases: 2 }),
      1,
    );
    expect(
      period?.tails.map(({ level, valueAtRisk, conditional }) => [
        level,
        valueAtRisk.value,
        conditional.value,
      ]),
    ).toEqual([
      [0.9, 100, expect.closeTo(190, -1)],
      [0.95, 200, 200],
      [0.99, 200, 200],
    ]);
    const curve = period?.exceedance ?? [];
    expect(
      curve.every(({ lossEur }, i) => i === 0 || lossEur >= (curve[i - 1]?.lossEur ?? 0)),
    ).toBe(true);
  });

  it('takes the largest of amounts that vary, not the one of the largest mean', () => {
    const { expectedLoss, period } = assessLoss(
      question(
        { one: [['a']], two: [['a']] },
        {
          q: { a: 0.5 },
          severity: { one: { pert: [0, 50, 100] }, two: { pert: [0, 50, 100] } },
          lossGroups: [['one', 'two']],
        },
      ),
      1,
    );
    expect(expectedLoss).toBeGreaterThan(0.5 * 55);
    expect(Math.abs((period?.mean.value ?? 0) - (expectedLoss ?? 0))).toBeLessThan(
      5 * (period?.mean.monteCarloError ?? 0),
    );
  });
});

describe('measures', () => {
  it('are ranked by what they avoid for each euro, set and never conditioned', () => {
    const { measures } = assessLoss(
      question(
        { safe: [['a', 'b'], ['c']] },
        {
          q: { a: 0.5, b: 0.2, c: 0.1 },
          severity: { safe: 1_000 },
          cases: 10,
          measures: [
            { name: 'half of a', costEur: 100, effects: { a: { times: 0.5 } } },
            { name: 'no c', costEur: 1_000, effects: { c: { set: 0 } } },
          ],
        },
      ),
      1,
    );
    const p = (a: number, c: number): number => 1 - (1 - a * 0.2) * (1 - c);
    expect(measures.map(({ name }) => name)).toEqual(['half of a', 'no c']);
    expect(measures[0]?.avoidedEur).toBeCloseTo(10_000 * (p(0.5, 0.1) - p(0.25, 0.1)), 8);
    expect(measures[1]?.perEuro).toBeCloseTo((10_000 * (p(0.5, 0.1) - p(0.5, 0))) / 1_000, 8);
  });
});
