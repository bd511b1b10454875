import { describe, expect, it } from 'vitest';
import { replayWitness } from '../../src/graph/replay.ts';
import type { Property } from '../../src/model/model.ts';
import { constantsOf, samplesOf } from '../../src/model/samples.ts';
import { reportOn } from '../conformance/checking.ts';
import { tiny } from '../model/tiny.ts';

/**
 * What may start anywhere is only sampled by engines that try values. Whatever rests on having
 * looked at all of it is `bounded` then, whichever engine says it (SEMANTICS 5, 6 and 11).
 */
const source = (body: string): string =>
  `probity: 1\nname: Anywhere\nactors: { me: {} }\n${body}\n`;

const ANYWHERE = source(`
variables: { n: { type: int, init: any }, done: { type: bool, init: false } }
actions: { act: { actor: me, when: "n * n = 14400", then: { done: true } } }
properties:
  acts: { reachable: done }
  above: { never: n > 1300 }
final: "true"`);

const outcomeOf = async (text: string, engine: 'explore' | 'tlc' | 'z3', name: string) => {
  const found = (await reportOn(text, [engine])).properties.find((p) => p.name === name);
  if (!found) throw new Error(name);
  return found;
};

describe('a limit that cuts the starts', () => {
  // Under each value: of those that were not looked at nothing is known.
  const CUT = source(`
parameters: { a: "int 1..60", b: "int 1..60" }
variables: { x: { type: "int 0..1", init: 0 } }
actions: { go: { actor: me, when: x = 0, then: { x: 1 } } }
properties: { goal: { reachable: a < 50 }, done: { reachable: x = 1 } }
final: "true"`);

  it('leaves what is reached under the values before it open', async () => {
    const outcomes = async (maxStates: number): Promise<Record<string, string>> =>
      Object.fromEntries(
        (await reportOn(CUT, ['explore'], { maxStates })).properties.map((found) => [
          found.name,
          `${found.outcome} ${found.bound ?? ''}`,
        ]),
      );
    const cut = await outcomes(1_000);
    for (const name of ['goal', 'done'])
      expect(cut[name]).toMatch(/^bounded the first 1000 of the initial states, at the limit/u);
    // All starts, and the limit only behind them: a reached state counts.
    expect((await outcomes(5_000))['goal']).not.toMatch(/^holds/u);
    const whole = await outcomes(100_000);
    expect([whole['goal'], whole['done']]).toEqual(['violated ', 'holds ']);
  });
});

describe('a start that is sampled', () => {
  // 120 is no constant of the model, nor beside one: no sample is the start that matters.
  for (const engine of ['explore', 'tlc'] as const) {
    it(`is no exhaustion: ${engine}`, async () => {
      expect(await outcomeOf(ANYWHERE, engine, 'acts')).toMatchObject({
        outcome: 'bounded',
        bound: expect.stringContaining('n only at samples'),
      });
    });
  }

  it('does not keep Z3 from the start that matters, and its run replays', async () => {
    expect(await outcomeOf(ANYWHERE, 'z3', 'acts')).toMatchObject({
      outcome: 'holds',
      method: 'witness',
      assurance: ['replayed'],
    });
    const above = await outcomeOf(ANYWHERE, 'z3', 'above');
    expect(above).toMatchObject({ outcome: 'violated', assurance: ['replayed'] });
  });

  it('is looked at where a constant of the model decides', async () => {
    const decided = source(`
variables: { amount: { type: int, init: any }, asked: { type: bool, init: false } }
actions: { ask: { actor: me, when: amount > 100, then: { asked: true } } }
properties: { asks: { reachable: asked }, refund: { never: amount = -70 } }
final: "true"`);
    expect(await outcomeOf(decided, 'explore', 'asks')).toMatchObject({ outcome: 'holds' });
    expect(await outcomeOf(decided, 'explore', 'refund')).toMatchObject({ outcome: 'violated' });
  });

  it('may be a wide range, which is no range error', async () => {
    const wide = source(`
variables: { n: { type: int, init: "in [0..3000000]" }, done: { type: bool, init: false } }
actions: { act: { actor: me, when: n = 2999999, then: { done: true } } }
properties: { acts: { reachable: done }, small: { always: n <= 3000000 } }
final: "true"`);
    expect(await outcomeOf(wide, 'explore', 'withinRange')).toMatchObject({ outcome: 'bounded' });
    expect(await outcomeOf(wide, 'explore', 'small')).toMatchObject({ outcome: 'bounded' });
    expect(await outcomeOf(wide, 'explore', 'acts')).toMatchObject({ outcome: 'holds' });
  });

  it('leaves a valuation of an unbounded parameter whole: one that is missed is missed', async () => {
    const rigid = source(`
parameters: { price: int }
variables: { n: { type: "int 0..3", init: 0 } }
actions: { up: { actor: me, when: n < 3, then: { n: n + 1 } } }
properties: { meets: { reachable: n = price }, moves: { reachable: n = 1 } }
final: "true"`);
    expect(await outcomeOf(rigid, 'explore', 'meets')).toMatchObject({
      outcome: 'violated',
      witness: 'exhaustion',
      assurance: ['replayed', 'translationValidated'],
    });
    expect(await outcomeOf(rigid, 'explore', 'moves')).toMatchObject({ outcome: 'bounded' });
  });

  it('makes bounded of one free cell in a map, too', async () => {
    const map = source(`
sets: { Order: [o1, o2] }
variables: { n: { type: map Order to int, init: { o1: 0, o2: any } }, done: { type: bool, init: false } }
actions: { act: { actor: me, when: "n[o2] * n[o2] = 14400", then: { done: true } } }
properties: { acts: { reachable: done }, still: { always: not(done) } }
final: "true"`);
    expect(await outcomeOf(map, 'explore', 'acts')).toMatchObject({ outcome: 'bounded' });
    expect(await outcomeOf(map, 'explore', 'still')).toMatchObject({ outcome: 'bounded' });
  });
});

