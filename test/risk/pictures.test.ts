import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chartSvg } from '../../src/drawing/chart.ts';
import { assessLoss } from '../../src/risk/attacks/assessLoss.ts';
import { readLossQuestion } from '../../src/risk/attacks/question.ts';
import {
  lossPictures,
  reliabilitySvg,
  riskPictures,
  windowForecasts,
} from '../../src/risk/figures.ts';
import { generateLog } from '../../src/risk/generate.ts';
import { assessRisk, branchWeights, readEventLog, readWeights } from '../../src/risk/index.ts';
import type { LearnedDraws } from '../../src/risk/assess.ts';
import { goldenText } from '../golden.ts';
import { chainFor, parcel, repository, value } from './fixture.ts';

const noTurn = async (): Promise<void> => undefined;

/** What of a picture a person or a reader of the screen meets. */
function partsOf(svg: string): { title: string; desc: string; texts: string[] } {
  const inner = (tag: string): string =>
    new RegExp(`<${tag}>([^<]*)</${tag}>`, 'u').exec(svg)?.[1] ?? '';
  return {
    title: inner('title'),
    desc: inner('desc'),
    texts: [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/gu)].map(([, text]) => text ?? ''),
  };
}

/** A log with known weights: so many cases of the parcel. */
async function generated(cases: number, seed: number) {
  const { semantics } = await parcel();
  const chain = await chainFor(semantics, 'notStolen');
  const weights = value(
    readWeights(readFileSync(repository('specs/demo/parcel-weights.json'), 'utf8'), semantics),
  );
  const log = value(
    readEventLog(generateLog(chain, value(branchWeights(chain, weights)), cases, seed)),
  );
  let found: LearnedDraws | undefined;
  const assessed = value(
    await assessRisk(
      {
        semantics,
        loss: { property: 'notStolen' },
        log,
        options: { draws: 400 },
        signal: new AbortController().signal,
      },
      (learned) => {
        found = learned;
      },
    ),
  );
  return { assessed, found: found as LearnedDraws };
}

describe('pictures of a learned risk', () => {
  it('show the belief before and after, and forecasts that mostly hold, in words as well', async () => {
    const { assessed, found } = await generated(2_000, 5);
    const pictures = new Map(
      (await riskPictures(assessed, found, noTurn)).map(({ name, text }) => [name, text]),
    );
    expect([...pictures.keys()]).toEqual(['posterior.svg', 'forecasts.svg']);
    const belief = partsOf(pictures.get('posterior.svg') ?? '');
    expect(belief.desc).toContain(
      `Learned from 2000 cases, ${assessed.card.data.lossCases} of them`,
    );
    expect(belief.texts).toContain('before it (prior)');
    const forecasts = await windowForecasts(found, noTurn);
    expect(forecasts).toHaveLength(8);
    expect(forecasts.reduce((sum, { cases }) => sum + cases, 0)).toBe(1_600);
    const held = forecasts.filter(({ lower, upper, lost }) => lost >= lower && lost <= upper);
    // The truth stays as it was: one window in twenty may be missed.
    expect(held.length).toBeGreaterThanOrEqual(6);
    expect(partsOf(pictures.get('forecasts.svg') ?? '').desc).toContain(
      `held what came in ${held.length} of 8 windows`,
    );
  }, 60_000);

  it('of what was measured is docs/reliability.svg', () => {
    const { forecasts } = JSON.parse(readFileSync(repository('docs/calibration.json'), 'utf8')) as {
      forecasts: { reliability: { forecasts: number; mean: number; lost: number }[] };
    };
    goldenText('docs/reliability.svg', reliabilitySvg(forecasts.reliability));
  });
});

describe('pictures of losses from attacks', () => {
  const question = value(
    readLossQuestion(
      JSON.stringify({
        sets: {
          properties: [
            {
              name: 'p',
              minimalAttackSets: [{ threats: ['a'] }, { threats: ['b'] }],
              complete: true,
            },
          ],
        },
        risk: {
          q: { a: { pert: [0.001, 0.01, 0.05] }, b: 0.002 },
          severity: { p: { lognormal: { median: 100, p95: 900 } } },
          cases: 100,
          measures: [
            { name: 'ask <twice>', costEur: 10, effects: { a: { times: 0.5 } } },
            { name: 'watch', costEur: 500, effects: { b: { set: 0 } } },
          ],
        },
      }),
    ),
  );

  it('are an exceedance curve and a tornado, whose words say the same numbers', () => {
    const report = assessLoss(question, 3);
    const [curve, tornado] = lossPictures(report).map(({ text }) => partsOf(text));
    expect(curve?.desc).toContain(`From ${report.period?.replicates} simulated periods`);
    expect(curve?.texts).toContain('values at risk: 90, 95 and 99 %');
    expect(tornado?.texts).toContain('ask &lt;twice&gt;');
    expect(tornado?.desc).toMatch(
      /^ask &lt;twice&gt;: avoids .* EUR for each euro\. watch: avoids/u,
    );
  });

  it('put a point where its numbers say', () => {
    const svg = chartSvg({
      title: 't',
      description: 'd',
      x: { label: 'x', from: 1, to: 100, logarithmic: true },
      y: { label: 'y', from: 0, to: 10 },
      marks: [{ kind: 'points', label: 'p', points: [[10, 5]] }],
    });
    // The middle of the plot: 74 to 620, and 312 to 46.
    expect(svg).toContain('<circle cx="347" cy="179"');
  });
});
