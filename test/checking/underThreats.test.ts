import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkSubmission } from '../../src/checking/check.ts';
import { recheck, type Recheck } from '../../src/checking/recheck.ts';
import { DEFAULT_OPTIONS, type CheckOptions } from '../../src/checking/types.ts';
import type { Sealable } from '../../src/evidence/bundle/contents.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import type { PropertyReport, Report } from '../../src/model/outcome.ts';
import { installation, type Installation } from '../evidence/fixture.ts';
import { describeShared, sharedPath } from '../shared.ts';

const SHOP = `probity: 1
name: Shop
variables: { paid: { type: int 0..2, init: 0 }, state: { type: "enum [new, asked, done]", init: new } }
actors: { shop: {}, bank: { recovers: true } }
channels: { bill: { from: shop, to: bank, carries: { amount: int 1..2 }, medium: public, capacity: 1 } }
actions:
  ask: { actor: shop, when: state = new, then: { state: asked }, send: { bill: { amount: 2 } }, fair: weak }
  pay: { actor: bank, receive: { bill: b }, when: state = asked, controls: { full: b.amount = 2 }, then: { paid: b.amount, state: done }, fair: strong }
properties:
  full: { always: "if state = done then paid = 2 else true" }
  ends: { eventually: state = done }
  may: { reachable: state = done }
  back: { recoverable: state = done }
final: state = done
`;

async function checked(
  source: string,
  threats: readonly string[],
  more: Partial<CheckOptions> = {},
) {
  const context = {
    signal: new AbortController().signal,
    cacheDir: '',
    onProgress: () => undefined,
  };
  return checkSubmission(
    { source, format: 'native', name: 'shop.yaml' },
    { ...DEFAULT_OPTIONS, ...more, threats },
    context,
  );
}

async function reportOn(source: string, threats: readonly string[]): Promise<Report> {
  const result = await checked(source, threats);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value.report;
}

const outcomes = ({ properties }: Report): Record<string, string> =>
  Object.fromEntries(
    properties
      .filter(({ name }) => ['full', 'ends', 'may', 'back', 'deadlockFree'].includes(name))
      .map(({ name, outcome, threats }) => [name, `${outcome} ${threats.join('+')}`.trim()]),
  );

describe('a check under threats', () => {
  it('says what an answer lacks of the assurance that was demanded', async () => {
    const lacksOf = async (assurance: CheckOptions['assurance']): Promise<readonly unknown[]> => {
      const result = await checked(SHOP, ['tamper.bill.amount'], {
        ...(assurance && { assurance }),
      });
      if (!result.ok) throw new Error(JSON.stringify(result.problems));
      return result.value.report.properties
        .filter(({ name }) => name === 'full' || name === 'ends')
        .map(({ evidence }) => evidence?.['lacks']);
    };
    expect(await lacksOf(undefined)).toEqual([undefined, undefined]);
    expect(await lacksOf(['crossChecked'])).toEqual([['crossChecked'], ['crossChecked']]);
  });

  it('names its set with every answer that the set can change', async () => {
    expect(outcomes(await reportOn(SHOP, ['tamper.bill.amount']))).toEqual({
      full: 'holds tamper.bill.amount',
      ends: 'violated tamper.bill.amount',
      may: 'holds',
      back: 'violated tamper.bill.amount',
      deadlockFree: 'violated tamper.bill.amount',
    });
    const both = await reportOn(SHOP, ['bypass.pay.full', 'tamper.bill.amount']);
    expect(outcomes(both)['full']).toBe('violated bypass.pay.full+tamper.bill.amount');
    const attack = both.properties.find(({ name }) => name === 'full');
    expect(attack?.trace?.steps.map(({ action }) => action)).toEqual([
      'ask',
      'tamper.bill.amount',
      'pay',
    ]);
    expect(attack?.assurance).toEqual(['replayed']);
  });

  it('is not believed where an error cuts it short', async () => {
    const loose = SHOP.replace('amount = 2 }, then', 'amount > 0 }, then')
      .replace('paid: b.amount,', 'paid: b.amount * 2 - 2,')
      .replace('paid = 2 else', 'paid < 3 else')
      .replace('int 1..2 }, medium', 'int 1..3 }, medium');
    const { properties } = await reportOn(loose, ['tamper.bill.amount']);
    const full = properties.find(({ name }) => name === 'full');
    expect(full).toMatchObject({ outcome: 'bounded', bound: 'runs that keep withinRange' });
  });

  it('says what other engines do not do, and refuses what is not there', async () => {
    const result = await checked(SHOP, ['drop.bill'], { engines: ['z3'] });
    const full = result.ok && result.value.report.properties.find(({ name }) => name === 'full');
    expect(full).toMatchObject({ outcome: 'unknown', reason: 'unsupported' });
    const refused = await checked(SHOP, ['drop.note']);
    expect(!refused.ok && refused.problems.map(({ code }) => code)).toEqual(['THREAT_UNKNOWN']);
    const unsound = await checked(SHOP.replace('int 0..2', 'int 0..1'), ['drop.bill']);
    expect(!unsound.ok && unsound.problems.map(({ code }) => code)).toEqual([
      'THREATS_NEED_SOUND_MODEL',
    ]);
  });
});

