import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attackAlong } from '../../src/checking/attackSets/symbolicTrace.ts';
import type { ThreatenedProperty, ThreatReport } from '../../src/checking/attackSets/types.ts';
import { nativeZ3 } from '../../src/engines/z3/nativeZ3.ts';
import { inspect } from '../../src/checking/inspect.ts';
import type { Property } from '../../src/model/model.ts';
import { Semantics } from '../../src/model/semantics.ts';
import { composed } from '../../src/threats/composed.ts';
import { threatsOf } from '../../src/threats/operators/index.ts';
import { describeShared, sharedPath } from '../shared.ts';
import { analyse } from './model.ts';
import { randomModels } from './randomModel.ts';

/** A checkout whose amounts are any numbers; what stands in braces is the case's own. */
const checkout = ({ guard = 'not(taken)', amount = 'm.amount = price', medium = 'signed' }) => `
probity: 1
name: Checkout for every price
parameters: { price: int }
variables:
  status: { type: "enum [cart, awaiting, paid, shipped]", init: cart }
  captured: { type: int, init: 0 }
  taken: { type: bool, init: false }
actors: { customer: { trust: untrusted }, gateway: {}, shop: {} }
channels:
  redirect: { from: customer, to: gateway, carries: { amount: int }, medium: public, capacity: 1 }
  notice: { from: gateway, to: shop, carries: { amount: int }, medium: ${medium}, capacity: 1 }
actions:
  checkout:
    actor: customer
    when: status = cart
    then: { status: awaiting }
    send: { redirect: { amount: price } }
  capture:
    actor: gateway
    receive: { redirect: r }
    when: ${guard}
    then: { taken: true, captured: r.amount }
    send: { notice: { amount: r.amount } }
    fair: weak
  confirm:
    actor: shop
    receive: { notice: m }
    when: status = awaiting
    controls: { amountMatches: ${amount} }
    then: { status: paid }
    fair: weak
  ship: { actor: shop, when: status = paid, then: { status: shipped }, fair: weak }
properties:
  paidInFull: { always: if status = shipped then captured = price else true }
  ships: { leadsTo: { from: status = awaiting, to: status = shipped } }
final: status = shipped
`;

async function report(
  source: string,
  options: Parameters<typeof analyse>[1] = {},
): Promise<ThreatReport> {
  const answer = await analyse(source, { timeoutMs: 180_000, ...options });
  if (!answer.ok) throw new Error(JSON.stringify(answer.problems));
  return answer.value;
}

const propertyOf = (of: ThreatReport, name: string): ThreatenedProperty => {
  const found = of.properties.find((each) => each.name === name);
  if (!found) throw new Error(`no property ${name}`);
  return found;
};

const setsOf = ({ minimalAttackSets }: Pick<ThreatenedProperty, 'minimalAttackSets'>): string[] =>
  minimalAttackSets.map((s) => `${[...s.threats].sort().join(' + ')} in ${s.traceLength}`).sort();

describe('amounts without bounds', () => {
  it('for every price no set of threats gets something shipped for another amount', async () => {
    const answer = await report(checkout({}));
    expect(propertyOf(answer, 'paidInFull')).toMatchObject({
      engine: 'z3',
      minimalAttackSets: [],
      complete: true,
      resilience: 'all',
    });
    // Nobody has looked at what is awaited: it must not look as if it resisted.
    expect(propertyOf(answer, 'ships')).toMatchObject({
      complete: { upTo: 0 },
      resilience: 0,
      reason: expect.stringContaining('leadsTo') as string,
    });
    expect(answer.controls).toEqual([]);
  }, 240_000);

  it('a budget is a budget of the proof', async () => {
    const answer = await report(checkout({ amount: '"true"' }), {
      threats: ['drop.notice', 'replay.notice', 'tamper.redirect.amount'],
      budget: 2,
    });
    const property = propertyOf(answer, 'paidInFull');
    expect(property).toMatchObject({ complete: { upTo: 2 }, resilience: 0 });
    expect(setsOf(property)).toEqual(['tamper.redirect.amount in 5']);
  }, 240_000);

  it('without the check of the amount, some price and amount break it', async () => {
    const answer = await report(checkout({ amount: '"true"' }), {
      threats: ['tamper.redirect.amount', 'drop.notice', 'forge.redirect'],
    });
    const property = propertyOf(answer, 'paidInFull');
    expect(property.complete).toBe(true);
    expect(setsOf(property)).toEqual(['forge.redirect in 5', 'tamper.redirect.amount in 5']);
    const [attack] = property.minimalAttackSets;
    expect(attack?.trace?.steps.flatMap((step) => step.threats ?? [])).toEqual(attack?.threats);
  }, 240_000);
});

