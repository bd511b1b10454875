import { describe, expect, it } from 'vitest';
import { encodeSystem } from '../../src/encode/smt/system.ts';
import { findLassos, runOf, type LassoPath } from '../../src/engines/z3/lasso.ts';
import { z3 } from '../../src/engines/z3/index.ts';
import { replayWitness } from '../../src/graph/replay.ts';
import type { Property } from '../../src/model/model.ts';
import { tiny } from '../model/tiny.ts';
import { reportOn } from '../conformance/checking.ts';

const model = (body: string): string => `probity: 1\nname: Lasso\nactors: { clerk: {} }\n${body}\n`;

/**
 * Round and round between 0 and 1, and out of it to 2 from 0 alone: what is enabled again and
 * again, but never for long.
 */
const turning = (fair: string): string =>
  model(`
variables: { at: { type: "int 0..2", init: 0 } }
actions:
  there: { actor: clerk, when: at = 0, then: { at: 1 } }
  back:  { actor: clerk, when: at = 1, then: { at: 0 }, fair: weak }
  out:   { actor: clerk, when: at = 0, then: { at: 2 }${fair} }
properties: { leaves: { eventually: at = 2 } }`);

/**
 * Explore decides all of these; what it calls violated Z3 must find, and what holds Z3 must not
 * break.
 */
const CASES: Readonly<Record<string, readonly [source: string, outcome: 'violated' | 'holds']>> = {
  'a run that stops, for nothing is fair': [turning(''), 'violated'],
  'a run that goes round: weak fairness is treated fairly by it': [
    turning(', fair: weak'),
    'violated',
  ],
  'strong fairness is not': [turning(', fair: strong'), 'holds'],
  'a stop where something fair is possible': [
    model(
      'variables: { on: { type: bool, init: false } }\nactions: { flip: { actor: clerk, when: not(on), then: { on: true }, fair: weak } }\nproperties: { lit: { eventually: on } }',
    ),
    'holds',
  ],
  'a step that changes nothing obliges to nothing': [
    model(
      'variables: { on: { type: bool, init: false } }\nactions: { wait: { actor: clerk, then: { on: on }, fair: strong } }\nproperties: { lit: { eventually: on } }',
    ),
    'violated',
  ],
  'actions that are fair together: one of them is enough': [
    model(
      'variables: { n: { type: "int 0..2", init: 0 }, done: { type: bool, init: false } }\nactions:\n  one: { actor: clerk, when: "n != 1 and not(done)", then: { n: 1 } }\n  two: { actor: clerk, when: "n != 2 and not(done)", then: { n: 2 } }\n  end: { actor: clerk, when: n = 1, then: { done: true } }\nfairness: [{ weak: [one, end] }]\nproperties: { ends: { eventually: done } }',
    ),
    'violated',
  ],
  'actions that are fair together: without any of them it is not fair': [
    model(
      'variables: { n: { type: "int 0..2", init: 0 }, done: { type: bool, init: false } }\nactions:\n  one: { actor: clerk, when: "n = 0 and not(done)", then: { n: 2 } }\n  two: { actor: clerk, when: "n = 2 and not(done)", then: { n: 0 } }\n  end: { actor: clerk, when: not(done), then: { done: true } }\n  all: { actor: clerk, when: not(done), then: { done: true } }\nfairness: [{ weak: [end, all] }]\nproperties: { ends: { eventually: done } }',
    ),
    'holds',
  ],
  'fairness for each message, not for some': [
    model(
      'channels: { post: { from: clerk, to: clerk, carries: { v: "int 0..1" }, capacity: 2 } }\nvariables: { got: { type: bool, init: false }, begun: { type: bool, init: false } }\nactions:\n  begin: { actor: clerk, when: not(begun), then: { begun: true }, send: [{ post: { v: 0 } }, { post: { v: 1 } }], fair: weak }\n  take: { actor: clerk, receive: { post: m }, when: m.v = 1, then: { got: true }, fair: weak, perMessage: true }\n  again: { actor: clerk, receive: { post: m }, when: m.v = 0, then: { got: got }, send: { post: { v: 0 } } }\nproperties: { taken: { eventually: got } }',
    ),
    'holds',
  ],
  'leadsTo: owed before the loop, paid nowhere on it': [
    model(
      'variables: { at: { type: "int 0..3", init: 0 } }\nactions:\n  ask: { actor: clerk, when: at = 0, then: { at: 1 } }\n  a: { actor: clerk, when: at = 1, then: { at: 2 } }\n  b: { actor: clerk, when: at = 2, then: { at: 1 } }\n  pay: { actor: clerk, when: at = 2, then: { at: 3 } }\nproperties: { paid: { leadsTo: { from: at = 0, to: at = 3 } } }',
    ),
    'violated',
  ],
  'leadsTo: paid each time': [
    model(
      'variables: { at: { type: "int 0..1", init: 0 } }\nactions:\n  ask: { actor: clerk, when: at = 0, then: { at: 1 }, fair: weak }\n  pay: { actor: clerk, when: at = 1, then: { at: 0 }, fair: weak }\nproperties: { paid: { leadsTo: { from: at = 0, to: at = 1 } } }',
    ),
    'holds',
  ],
  'eventuallyAlways: the loop leaves it again and again': [
    turning('').replace('leaves: { eventually: at = 2 }', 'stays: { eventuallyAlways: at = 0 }'),
    'violated',
  ],
  'what has no value is not false': [
    model(
      'sets: { S: [s1, s2] }\nvariables: { who: { type: S or null, init: null }, m: { type: map S to int 0..1, init: 0 } }\nactions: { set: { actor: clerk, when: who = null, then: { who: s1 } } }\nproperties: { one: { eventually: "m[who] = 1" } }',
    ),
    'holds',
  ],
};