describe('recheck of answers under threats', () => {
  let home: Installation;
  beforeAll(async () => {
    home = await installation('honest');
  });
  let sealable: Sealable;
  beforeAll(async () => {
    const result = await checked(SHOP, ['tamper.bill.amount']);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    sealable = {
      id: 'shop',
      source: { text: SHOP, format: 'native' },
      ...result.value,
      options: {},
    };
  });

  async function rechecked(
    change: (property: PropertyReport) => Partial<PropertyReport> = () => ({}),
  ): Promise<Record<string, string>> {
    const { report } = sealable;
    const { files } = await home.issue({
      ...sealable,
      report: { ...report, properties: report.properties.map((p) => ({ ...p, ...change(p) })) },
    });
    const { statement, layers } = await verifyBundle(files, home.policy, { crypto: nodeCrypto });
    if (!statement) throw new Error(JSON.stringify(layers));
    const found: readonly Recheck[] = await recheck(files, statement);
    return Object.fromEntries(
      found.map((each) => [each.property, each.status === 'failed' ? each.code : each.status]),
    );
  }
  const only =
    (name: string, change: Partial<PropertyReport>) =>
    (property: PropertyReport): Partial<PropertyReport> =>
      property.name === name ? change : {};

  it('explores again, and follows each attack', async () => {
    expect(await rechecked()).toMatchObject({
      full: 'recounted',
      ends: 'replayed',
      may: 'replayed',
      back: 'replayed',
      deadlockFree: 'replayed',
      withinRange: 'recounted',
    });
  });

  it('finds sets of attacks that are not those of the model', async () => {
    const attacks = { threats: 'all', budget: 2 } as const;
    const result = await checked(SHOP, [], { attacks, engines: ['explore'] });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const honest: Sealable = {
      id: 'shop',
      source: { text: SHOP, format: 'native' },
      ...result.value,
      options: { attacks },
    };
    const failures = async (change: (text: string) => string): Promise<readonly string[]> => {
      const { files } = await home.issue({
        ...honest,
        artifacts: honest.artifacts.map((each) => ({ ...each, text: change(each.text) })),
      });
      const { statement } = await verifyBundle(files, home.policy, { crypto: nodeCrypto });
      return (statement ? await recheck(files, statement) : []).flatMap((each) =>
        each.status === 'failed' ? [`${each.property} ${each.code}`] : [],
      );
    };
    expect(await failures((text) => text)).toEqual([]);
    expect(await failures((text) => text.replaceAll('"drop.bill"', '"drop.note"'))).toContain(
      'deadlockFree RECHECK_ATTACKS',
    );
    expect(await failures(() => '{}')).toContain('full RECHECK_ATTACKS');
  });

  it('finds what was signed falsely', async () => {
    const holds = { outcome: 'holds', method: 'exhaustive', assurance: [] } as const;
    const claimed = { ...holds, witness: undefined, trace: undefined } as Partial<PropertyReport>;
    expect((await rechecked(only('ends', claimed)))['ends']).toBe('RECHECK_OUTCOME');
    expect((await rechecked(only('full', { threats: ['drop.note'] })))['full']).toBe(
      'RECHECK_ANSWER',
    );
    expect((await rechecked(only('full', { evidence: { states: 3 } })))['full']).toBe(
      'RECHECK_COUNT',
    );
    const ends = sealable.report.properties.find(({ name }) => name === 'ends');
    const steps = ends?.trace?.steps.filter(({ action }) => !action.startsWith('tamper')) ?? [];
    const trace = { ...ends?.trace, steps } as PropertyReport['trace'];
    expect((await rechecked(only('ends', { trace })))['ends']).toBe('RECHECK_REPLAY');
    expect((await rechecked(only('ends', { threats: [] })))['ends']).toBe('RECHECK_REPLAY');
  });
});

describeShared('published threat models, set by set', () => {
  interface Expected {
    readonly exit: number;
    readonly properties: readonly {
      readonly name: string;
      readonly minimalAttackSets: readonly {
        readonly threats: readonly string[];
        readonly traceLength: number | null;
      }[];
    }[];
  }
  const folder = sharedPath('cases', 'threats');
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<
    string,
    Expected
  >;
  for (const [file, { exit, properties }] of Object.entries(expected)) {
    if (exit === 2) continue;
    it(file, async () => {
      const source = readFileSync(join(folder, file), 'utf8');
      for (const { name, minimalAttackSets } of properties)
        for (const { threats, traceLength } of minimalAttackSets) {
          const outcome = async (ids: readonly string[]) =>
            (await reportOn(source, ids)).properties.find((p) => p.name === name);
          const broken = await outcome(threats);
          expect(broken?.outcome, `${name} under ${threats.join()}`).toBe('violated');
          if (traceLength !== null && threats.length > 0)
            expect(broken?.trace?.steps.length).toBe(traceLength);
          for (const id of threats) {
            const rest = threats.filter((other) => other !== id);
            expect((await outcome(rest))?.outcome, `${name} without ${id}`).not.toBe('violated');
          }
        }
    });
  }
});
