import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lossCommand } from '../cli/run.ts';
import { lossOf } from '../../src/risk/attacks/loss.ts';
import {
  MAX_COMMON_CAUSES,
  readLossQuestion,
  type LossQuestion,
} from '../../src/risk/attacks/question.ts';
import { describeShared, sharedPath } from '../shared.ts';

const IDS = ['a', 'b', 'c', 'd'];

/** Adds up every outcome of every id and every common cause: slow, and shares nothing with it. */
function byHand(question: LossQuestion, fixed: { id: string; to: boolean } | undefined) {
  const { q, commonCause, properties, severity, lossGroups } = question;
  const names = [...q.keys()];
  const events = [...q.values(), ...commonCause.map((each) => each.q)];
  const grouped = new Set(lossGroups.flat());
  const groups = [
    ...lossGroups,
    ...properties.filter(({ name }) => !grouped.has(name)).map(({ name }) => [name]),
  ];
  const sum = { p: properties.map(() => 0), upper: properties.map(() => 0), loss: 0 };
  for (let mask = 0; mask < 2 ** events.length; mask += 1) {
    const happens = (at: number): boolean => Math.floor(mask / 2 ** at) % 2 === 1;
    const weight = events.reduce((p, each, at) => p * (happens(at) ? each : 1 - each), 1);
    const x = new Set(
      names.filter((id, at) => {
        if (fixed?.id === id) return fixed.to;
        const struck = commonCause.some(
          ({ members }, group) => members.includes(id) && happens(names.length + group),
        );
        return happens(at) || struck;
      }),
    );
    const broken = properties.map(({ sets }) => sets.some((set) => set.every((id) => x.has(id))));
    for (const [at, { complete }] of properties.entries()) {
      if (broken[at]) sum.p[at] = (sum.p[at] ?? 0) + weight;
      if (broken[at] || (complete !== true && x.size > complete))
        sum.upper[at] = (sum.upper[at] ?? 0) + weight;
    }
    for (const group of groups)
      sum.loss +=
        weight *
        Math.max(
          0,
          ...properties.flatMap(({ name }, at) =>
            broken[at] && group.includes(name) ? [severity.get(name) ?? 0] : [],
          ),
        );
  }
  return sum;
}

const probability = fc.integer({ min: 0, max: 20 }).map((n) => n / 20);
const questions: fc.Arbitrary<LossQuestion> = fc.record({
  properties: fc.tuple(
    ...['one', 'two', 'three'].map((name) =>
      fc.record({
        name: fc.constant(name),
        sets: fc.array(fc.subarray(IDS), { maxLength: 4 }),
        complete: fc.oneof(fc.constant(true as const), fc.nat({ max: 4 })),
      }),
    ),
  ),
  q: fc
    .tuple(...IDS.map(() => probability))
    .map((all) => new Map(IDS.map((id, at) => [id, all[at] ?? 0]))),
  commonCause: fc.array(fc.record({ members: fc.subarray(IDS), q: probability }), { maxLength: 3 }),
  severity: fc.constant(
    new Map([
      ['one', 100],
      ['two', 7],
      ['three', 1000],
    ]),
  ),
  lossGroups: fc.constantFrom([], [['one', 'two']], [['one', 'three'], ['two']]),
  cases: fc.integer({ min: 1, max: 50 }),
});

