import { describe, expect, it } from 'vitest';
import type { Model, Property } from '../../src/model/model.ts';
import type { Assurance, Outcome, PropertyReport } from '../../src/model/outcome.ts';
import {
  combine,
  conjoin,
  replayOutcome,
  withinBounds,
  type EngineAnswer,
} from '../../src/checking/combine.ts';
import { tiny } from '../model/tiny.ts';

const property: Property = { name: 'p', kind: 'deadlockFree', formula: { kind: 'deadlockFree' } };
const answer = (engine: string, outcome: Outcome, replayed = false): EngineAnswer => ({
  engine,
  version: '1',
  outcome,
  durationMs: 1,
  replayed,
});
const holds: Outcome = { outcome: 'holds', method: 'exhaustive', evidence: {} };
const violated = (steps: number): Extract<Outcome, { outcome: 'violated' }> => ({
  outcome: 'violated',
  witness: 'trace',
  evidence: {},
  trace: {
    params: {},
    initial: {},
    steps: Array.from({ length: steps }, () => ({ action: 'a', binding: {}, changed: {} })),
  },
});
const bounded: Outcome = { outcome: 'bounded', bound: '10 states', evidence: {} };
const unknown = (reason: 'timeout' | 'unsupported'): Outcome => ({
  outcome: 'unknown',
  reason,
  message: '',
  evidence: {},
});

describe('a model that was looked at only up to a number', () => {
  const model = (bounds: readonly string[]): Model =>
    ({ bounds, channels: [] }) as unknown as Model;
  const evidence = {};
  it.each<readonly [string, Outcome, Outcome['outcome']]>([
    ['holds of all that was seen', { outcome: 'holds', method: 'exhaustive', evidence }, 'bounded'],
    [
      'an invariant of all that was seen',
      { outcome: 'holds', method: 'inductive', evidence },
      'bounded',
    ],
    ['a reached state', { outcome: 'holds', method: 'witness', evidence }, 'holds'],
    ['a trace', { outcome: 'violated', witness: 'trace', evidence }, 'violated'],
    [
      'nothing found in all that was seen',
      { outcome: 'violated', witness: 'exhaustion', evidence },
      'bounded',
    ],
  ])('%s', (_, outcome, expected) => {
    expect(withinBounds(model(['two of them']), property, outcome).outcome).toBe(expected);
    expect(withinBounds(model([]), property, outcome)).toBe(outcome);
  });
});

describe('combining answers', () => {
  it('engines that differ give unknown{disagreement}, with both kept', () => {
    const report = combine(property, [answer('explore', holds), answer('tlc', violated(2), true)]);
    expect(report).toMatchObject({ outcome: 'unknown', reason: 'disagreement', assurance: [] });
    expect(report.engines.map((e) => e.outcome)).toEqual(['holds', 'violated']);
  });

  it('two that agree cross-check each other, and one alone does not', () => {
    expect(combine(property, [answer('explore', holds), answer('tlc', holds)]).assurance).toEqual([
      'crossChecked',
    ]);
    expect(
      combine(property, [answer('explore', holds), answer('z3', unknown('timeout'))]).assurance,
    ).toEqual([]);
  });

  it('the shortest violation is shown', () => {
    const report = combine(property, [
      answer('z3', violated(5), true),
      answer('explore', violated(3), true),
    ]);
    expect(report.trace?.steps.length).toBe(3);
    expect(report.assurance).toEqual(['replayed', 'crossChecked']);
  });

  it('nothing but bounds is bounded, nothing but silence is unknown, for the reason that says most', () => {
    expect(
      combine(property, [answer('explore', bounded), answer('z3', unknown('timeout'))]).outcome,
    ).toBe('bounded');
    expect(
      combine(property, [answer('tlc', unknown('unsupported')), answer('z3', unknown('timeout'))]),
    ).toMatchObject({ outcome: 'unknown', reason: 'timeout' });
    expect(combine(property, [])).toMatchObject({ outcome: 'unknown', reason: 'unsupported' });
  });

  it('a conjunction is as strong as its weakest part', () => {
    const part = (outcome: Outcome): ReturnType<typeof combine> =>
      combine(property, [answer('explore', outcome)]);
    expect(conjoin(property, [part(holds), part(holds)]).outcome).toBe('holds');
    expect(conjoin(property, [part(holds), part(bounded)]).outcome).toBe('bounded');
    expect(conjoin(property, [part(unknown('timeout')), part(bounded)]).outcome).toBe('unknown');
    expect(conjoin(property, [part(unknown('timeout')), part(violated(1))]).outcome).toBe(
      'violated',
    );
  });
});

