import { describe, expect, it } from 'vitest';
import { printModule } from '../../src/encode/tla/module.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { reportOn, tlcAbsence } from '../conformance/checking.ts';
import { lamp } from './lamp.ts';

/**
 * Two letters go round in a bag; only the one for o2 ends it. Fair for all messages together, the
 * other may be taken for ever.
 */
const POST = (perMessage: boolean): string => `
probity: 1
name: Post
sets: { Order: [o1, o2] }
variables: { done: { type: bool, init: false }, turn: { type: bool, init: false }, started: { type: bool, init: false } }
actors: { post: {} }
channels: { mail: { from: post, to: post, carries: { order: Order }, capacity: 2 } }
actions:
  start: { actor: post, when: not(started), then: { started: true }, send: [{ mail: { order: o1 } }, { mail: { order: o2 } }], fair: weak }
  take: { actor: post, receive: { mail: m }, when: not(done), then: { done: m.order = o2, turn: not(turn) }, send: { mail: { order: m.order } }, fair: strong${perMessage ? ', perMessage: true' : ''} }
properties: { ends: { eventually: done } }
final: done
`;

describe('temporal logic in TLC', () => {
  it('agrees with explore on every combination of always and eventually, and leaves until to it', async ({
    skip,
  }) => {
    const absent = await tlcAbsence();
    if (absent !== undefined) skip(absent);
    const formulas = [
      '[]<> (lamp or broken)',
      '(<>[] broken) or ([]<> lamp)',
      'not(<> [] lamp) and [] (lamp -> <> not(lamp))',
      'lamp ~> broken',
    ];
    const model = lamp(
      [...formulas, 'not(lamp) U lamp'].map((ltl, i) => `  p${i}: { ltl: "${ltl}" }\n`).join(''),
      ', fair: weak',
    );
    const ours = (await reportOn(model, ['explore'])).properties.filter((p) => p.kind === 'ltl');
    const named = (outcome: string): string[] =>
      ours.slice(0, -1).flatMap((p) => (p.outcome === outcome ? [p.name] : []));
    expect(named('holds').length + named('violated').length).toBe(formulas.length);
    // TLC does not say which of several breaks: what holds is asked together, in one run.
    const reports = [
      await reportOn(model, ['tlc'], { properties: [...named('holds'), `p${formulas.length}`] }),
    ];
    for (const name of named('violated'))
      reports.push(await reportOn(model, ['tlc'], { properties: [name] }));
    const theirs = new Map(
      reports.flatMap((report) => report.properties.map((p) => [p.name, p] as const)),
    );
    for (const { name, outcome } of ours.slice(0, -1))
      expect([name, theirs.get(name)?.outcome]).toEqual([name, outcome]);
    expect(theirs.get(`p${formulas.length}`)?.engines[0]).toMatchObject({
      outcome: 'unknown',
      reason: 'unsupported',
      message: expect.stringContaining('until') as unknown,
    });
  }, 240_000);

  it('is fair for each message where the model says so', async ({ skip }) => {
    const absent = await tlcAbsence();
    if (absent !== undefined) skip(absent);
    for (const perMessage of [true, false]) {
      const report = await reportOn(POST(perMessage), ['explore', 'tlc'], { properties: ['ends'] });
      const ends = report.properties.find((p) => p.name === 'ends');
      expect([perMessage, ends?.engines.map((e) => e.outcome)]).toEqual([
        perMessage,
        perMessage ? ['holds', 'holds'] : ['violated', 'violated'],
      ]);
    }
    const read = await inspect({ source: POST(true), format: 'native', name: 'post' });
    if (!read.ok) throw new Error('refused');
    expect(printModule(read.value.semantics, []).text).toContain(
      '\\A m \\in [order : Order] : SF_vars(takeOf(m))',
    );
  }, 120_000);
});
