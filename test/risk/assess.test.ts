import { Ajv } from 'ajv';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Result } from '../../src/errors/index.ts';
import type { Semantics } from '../../src/model/semantics.ts';
import {
  assessRisk,
  branchWeights,
  EVENT_LOG_SCHEMA,
  generateLog,
  MODEL_CARD_SCHEMA,
  readEventLog,
  readWeights,
  RISK_SCHEMA,
  trueProbability,
  type RiskAssessment,
  type RiskOptions,
} from '../../src/risk/index.ts';
import { chainFor, codes, FORK, parcel, repository, semanticsOf, value } from './fixture.ts';

const GOLDEN = process.env['PROBITY_GOLDEN'] === '1';

async function golden(path: string, content: unknown): Promise<void> {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (GOLDEN) await writeFile(repository(path), text);
  expect(text, path).toBe(await readFile(repository(path), 'utf8'));
}

function ask(
  semantics: Semantics,
  property: string,
  log: string,
  options: Partial<RiskOptions> = {},
): Promise<Result<RiskAssessment>> {
  return assessRisk({
    semantics,
    loss: { property },
    log: value(readEventLog(log)),
    options,
    signal: new AbortController().signal,
  });
}

const COIN = `
probity: 1
name: Coin
variables: { at: { type: "enum [s, heads, tails]", init: s } }
actors: { a: { trust: trusted } }
actions:
  head: { actor: a, when: at = s, then: { at: heads }, fair: weak }
  tail: { actor: a, when: at = s, then: { at: tails }, fair: weak }
properties: { noTails: { never: at = tails } }
`;

const demoLog = (): Promise<string> => readFile(repository('specs/demo/parcel-events.csv'), 'utf8');

describe('public shapes', () => {
  it('the schemas are published as they are used', async () => {
    await golden('schemas/model-card.schema.json', MODEL_CARD_SCHEMA);
    await golden('schemas/risk.schema.json', RISK_SCHEMA);
    await golden('schemas/event-log.schema.json', EVENT_LOG_SCHEMA);
  });

  it('an assessment of the demo, digit for digit', async () => {
    const { semantics, digest } = await parcel();
    const assessed = value(
      await assessRisk({
        semantics,
        modelDigest: digest,
        loss: { property: 'notStolen' },
        log: value(readEventLog(await demoLog())),
        signal: new AbortController().signal,
      }),
    );
    expect(
      new Ajv({ strict: true, allowUnionTypes: true, validateSchema: false }).validate(
        RISK_SCHEMA,
        assessed,
      ),
    ).toBe(true);
    // Twelve digits: the last ones may differ between processors.
    const rounded = JSON.parse(JSON.stringify(assessed), (_, x: unknown) =>
      typeof x === 'number' ? Number(x.toPrecision(12)) : x,
    ) as unknown;
    await golden('test/risk/golden/assessment.json', rounded);
  });

  it('the demo log is what the documented weights and seed make, and its interval holds the truth', async () => {
    const { semantics } = await parcel();
    const chain = await chainFor(semantics, 'notStolen');
    const weights = value(
      branchWeights(
        chain,
        value(
          readWeights(
            await readFile(repository('specs/demo/parcel-weights.json'), 'utf8'),
            semantics,
          ),
        ),
      ),
    );
    expect(generateLog(chain, weights, 300, 2026)).toBe(await demoLog());
    const truth = trueProbability(chain, weights);
    const { probability } = value(await ask(semantics, 'notStolen', await demoLog()));
    expect(truth).toBeCloseTo(0.004981509245377, 14);
    expect(probability.lower).toBeLessThan(truth);
    expect(probability.upper).toBeGreaterThan(truth);
  });
});