describe('lassos by Z3', () => {
  for (const [name, [source, wanted]] of Object.entries(CASES)) {
    it(
      name,
      async () => {
        const report = await reportOn(source, ['explore', 'z3']);
        const [property] = report.properties;
        const said = Object.fromEntries(property?.engines.map((e) => [e.name, e.outcome]) ?? []);
        // What holds is proved by a ranking, where there is one; else it is bounded.
        expect(said['z3']).toMatch(wanted === 'holds' ? /^(?:holds|bounded)$/u : /^violated$/u);
        expect(said['explore'], property?.message).toMatch(
          wanted === 'holds' ? /^(?:holds|bounded)$/u : /^(?:violated|bounded)$/u,
        );
        if (wanted === 'violated')
          expect(property).toMatchObject({
            outcome: 'violated',
            witness: 'lasso',
            assurance: expect.arrayContaining(['replayed']) as unknown,
          });
      },
      60_000,
    );
  }

  it('over all integers: what only a large number breaks, which no finite engine meets', async () => {
    const source = model(
      'variables: { n: { type: int, init: any }, on: { type: bool, init: false } }\nactions:\n  flip: { actor: clerk, when: "n > 2", then: { on: not(on), n: 7 - n } }\n  flop: { actor: clerk, when: "n <= 2", then: { on: not(on), n: 7 - n } }\nproperties: { off: { eventuallyAlways: not(on) } }',
    );
    const report = await reportOn(source, ['z3']);
    expect(report.properties[0]).toMatchObject({
      outcome: 'violated',
      witness: 'lasso',
      assurance: ['replayed'],
    });
    const far = model(
      'variables: { n: { type: int, init: 1000003 }, ok: { type: bool, init: false } }\nactions:\n  a: { actor: clerk, when: "n * n != n + 1", then: { n: 0 - n } }\n  b: { actor: clerk, when: "n = 1000004", then: { ok: true }, fair: weak }\nproperties: { good: { eventually: ok } }',
    );
    expect((await reportOn(far, ['z3'])).properties[0]).toMatchObject({
      outcome: 'violated',
      witness: 'lasso',
    });
  }, 60_000);

  it('found in any model, replay by the one semantics, which refuses them once the model is fairer', async () => {
    const weak = tiny(
      'variables: { at: { type: "int 0..2", init: 0 } }\nactions:\n  there: { actor: me, when: at = 0, then: { at: 1 } }\n  back: { actor: me, when: at = 1, then: { at: 0 }, fair: weak }\n  out: { actor: me, when: at = 0, then: { at: 2 }, fair: weak }\nproperties: { leaves: { eventually: at = 2 } }',
    );
    const [leaves] = weak.model.properties as [Property];
    const system = encodeSystem(weak);
    const paths: LassoPath[] = [];
    const { open } = await findLassos(
      weak,
      system,
      [leaves],
      { deadline: Date.now() + 60_000, memoryMb: 2_048, signal: new AbortController().signal },
      (_, path) => paths.push(path) > 0,
      () => undefined,
    );
    expect(open).toEqual([]);
    const trace = runOf(weak, system, paths[0] as LassoPath);
    if (!trace) throw new Error('no run');
    expect([trace.steps.length, trace.loopStart]).toEqual([2, 0]);
    expect(replayWitness(weak, leaves, 'lasso', trace)).toEqual({ ok: true });
    const strong = tiny(
      'variables: { at: { type: "int 0..2", init: 0 } }\nactions:\n  there: { actor: me, when: at = 0, then: { at: 1 } }\n  back: { actor: me, when: at = 1, then: { at: 0 }, fair: weak }\n  out: { actor: me, when: at = 0, then: { at: 2 }, fair: strong }\nproperties: { leaves: { eventually: at = 2 } }',
    );
    expect(
      replayWitness(strong, strong.model.properties[0] as Property, 'lasso', trace),
    ).toMatchObject({ ok: false });
  }, 60_000);

  it('are not looked for where the fairness cannot be said, and it says why', () => {
    const semantics = tiny(
      'channels: { line: { from: me, to: me, carries: { v: "int 0..1" }, capacity: 2, order: fifo } }\nvariables: { got: { type: bool, init: false } }\nactions: { take: { actor: me, receive: { line: m }, then: { got: true }, fair: weak, perMessage: true } }\nproperties: { taken: { eventually: got } }',
    );
    const [taken] = semantics.model.properties as [Property];
    expect(z3.refuses({ semantics, digest: '', properties: [taken] }, taken)).toMatch(
      /fairness per message/u,
    );
  });
});
