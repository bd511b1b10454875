import { describe, expect, it } from 'vitest';
import { replayWitness, type Replayed } from '../../src/graph/replay.ts';
import type { WitnessKind } from '../../src/model/outcome.ts';
import type { Semantics } from '../../src/model/semantics.ts';
import type { Trace } from '../../src/model/trace.ts';
import { tiny } from '../model/tiny.ts';
import { walk } from './walk.ts';

/**
 * Witnesses that an engine with a fault might give: runs of the model, each step right, that do not
 * show what they should. Beside each stands one that does.
 */
function replayed(
  semantics: Semantics,
  name: string,
  witness: WitnessKind | 'state',
  trace: Trace,
): Replayed {
  const property = semantics.model.properties.find((p) => p.name === name);
  if (!property) throw new Error(name);
  return replayWitness(semantics, property, witness, trace);
}

const BELIEVED: Replayed = { ok: true };
const refusedFor = (why: string): unknown => ({
  ok: false,
  why: expect.stringContaining(why) as string,
});

/** A light that goes round, with a way into a corner. */
const LIGHT = `
variables: { at: { type: "enum [idle, asked, met, away]", init: idle } }
actions:
  ask: { actor: me, when: at = idle, then: { at: asked } }
  meet: { actor: me, when: at = asked, then: { at: met } }
  early: { actor: me, when: at = idle, then: { at: met } }
  leave: { actor: me, when: at = met, then: { at: away } }
  again: { actor: me, when: at = met, then: { at: asked } }
  back: { actor: me, when: at = away, then: { at: idle } }
properties:
  answered: { leadsTo: { from: at = asked, to: at = met } }
  meets: { eventually: at = met }
  rests: { eventuallyAlways: at != away }
  comes: { recoverable: at = met }
  goes: { reachable: at = away }
  never: { never: at = away }
  stuck: { deadlockFree: true }`;

describe('a lasso against leadsTo', () => {
  const light = tiny(LIGHT);
  const judged = (path: string, loop: number): Replayed =>
    replayed(light, 'answered', 'lasso', walk(light, path, loop));

  it('is believed where the obligation comes after the goal was met', () => {
    expect(judged('ask', 1)).toEqual(BELIEVED);
    expect(judged('early again', 2)).toEqual(BELIEVED);
  });

  it('is refused where it is met, before the loop or in it, or was never there', () => {
    const met = refusedFor('every obligation of the run is met');
    expect(judged('ask meet leave', 3)).toEqual(met);
    expect(judged('ask meet leave back', 0)).toEqual(met);
    expect(judged('ask meet again', 1)).toEqual(met);
    expect(judged('', 0)).toEqual(met);
    expect(judged('early leave back', 0)).toEqual(met);
  });
});

describe('a lasso against the other kinds', () => {
  const light = tiny(LIGHT);
  it('is refused where the run reaches its goal', () => {
    expect(replayed(light, 'meets', 'lasso', walk(light, 'ask', 1))).toEqual(BELIEVED);
    expect(replayed(light, 'meets', 'lasso', walk(light, 'early leave', 2))).toEqual(
      refusedFor('the run reaches its goal'),
    );
  });

  it('is refused where the run leaves the goal only before its loop', () => {
    expect(replayed(light, 'rests', 'lasso', walk(light, 'early leave back', 0))).toEqual(BELIEVED);
    expect(replayed(light, 'rests', 'lasso', walk(light, 'early leave', 2))).toEqual(BELIEVED);
    expect(replayed(light, 'rests', 'lasso', walk(light, 'early leave back', 3))).toEqual(
      refusedFor('stays where it is asked to stay'),
    );
  });

  it('is refused where the loop does not close, or begins nowhere', () => {
    expect(replayed(light, 'rests', 'lasso', walk(light, 'early leave back', 1))).toEqual(
      refusedFor('the loop does not close'),
    );
    for (const loop of [-1, 4, undefined])
      expect(replayed(light, 'rests', 'lasso', walk(light, 'early leave back', loop))).toEqual(
        refusedFor('the loop starts nowhere'),
      );
  });

  it('says nothing about what no run can break', () => {
    for (const name of ['comes', 'goes', 'never', 'stuck'])
      expect(replayed(light, name, 'lasso', walk(light, 'ask', 1)), name).toEqual(
        refusedFor('a lasso is no witness against'),
      );
  });
});

/** Two go round; `out`, `far` and `late` are the fair ways out. */
const round = (fair: string, more = ''): Semantics =>
  tiny(`
variables: { x: { type: "int 0..2", init: 0 }, done: { type: bool, init: false } }
actions:
  up: { actor: me, when: "x = 0 and not(done)", then: { x: 1 } }
  down: { actor: me, when: "x = 1 and not(done)", then: { x: 0 } }
  out: { actor: me, when: "x = 1 and not(done)", then: { done: true }${fair} }
  far: { actor: me, when: "x = 0 and not(done)", then: { done: true } }
properties: { ends: { eventually: done } }
${more}`);

