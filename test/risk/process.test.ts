import { describe, expect, it } from 'vitest';
import {
  assessRisk,
  generateLog,
  readCosts,
  readEventLog,
  type RiskAssessment,
} from '../../src/risk/index.ts';
import { betaQuantile } from '../../src/risk/distributions.ts';
import { branchWeights, trueProbability } from '../../src/risk/generate.ts';
import type { ProcessRequest } from '../../src/risk/process/processRequest.ts';
import { Random } from '../../src/risk/random.ts';
import { fileOf, probity } from '../cli/run.ts';
import { chainFor, codes, parcel, repository, semanticsOf, value } from './fixture.ts';

const signal = new AbortController().signal;
const DAY = 86_400_000;

/** A price goes by the browser to the gateway, which takes what it is told to take. */
const SHOP = `
probity: 1
name: Shop
variables:
  state: { type: "enum [cart, sent, paid, cheated, gaveUp]", init: cart }
actors:
  customer: { trust: trusted }
  gateway: { trust: trusted }
channels:
  redirect: { from: customer, to: gateway, carries: { amount: int 1..2 }, medium: public, order: bag, capacity: 1 }
actions:
  go: { actor: customer, when: state = cart, then: { state: sent }, send: { redirect: { amount: 2 } }, fair: weak }
  take: { actor: gateway, receive: { redirect: r }, when: state = sent and r.amount = 2, then: { state: paid }, fair: weak }
  takeLess: { actor: gateway, receive: { redirect: r }, when: state = sent and r.amount = 1, then: { state: cheated }, fair: weak }
  giveUp: { actor: customer, when: state = sent, then: { state: gaveUp }, fair: weak }
properties:
  notCheated: { never: state = cheated }
final: state in (paid, cheated, gaveUp)
`;

/** A reminder or two; then it is delivered, or lost. */
const LOOP = `
probity: 1
name: Reminders
variables: { at: { type: "enum [asked, done, lost]", init: asked }, n: { type: int 0..1, init: 0 } }
actors: { shop: { trust: trusted } }
actions:
  remind: { actor: shop, when: at = asked, then: { n: 1 - n }, fair: weak }
  deliver: { actor: shop, when: at = asked, then: { at: done }, fair: weak }
  lose: { actor: shop, when: at = asked, then: { at: lost }, fair: weak }
properties: { notLost: { never: at = lost } }
final: at in (done, lost)
`;

async function ask(
  model: string,
  log: string,
  property: string,
  process: ProcessRequest,
): Promise<RiskAssessment> {
  return value(
    await assessRisk({
      semantics: await semanticsOf(model),
      loss: { property },
      log: value(readEventLog(log)),
      options: { draws: 400 },
      process,
      signal,
    }),
  );
}

/** Cases of `[activity, days after the one before]`, one beginning each day. */
function logOf(cases: readonly (readonly (readonly [string, number])[])[]): string {
  const rows = cases.flatMap((steps, i) => {
    let at = Date.UTC(2026, 0, 1) + i * DAY;
    return steps.map(([activity, days]) => {
      at += days * DAY;
      return `${i},${activity},${new Date(at).toISOString()}`;
    });
  });
  return `case,activity,timestamp\n${rows.join('\n')}\n`;
}