it('a path that is no run under these threats is no attack', async () => {
  const inspected = await inspect({ source: checkout({}), format: 'native', name: 'm.yaml' });
  if (!inspected.ok) throw new Error(JSON.stringify(inspected.problems));
  const { model } = inspected.value.semantics;
  const threats = threatsOf(model).filter(({ id }) => id === 'forge.redirect');
  const { layout } = new Semantics(composed(model, threats).model);
  const property = model.properties.find(({ name }) => name === 'paidInFull') as Property;
  const start = { state: new Array<number>(layout.width).fill(0), errors: [] };
  const status = layout.cell('variable', 'status').offset;
  const captured = layout.cell('variable', 'captured').offset;
  const shipped = { ...start, state: start.state.with(status, 3).with(captured, 1) };
  const erring = { ...start, errors: ['withinRange'] };
  for (const path of [[], [start], [shipped], [start, shipped], [start, erring]])
    expect(attackAlong(model, threats, property, path, layout, [0, 1])).toBeUndefined();
});

const folder = sharedPath('cases', 'threats');

describeShared('published threat models, by Z3', () => {
  const cases = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<
    string,
    {
      readonly options: {
        readonly threats: 'all' | readonly string[];
        readonly budget: number | null;
      };
      readonly problems?: unknown;
      readonly properties: readonly ThreatenedProperty[];
    }
  >;
  // The packaged Z3 gets a third of them, another one each day.
  const parts = nativeZ3() === undefined ? 3 : 1;
  const isOfTheDay = (_: unknown, at: number): boolean =>
    at % parts === Math.floor(Date.now() / 86_400_000) % parts;
  for (const [file, { options, problems, properties }] of Object.entries(cases).filter(isOfTheDay))
    it.skipIf(problems !== undefined)(
      `${file}: the same sets and lengths`,
      async () => {
        const answer = await report(readFileSync(join(folder, file), 'utf8'), {
          threats: options.threats,
          budget: options.budget ?? undefined,
          engine: 'z3',
        });
        for (const wanted of properties) {
          const got = propertyOf(answer, wanted.name);
          if (got.engine !== 'z3') continue;
          agrees(got, wanted);
        }
      },
      240_000,
    );
});

/** Whatever was found is there; where it is said to be all, it is. */
function agrees(got: ThreatenedProperty, wanted: ThreatenedProperty): void {
  const [mine, theirs] = [setsOf(got), setsOf(wanted)];
  expect(theirs, got.name).toEqual(expect.arrayContaining(mine));
  const upTo = got.complete === true ? Infinity : got.complete.upTo;
  const within = wanted.minimalAttackSets.filter(({ threats }) => threats.length <= upTo);
  expect(mine, got.name).toEqual(expect.arrayContaining(setsOf({ minimalAttackSets: within })));
}

it('small models: the sets and lengths that exploring finds', async () => {
  let [answered, complete] = [0, 0];
  await fc.assert(
    fc.asyncProperty(randomModels, async (document) => {
      const source = JSON.stringify(document);
      const explored = await analyse(source, { engine: 'explore', timeoutMs: 60_000 });
      if (!explored.ok) return;
      const symbolic = await report(source, { engine: 'z3', timeoutMs: 30_000 });
      for (const wanted of explored.value.properties) {
        const got = propertyOf(symbolic, wanted.name);
        if (got.engine !== 'z3') continue;
        answered += 1;
        if (got.complete === true) complete += 1;
        agrees(got, wanted);
      }
    }),
    { numRuns: 6, seed: 14 },
  );
  expect(answered).toBeGreaterThan(20);
  expect(complete / answered).toBeGreaterThan(0.8);
}, 600_000);