describe('a conjunction', () => {
  const part = (...assurance: readonly Assurance[]): PropertyReport => ({
    ...combine(property, [answer('explore', holds)]),
    assurance,
  });

  it('has the assurance that each of its parts has, wherever the weakest stands', () => {
    const strong = part('crossChecked', 'obligationsReproved');
    const weak = part('crossChecked');
    expect(conjoin(property, [strong, strong]).assurance).toEqual([
      'crossChecked',
      'obligationsReproved',
    ]);
    expect(conjoin(property, [strong, weak]).assurance).toEqual(['crossChecked']);
    expect(conjoin(property, [weak, strong, strong]).assurance).toEqual(['crossChecked']);
    expect(conjoin(property, [strong, weak, part()]).assurance).toEqual([]);
    expect(conjoin(property, [part('replayed'), weak]).assurance).toEqual([]);
  });

  it('breaks as its first broken part does, and names what it hangs on', () => {
    const named = (name: string, outcome: Outcome, replayed = false): PropertyReport =>
      combine({ ...property, name }, [answer('explore', outcome, replayed)]);
    expect(
      conjoin(property, [
        named('a', bounded),
        named('b', violated(4), true),
        named('c', violated(1), true),
      ]),
    ).toMatchObject({
      message: 'b is violated',
      witness: 'trace',
      trace: violated(4).trace,
      assurance: ['replayed'],
    });
    expect(conjoin(property, [named('a', holds), named('b', bounded)])).toMatchObject({
      bound: 'b: 10 states',
      assurance: [],
    });
    expect(conjoin(property, [named('a', bounded), named('b', unknown('timeout'))])).toMatchObject({
      reason: 'timeout',
      message: 'b: ',
      assurance: [],
    });
  });
});

describe('a channel that is only looked at up to a number', () => {
  const capacity: Property = {
    name: 'withinCapacity',
    kind: 'withinCapacity',
    formula: { kind: 'implicit', of: 'withinCapacity' },
  };
  const range: Property = { ...capacity, formula: { kind: 'implicit', of: 'withinRange' } };
  const model = (...unbounded: readonly boolean[]): Model =>
    ({
      bounds: [],
      channels: unbounded.map((each, i) => ({ unbounded: each, capacity: i + 2 })),
    }) as unknown as Model;

  it('is full as a bound, and its neighbour that has an end is full as an error', () => {
    expect(withinBounds(model(true, true), capacity, violated(1))).toMatchObject({
      outcome: 'bounded',
      bound: 'at most 3 messages in a channel',
    });
    for (const channels of [model(true, false), model(false, true), model(false)])
      expect(withinBounds(channels, capacity, violated(1)).outcome).toBe('violated');
  });

  it('makes no other answer a bound', () => {
    expect(withinBounds(model(true), range, violated(1)).outcome).toBe('violated');
    expect(withinBounds(model(true), property, violated(1)).outcome).toBe('violated');
    expect(withinBounds(model(true), capacity, holds).outcome).toBe('holds');
  });
});

describe('a claim without a run that replays', () => {
  const semantics = tiny('properties: { moves: { deadlockFree: true } }\nfinal: "true"');
  const [moves] = semantics.model.properties;
  const claimed = (outcome: Outcome): ReturnType<typeof replayOutcome> =>
    replayOutcome(semantics, moves as Property, outcome);

  it('is unknown, and says what was claimed', () => {
    for (const witness of ['trace', 'lasso', 'trap', 'exhaustion'] as const)
      expect(claimed({ outcome: 'violated', witness, evidence: { states: 1 } })).toEqual({
        outcome: {
          outcome: 'unknown',
          reason: 'unreplayable',
          message:
            'the engine says "violated", but its witness does not replay: the engine gave no trace of this model',
          evidence: { states: 1 },
        },
        replayed: false,
      });
    const trace = { params: {}, initial: { unused: false }, steps: [] };
    expect(claimed({ outcome: 'violated', witness: 'trace', trace, evidence: {} })).toMatchObject({
      outcome: { reason: 'unreplayable' },
      replayed: false,
    });
    const reached: Outcome = { outcome: 'holds', method: 'witness', trace, evidence: {} };
    expect(claimed(reached)).toMatchObject({
      outcome: { outcome: 'unknown', reason: 'unreplayable' },
      replayed: false,
    });
  });

  it('is believed without one where it claims none', () => {
    for (const outcome of [holds, bounded, unknown('timeout')])
      expect(claimed(outcome)).toEqual({ outcome, replayed: false });
  });
});
