import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { replayWitness } from '../../src/graph/replay.ts';
import type { Property } from '../../src/model/model.ts';
import type { PropertyReport, WitnessKind } from '../../src/model/outcome.ts';
import type { Semantics } from '../../src/model/semantics.ts';
import type { Step, Trace, Value } from '../../src/model/trace.ts';
import { DEFAULT_OPTIONS } from '../../src/checking/types.ts';
import { inspect, checkSubmission } from '../../src/checking/check.ts';
import { repository } from '../golden.ts';

interface Case {
  readonly semantics: Semantics;
  readonly property: Property;
  readonly witness: WitnessKind;
  readonly trace: Trace;
}

/** A violated property of a model under test/golden/check, with the witness that explore found. */
async function violated(file: string): Promise<Case> {
  const submission = {
    source: readFileSync(repository(`test/golden/check/${file}.yaml`), 'utf8'),
    format: 'native' as const,
    name: file,
  };
  const context = {
    signal: new AbortController().signal,
    cacheDir: '/nowhere',
    onProgress: () => undefined,
  };
  const [read, answer] = [
    await inspect(submission),
    await checkSubmission(submission, { ...DEFAULT_OPTIONS, engines: ['explore'] }, context),
  ];
  if (!read.ok || !answer.ok) throw new Error(file);
  const report = answer.value.report.properties.find(
    (p): p is PropertyReport & { witness: WitnessKind; trace: Trace } =>
      p.outcome === 'violated' && p.trace !== undefined,
  );
  const property = read.value.semantics.model.properties.find((p) => p.name === report?.name);
  if (!report || !property) throw new Error(`${file} is not violated`);
  return {
    semantics: read.value.semantics,
    property,
    witness: report.witness,
    trace: report.trace,
  };
}

const replay = (c: Case, trace: Trace = c.trace, witness: WitnessKind = c.witness): boolean =>
  replayWitness(c.semantics, c.property, witness, trace).ok;

const withStep = (trace: Trace, index: number, change: (step: Step) => Step): Trace => ({
  ...trace,
  steps: trace.steps.map((step, i) => (i === index ? change(step) : step)),
});
const without = (trace: Trace, index: number): Trace => ({
  ...trace,
  steps: trace.steps.filter((_, i) => i !== index),
});

/** Another value of the same sort. */
function other(value: Value): Value {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  return `${String(value)}x`;
}

const cases: Record<string, Case> = {};
beforeAll(async () => {
  for (const file of ['trace', 'lasso', 'trap', 'exhaustion']) cases[file] = await violated(file);
});

for (const file of ['trace', 'lasso', 'trap', 'exhaustion'] as const) {
  describe(file, () => {
    const given = (): Case => cases[file] as Case;

    it('replays as it was found, also after a journey through JSON', () => {
      expect(given().witness).toBe(file);
      expect(replay(given())).toBe(true);
      expect(replay(given(), JSON.parse(JSON.stringify(given().trace)) as Trace)).toBe(true);
    });

    it('replays as no other kind of witness', () => {
      for (const kind of ['trace', 'lasso', 'trap', 'exhaustion'] as const)
        if (kind !== file) expect(replay(given(), given().trace, kind), kind).toBe(false);
      expect(replayWitness(given().semantics, given().property, 'state', given().trace).ok).toBe(
        false,
      );
    });

    it('is no witness against another property', () => {
      for (const property of given().semantics.model.properties) {
        if (property.name !== given().property.name)
          expect(replay({ ...given(), property }), property.name).toBe(false);
      }
    });

    it('does not replay with a step less, a step twice, or steps in another order', () => {
      const { trace } = given();
      trace.steps.forEach((step, i) => {
        expect(replay(given(), without(trace, i)), `without ${i}`).toBe(false);
        const twice = { ...trace, steps: trace.steps.toSpliced(i, 0, step) };
        if (file !== 'trap') expect(replay(given(), twice), `${i} twice`).toBe(false);
      });
      if (trace.steps.length > 1 && file !== 'trap')
        expect(replay(given(), { ...trace, steps: trace.steps.toReversed() })).toBe(false);
    });

    it('does not replay with another action, binding, value or start', () => {
      const { trace } = given();
      trace.steps.forEach((step, i) => {
        expect(
          replay(
            given(),
            withStep(trace, i, (s) => ({ ...s, action: `${s.action}x` })),
          ),
        ).toBe(false);
        for (const [name, value] of Object.entries(step.binding)) {
          expect(
            replay(
              given(),
              withStep(trace, i, (s) => ({
                ...s,
                binding: { ...s.binding, [name]: other(value) },
              })),
            ),
          ).toBe(false);
        }
        for (const [cell, [before, after]] of Object.entries(step.changed)) {
          expect(
            replay(
              given(),
              withStep(trace, i, (s) => ({
                ...s,
                changed: { ...s.changed, [cell]: [before, other(after)] },
              })),
            ),
          ).toBe(false);
          expect(
            replay(
              given(),
              withStep(trace, i, (s) => ({
                ...s,
                changed: { ...s.changed, [cell]: [other(before), after] },
              })),
            ),
          ).toBe(false);
        }
        expect(
          replay(
            given(),
            withStep(trace, i, (s) => ({ ...s, changed: {} })),
          ),
        ).toBe(false);
        expect(
          replay(
            given(),
            withStep(trace, i, (s) => ({ ...s, error: ['withinRange'] })),
          ),
        ).toBe(false);
        expect(
          replay(
            given(),
            withStep(trace, i, (s) => ({ ...s, received: [{ channel: 'c', message: {} }] })),
          ),
        ).toBe(false);
      });
      for (const [cell, value] of Object.entries(trace.initial))
        expect(
          replay(given(), { ...trace, initial: { ...trace.initial, [cell]: other(value) } }),
          cell,
        ).toBe(false);
      expect(replay(given(), { ...trace, initial: {} })).toBe(false);
      expect(replay(given(), { ...trace, params: { ...trace.params, more: 1 } })).toBe(false);
    });
  });
}

describe('lasso', () => {
  it('does not replay with a loop that starts nowhere, elsewhere or not at all', () => {
    const { trace } = cases['lasso'] as Case;
    for (const loopStart of [-1, 1, trace.steps.length, trace.steps.length + 1, 0.5, undefined]) {
      expect(replay(cases['lasso'] as Case, { ...trace, loopStart }), String(loopStart)).toBe(
        false,
      );
    }
  });

  it('that starves a fair action does not replay', () => {
    const { semantics, property, trace } = cases['lasso'] as Case;
    // `open` is now fair in the strong sense: it is enabled again and again, and never taken.
    const strict = semantics.model.actions.map((a) =>
      a.name === 'open' ? { ...a, fair: 'strong' as const } : a,
    );
    const Meaning = semantics.constructor as new (model: Semantics['model']) => Semantics;
    expect(
      replayWitness(new Meaning({ ...semantics.model, actions: strict }), property, 'lasso', trace),
    ).toEqual({ ok: false, why: 'the loop is unfair to open' });
  });
});

describe('exhaustion', () => {
  it('does not replay under parameters that reach the goal', () => {
    const { trace } = cases['exhaustion'] as Case;
    const verdicts = [1, 2, 3].map((price) =>
      replay(cases['exhaustion'] as Case, { ...trace, params: { price } }),
    );
    expect(verdicts).toEqual([false, false, true]);
  });
});
