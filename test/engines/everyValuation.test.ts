import { describe, expect, it } from 'vitest';
import { encodeSystem } from '../../src/encode/smt/system.ts';
import {
  obligationOf,
  reachedFromEverywhere,
  readWays,
} from '../../src/engines/z3/everyValuation.ts';
import { reproveEverywhere } from '../../src/engines/z3/reprove.ts';
import type { Property } from '../../src/model/model.ts';
import { tiny } from '../model/tiny.ts';
import { reportOn } from '../conformance/checking.ts';

const limits = {
  deadline: Date.now() + 3_600_000,
  memoryMb: 2_048,
  signal: new AbortController().signal,
};

/** Whoever owes pays, whoever has credit gets it, and then it is closed. */
const SHOP = `
parameters: { price: int }
variables: { paid: { type: int, init: 0 }, mode: { type: "enum [open, card, credit, done]", init: open } }
actions:
  card: { actor: me, when: "mode = open and price > 0", then: { mode: card, paid: price } }
  credit: { actor: me, when: "mode = open and price <= 0", then: { mode: credit } }
  close: { actor: me, when: "mode in (card, credit)", then: { mode: done } }
properties:
  closes: { reachable: mode = done }
  paysAll: { reachable: paid = price }
  paysMuch: { reachable: "paid > 7" }`;

/** Each price takes a way of its own: no few of them will do. */
const COUNT = `
parameters: { price: int }
variables: { n: { type: int, init: 0 } }
actions: { up: { actor: me, then: { n: n + 1 } }, down: { actor: me, then: { n: n - 1 } } }
properties: { meets: { reachable: n = price } }`;

const source = (body: string): string => `probity: 1\nname: Every\nactors: { me: {} }${body}\n`;
const find = async (
  body: string,
  name: string,
): Promise<Record<string, unknown> & { readonly outcome: string }> => {
  const property = (await reportOn(source(body), ['z3'])).properties.find((p) => p.name === name);
  if (!property) throw new Error(name);
  return { ...property };
};

describe('reachable, for every value of a parameter without bounds', () => {
  it('holds by a few ways that others have proved to be enough, with a run for one of the values', async () => {
    const closes = await find(SHOP, 'closes');
    expect(closes).toMatchObject({
      outcome: 'holds',
      method: 'witness',
      assurance: ['replayed'],
      evidence: { everyValuation: 'z3/closes/everyValuation.smt2' },
    });
    const { ways, reprovedBy } = closes['evidence'] as { ways: string[]; reprovedBy: string[] };
    expect(ways.toSorted()).toEqual(['card, close', 'credit, close']);
    expect(reprovedBy.length).toBeGreaterThan(0);
  }, 60_000);

  it('is violated by a value for which an invariant excludes it', async () => {
    const paysAll = await find(SHOP, 'paysAll');
    expect(paysAll).toMatchObject({ outcome: 'violated', witness: 'exhaustion' });
    expect((paysAll['trace'] as { params: { price: number } }).params.price).toBeLessThan(0);
    expect(await find(SHOP, 'paysMuch')).toMatchObject({
      outcome: 'violated',
      witness: 'exhaustion',
    });
  }, 60_000);

  it('is no more than bounded where each value takes a way of its own', async () => {
    expect(await find(COUNT, 'meets')).toMatchObject({ outcome: 'bounded' });
  }, 120_000);

  it('many values, but finitely many: the same', async () => {
    expect(await find(SHOP.replace('price: int', 'price: int 0..999'), 'closes')).toMatchObject({
      outcome: 'holds',
      assurance: ['replayed'],
    });
  }, 60_000);

  it('is refuted by every solver where a way is left out, or leads elsewhere', async () => {
    const read = (body: string) => {
      const semantics = tiny(body);
      const system = encodeSystem(semantics);
      return { system, goal: system.bad(semantics.model.properties[0] as Property) };
    };
    const { system, goal } = read(SHOP);
    const reached = await reachedFromEverywhere(system, goal, limits);
    if (reached.kind !== 'always') throw new Error(reached.kind);
    const rule = (label: string): number => system.rules.findIndex((r) => r.label === label);
    const ways = [
      [rule('card'), rule('close')],
      [rule('credit'), rule('close')],
    ];
    const refuted = async (text: string): Promise<number> =>
      (await reproveEverywhere([{ name: 'everyValuation', text }], limits)).refuted.length;
    expect(await refuted(reached.obligation)).toBe(0);
    expect(await refuted(obligationOf(system, ways, goal))).toBe(0);
    expect(await refuted(obligationOf(system, ways.slice(1), goal))).toBeGreaterThan(0);
    expect(
      await refuted(
        obligationOf(
          system,
          ways.map((way) => way.slice(0, 1)),
          goal,
        ),
      ),
    ).toBeGreaterThan(0);
    expect(readWays(system, reached.ways)?.toSorted()).toEqual(ways.toSorted());
    for (const none of [
      undefined,
      'card',
      [7],
      ['card, home'],
      ['card,close'],
      new Array(25).fill('card'),
      [new Array(25).fill('card').join(', ')],
    ])
      expect(readWays(system, none), JSON.stringify(none)).toBeUndefined();
    const stricter = read(SHOP.replace('price <= 0', 'price < 0'));
    expect(await refuted(obligationOf(stricter.system, ways, stricter.goal))).toBeGreaterThan(0);
  }, 120_000);
});
