import { describe, expect, it } from 'vitest';
import type { EngineName } from '../../src/model/engine.ts';
import type { Vacuity } from '../../src/model/outcome.ts';
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

  it('tells none from not asked: too large, sampled, or only some of them', async () => {
    const large = (init: string, more = ''): string => `
probity: 1
name: Large
variables:
  a: { type: int 0..99, init: 0 }
  b: { type: int 0..99, init: 0 }
  c: { type: ${init} }
actors: { shop: {} }
actions:
  first: { actor: shop, when: a < 99, then: { a: a + 1 } }
  second: { actor: shop, when: b < 99, then: { b: b + 1 } }
  third: { actor: shop, when: c > 0, then: { c: c - 1 } }
properties:
  sure: { always: true }
  loose: { always: a + b >= 0 or c > 1 }
${more}`;
    const vacuity = async (
      source: string,
      engines: readonly EngineName[] = ['explore'],
    ): Promise<Vacuity | undefined> => (await reportOn(source, engines)).vacuity;
    expect(await vacuity(large('int 0..2, init: 2'))).toMatchObject({
      survivesEveryMutant: ['sure'],
      mutants: { of: 9, tried: 0, unbroken: ['loose'], open: 'size' },
    });
    const sampled = 'int, init: any';
    const small = large(sampled).replaceAll('99', '2');
    expect((await vacuity(small, ['explore', 'z3']))?.mutants).toMatchObject({
      tried: 0,
      unbroken: ['loose'],
      open: 'sampled',
    });
    const some = await vacuity(large('int 0..1, init: 1').replaceAll('99', '49'));
    expect(some?.mutants?.tried).toBeGreaterThan(0);
    expect(some?.mutants?.tried).toBeLessThan(9);
    expect(some?.mutants?.unbroken).toEqual(['loose']);
    expect(some?.survivesEveryMutant).toEqual(['sure']);
  });

  it('names what nothing reads', async () => {
    const report = await reportOn(
      `
probity: 1
name: Unread
parameters: { used: int 0..1, spare: int 0..1 }
variables:
  n: { type: int 0..1, init: used }
  log: { type: int 0..1, init: 0 }
actors: { shop: {} }
actions:
  go: { actor: shop, when: n = 0, then: { n: 1, log: 1 } }
properties:
  fine: { always: n <= 1 }
final: n = 1
`,
      ['explore'],
    );
    expect(report.vacuity?.neverRead).toEqual(['spare', 'log']);
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