describe('a lasso that starves', () => {
  const judged = (semantics: Semantics, path = 'up down', loop = 0): Replayed =>
    replayed(semantics, 'ends', 'lasso', walk(semantics, path, loop));

  it('an action that is enabled again and again is unfair in the strong sense only', () => {
    expect(judged(round(''))).toEqual(BELIEVED);
    expect(judged(round(', fair: weak'))).toEqual(BELIEVED);
    expect(judged(round(', fair: strong'))).toEqual(refusedFor('unfair to out'));
  });

  it('several actions together is unfair where one of them is always enabled', () => {
    expect(judged(round('', 'fairness: [{ weak: [out] }]'))).toEqual(BELIEVED);
    expect(judged(round('', 'fairness: [{ weak: [out, far] }]'))).toEqual(
      refusedFor('unfair to out or far'),
    );
    expect(judged(round('', 'fairness: [{ strong: [out] }]'))).toEqual(refusedFor('unfair to out'));
    // One of them that is taken serves all.
    expect(judged(round('', 'fairness: [{ strong: [out, up] }]'))).toEqual(BELIEVED);
  });

  it('what is enabled where the run stops', () => {
    expect(judged(round(', fair: weak'), 'up', 1)).toEqual(refusedFor('unfair to out'));
    expect(judged(round('', 'fairness: [{ weak: [out, far] }]'), '', 0)).toEqual(
      refusedFor('unfair to out or far'),
    );
    expect(judged(round(', fair: strong'), '', 0)).toEqual(BELIEVED);
  });

  it('an action whose only steps are errors, which counts as enabled', () => {
    const failing = tiny(`
variables: { x: { type: "int 0..1", init: 0 }, n: { type: "int 0..1", init: 1 } }
actions:
  up: { actor: me, when: x = 0, then: { x: 1 } }
  down: { actor: me, when: x = 1, then: { x: 0 } }
  over: { actor: me, then: { n: n + 1 }, fair: weak }
properties: { ends: { eventually: n = 0 } }`);
    expect(replayed(failing, 'ends', 'lasso', walk(failing, 'up down', 0))).toEqual(
      refusedFor('unfair to over'),
    );
    expect(replayed(failing, 'ends', 'lasso', walk(failing, '', 0))).toEqual(
      refusedFor('unfair to over'),
    );
  });

  it('one message value, where each has a condition of its own', () => {
    const post = (perMessage: boolean): Semantics =>
      tiny(`
variables: { n: { type: "int 0..2", init: 0 } }
channels: { c: { from: me, to: me, carries: { v: "int 1..2", w: bool }, capacity: 2 } }
actions:
  fill: { actor: me, when: "count(c) = 0", then: { n: 0 }, send: [{ c: { v: 1, w: true } }, { c: { v: 2, w: true } }] }
  take: { actor: me, receive: { c: m }, when: "count(c) = 2", then: { n: m.v }, fair: strong${perMessage ? ', perMessage: true' : ''} }
  give: { actor: me, when: "count(c) = 1", then: { n: 0 }, send: { c: { v: n, w: true } } }
properties: { ends: { eventually: n = 2 } }`);
    const path = 'fill take give';
    expect(replayed(post(false), 'ends', 'lasso', walk(post(false), path, 1))).toEqual(BELIEVED);
    expect(replayed(post(true), 'ends', 'lasso', walk(post(true), path, 1))).toEqual(
      refusedFor('unfair to take'),
    );
  });
});

describe('a trap', () => {
  const trap = tiny(`
variables: { at: { type: "enum [a, b, c, d, goal]", init: a }, n: { type: "int 0..1", init: 0 } }
actions:
  toB: { actor: me, when: at = a, then: { at: b } }
  toC: { actor: me, when: at = b, then: { at: c } }
  home: { actor: me, when: at = b, then: { at: goal } }
  round: { actor: me, when: at = c, then: { n: 1 - n } }
  toD: { actor: me, when: at = a, then: { at: d } }
  over: { actor: me, when: at = d, then: { n: n + 2 } }
properties: { back: { recoverable: at = goal }, may: { reachable: at = goal } }`);
  const judged = (path: string, name = 'back'): Replayed =>
    replayed(trap, name, 'trap', walk(trap, path));

  it('is one where no way leads out', () => expect(judged('toB toC')).toEqual(BELIEVED));

  it('is none with a way out, however far', () => {
    expect(judged('toB')).toEqual(refusedFor('the goal is reached after all'));
    expect(judged('toB home')).toEqual(refusedFor('the goal is reached after all'));
  });

  it('is none where an error is what cuts the way', () => {
    expect(judged('toD')).toEqual(refusedFor('an error step leaves the closed set'));
    expect(judged('toD over')).toEqual(refusedFor('passes through an error'));
  });

  it('is no witness against another kind', () =>
    expect(judged('toB toC', 'may')).toEqual(refusedFor('a trap is no witness')));
});

