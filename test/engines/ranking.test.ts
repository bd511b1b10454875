import { describe, expect, it } from 'vitest';
import { checkSubmission } from '../../src/checking/check.ts';
import { recheck, type Recheck } from '../../src/checking/recheck.ts';
import { DEFAULT_OPTIONS } from '../../src/checking/types.ts';
import type { Sealable } from '../../src/evidence/bundle/contents.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import type { Evidence, PropertyReport } from '../../src/model/outcome.ts';
import { CACHE_DIR, reportOn } from '../conformance/checking.ts';
import { installation } from '../evidence/fixture.ts';

const SHOP = `
probity: 1
name: What was paid is shipped
sets: { Order: [o1, o2] }
parameters: { price: int }
variables:
  status: { type: "map Order to enum [cart, awaiting, paid, shipped]", init: cart }
  captured: { type: map Order to int, init: 0 }
actors: { customer: { trust: untrusted }, gateway: {}, shop: {} }
channels:
  redirect: { from: customer, to: gateway, carries: { order: Order, amount: int }, capacity: 2 }
  notice: { from: gateway, to: shop, carries: { order: Order, amount: int }, capacity: 2 }
actions:
  checkout: { actor: customer, for: { o: Order }, when: "status[o] = cart", then: { "status[o]": awaiting }, send: { redirect: { order: o, amount: price } } }
  capture: { actor: gateway, receive: { redirect: r }, then: { "captured[r.order]": r.amount }, send: { notice: { order: r.order, amount: r.amount } }, fair: weak }
  confirm: { actor: shop, receive: { notice: m }, when: "status[m.order] = awaiting and m.amount = price", then: { "status[m.order]": paid }, fair: weak }
  ship: { actor: shop, for: { o: Order }, when: "status[o] = paid", then: { "status[o]": shipped }, fair: weak }
properties:
  ships: { leadsTo: { from: "status[o1] = awaiting", to: "status[o1] = shipped" } }
`;

async function ships(source: string): Promise<PropertyReport> {
  const report = await reportOn(source, ['z3'], { properties: ['ships'] });
  return report.properties.find(({ name }) => name === 'ships') as PropertyReport;
}

describe('that what is awaited comes', () => {
  it('is proved for every price, where a graph only bounds it', async () => {
    const report = await reportOn(SHOP, ['explore', 'z3'], { properties: ['ships'] });
    const found = report.properties.find(({ name }) => name === 'ships');
    expect(found).toMatchObject({
      outcome: 'holds',
      method: 'inductive',
      assurance: ['obligationsReproved'],
    });
    expect(found?.engines.map(({ outcome }) => outcome)).toEqual(['bounded', 'holds']);
    const helpful = found?.evidence?.['helpful'] as readonly string[];
    expect(helpful[0]).toBe('ship(o: o1)');
    expect(new Set(helpful)).toEqual(new Set(['ship(o: o1)', 'confirm()', 'capture()']));
  }, 120_000);

  it.each([
    ['nothing is fair to its last step', SHOP.replace(/(ship: .*), fair: weak \}/u, '$1 }')],
    [
      'one price is refused that no example has',
      SHOP.replace('"status[o] = paid"', '"status[o] = paid and price * 3 != 3000021"'),
    ],
    [
      'somebody changes the amount on the way',
      SHOP.replace(
        '  confirm:',
        '  tamper: { actor: customer, for: { to: "int 1..2" }, receive: { redirect: r }, when: "to != r.amount", send: { redirect: { order: r.order, amount: to } } }\n  confirm:',
      ),
    ],
    [
      'it may go back for ever before the last step',
      SHOP.replace(
        '  ship:',
        '  undo: { actor: shop, for: { o: Order }, when: "status[o] = paid", then: { "status[o]": cart } }\n  ship:',
      ),
    ],
  ])(
    'is not where %s',
    async (_why, source) => {
      expect(source).not.toBe(SHOP);
      expect(['violated', 'bounded']).toContain((await ships(source)).outcome);
    },
    120_000,
  );

  it('is proved from the start, by conditions for several actions together', async () => {
    const report = await reportOn(
      'probity: 1\nname: Any door\nparameters: { key: int }\nvariables: { at: { type: "int 0..2", init: 0 }, last: { type: int, init: 0 } }\nactors: { me: {} }\nactions:\n  left: { actor: me, when: at < 2, then: { at: at + 1, last: key } }\n  right: { actor: me, when: at < 2, then: { at: 2, last: key + 1 } }\nfairness: [{ weak: [left, right] }]\nproperties: { out: { eventually: at = 2 }, middle: { eventually: "at = 1" } }\n',
      ['z3'],
    );
    const of = (name: string) => report.properties.find((each) => each.name === name);
    expect(of('out')).toMatchObject({ outcome: 'holds', method: 'inductive' });
    expect(of('out')?.evidence?.['helpful']).toContain('weak: left or right');
    expect(of('middle')?.outcome).toBe('violated');
  }, 60_000);
});

describe('recheck of a ranking', () => {
  it('proves every obligation again from the model, and refuses one that proves nothing', async () => {
    const source = SHOP.replace('[o1, o2]', '[o1]');
    const result = await checkSubmission(
      { source, format: 'native', name: 'shop' },
      { ...DEFAULT_OPTIONS, engines: ['z3'] },
      { signal: new AbortController().signal, cacheDir: CACHE_DIR, onProgress: () => {} },
    );
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const parts = { id: 'r', source: { text: source, format: 'native' }, options: {} };
    const honest: Sealable = { ...parts, ...result.value };
    const home = await installation('honest');
    const found = async (sealed: Sealable): Promise<Recheck | undefined> => {
      const { files } = await home.issue(sealed);
      const { statement } = await verifyBundle(files, home.policy, { crypto: nodeCrypto });
      const all = statement ? await recheck(files, statement, undefined, CACHE_DIR) : [];
      return all.find(({ property }) => property === 'ships');
    };
    expect(await found(honest)).toMatchObject({ status: 'reproved' });

    const changed = (facts: (evidence: Evidence) => Evidence): Sealable => ({
      ...honest,
      report: {
        ...honest.report,
        properties: honest.report.properties.map((each) =>
          each.name === 'ships' ? { ...each, evidence: facts(each.evidence ?? {}) } : each,
        ),
      },
    });
    const reversed = (evidence: Evidence): Evidence => ({
      ...evidence,
      helpful: [...(evidence['helpful'] as readonly string[])].reverse(),
    });
    expect(await found(changed(reversed))).toMatchObject({ code: 'RECHECK_OBLIGATION' });
    const wrong: readonly Evidence[] = [
      { helpful: ['stay()'] },
      { helpful: [] },
      { ranking: 'z3/none.smt2' },
    ];
    for (const facts of wrong)
      expect(await found(changed((evidence) => ({ ...evidence, ...facts })))).toMatchObject({
        code: 'RECHECK_INVARIANT',
      });
    const everywhere: Sealable = {
      ...honest,
      artifacts: honest.artifacts.map((each) =>
        each.name.endsWith('/ranks.smt2')
          ? { ...each, text: each.text.replace(/Bool .*$/mu, 'Bool true)') }
          : each,
      ),
    };
    expect(await found(everywhere)).toMatchObject({ code: 'RECHECK_OBLIGATION' });
  }, 180_000);
});