describe('an assessment', () => {
  it('is the same for the same seed, and another for another', async () => {
    const { semantics } = await parcel();
    const [first, again, other] = await Promise.all(
      [{ seed: 3 }, { seed: 3 }, { seed: 4 }].map(async (o) =>
        value(await ask(semantics, 'notStolen', await demoLog(), o)),
      ),
    );
    expect(again).toEqual(first);
    expect(other?.probability.upper).not.toBe(first?.probability.upper);
    expect(other?.probability.atMeanRates).toBe(first?.probability.atMeanRates);
  });

  it('of one coin agrees with the Beta posterior in closed form', async () => {
    const semantics = await semanticsOf(COIN);
    const log = `case,activity\n${Array.from({ length: 40 }, (_, i) => `${i},${i < 10 ? 'tail' : 'head'}\n`).join('')}`;
    const { probability, perCases, card } = value(
      await ask(semantics, 'noTails', log, { draws: 20_000, cases: 10 }),
    );
    // Half a lost and half a kept case: Beta(10.5, 30.5), mean 10.5 / 41; the quantiles by
    // integrating its density over 400,000 points.
    expect(probability.atMeanRates).toBeCloseTo(10.5 / 41, 12);
    expect(probability).toMatchObject({ meanBy: 'exact', mean: probability.atMeanRates });
    expect(probability.lower).toBeCloseTo(0.1364, 2);
    expect(probability.upper).toBeCloseTo(0.3983, 2);
    expect(perCases.expected).toBeCloseTo(10 * probability.mean, 9);
    // 1 − E[(1 − p)^10] = 1 − B(10.5, 40.5) / B(10.5, 30.5)
    const survive = Array.from({ length: 10 }, (_, i) => (30.5 + i) / (41 + i)).reduce(
      (a, b) => a * b,
      1,
    );
    expect(perCases.atLeastOne).toBeCloseTo(1 - survive, 2);
    // The beta-binomial distribution, summed: P(X ≤ x) = Σ C(10, k) B(10.5 + k, 40.5 − k) / B(10.5,
    // 30.5), which reaches 0.025 at 0 and 0.975 at 6.
    expect(perCases.predictive).toMatchObject({ lower: 0, upper: 6, level: 0.95 });
    expect(card).toMatchObject({
      branchings: { relevant: 1, unseen: 0, throughUnseen: 0 },
      solution: { solver: 'elimination' },
    });
    expect(card.branches.rows.map(({ branch, count, prior }) => [branch, count, prior])).toEqual([
      ['head', 30, 0.5],
      ['tail', 10, 0.5],
    ]);
  });

  it('where nothing fits is refused, with the first case that does not', async () => {
    const semantics = await semanticsOf(FORK);
    const refused = await ask(semantics, 'safe', 'case,activity\n1,dance\n');
    expect(codes(refused)).toEqual(['RISK_NOTHING_FITS']);
    expect(refused.ok ? '' : refused.problems[0]?.message).toMatch(/first: 1, row 2: dance/);
  });

  it('of cases that leave the model: a range always, above 5 % no headline', async () => {
    const semantics = await semanticsOf(FORK);
    const kept = Array.from({ length: 95 }, (_, i) =>
      i < 19 ? `${i},go,r\n${i},lose,\n` : `${i},go,l\n${i},b,\n`,
    ).join('');
    const left = (n: number): string =>
      Array.from({ length: n }, (_, i) => `x${i},go,l\nx${i},lose,\n`).join('');
    const few = value(await ask(semantics, 'safe', `case,activity,side\n${kept}${left(5)}`));
    const many = value(await ask(semantics, 'safe', `case,activity,side\n${kept}${left(6)}`));
    for (const { probability, identification, card } of [few, many]) {
      const r = card.data.nonConformantCases / card.data.cases;
      expect(identification.outside).toBeCloseTo(r, 14);
      expect(identification.lower).toBeCloseTo(probability.mean * (1 - r), 14);
      expect(identification.upper).toBeCloseTo(probability.mean * (1 - r) + r, 14);
    }
    expect(many.headline).toMatchObject({ kind: 'none', because: ['outsideModel', 'stillOpen'] });
    expect(few.headline.because).not.toContain('outsideModel');
  });

  it('asks in vain for what a log of few losses cannot say: an upper bound, no mean', async () => {
    const semantics = await semanticsOf(COIN);
    const log = (tails: number): string =>
      `case,activity\n${Array.from({ length: 500 }, (_, i) => `${i},${i < tails ? 'tail' : 'head'}\n`).join('')}`;
    const headlines = await Promise.all(
      [0, 1, 4, 5].map(async (tails) => value(await ask(semantics, 'noTails', log(tails)))),
    );
    expect(headlines.map(({ headline }) => [headline.kind, headline.because])).toEqual([
      ['upperBound', ['fewLosses', 'priorDominated']],
      ['upperBound', ['fewLosses', 'priorDominated']],
      ['upperBound', ['fewLosses']],
      ['mean', []],
    ]);
    // 2 · |m(1) − m(½)| ÷ m(1), with m(w) = (k + w/2) ÷ (n + w).
    headlines.forEach(({ card }, i) => {
      const k = [0, 1, 4, 5][i] as number;
      const m = (w: number): number => (k + w / 2) / (500 + w);
      expect(card.prior.share).toBeCloseTo((2 * (m(1) - m(0.5))) / m(1), 6);
    });
    expect(headlines[0]?.probability.lower).toBe(0);
  });

  it('a foreign move is counted, and never smoothed in', async () => {
    const { semantics } = await parcel();
    const before = value(await ask(semantics, 'notStolen', await demoLog()));
    // The case is known to have been loaded, and nothing after that.
    const after = value(
      await ask(
        semantics,
        'notStolen',
        `${await demoLog()}x,load,2030-01-01\nx,steal,2030-01-02\nx,steal,2030-01-03\n`,
      ),
    );
    expect([before, after].map((a) => a.card.data.nonConformantCases)).toEqual([0, 1]);
    expect(after.card.data.events - after.card.data.eventsCounted).toBe(2);
    expect(after.card.nonConformance).toMatchObject([{ case: 'x', reason: 'notEnabled' }]);
    expect(after.card.data.lossCases).toBe(before.card.data.lossCases);
  });

  it('of a log with a seeded mistake is another answer', async () => {
    const { semantics } = await parcel();
    const log = await demoLog();
    const right = value(await ask(semantics, 'notStolen', log));
    const wrong = value(await ask(semantics, 'notStolen', log.replaceAll(',collect,', ',steal,')));
    expect(wrong.card.data.nonConformantCases).toBeGreaterThan(0);
    expect(wrong.probability.lower).toBeGreaterThan(right.probability.upper);
    expect(wrong.card.data.digest).not.toBe(right.card.data.digest);
  });

  it('tells a drift, where the halves of the log have different rates', async () => {
    const { semantics } = await parcel();
    const chain = await chainFor(semantics, 'notStolen');
    const logs = [0.1, 3].map((missed, i) =>
      generateLog(chain, value(branchWeights(chain, { weights: { missed }, stop: 0 })), 300, i)
        .replaceAll('case-', `half${i}-`)
        .replaceAll('2026-', `${2026 + i}-`),
    );
    const { card } = value(
      await ask(
        semantics,
        'notStolen',
        [logs[0], ...(logs[1] as string).split('\n').slice(1)].join('\n').replace('\n\n', '\n'),
      ),
    );
    expect(card.drift.found).toBe(true);
    expect(card.drift.later.lost).toBeGreaterThan(card.drift.earlier.lost);
    expect(value(await ask(semantics, 'notStolen', logs[0] as string)).card.drift.found).toBe(
      false,
    );
  });

  it('takes the worst valuation of the parameters, and names it', async () => {
    const semantics = await semanticsOf(`
probity: 1
name: Patience
parameters: { tries: int 1..3 }
variables:
  n: { type: int 0..3, init: 0 }
  done: { type: bool, init: false }
actors: { a: { trust: trusted } }
actions:
  fail: { actor: a, when: n < tries and not(done), then: { n: n + 1 }, fair: weak }
  win: { actor: a, when: n < tries and not(done), then: { done: true }, fair: weak }
properties: { wins: { never: n = tries } }
final: true
`);
    const { card, probability } = value(
      await ask(
        semantics,
        'wins',
        `case,activity\n${Array.from({ length: 60 }, (_, i) => `${i},${i % 3 === 0 ? 'fail' : 'win'}\n`).join('')}`,
      ),
    );
    expect(card.parameters).toEqual({ valuations: 3, worst: { tries: 1 } });
    expect(probability.atMeanRates).toBeCloseTo(20.5 / 61, 12);
  });

  it('accepts a predicate instead of a property, and knows the answer without numbers', async () => {
    const semantics = await semanticsOf(FORK);
    const formula = semantics.model.properties.find((p) => p.name === 'safe')?.formula;
    if (formula?.kind !== 'never') throw new Error('safe is a never property');
    const log = value(readEventLog('case,activity,side\n1,go,r\n1,lose,\n'));
    const asked = (loss: Parameters<typeof assessRisk>[0]['loss']): ReturnType<typeof assessRisk> =>
      assessRisk({ semantics, loss, log, signal: new AbortController().signal });
    const [property, predicate] = [
      value(await asked({ property: 'safe' })),
      value(await asked({ name: 'lost', predicate: formula.expr })),
    ];
    expect(predicate.probability).toEqual(property.probability);
    expect(predicate.property).toBe('lost');
    const never = value(await asked({ property: 'deadlockFree' }));
    expect(never).toMatchObject({
      probability: { mean: 0, lower: 0, upper: 0 },
      card: { solution: { solver: 'graph' }, branchings: { relevant: 0 } },
    });
  });
});

