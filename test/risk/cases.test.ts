import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Result } from '../../src/errors/index.ts';
import { Random } from '../../src/risk/random.ts';
import { assessRisk, readEventLog, type RiskAssessment } from '../../src/risk/index.ts';
import { describeShared, sharedPath } from '../shared.ts';
import { codes, semanticsOf, value } from './fixture.ts';

interface RiskCase {
  readonly model: string;
  readonly log?: string;
  readonly property: string;
  readonly truth?: number;
  readonly sameWithin?: number;
  readonly as?: string;
  readonly sameAs?: string;
  readonly refused?: boolean;
}

const text = (name: string): string => readFileSync(sharedPath('cases', 'risk', name), 'utf8');

async function ask(model: string, log: string, property: string): Promise<Result<RiskAssessment>> {
  const read = readEventLog(log);
  if (!read.ok) return read;
  return assessRisk({
    semantics: await semanticsOf(text(model)),
    loss: { property },
    log: read.value,
    signal: new AbortController().signal,
  });
}

/** The probability of reaching the top from 20, for draws of every row, by the ruin formula. */
function ruin(ups: readonly number[]): number {
  // p = Σ_{j<20} Π_{i≤j} r_i ÷ Σ_{j<200} Π_{i≤j} r_i with r_i = down ÷ up, in logarithms.
  const logs = [0];
  for (let x = 1; x < 200; x += 1) {
    const up = ups[x] as number;
    logs.push((logs[x - 1] as number) + Math.log1p(-up) - Math.log(up));
  }
  const largest = Math.max(...logs);
  const terms = logs.map((log) => Math.exp(log - largest));
  const sum = (to: number): number => terms.slice(0, to).reduce((a, b) => a + b, 0);
  return sum(20) / sum(200);
}

describeShared('cases/risk', () => {
  const { cases } = JSON.parse(text('expected.json')) as { readonly cases: readonly RiskCase[] };

  it.each(cases.filter(({ log }) => log !== undefined))('$model with $log', async (each) => {
    const assessed = await ask(each.model, text(each.log as string), each.property);
    if (each.refused === true) {
      expect(assessed.ok).toBe(false);
      expect(codes(assessed)[0]).toMatch(/^(RISK_NOTHING_FITS|EVENT_LOG_ROW)$/);
      return;
    }
    const { probability, card } = value(assessed);
    if (each.truth !== undefined) {
      expect(probability.lower).toBeLessThan(each.truth);
      expect(probability.upper).toBeGreaterThan(each.truth);
      expect(card.data.nonConformantCases).toBe(0);
    }
    if (each.as !== undefined) {
      const { probability: other } = value(
        await ask(each.as, text(each.log as string), each.property),
      );
      for (const key of ['mean', 'lower', 'upper'] as const)
        expect(Math.abs(other[key] - probability[key])).toBeLessThanOrEqual(
          (each.sameWithin as number) * probability[key],
        );
    }
    if (each.sameAs !== undefined) {
      expect(card.data).toMatchObject({ nonConformantCases: 0, ambiguousCases: 0 });
      expect(card.data.lifecycleRows).toBe(card.data.events);
    }
  });

  it('walk.yaml: every draw solved directly, in under 5 s', async () => {
    const random = new Random(11);
    let log = 'case,activity\n';
    const counts = Array.from({ length: 201 }, () => [0.5, 0.5]);
    for (let walk = 0; walk < 250; walk += 1)
      for (let x = 20; x > 0 && x < 200;) {
        const up = random.uniform() < 0.5;
        log += `${walk},${up ? 'up' : 'down'}\n`;
        (counts[x] as number[])[up ? 0 : 1]! += 1;
        x += up ? 1 : -1;
      }
    // Of this process, for others may run beside it.
    const began = process.cpuUsage();
    const { probability } = value(await ask('walk.yaml', log, 'notTop'));
    const tookMs = process.cpuUsage(began).user / 1_000;
    // The same posterior, drawn by another seed and solved by the formula of the gambler's ruin. Rows
    // have thousands of counts: what the prior of a row is, half or a tenth, does not show.
    const other = new Random(12);
    const draws = Array.from({ length: 4_000 }, () =>
      ruin(
        counts.map(([up, down]) => {
          const [a, b] = [other.logGamma(up as number), other.logGamma(down as number)];
          return 1 / (1 + Math.exp(b - a));
        }),
      ),
    ).toSorted((a, b) => a - b);
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    expect(Math.abs(probability.mean - mean)).toBeLessThan(0.04 * mean);
    expect(probability.lower).toBeCloseTo(draws[100] as number, 1.7);
    expect(probability.upper).toBeCloseTo(draws[3900] as number, 1.7);
    expect(tookMs).toBeLessThan(5_000);
  });
});