describe('losses from attacks', () => {
  it('are what adding up every outcome gives, importances and groups included', () => {
    fc.assert(
      fc.property(questions, (question) => {
        const [report, hand] = [lossOf(question), byHand(question, undefined)];
        for (const [at, { p, upper, bound, atLeastOnce, ids }] of report.properties.entries()) {
          const truth = hand.p[at] ?? 0;
          expect(p).toBeCloseTo(truth, 12);
          expect(upper).toBeCloseTo(hand.upper[at] ?? 0, 12);
          expect(bound).toBeGreaterThanOrEqual(truth - 1e-12);
          expect(atLeastOnce).toBeCloseTo(1 - (1 - truth) ** question.cases, 12);
          for (const { id, birnbaum, riskReduction } of ids) {
            const [sure, never] = [true, false].map(
              (to) => byHand(question, { id, to }).p[at] ?? 0,
            );
            expect(birnbaum).toBeCloseTo((sure ?? 0) - (never ?? 0), 12);
            if (truth > 0) expect(riskReduction).toBeCloseTo((truth - (never ?? 0)) / truth, 11);
          }
        }
        expect(report.expectedLoss).toBeCloseTo(question.cases * hand.loss, 8);
      }),
      { numRuns: 150 },
    );
  });

  it('are left to the bound where the diagram grows too large', () => {
    const question = fc.sample(questions, { numRuns: 1, seed: 1 })[0] as LossQuestion;
    const sets = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
    ];
    const wide = {
      ...question,
      properties: [{ name: 'one', sets, complete: true as const }],
      lossGroups: [],
    };
    expect(lossOf(wide, 3)).toMatchObject({
      expectedLoss: null,
      someLoss: null,
      properties: [{ p: null, upper: null, atLeastOnce: null, ids: [] }],
    });
    expect(lossOf(wide, 3).properties[0]?.bound).toBe(lossOf(wide).properties[0]?.bound);
  });

  it('of 40 threats and 300 sets are exact', () => {
    const random = (seed: number): number => (Math.sin(seed * 12.9898) * 43758.5453) % 1;
    const names = Array.from({ length: 40 }, (_, at) => `t${at}`);
    const sets = Array.from({ length: 300 }, (_, at) => [
      ...new Set([0, 1, 2].map((j) => `t${Math.floor(Math.abs(random(at * 3 + j + 1)) * 40)}`)),
    ]);
    const question: LossQuestion = {
      properties: [{ name: 'one', sets, complete: true }],
      q: new Map(names.map((id, at) => [id, 0.002 + at / 4000])),
      commonCause: [],
      severity: new Map(),
      lossGroups: [],
      cases: 1,
    };
    const [first] = lossOf(question).properties;
    // Inclusion–exclusion to two terms brackets it (Bonferroni).
    const chance = (set: readonly string[]): number =>
      set.reduce((p, id) => p * (question.q.get(id) ?? 0), 1);
    const singles = sets.reduce((sum, set) => sum + chance(set), 0);
    const pairs = sets.reduce(
      (sum, set, at) =>
        sum +
        sets
          .slice(0, at)
          .reduce((more, other) => more + chance([...new Set([...set, ...other])]), 0),
      0,
    );
    expect(first?.p).not.toBeNull();
    expect(first?.p ?? 1).toBeLessThanOrEqual(singles);
    expect(first?.p ?? 0).toBeGreaterThanOrEqual(singles - pairs);
  });

  it('are refused with every place that cannot be read', () => {
    const read = (value: unknown): string[] => {
      const result = readLossQuestion(JSON.stringify(value));
      if (result.ok) throw new Error('read');
      expect(new Set(result.problems.map(({ code }) => code))).toEqual(new Set(['LOSS_SHAPE']));
      return result.problems.map(({ path }) => path).sort();
    };
    const property = { name: 'p', minimalAttackSets: [{ threats: ['a', 'b'] }], complete: true };
    const sets = { properties: [property] };
    expect(read({})).toEqual(['']);
    expect(read({ sets, risk: { q: { a: 1.5, b: -1 } } })).toEqual(['risk.q.a', 'risk.q.b']);
    expect(
      read({
        sets: { properties: [property, property, { name: 'x' }] },
        risk: {
          q: { a: 0, b: 1 },
          severity: { z: 1, p: -1 },
          lossGroups: [['p'], ['p'], 'q'],
          commonCause: [{ members: 'a', q: 1 }],
          cases: 0,
          rate: 1,
        },
      }),
    ).toEqual([
      'risk.cases',
      'risk.commonCause.0',
      'risk.lossGroups',
      'risk.lossGroups.2',
      'risk.rate',
      'risk.severity.p',
      'risk.severity.z',
      'sets.properties',
      'sets.properties.2',
    ]);
    const many = Array.from({ length: MAX_COMMON_CAUSES + 1 }, () => ({ members: ['a'], q: 0 }));
    expect(read({ sets, risk: { q: { a: 0, b: 1 }, commonCause: many } })).toEqual([
      'risk.commonCause',
    ]);
    expect(readLossQuestion('{').ok).toBe(false);
  });
});

describeShared('cases/threats/loss', () => {
  const folder = sharedPath('cases', 'threats', 'loss');
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<
    string,
    Record<string, unknown> & { exit: number }
  >;
  const numbersOf = (value: unknown): Record<string, number> =>
    Object.fromEntries(
      Object.entries((value ?? {}) as object).filter(([, each]) => typeof each === 'number'),
    );
  const close = (mine: unknown, theirs: unknown): void => {
    for (const [key, value] of Object.entries(numbersOf(theirs)))
      if (key !== 'exit')
        // Their numbers are rounded to ten digits.
        expect(numbersOf(mine)[key], key).toBeCloseTo(value, 9);
  };
  it('has the answers of the reference', async () => {
    expect(Object.keys(expected).sort()).toEqual(
      readdirSync(folder).filter((each) => each !== 'expected.json'),
    );
    for (const [file, answer] of Object.entries(expected)) {
      let out = '';
      const exit = await lossCommand([join(folder, file), '--json'], {
        stdout: (text: string) => {
          out += text;
        },
        stderr: () => undefined,
      } as unknown as Parameters<typeof lossCommand>[1]);
      expect(exit).toBe(answer.exit);
      const report = JSON.parse(out) as Record<string, { name: string; ids: { id: string }[] }[]>;
      close(report, answer);
      const theirs = answer['properties'] as { name: string; ids: { id: string }[] }[];
      expect(report['properties']?.map(({ name }) => name)).toEqual(theirs.map(({ name }) => name));
      for (const [at, property] of theirs.entries()) {
        close(report['properties']?.[at], property);
        for (const each of property.ids)
          close(
            report['properties']?.[at]?.ids.find(({ id }) => id === each.id),
            each,
          );
      }
    }
  });
});