describe('replay', () => {
  const semantics = tiny(`
sets: { Order: [o1, o2] }
parameters: { limit: "int 1..3" }
variables:
  n: { type: int, init: any }
  m: { type: int, init: "in [limit..900]" }
  who: { type: Order or null, init: null }
  seen: { type: set of Order, init: any }
properties: { gone: { never: n = 987654 }, far: { reachable: n = -7 } }`);
  const [gone, far] = ['gone', 'far'].map(
    (name) => semantics.model.properties.find((p) => p.name === name) as Property,
  );
  const start = (n: unknown, m: unknown, limit = 2, seen: unknown = ['o2']) =>
    ({ params: { limit }, initial: { n, m, who: null, seen }, steps: [] }) as never;
  const judged = (trace: never) => replayWitness(semantics, gone as Property, 'trace', trace).ok;

  it('begins in every initial state of the model, not only in those that are tried', () => {
    expect(judged(start(987_654, 900))).toBe(true);
    expect(judged(start(987_654, 2))).toBe(true);
  });

  it('begins nowhere else', () => {
    for (const trace of [
      start(987_654, 1),
      start(987_654, 901),
      start(987_654, 3, 4),
      start('987654', 3),
      start(987_654.5, 3),
      start(987_654, null),
      start(987_654, 3, 2, ['o3']),
      start(987_654, 3, 2, 'o2'),
    ])
      expect(judged(trace)).toBe(false);
    expect(judged({ ...(start(987_654, 3) as object), initial: { n: 987_654 } } as never)).toBe(
      false,
    );
  });

  it('believes no exhaustion over samples', () => {
    expect(replayWitness(semantics, far as Property, 'exhaustion', start(1, 3))).toMatchObject({
      ok: false,
      why: expect.stringContaining('n may start anywhere'),
    });
  });
});

describe('samples', () => {
  it('are the ends, the constants with their neighbours, and a window', () => {
    const type = { kind: 'int' } as const;
    expect(samplesOf(type, [50, -70], 32)).toEqual([
      -71, -70, -69, -4, -3, -2, -1, 0, 1, 2, 3, 4, 49, 50, 51,
    ]);
    expect(samplesOf({ ...type, lo: 10, hi: 9_000_000 }, [50], 32)).toEqual([
      10, 11, 12, 13, 14, 15, 16, 17, 18, 49, 50, 51, 9_000_000,
    ]);
    expect(samplesOf(type, [50, 60, 70, 80], 9)).toHaveLength(9);
  });

  it('take the constants from guards, properties and the ranges of types', () => {
    const { model } = tiny(`
variables: { n: { type: "int 0..77", init: 0 } }
actions: { a: { actor: me, when: n > 31, then: { n: "n - 2" } } }
properties: { p: { never: "n = -12" } }`);
    expect(constantsOf(model)).toEqual(expect.arrayContaining([77, 31, 2, -12]));
  });
});
