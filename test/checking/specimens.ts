import { describe, expect, it } from 'vitest';
import type { EngineName } from '../../src/model/engine.ts';
import type { PropertyReport } from '../../src/model/outcome.ts';
import { reportOn } from '../conformance/checking.ts';
import { modelText } from '../model/tiny.ts';

export type Answers = Readonly<Record<string, PropertyReport>>;

export async function answersOf(
  text: string,
  engine: EngineName,
  properties: readonly string[] = [],
): Promise<Answers> {
  const report = await reportOn(modelText(text), [engine], { properties });
  return Object.fromEntries(report.properties.map((property) => [property.name, property]));
}

export const outcomes = (answers: Answers): Record<string, string> =>
  Object.fromEntries(Object.values(answers).map(({ name, outcome }) => [name, outcome]));

/**
 * Answers that once came out `holds` under a fault that no test noticed: each engine is asked for
 * each, since each has its own way to go wrong.
 */
export function describeSpecimens(engine: EngineName): void {
  describe(engine, () => {
    it('sees a start that leaves its range for one valuation only', async () => {
      const answers = await answersOf(
        `
parameters: { limit: "int 0..3" }
variables: { n: { type: "int 0..2", init: limit } }
properties: { low: { always: n < 5 } }
final: "true"`,
        engine,
      );
      expect(answers['withinRange']).toMatchObject({
        outcome: 'violated',
        trace: { params: { limit: 3 }, steps: [] },
      });
      expect(answers['low']?.outcome).not.toBe('holds');
      expect(answers['low']?.outcome).not.toBe('violated');
    });

    it('sees a message of which only the first field is out of range', async () => {
      const answers = await answersOf(
        `
channels: { c: { from: me, to: me, carries: { size: "int 0..1", w: bool } } }
variables: { n: { type: "int 0..2", init: 2 } }
actions: { send: { actor: me, when: "count(c) = 0", send: { c: { size: n, w: true } } } }
properties: { none: { always: "count(c) = 0" } }`,
        engine,
      );
      expect(outcomes(answers)).toMatchObject({ withinRange: 'violated', withinCapacity: 'holds' });
      expect(answers['withinRange']?.trace?.steps).toHaveLength(1);
    });

    it('judges one step by each property that it breaks', async () => {
      const answers = await answersOf(
        `
channels: { c: { from: me, to: me, carries: { size: "int 0..1" } } }
actions: { send: { actor: me, send: [{ c: { size: 1 } }, { c: { size: 2 } }] } }`,
        engine,
      );
      expect(outcomes(answers)).toMatchObject({
        withinRange: 'violated',
        withinCapacity: 'violated',
        singleWrite: 'holds',
        defined: 'holds',
      });
    });

    it.each([
      ['outer', 'm[at][a]'],
      ['inner', 'm[a][at]'],
    ])('gives a map of maps no value under null: the %s key', async (_, cell) => {
      const text = (step: string): string => `
sets: { S: [a, b] }
variables:
  at: { type: S or null, init: null }
  done: { type: bool, init: false }
  m: { type: map S to map S to bool, init: true }
actions: { act: { actor: me, ${step} } }
final: "true"`;
      for (const step of [
        `when: "${cell}", then: { done: true }`,
        `when: not(done), then: { done: true, "${cell}": false }`,
        `when: not(done), then: { done: "${cell}" }`,
      ]) {
        const answers = await answersOf(text(step), engine);
        expect(outcomes(answers), step).toMatchObject({
          defined: 'violated',
          withinRange: 'holds',
        });
        expect(answers['defined']?.trace?.steps, step).toHaveLength(1);
      }
    });

    it('judges what is undefined in a property that was not asked', async () => {
      const text = `
sets: { S: [a] }
variables:
  at: { type: S or null, init: a }
  m: { type: map S to bool, init: true }
actions: { lose: { actor: me, when: at != null, then: { at: null } } }
properties: { asked: { always: "m[a]" }, other: { always: "m[at]" } }
final: "true"`;
      for (const properties of [[], ['asked'], ['other']]) {
        const answers = await answersOf(text, engine, properties);
        expect(answers['defined'], properties.join()).toMatchObject({ outcome: 'violated' });
        expect(answers['defined']?.trace?.steps).toHaveLength(1);
        if (properties[0] === 'asked') expect(answers['asked']?.outcome).toBe('bounded');
      }
    });

    it('judges what is undefined in `final`, too', async () => {
      const answers = await answersOf(
        `
sets: { S: [a] }
variables: { at: { type: S or null, init: null }, m: { type: map S to bool, init: true } }
final: "m[at]"`,
        engine,
        ['deadlockFree'],
      );
      expect(outcomes(answers)).toMatchObject({ defined: 'violated' });
      expect(answers['defined']?.trace?.steps).toHaveLength(0);
    });

    it('sums a bag with two equal messages, each for itself', async () => {
      const answers = await answersOf(
        `
channels: { c: { from: me, to: me, carries: { v: "int -3..3", w: bool }, capacity: 3 } }
variables: { n: { type: "int 0..2", init: 0 } }
actions: { send: { actor: me, when: n < 2, then: { n: n + 1 }, send: { c: { v: -2, w: true } } } }
properties:
  sums: { always: "sum(for m in c return m.v) = 0 - 2 * n" }
  counts: { always: count(c) = n }
  reaches: { reachable: "sum(for m in c return m.v) = -4" }
  both: { never: "(every m in c satisfies m.v = -2) and count(c[item.w]) = 2" }
final: "true"`,
        engine,
      );
      expect(outcomes(answers)).toMatchObject({
        sums: 'holds',
        counts: 'holds',
        reaches: 'holds',
        both: 'violated',
      });
    });

    it('reads negative values back', async () => {
      const answers = await answersOf(
        `
parameters: { down: "int -2..-1" }
variables: { n: { type: "int -300..3", init: "down - 254" } }
actions: { fall: { actor: me, when: n > -258, then: { n: n - 1 } } }
properties: { high: { always: n > -258 } }
final: "true"`,
        engine,
      );
      const { outcome, trace } = answers['high'] as PropertyReport;
      expect(outcome).toBe('violated');
      const [start] = Object.values(trace?.initial ?? {});
      expect(start).toBe(Number(trace?.params['down']) - 254);
      const last = trace?.steps.at(-1)?.changed['n'];
      expect(last).toEqual([-257, -258]);
    });

    it('stops a quantifier where it is decided', async () => {
      const answers = await answersOf(
        `
sets: { S: [a, b] }
variables:
  at: { type: map S to S or null, init: { a: a, b: null } }
  m: { type: map S to bool, init: { a: true, b: false } }
properties:
  one: { always: "some x in S satisfies m[at[x]]" }
  all: { never: "every x in S satisfies not(m[at[x]])" }
final: "true"`,
        engine,
      );
      expect(outcomes(answers)).toMatchObject({ defined: 'holds', one: 'holds', all: 'holds' });
      const late = await answersOf(
        `
sets: { S: [a, b] }
variables:
  at: { type: map S to S or null, init: { a: null, b: b } }
  m: { type: map S to bool, init: true }
properties: { one: { always: "some x in S satisfies m[at[x]]" } }
final: "true"`,
        engine,
      );
      expect(outcomes(late)).toMatchObject({ defined: 'violated' });
    });

    it('breaks singleWrite where keys meet and values differ, and there alone', async () => {
      const text = (value: string): string => `
sets: { S: [a, b] }
variables: { at: { type: S, init: b }, m: { type: map S to int 0..2, init: 0 } }
actions:
  move: { actor: me, when: at = b, then: { at: a } }
  two: { actor: me, then: { "m[a]": 1, "m[at]": ${value} } }
final: "true"`;
      expect(outcomes(await answersOf(text('1'), engine))).toMatchObject({ singleWrite: 'holds' });
      const answers = await answersOf(text('2'), engine);
      expect(outcomes(answers)).toMatchObject({ singleWrite: 'violated', withinRange: 'holds' });
      expect(answers['singleWrite']?.trace?.steps.map(({ action }) => action)).toEqual([
        'move',
        'two',
      ]);
    });
  });
}
