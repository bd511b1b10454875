import { canonicalJson } from '../../canonical/index.ts';
import { Codec } from '../../model/codec.ts';
import { describe, messageKey } from '../../model/lift.ts';
import { judgedPredicates, predicatesOf, type Property } from '../../model/model.ts';
import { multisetDifference } from '../../model/multiset.ts';
import { breaksForEver, comesBack } from './lassoReplay.ts';
import { ERROR_BIT, errorKinds, sameState } from '../../model/semantics.ts';
import type { Step, Trace, Value } from '../../model/trace.ts';
import type { AttackedStep, AttackedSystem } from '../../threats/attacked.ts';

type Row = readonly number[];

/** The rows that an attack passes, each with the error (if any) that ends it. */
export interface AttackRun {
  readonly rows: readonly Row[];
  /** The ids of each step; the last one may be an error step. */
  readonly ids: readonly (readonly string[])[];
  readonly error?: number;
  readonly loopStart?: number;
}

/** The attack in the model's words, each step found again by the semantics of threats. */
export function attackTraceOf(system: AttackedSystem, run: AttackRun): Trace | undefined {
  const codec = new Codec(system.semantics.layout);
  const [first] = run.rows;
  if (!first) return undefined;
  const steps: Step[] = [];
  for (const [i, ids] of run.ids.entries()) {
    const step = stepBetween(system, codec, run.rows[i] as Row, run.rows[i + 1], ids, run.error);
    if (!step) return undefined;
    steps.push(step);
  }
  return {
    params: codec.cells(first, 'parameter'),
    initial: codec.cells(first, 'variable'),
    steps,
    ...(run.loopStart === undefined ? {} : { loopStart: run.loopStart }),
  };
}

function stepBetween(
  system: AttackedSystem,
  codec: Codec,
  from: Row,
  to: Row | undefined,
  ids: readonly string[],
  error: number | undefined,
): Step | undefined {
  let found: Step | undefined;
  system.steps(from, (step) => {
    if (found || step.ids.join(' ') !== ids.join(' ')) return;
    if (to ? !step.next || !sameState(step.next, to) : step.next || step.errors !== error) return;
    found = stepInWords(system, codec, from, step);
  });
  return found;
}

/** One step of a model under threats, in words. */
export function stepInWords(
  system: AttackedSystem,
  codec: Codec,
  from: Row,
  step: AttackedStep,
): Step {
  const to = step.next ?? from;
  const told =
    step.instance && step.action
      ? {
          ...describeStep(system.semantics, codec, step.instance, from, to, step.taken),
          action: step.action.name,
        }
      : threatStep(system, codec, from, to, step);
  return {
    ...told,
    ...(step.errors === 0 ? {} : { error: errorKinds(step.errors) }),
    ...(step.ids.length > 0 ? { threats: step.ids } : {}),
  };
}

/** An error step changes and sends nothing. */
function describeStep(...given: Parameters<typeof describe>): Step {
  const { sent, ...step } = describe(...given);
  const [, , , from, to] = given;
  return from === to || sent === undefined ? step : { ...step, sent };
}

/** Messages that are gone read as received, new ones as sent; flags as cells that change. */
function threatStep(
  system: AttackedSystem,
  codec: Codec,
  from: Row,
  to: Row,
  { ids, recovers }: AttackedStep,
): Step {
  const { layout } = system.semantics;
  const moved = layout.channels.map((block) => {
    const [before, after] = [codec.messages(from, block), codec.messages(to, block)];
    return {
      gone: multisetDifference(before, after, messageKey),
      come: multisetDifference(after, before, messageKey),
    };
  });
  const received = moved.flatMap(({ gone }) => gone);
  const sent = moved.flatMap(({ come }) => come);
  const flags = [
    ...system.world.places('unavailable ').map((p) => ({ ...p, name: `unavailable ${p.name}` })),
    ...system.world.places('stuck ').map((p) => ({ ...p, name: `stuck ${p.name}` })),
  ].filter(({ at }) => from[at] !== to[at]);
  const changed: Record<string, readonly [Value, Value]> = { ...codec.changed(from, to) };
  for (const { name, at } of flags) changed[name] = [from[at] === 1, to[at] === 1];
  return {
    action: ids[0] ?? `${recovers} recovers`,
    binding: {},
    ...(received.length > 0 ? { received } : {}),
    ...(sent.length > 0 ? { sent } : {}),
    changed,
  };
}

/** A row that an attack passes, and those before it. */
interface Passed {
  readonly row: Row;
  readonly before: Passed | undefined;
}

/**
 * Follows an attack's trace from its text through the semantics of threats alone, and judges where
 * it leads. A step may stand for several rows that read the same: all of them are followed.
 */
export function replays(system: AttackedSystem, property: Property, trace: Trace): boolean {
  const codec = new Codec(system.semantics.layout);
  const state = codec.row(trace.params, trace.initial);
  const start = state && system.startAt(state);
  let passed: Passed[] = start ? [{ row: start, before: undefined }] : [];
  let errors = 0;
  for (const wanted of trace.steps) {
    if (errors !== 0) return false;
    const next = new Map<string, Passed>();
    const told = canonicalJson(wanted);
    for (const before of passed)
      system.steps(before.row, (step) => {
        if (step.next === undefined && wanted.error === undefined) return;
        if (canonicalJson(stepInWords(system, codec, before.row, step)) !== told) return;
        if (step.next) next.set(step.next.join(), { row: step.next, before });
        else errors |= step.errors;
      });
    passed = [...next.values()];
    if (passed.length === 0 && errors === 0) return false;
  }
  if (passed.length === 0 && errors === 0) return false;
  const { formula } = property;
  const { loopStart } = trace;
  if (loopStart !== undefined)
    return (
      errors === 0 && passed.some((end) => breaksForEver(system, formula, rowsTo(end), loopStart))
    );
  const rows = passed.map(({ row }) => row);
  return isBrokenAt(system, property, rows, errors);
}

function rowsTo(end: Passed): readonly Row[] {
  const rows: Row[] = [];
  for (let at: Passed | undefined = end; at; at = at.before) rows.push(at.row);
  return rows.reverse();
}

/**
 * Whether an attack that ends in one of these rows, or in an error, breaks the property there and
 * then. Nothing that only breaks for ever is broken at a row.
 */
export function isBrokenAt(
  system: AttackedSystem,
  { formula }: Property,
  rows: readonly Row[],
  errors: number,
): boolean {
  const { model, semantics } = system;
  if (formula.kind === 'implicit')
    return errors === 0
      ? formula.of === 'defined' &&
          rows.some((row) =>
            judgedPredicates(model).some((e) => semantics.predicate(e)(row) === undefined),
          )
      : (errors & ERROR_BIT[formula.of]) !== 0;
  if (errors !== 0) return false;
  if (formula.kind === 'recoverable')
    return rows.some((row) => !comesBack(system, formula.expr, row));
  if (formula.kind === 'always' || formula.kind === 'never') {
    const [expr] = predicatesOf(formula);
    const holds = expr && semantics.predicate(expr);
    return rows.some((row) => holds?.(row) === (formula.kind === 'never'));
  }
  if (formula.kind !== 'deadlockFree') return false;
  const final = model.final && semantics.predicate(model.final);
  return rows.some((row) => {
    let stuck = true;
    system.steps(row, ({ ids }) => {
      if (ids.length === 0) stuck = false;
    });
    return stuck && (final?.(row) ?? false) === false;
  });
}
