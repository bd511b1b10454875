import { describe, expect, it } from 'vitest';
import type { Model, Property } from '../../src/model/model.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { combine, conjoin, withinBounds, type Answer } from '../../src/checking/combine.ts';

const property: Property = { name: 'p', kind: 'deadlockFree', formula: { kind: 'deadlockFree' } };
const answer = (engine: string, outcome: Outcome, replayed = false): Answer => ({
  engine,
  version: '1',
  outcome,
  durationMs: 1,
  replayed,
});
const holds: Outcome = { outcome: 'holds', method: 'exhaustive', evidence: {} };
const violated = (steps: number): Outcome => ({
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
