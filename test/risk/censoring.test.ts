import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assessRisk, readEventLog, type RiskAssessment } from '../../src/risk/index.ts';
import { Random } from '../../src/risk/random.ts';
import { describeShared, sharedPath } from '../shared.ts';
import { semanticsOf, value } from './fixture.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const WINDOW = 90;

/** Paid, then delivered after a day on average or lost after `loseMean` days, over 90 days. */
function logOf(random: Random, truth: number, loseMean: number): string {
  const after = (mean: number): number => -mean * Math.log(random.uniform());
  const rows: string[] = ['case,activity,timestamp'];
  for (let i = 0; i < 500; i += 1) {
    const paid = random.uniform() * WINDOW;
    const isLost = random.uniform() < truth;
    const end = paid + after(isLost ? loseMean : 1);
    for (const [day, activity] of [
      [paid, 'pay'],
      [end, isLost ? 'lose' : 'deliver'],
    ] as const)
      if (day < WINDOW) rows.push(`${i},${activity},${new Date(START + day * DAY).toISOString()}`);
  }
  return `${rows.join('\n')}\n`;
}

describeShared('cases that are still open when the log ends', () => {
  const model = readFileSync(sharedPath('cases', 'risk', 'open.yaml'), 'utf8');
  const ask = async (log: string): Promise<RiskAssessment> =>
    value(
      await assessRisk({
        semantics: await semanticsOf(model),
        loss: { property: 'notLost' },
        log: value(readEventLog(log)),
        options: { draws: 400, logEndMs: START + WINDOW * DAY },
        signal: new AbortController().signal,
      }),
    );

  it('losses that come late are not missed: the interval holds the truth', async () => {
    const random = new Random(4);
    let [covered, mean, counted] = [0, 0, 0];
    for (let trial = 0; trial < 40; trial += 1) {
      const { probability, direct } = await ask(logOf(random, 0.05, 20));
      if (probability.lower <= 0.05 && 0.05 <= probability.upper) covered += 1;
      mean += probability.mean / 40;
      counted += (direct.estimate ?? 0) / 40;
    }
    expect(covered).toBeGreaterThanOrEqual(35);
    expect(Math.abs(mean - 0.05)).toBeLessThan(0.005);
    expect(counted).toBeLessThan(0.045);
  });

  it('losses that come later than the log is long: no mean is a headline, the bias is said', async () => {
    const random = new Random(5);
    let bare = 0;
    for (let trial = 0; trial < 20; trial += 1) {
      const { headline, card } = await ask(logOf(random, 0.05, 120));
      // Where the one who was watched longest was lost at last, nobody is left to be undecided.
      if (headline.kind === 'mean') bare += 1;
      else {
        expect(headline.because).toContain('stillOpen');
        expect(card.censoring.undecided).toBeGreaterThan(0);
        expect(card.censoring.bias).toMatch(/too low/);
      }
    }
    expect(bare).toBeLessThanOrEqual(3);
  });

  it('open.csv, by hand: 5.1 % where 1.7 % are counted', async () => {
    const text = readFileSync(sharedPath('cases', 'risk', 'open.csv'), 'utf8');
    const { probability, direct, card } = await ask(text);
    expect(probability.mean).toBeCloseTo(0.051, 3);
    expect(direct).toMatchObject({ lost: 16, cases: 955, disagrees: true });
    expect(card.censoring).toMatchObject({ states: 1, undecided: 0 });
    expect(card.branches.rows.filter(({ censored }) => censored)).toHaveLength(2);
  });
});

describe('a log without times', () => {
  it('leaves out what is still open, and says how much that is', async () => {
    const semantics = await semanticsOf(`
probity: 1
name: Untimed
variables: { at: { type: "enum [a, b, lost]", init: a } }
actors: { x: { trust: trusted } }
actions:
  end: { actor: x, when: at = a, then: { at: b }, fair: weak }
  lose: { actor: x, when: at = a, then: { at: lost }, fair: weak }
properties: { safe: { never: at = lost } }
final: at in (b, lost)
`);
    const log = `case,activity\n${Array.from({ length: 90 }, (_, i) => `${i},${i < 9 ? 'lose' : 'end'}\n`).join('')}${Array.from({ length: 10 }, (_, i) => `x${i},\n`).join('')}`;
    const { headline, card, probability } = value(
      await assessRisk({
        semantics,
        loss: { property: 'safe' },
        log: value(readEventLog(log)),
        signal: new AbortController().signal,
      }),
    );
    expect(headline).toEqual({ kind: 'none', because: ['stillOpen'] });
    expect(card.censoring.undecided).toBeCloseTo(0.1, 12);
    expect(probability.atMeanRates).toBeCloseTo(9.5 / 91, 6);
  });
});