describe('a trace', () => {
  const light = tiny(LIGHT);
  const over = tiny(`
variables: { x: { type: "int 0..1", init: 0 }, seen: { type: bool, init: false } }
actions:
  up: { actor: me, then: { x: x + 1 } }
  see: { actor: me, when: x = 1, then: { seen: true } }
properties: { low: { always: x = 0 }, blind: { never: seen }, moves: { deadlockFree: true }, may: { reachable: seen } }
final: "true"`);

  it('ends in what breaks the property, neither before nor elsewhere', () => {
    expect(replayed(light, 'never', 'trace', walk(light, 'early leave'))).toEqual(BELIEVED);
    expect(replayed(light, 'never', 'trace', walk(light, 'early'))).toEqual(
      refusedFor('does not break the property'),
    );
    expect(replayed(light, 'never', 'trace', walk(light, 'early leave back'))).toEqual(
      refusedFor('does not break the property'),
    );
    expect(replayed(over, 'low', 'trace', walk(over, 'up'))).toEqual(BELIEVED);
    expect(replayed(over, 'low', 'trace', walk(over, ''))).toEqual(
      refusedFor('does not break the property'),
    );
  });

  it('takes no step after an error, and shows nothing else by one', () => {
    const error = walk(over, 'up up');
    expect(replayed(over, 'withinRange', 'trace', error)).toEqual(BELIEVED);
    expect(replayed(over, 'withinCapacity', 'trace', error)).toEqual(
      refusedFor('ends without breaking withinCapacity (it breaks withinRange)'),
    );
    const goingOn = { ...error, steps: [...error.steps, ...walk(over, 'up see').steps.slice(1)] };
    for (const name of ['withinRange', 'blind'])
      expect(replayed(over, name, 'trace', goingOn)).toEqual(
        refusedFor('step 3 comes after an error'),
      );
    for (const name of ['low', 'blind', 'moves'])
      expect(replayed(over, name, 'trace', error)).toEqual(refusedFor('passes through an error'));
    expect(replayed(over, 'may', 'state', error)).toEqual(refusedFor('not the goal'));
    expect(replayed(over, 'may', 'state', walk(over, 'up see'))).toEqual(BELIEVED);
    expect(replayed(over, 'may', 'state', walk(over, 'up'))).toEqual(refusedFor('not the goal'));
    expect(replayed(over, 'low', 'state', walk(over, ''))).toEqual(
      refusedFor('a reached state says nothing'),
    );
  });

  it('names exactly what the last step breaks', () => {
    const error = walk(over, 'up up');
    const naming = (...kinds: string[]): Trace => ({
      ...error,
      steps: error.steps.map((step) => (step.error ? { ...step, error: kinds } : step)),
    });
    for (const kinds of [['withinCapacity'], ['withinRange', 'defined'], ['nothing'], []])
      expect(replayed(over, 'withinRange', 'trace', naming(...kinds))).toEqual(
        refusedFor('is not a step of the model'),
      );
  });

  it('ends in a deadlock only where nothing can happen, and nothing is over', () => {
    const rest = (final: string): Semantics =>
      tiny(`
variables: { x: { type: "int 0..2", init: 0 } }
actions: { up: { actor: me, when: x < 2, then: { x: x + 1 } } }
properties: { moves: { deadlockFree: true } }
${final}`);
    const judged = (final: string, path: string): Replayed =>
      replayed(rest(final), 'moves', 'trace', walk(rest(final), path));
    expect(judged('', 'up up')).toEqual(BELIEVED);
    expect(judged('final: x = 0', 'up up')).toEqual(BELIEVED);
    expect(judged('', 'up')).toEqual(refusedFor('the last state has a step'));
    expect(judged('final: x = 2', 'up up')).toEqual(refusedFor('the last state is final'));
  });
});

describe('an exhaustion', () => {
  const model = (init: string, more = ''): Semantics =>
    tiny(`
variables: { x: { type: "int 0..3", init: ${init} } }
actions: { up: { actor: me, when: "x in [1..2]", then: { x: x + 1 } }${more} }
properties: { two: { reachable: x = 2 }, nothing: { reachableEach: { one: x = 1, two: x = 2 } }, far: { recoverable: x = 2 } }`);
  const judged = (semantics: Semantics, name: string): Replayed =>
    replayed(semantics, name, 'exhaustion', walk(semantics, ''));

  it('is one where no start of the valuation reaches the goal', () => {
    expect(judged(model('"in (0, 3)"'), 'two')).toEqual(BELIEVED);
    expect(judged(model('0'), 'nothing')).toEqual(BELIEVED);
  });

  it('is none where another start does', () => {
    expect(judged(model('"in (0, 1)"'), 'two')).toEqual(
      refusedFor('the goal is reached after all'),
    );
    expect(judged(model('any'), 'nothing')).toEqual(refusedFor('the goal is reached after all'));
  });

  it('is one of several goals where one is missed, though another is met', () => {
    expect(judged(model('2'), 'nothing')).toEqual(BELIEVED);
  });

  it('is none where an error is what cuts the way', () => {
    const failing = model('0', ', over: { actor: me, then: { x: x - 1 } }');
    expect(judged(failing, 'two')).toEqual(refusedFor('an error step leaves the closed set'));
  });

  it('is no witness against another kind', () =>
    expect(judged(model('0'), 'far')).toEqual(refusedFor('an exhaustion is no witness')));
});
