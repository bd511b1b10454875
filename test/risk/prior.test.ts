import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DirectSolver } from '../../src/risk/direct.ts';
import { groupsOf, learn, probabilityAt } from '../../src/risk/learned.ts';
import { Posterior } from '../../src/risk/posterior.ts';
import { halfALostCase } from '../../src/risk/prior.ts';
import { ReachQuestion } from '../../src/risk/question.ts';
import {
  assessRisk,
  branchWeights,
  generateLog,
  readEventLog,
  type RiskAssessment,
} from '../../src/risk/index.ts';
import { chainOf } from '../../src/risk/topology.ts';
import { chainFor, FORK, parcel, semanticsOf, value } from './fixture.ts';

describe('the prior is half a lost case', () => {
  it('in a row of one branch of loss and nine of none, however many there are', () => {
    const { topology } = chainOf(
      11,
      0,
      [1],
      Array.from({ length: 10 }, (_, i): [number, number, number] => [0, i + 1, 0.1]),
    );
    const prior = halfALostCase(
      new ReachQuestion(topology),
      Int32Array.from({ length: 10 }, (_, i) => i),
    );
    expect(prior[0]).toBeCloseTo(0.5, 12);
    for (const weight of prior.subarray(1)) expect(weight).toBeCloseTo(0.5 / 9, 12);
  });

  it('is divided among ways that each may lose', () => {
    // Ten stages, each of which may lose the case.
    const steps = Array.from({ length: 10 }, (_, i): [number, number, number][] => [
      [i, i + 1, 0.5],
      [i, 11, 0.5],
    ]).flat();
    const { topology } = chainOf(12, 0, [11], steps);
    const prior = halfALostCase(
      new ReachQuestion(topology),
      Int32Array.from(steps, (_, b) => b),
    );
    const losing = prior.filter((_, b) => topology.targets[b] === 11);
    expect(losing.reduce((a, b) => a + b, 0)).toBeCloseTo(0.5, 10);
    expect(prior[18]).toBeCloseTo(0.5, 10);
  });

  it('is a flow: what comes to a state leaves it, also round and round', async () => {
    const chain = await chainFor(await semanticsOf(FORK), 'safe');
    const question = new ReachQuestion(chain.topology);
    const prior = halfALostCase(question, groupsOf(chain));
    for (const node of question.unsettled) {
      let [inflow, outflow] = [node === chain.root ? 1 : 0, 0];
      for (let n = 0; n < chain.topology.nodes; n += 1)
        for (
          let b = chain.topology.rows[n] as number;
          b < (chain.topology.rows[n + 1] as number);
          b += 1
        ) {
          if (chain.topology.targets[b] === node) inflow += prior[b] as number;
          if (n === node) outflow += prior[b] as number;
        }
      expect(outflow).toBeCloseTo(inflow, 9);
    }
  });

  it('alone gives a probability of a half, on random chains', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 40 }),
        (edges) => {
          const rows = new Map<number, Set<number>>();
          for (const [from, to] of edges)
            if (from < 8) rows.set(from, (rows.get(from) ?? new Set()).add(to));
          const transitions = [...rows].flatMap(([from, set]) =>
            [...set].map((to): [number, number, number] => [from, to, 1 / set.size]),
          );
          const { topology } = chainOf(10, 0, [9], transitions);
          const question = new ReachQuestion(topology);
          if (question.settled !== undefined) return;
          const prior = halfALostCase(question, Int32Array.from(topology.targets));
          const none = { counts: new Float64Array(topology.targets.length), cascades: new Map() };
          const posterior = new Posterior(topology, none, prior);
          const p = probabilityAt(question, new DirectSolver(question), posterior.mean());
          expect(p).toBeCloseTo(0.5, 5);
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });
});

describe('at the mean rates', () => {
  it('the probability is (k + ½) ÷ (n + 1) where every case has ended, on graphs with and without circles', async () => {
    const { semantics } = await parcel();
    const parcelChain = await chainFor(semantics, 'notStolen');
    const loop = await semanticsOf(`
probity: 1
name: Loop
variables: { at: { type: "enum [a, b, c, lost, done]", init: a } }
actors: { x: { trust: trusted } }
actions:
  go: { actor: x, when: at = a, then: { at: b }, fair: weak }
  on: { actor: x, when: at = b, then: { at: c }, fair: weak }
  back: { actor: x, when: "at in (b, c)", then: { at: a }, fair: weak }
  lose: { actor: x, when: at = c, then: { at: lost }, fair: weak }
  end: { actor: x, when: at = c, then: { at: done }, fair: weak }
properties: { safe: { never: at = lost } }
final: at in (lost, done)
`);
    for (const chain of [parcelChain, await chainFor(loop, 'safe')])
      for (const cases of [5, 80, 700]) {
        const weights = value(branchWeights(chain, { weights: { steal: 3, keep: 3 }, stop: 0 }));
        const log = value(readEventLog(generateLog(chain, weights, cases, cases)));
        const learned = learn(chain, { ...log, untilMs: undefined });
        const k = learned.alignment.goalCases;
        expect(learned.atMeanRates).toBeCloseTo((k + 0.5) / (cases + 1), 6);
      }
  });
});

const SPLIT = (places: string, load: string, van: string): string => `
probity: 1
name: Split
variables:
  at: { type: "enum [depot, ${places}, done, lost]", init: depot }
actors: { a: { trust: trusted } }
actions:
  ${load}
  hand: { actor: a, when: "${van}", then: { at: done }, fair: weak }
  lose: { actor: a, when: "${van}", then: { at: lost }, fair: weak }
  back: { actor: a, when: "${van}", then: { at: depot }, fair: weak }
properties: { safe: { never: at = lost } }
final: at in (done, lost)
`;

describe('invariance', () => {
  const ask = async (source: string, log: string): Promise<RiskAssessment> =>
    value(
      await assessRisk({
        semantics: await semanticsOf(source),
        loss: { property: 'safe' },
        log: value(readEventLog(log)),
        signal: new AbortController().signal,
      }),
    );
  const within = (a: number, b: number, part: number): void =>
    expect(Math.abs(a - b)).toBeLessThan(part * Math.max(a, b));

  it.each([1, 3, 12, 60])(
    'an unused variable and a split state change mean and bounds by less than a tenth, %d losses',
    async (losses) => {
      const plain = SPLIT(
        'van',
        'load: { actor: a, when: at = depot, then: { at: van }, fair: weak }',
        'at = van',
      );
      const split = SPLIT(
        'one, two, three',
        `load1: { actor: a, label: load, when: at = depot, then: { at: one }, fair: weak }
  load2: { actor: a, label: load, when: at = depot, then: { at: two }, fair: weak }
  load3: { actor: a, label: load, when: at = depot, then: { at: three }, fair: weak }`,
        'at in (one, two, three)',
      );
      const unused = plain.replace(
        'variables:',
        'variables:\n  hour: { type: "int 0..7", init: any }',
      );
      const log = `case,activity\n${Array.from({ length: 400 }, (_, i) => {
        const back = i % 5 === 0 ? `${i},load\n${i},back\n` : '';
        return `${back}${i},load\n${i},${i % 400 < losses ? 'lose' : 'hand'}\n`;
      }).join('')}`;
      const [base, ...others] = await Promise.all(
        [plain, split, unused].map((source) => ask(source, log)),
      );
      for (const other of others) {
        const [a, b] = [base?.probability as RiskAssessment['probability'], other.probability];
        within(a.mean, b.mean, 0.1);
        within(a.lower, b.lower, 0.1);
        within(a.upper, b.upper, 0.1);
      }
    },
  );
});
