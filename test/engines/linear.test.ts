import { describe, expect, it } from 'vitest';
import { twelveCountersModel } from '../../bench/models.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { linearClauses } from '../../src/engines/z3/linear.ts';
import { SmallGraph } from '../../src/engines/z3/smallGraph.ts';
import { systemOf } from '../../src/engines/z3/systems.ts';
import { timeOf } from '../../src/time/time.ts';
import { reportOn } from '../conformance/checking.ts';

async function clausesOf(source: string): Promise<readonly string[]> {
  const read = await inspect({ source, format: 'native', name: 'counting' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { semantics } = read.value;
  const graph = await SmallGraph.walk(semantics, { memoryMb: 512, time: timeOf(10_000) });
  const system = systemOf(semantics);
  const rows = (graph?.states ?? []).map((state) => system.values(state, false));
  return linearClauses(system, rows, timeOf(10_000));
}

const TILL = `
probity: 1
name: Till
variables: { due: { type: int, init: 7 }, paid: { type: int, init: 0 }, sent: { type: int, init: 0 }, debt: { type: int, init: 0 } }
actors: { shop: {} }
channels: { coin: { from: shop, to: shop, carries: {}, capacity: 2 } }
actions:
  pay: { actor: shop, when: "due > 0 and count(coin) < 2", then: { due: due - 1 }, send: { coin: {} } }
  book: { actor: shop, receive: { coin: c }, then: { paid: paid + 1 } }
  send: { actor: shop, when: "2 * sent < paid", then: { sent: sent + 1, debt: debt - 3 } }
properties:
  kept: { always: "due + paid <= 7" }
  worth: { always: "2 * sent <= paid + 1" }
`;

describe('what is true of numbers that count', () => {
  it('are sums, signs, and the comparisons of guards with equality; all true of what was seen', async () => {
    const clauses = await clausesOf(TILL);
    const text = clauses.join('\n');
    // All seven are due, on their way, or booked; each parcel sent is a debt of three.
    expect(text).toMatch(/\(= \(\+ .*due.*paid.*\) 7\)|\(= 7 \(\+ .*due.*paid.*\)\)/u);
    expect(text).toMatch(/\(\* 3 \S*sent\S*\)/u);
    expect(clauses.filter((clause) => clause.startsWith('(<= 0 '))).not.toEqual([]);
    expect(clauses.some((clause) => /^\(<= 0 \S*debt\S*\)$/u.test(clause))).toBe(false);
    expect(clauses.some((clause) => /\(<= \(\* 2 \S*sent\S*\) /u.test(clause))).toBe(false);
  });

  it('prove what nothing else would find soon, for all integers', async () => {
    const report = await reportOn(twelveCountersModel(), ['z3']);
    expect(report.properties.map(({ name, outcome }) => [name, outcome])).toEqual(
      report.properties.map(({ name }) => [name, 'holds']),
    );
    for (const name of ['paidBefore', 'notOverpaid', 'creditsBooked']) {
      const found = report.properties.find((property) => property.name === name);
      expect(found).toMatchObject({ method: 'inductive', assurance: ['obligationsReproved'] });
      expect(found?.evidence?.['invariant']).toMatch(/^z3\/learned-/u);
    }
  }, 120_000);

  it('prove nothing that is not so', async () => {
    const wrong = twelveCountersModel().replace('returned > refunded', 'returned >= refunded');
    const report = await reportOn(wrong, ['z3'], { properties: ['notOverpaid'] });
    const found = report.properties.find(({ name }) => name === 'notOverpaid');
    expect(found?.outcome).toBe('violated');
  }, 120_000);
});
