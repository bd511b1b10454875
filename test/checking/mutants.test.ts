import { describe, expect, it } from 'vitest';
import { reportOn } from '../conformance/checking.ts';

const model = (extra: string): string => `
probity: 1
name: Pay before shipping
variables:
  paid: { type: bool, init: false }
  shipped: { type: bool, init: false }
actors: { shop: {} }
actions:
  pay: { actor: shop, when: not(paid), then: { paid: true } }
  ship:
    actor: shop
    when: not(shipped)
    controls: { isPaid: paid }
    then: { shipped: true }
properties:
  paidFirst: { always: "if shipped then paid else true" }
${extra}
final: shipped
`;

describe('vacuity', () => {
  it('a property that some mutant breaks is not vacuous, one that none breaks is', async () => {
    const report = await reportOn(model('  tautology: { always: "paid or not(paid)" }'), [
      'explore',
    ]);
    expect(report.properties.filter((p) => p.outcome !== 'holds')).toEqual([]);
    expect(report.vacuity?.survivesEveryMutant).toEqual(['tautology']);
  });

  it('actions that never fire, guards and premises that are never true are named', async () => {
    const report = await reportOn(
      `
probity: 1
name: Dead parts
variables:
  n: { type: int 0..1, init: 0 }
actors: { shop: {} }
actions:
  go: { actor: shop, when: n = 0, then: { n: 1 } }
  never: { actor: shop, when: n > 5, then: { n: 0 } }
properties:
  empty: { always: "if n = 7 then false else true" }
  idle: { leadsTo: { from: n = 9, to: n = 0 } }
final: n = 1
`,
      ['explore'],
    );
    expect(report.vacuity).toMatchObject({
      neverFires: ['never'],
      guardNeverTrue: ['never'],
      premiseNeverTrue: ['empty', 'idle'],
    });
    expect(report.properties.every((p) => p.outcome === 'holds')).toBe(true);
  });
});