describe('refusals', () => {
  const LOG = 'case,activity\n1,go\n';

  it('a property that the model has not, or that no state breaks', async () => {
    const semantics = await semanticsOf(FORK);
    expect(codes(await ask(semantics, 'nothing', LOG))).toEqual(['PROPERTY_UNKNOWN']);
    expect(codes(await ask(semantics, 'live', LOG))).toEqual(['RISK_PROPERTY']);
  });

  it('a model that breaks an implicit property', async () => {
    const semantics = await semanticsOf(
      FORK.replace(
        'b: { actor: a, when: at = left, then: { at: end } }',
        'b: { actor: a, when: n = 1, then: { n: n + 1 } }',
      ).replace('variables:', 'variables:\n  n: { type: int 0..1, init: 1 }'),
    );
    const read = await ask(semantics, 'safe', LOG);
    expect(codes(read)).toEqual(['RISK_MODEL_BROKEN']);
    expect(read.ok ? '' : read.problems[0]?.message).toMatch(
      /withinRange is broken by b: mend these first/,
    );
  });

  it('a graph that does not end', async () => {
    const semantics = await semanticsOf(
      'probity: 1\nname: Count\nvariables: { n: { type: int, init: 0 } }\nactors: { a: { trust: trusted } }\nactions: { up: { actor: a, then: { n: n + 1 } } }\nproperties: { low: { always: n < 3 } }\n',
    );
    expect(
      codes(await ask(semantics, 'low', 'case,activity\n1,up\n', { maxStates: 1_000 })),
    ).toEqual(['RISK_INCOMPLETE']);
  });

  it('equations that are not solved to the end: no unfinished solve becomes a mean', async () => {
    const walk = `
probity: 1
name: Walk
variables: { x: { type: "int 0..400", init: 200 } }
actors: { a: { trust: trusted } }
actions:
  up: { actor: a, when: "x > 0 and x < 400", then: { x: x + 1 }, fair: weak }
  down: { actor: a, when: "x > 0 and x < 400", then: { x: x - 1 }, fair: weak }
properties: { notTop: { never: x = 400 } }
final: "x = 0 or x = 400"
`;
    const semantics = await semanticsOf(walk);
    const log = 'case,activity\n1,up\n1,down\n';
    expect(codes(await ask(semantics, 'notTop', log, { maxFactors: 0 }))).toEqual([
      'RISK_UNSOLVED',
    ]);
    expect((await ask(semantics, 'notTop', log, { draws: 400 })).ok).toBe(true);
  });

  it('a cancelled assessment is a fault, not a number', async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(
      assessRisk({
        semantics: await semanticsOf(FORK),
        loss: { property: 'safe' },
        log: value(readEventLog(LOG)),
        signal: abort.signal,
      }),
    ).rejects.toThrow(/cancelled/);
  });

  it('neither is one that takes too long', async () => {
    const { semantics } = await parcel();
    await expect(
      ask(semantics, 'notStolen', await demoLog(), { draws: 10_000_000, timeoutMs: 200 }),
    ).rejects.toThrow(/time limit was reached at \d+ of 10000000 draws/);
  });

  it('weights that name nothing, are no numbers, or leave a state without a step', async () => {
    const { semantics } = await parcel();
    const read = (text: string): string[] => codes(readWeights(text, semantics));
    expect(read('{')).toEqual(['WEIGHTS_SHAPE']);
    expect(read('[]')).toEqual(['WEIGHTS_SHAPE']);
    expect(read('{"weights":{"fly":1,"load":-1},"stop":"x","more":1}')).toEqual([
      'WEIGHTS_SHAPE',
      'WEIGHTS_SHAPE',
      'WEIGHTS_SHAPE',
      'WEIGHTS_SHAPE',
    ]);
    const chain = await chainFor(semantics);
    expect(codes(branchWeights(chain, { weights: { load: 0, cancel: 0 }, stop: 0 }))).toEqual([
      'WEIGHTS_SHAPE',
    ]);
  });
});