describe('what more is known of a process', () => {
  const once = [['deliver', 0]] as const;
  const reminded = [
    ['remind', 0],
    ['deliver', 2],
  ] as const;
  const lostLate = [
    ['remind', 0],
    ['remind', 1],
    ['lose', 3],
  ] as const;
  const log = logOf(
    Array.from({ length: 40 }, () => [once, reminded, lostLate, once, reminded]).flat(),
  );

  it('losses within steps: the powers of the chain at the mean rates', async () => {
    const { process, card } = await ask(LOOP, log, 'notLost', { within: 3 });
    const mean = (state: string, branch: string): number => {
      const row = card.branches.rows.find((r) => r.state === state && r.branch === branch);
      if (!row) throw new Error(`${state} ${branch}`);
      return row.mean;
    };
    const [first, second] = ['the first state', 'n = 1'];
    const [again, back] = [mean(first, 'remind'), mean(second, 'remind')];
    const [early, late] = [mean(first, 'lose'), mean(second, 'lose')];
    const byHand = early + again * late + again * back * early;
    expect(process?.within?.atMeanRates).toBeCloseTo(byHand, 12);
    expect(process?.within).toMatchObject({ steps: 3, level: 0.95 });
    const { lower, upper } = process?.within ?? {};
    expect(lower).toBeLessThan(byHand);
    expect(upper).toBeGreaterThan(byHand);
    const none = await ask(LOOP, log, 'notLost', { within: 0 });
    expect(none.process?.within).toMatchObject({ atMeanRates: 0, lower: 0, upper: 0 });
  });

  it('steps, days and costs of a case: what the cases of the log took on average', async () => {
    const costs = value(readCosts('{"costs":{"remind":5}}', await semanticsOf(LOOP)));
    const { process } = await ask(LOOP, log, 'notLost', { expected: true, costs });
    const { steps, days, cost } = process?.expected ?? {};
    // 1, 2, 3, 1, 2 steps; 0, 2, 4, 0, 2 days; 0, 1, 2, 0, 1 reminders. The prior is half a case.
    expect(steps?.atMeanRates).toBeCloseTo(1.8, 1);
    expect(cost?.atMeanRates).toBeCloseTo(4, 0);
    expect(days?.atMeanRates).toBeCloseTo(1.6, 1);
    for (const spread of [steps, days, cost]) {
      expect(spread?.lower).toBeLessThan(spread?.atMeanRates ?? 0);
      expect(spread?.upper).toBeGreaterThan(spread?.atMeanRates ?? 0);
    }
  });

  it('days are not said where the log has no times', async () => {
    const bare = log.replaceAll(/,[0-9T:.Z-]+$/gmu, '').replace(',timestamp', '');
    const { process } = await ask(LOOP, bare, 'notLost', { expected: true });
    expect(Object.keys(process?.expected ?? {})).toEqual(['steps']);
  });

  it('the interval of the days holds the truth, and waits that are cut off are not lost', async () => {
    const random = new Random(3);
    const after = (mean: number): number => -mean * Math.log(random.uniform());
    let covered = 0;
    for (let trial = 0; trial < 60; trial += 1) {
      const rows = ['case,activity,timestamp'];
      for (let i = 0; i < 100; i += 1) {
        const begun = random.uniform() * 30;
        const reminded = begun + after(2);
        const times: [number, string][] = [
          [begun, 'remind'],
          [reminded, 'remind'],
          [reminded + after(4), random.uniform() < 0.1 ? 'lose' : 'deliver'],
        ];
        for (const [day, activity] of times)
          if (day < 30)
            rows.push(
              `${i},${activity},${new Date(Date.UTC(2026, 0, 1) + day * DAY).toISOString()}`,
            );
      }
      const log = value(readEventLog(`${rows.join('\n')}\n`));
      const { process } = value(
        await assessRisk({
          semantics: await semanticsOf(LOOP),
          loss: { property: 'notLost' },
          log,
          options: { draws: 400, seed: trial, logEndMs: Date.UTC(2026, 0, 31) },
          process: { expected: true },
          signal,
        }),
      );
      const { lower, upper } = process?.expected?.days ?? {};
      // n tells the first stay from the third only in part: the chain has the mean of both.
      if ((lower ?? 9) <= 6 && 6 <= (upper ?? 0)) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(50);
  });

  it('bounds that hold whatever the rates are: of one branching its Beta quantiles', async () => {
    const model = LOOP.replace(/ {2}remind.*\n/u, '');
    const cases = Array.from({ length: 50 }, (_, i) => (i < 45 ? once : ([['lose', 0]] as const)));
    const { process, card, probability } = await ask(model, logOf(cases), 'notLost', {
      robust: true,
    });
    const { robust } = process ?? {};
    const row = card.branches.rows.find(({ branch }) => branch === 'lose');
    const total = 50 + card.branches.rows.reduce((sum, { prior }) => sum + prior, 0);
    const quantile = (tail: number): number =>
      betaQuantile(tail, row?.alpha ?? 0, total - (row?.alpha ?? 0));
    expect(robust).toMatchObject({ branches: 2, level: 0.95 });
    expect(robust?.lower).toBeCloseTo(quantile(0.0125), 9);
    expect(robust?.upper).toBeCloseTo(quantile(1 - 0.0125), 9);
    expect(robust?.lower).toBeLessThan(probability.lower);
    expect(robust?.upper).toBeGreaterThan(probability.upper);
  });
});

describe('attackers who make the most of a running process', () => {
  const weights = { weights: { take: 3, takeLess: 1, giveUp: 1 }, stop: 0 };
  const known = async (model: string, threats: string, ...more: string[]) => {
    const { stdout, stderr, exit } = await probity(
      'markov',
      fileOf('model.yaml', model),
      '--weights',
      fileOf('weights.json', JSON.stringify(weights)),
      '--property',
      'notCheated',
      ...(threats === '' ? [] : ['--threats', threats]),
      ...more,
    );
    return { exit, stderr, answer: (stdout === '' ? {} : JSON.parse(stdout)) as Answer };
  };
  interface Bounds {
    readonly lower: number;
    readonly upper: number;
    readonly within?: Bounds;
    readonly expected?: Bounds;
  }
  interface Answer extends Bounds {
    readonly kind: string;
    readonly threats?: readonly string[];
    readonly max: Bounds;
    readonly min: Bounds;
  }

  it('by hand: who tampers with the amount wins against half of those who wait', async () => {
    const { answer, exit } = await known(SHOP, 'tamper.redirect.amount', '--within', '2');
    expect(exit).toBe(0);
    expect(answer).toMatchObject({ kind: 'mdp', threats: ['tamper.redirect.amount'] });
    // Tampered with, it is taken for less (1) or given up (1); else taken (3) or given up (1).
    expect(answer.max.lower).toBeCloseTo(0.5, 12);
    expect(answer.min.upper).toBe(0);
    // It takes three steps: go, the attack, the taking.
    expect(answer.max.within).toEqual({ steps: 2, lower: 0, upper: 0 });
  });

  it('without threats it is the chain, and its steps are those of the model', async () => {
    const { answer } = await known(SHOP, '', '--expected', '--within', '3');
    expect(answer).toMatchObject({ kind: 'chain', lower: 0, upper: 0, within: { steps: 3 } });
    expect(answer.expected?.lower).toBeCloseTo(2, 9);
    const forged = await known(SHOP.replaceAll('state = cheated', 'state = paid'), '');
    expect(forged.answer.lower).toBeCloseTo(0.75, 12);
    expect(forged.answer.threats).toBeUndefined();
  });

  it('who holds a message back leaves nothing but giving up, or lets nobody ever act', async () => {
    const { answer } = await known(
      SHOP.replaceAll('state = cheated', 'state = gaveUp'),
      'delay.redirect',
    );
    expect(answer.max.lower).toBeCloseTo(1, 12);
    // Held back and let go again for ever: neither is what a case does by itself (1/4).
    expect(answer.min.upper).toBe(0);
  });

  it('of several valuations it is the worst that is told', async () => {
    const priced = SHOP.replace(
      'variables:',
      'parameters: { price: int 1..2 }\nvariables:',
    ).replace('amount: 2 }', 'amount: price }');
    const { answer } = await known(priced, '');
    expect(answer).toMatchObject({ parameters: { price: 1 } });
    expect(answer.lower).toBeCloseTo(0.5, 12);
  });

  it('learned rates hold where cases were; elsewhere any step may be the next', async () => {
    const semantics = await semanticsOf(SHOP);
    const chain = await chainFor(semantics, 'notCheated');
    const branches = value(branchWeights(chain, weights));
    expect(trueProbability(chain, branches)).toBe(0);
    const log = generateLog(chain, branches, 200, 1);
    const under = async (...attackers: string[]) =>
      (await ask(SHOP, log, 'notCheated', { attackers })).process?.attackers;
    // Nobody was ever seen where the amount is 1: it may always be taken, or never.
    expect(await under('tamper.redirect.amount')).toMatchObject({
      unknownStates: 1,
      errs: false,
      worst: { met: true },
      best: { lower: 0, upper: 0 },
    });
    expect((await under('tamper.redirect.amount'))?.worst.lower).toBeCloseTo(1, 9);
    // A message that comes again stands where one stood before, or nowhere: nothing is new there.
    const replayed = await under('replay.redirect');
    expect(replayed?.worst.upper).toBe(0);
    expect((await under('drop.redirect'))?.worst.upper).toBe(0);
  });

  it('with threats that cannot act the learned chain comes out', async () => {
    const { semantics } = await parcel();
    const chain = await chainFor(semantics, 'notStolen');
    const drawn = value(branchWeights(chain, { weights: { steal: 0.5, keep: 0.5 }, stop: 0 }));
    const log = value(readEventLog(generateLog(chain, drawn, 400, 5)));
    const { process, probability } = value(
      await assessRisk({
        semantics,
        loss: { property: 'notStolen' },
        log,
        options: { draws: 400 },
        process: { attackers: [] },
        signal,
      }),
    );
    const { worst, best, unknownStates } = process?.attackers ?? {};
    expect(unknownStates).toBe(0);
    expect(worst?.lower).toBeCloseTo(probability.atMeanRates, 9);
    expect(best?.upper).toBeCloseTo(probability.atMeanRates, 9);
  });

  it('what cannot be answered is a problem with its place', async () => {
    const semantics = await semanticsOf(SHOP);
    const log = value(readEventLog(logOf([[['go', 0]], [['go', 0]]])));
    const refused = async (attackers: readonly string[], maxStates = 1000): Promise<string[]> =>
      codes(
        await assessRisk({
          semantics,
          loss: { property: 'notCheated' },
          log,
          options: { draws: 400, maxStates },
          process: { attackers },
          signal,
        }),
      );
    expect(await refused(['tamper.redirect.price'])).toEqual(['THREAT_UNKNOWN']);
    expect(await refused(['forge.redirect', 'replay.redirect'], 6)).toEqual(['RISK_INCOMPLETE']);
    const wide = SHOP.replace('amount: int 1..2', 'amount: int 1..9000');
    expect((await known(wide, 'tamper.redirect.amount')).stderr).toMatch(/^THREAT_TOO_LARGE/u);
    for (const [args, message] of [
      [['--property', 'notCheated'], /^OPTION_INVALID.*--weights/u],
      [['--weights', fileOf('w.json', '{"weights":{}}')], /^OPTION_INVALID.*--property/u],
      [
        ['--weights', fileOf('w.json', '{"weights":{"tak":1}}'), '--property', 'notCheated'],
        /^WEIGHTS_SHAPE.*`tak`/u,
      ],
    ] as const)
      expect((await probity('markov', fileOf('model.yaml', SHOP), ...args)).stderr).toMatch(
        message,
      );
    for (const text of ['{', '{"costs":{"go":-1}}', '{"cost":{}}', '{"costs":{},"stop":1}'])
      expect(codes(readCosts(text, semantics))).toEqual(['WEIGHTS_SHAPE']);
  });
});

describe('probity risk, asked for more', () => {
  it('prints a line for each, and no mean of losses where the headline has none', async () => {
    const { stdout, exit } = await probity(
      'risk',
      repository('specs/demo/parcel-risk.yaml'),
      '--events',
      repository('specs/demo/parcel-events.csv'),
      '--property',
      'notStolen',
      '--within',
      '4',
      '--costs',
      fileOf('costs.json', '{"costs":{"handOver":2}}'),
      '--robust',
      '--attackers',
      'unavailable.street',
    );
    expect(exit).toBe(0);
    expect(stdout).toMatch(/lost in at most 4 of its steps: 95 % posterior interval/u);
    expect(stdout).toMatch(/a case takes 2\.4\d* steps at the mean rates/u);
    expect(stdout).toMatch(/it costs [\d.]+ at the mean rates/u);
    expect(stdout).toMatch(/from its first event to its last: [\d.]+ days/u);
    expect(stdout).toMatch(/whatever the rates of \d+ branches are/u);
    expect(stdout).toMatch(/under 1 threat 0 % at best to/u);
  });
});
