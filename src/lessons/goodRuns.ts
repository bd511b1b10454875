import { comparable } from './compare.ts';
import { explore } from '../engines/explore/index.ts';
import type { Inspected } from '../checking/inspect.ts';
import { Fault, type Result } from '../errors/index.ts';
import { Codec } from '../model/codec.ts';
import type { Expr } from '../model/expression.ts';
import { valuations, starts } from '../model/initial.ts';
import { describe } from '../model/lift.ts';
import type { Action, Model } from '../model/model.ts';
import { Semantics } from '../model/semantics.ts';
import type { Message, Step, Trace } from '../model/trace.ts';
import { BOOL, type Type } from '../model/types.ts';
import type { GoodRun, StepPattern } from '../scenarios/exercises.ts';
import { OutOfTime, ticking, type Time } from '../time/time.ts';
import { readChanged } from './exercise.ts';
import { traceAlong, type Way } from './way.ts';

/** A good run that is no longer there. */
export interface LostRun {
  readonly name: string;
  /**
   * `stops`: after `taken` steps the next one is not possible. `elsewhere`: all are, and what the
   * run
   * reaches is not reached. `lost`: it need not be reached, for the model can go another way.
   */
  readonly how: 'stops' | 'elsewhere' | 'lost';
  readonly taken: number;
  /** The step that is not possible. */
  readonly next?: string;
  /** How far it comes, or the way that it goes instead. */
  readonly trace?: Trace;
}

/**
 * The named runs without attack that a model does not have. Steps of actions that are new since
 * `known` may come between any two; nobody else does anything. `changed`: the
 * model to look at, where it is not that of the document, but has its declarations. Throws
 * `OutOfTime`.
 */
export async function lostRuns(
  attempt: Inspected,
  known: ReadonlySet<string>,
  runs: Readonly<Record<string, GoodRun>>,
  time: Time,
  changed?: Model,
): Promise<LostRun[]> {
  const goals = await rememberedGoals(attempt, runs);
  const semantics = changed ? new Semantics(changed) : goals.value.semantics;
  const { model } = semantics;
  const lost: LostRun[] = [];
  for (const [i, [name, run]] of Object.entries(runs).entries()) {
    const goal = goals.exprs[i] as Expr;
    const fixed = new Set([...known].filter((action) => run.may?.includes(action) !== true));
    const missing =
      followed(semantics, fixed, name, run, goal, time) ??
      (run.always === false ? undefined : await goesAstray(model, fixed, name, run, goal, time));
    if (missing) lost.push(missing);
  }
  return lost;
}

/** By document: a fix is looked at again without each of its changes. */
const goalsKnown = new WeakMap<object, ReturnType<typeof goalsOf>>();

function rememberedGoals(
  attempt: Inspected,
  runs: Readonly<Record<string, GoodRun>>,
): ReturnType<typeof goalsOf> {
  const known = goalsKnown.get(attempt.document);
  if (known) return known;
  const read = goalsOf(attempt, runs);
  goalsKnown.set(attempt.document, read);
  return read;
}

/** The goals as expressions of the model: each is a property of its own for a moment. */
async function goalsOf(
  attempt: Inspected,
  runs: Readonly<Record<string, GoodRun>>,
): Promise<{ readonly value: Inspected; readonly exprs: readonly Expr[] }> {
  const names = Object.keys(runs).map((_, i) => `goodRunGoal${i}`);
  const properties = Object.fromEntries(
    Object.values(runs).map(({ reaches }, i) => [names[i], { reachable: reaches }]),
  );
  const read: Result<Inspected> = await readChanged({
    ...attempt.document,
    properties: { ...attempt.document.properties, ...properties },
  });
  if (!read.ok)
    throw new Fault('INTERNAL', `a good run of the lesson: ${read.problems[0]?.message}`);
  const exprs = names.map((name) => {
    const { formula } = read.value.semantics.model.properties.find((p) => p.name === name) ?? {};
    if (formula?.kind !== 'reachable') throw new Fault('INTERNAL', 'a goal is a property');
    return formula.expr;
  });
  return { value: read.value, exprs };
}

interface Place extends Way {
  readonly taken: number;
}

/**
 * Searches the run, breadth first, in every valuation; says how far it comes where it is not there.
 */
function followed(
  semantics: Semantics,
  known: ReadonlySet<string>,
  name: string,
  run: GoodRun,
  goal: Expr,
  time: Time,
): LostRun | undefined {
  const steps = [...run.given, ...run.then];
  const holds = semantics.predicate(goal);
  const tick = ticking(time, 0x40);
  for (const valuation of valuations(semantics)) {
    let furthest: Place | undefined;
    let found = false;
    let places: Place[] = [...starts(semantics, valuation)].flatMap(({ state, errors }) =>
      errors === 0 ? [{ row: state, taken: 0 }] : [],
    );
    const seen = new Set<string>();
    while (places.length > 0 && !found) {
      const next: Place[] = [];
      for (const place of places) {
        tick();
        const key = `${place.taken} ${place.row.join()}`;
        if (seen.has(key)) continue;
        seen.add(key);
        if (!furthest || place.taken > furthest.taken) furthest = place;
        found ||= place.taken === steps.length && holds(place.row) === true;
        next.push(...placesAfter(semantics, known, steps, place));
      }
      places = next;
    }
    if (found) continue;
    const taken = furthest?.taken ?? 0;
    const next = steps[taken]?.do;
    return {
      name,
      how: next === undefined ? 'elsewhere' : 'stops',
      taken,
      ...(next !== undefined && { next }),
      ...(furthest && { trace: traceAlong(new Codec(semantics.layout), furthest) }),
    };
  }
  return undefined;
}

function placesAfter(
  semantics: Semantics,
  known: ReadonlySet<string>,
  steps: readonly StepPattern[],
  place: Place,
): Place[] {
  const codec = new Codec(semantics.layout);
  const wanted = steps[place.taken];
  const found: Place[] = [];
  semantics.successors(place.row, (instance, after, _errors, positions) => {
    if (!after) return;
    const isNew = !known.has(instance.action.name);
    if (!isNew && instance.action.name !== wanted?.do) return;
    const step = describe(semantics, codec, instance, place.row, after, positions);
    if (isNew) found.push({ row: after, taken: place.taken, before: place, step });
    else if (wanted && fitsPattern(wanted, step))
      found.push({ row: after, taken: place.taken + 1, before: place, step });
  });
  return found;
}

/** Whether a step of a model, or of a threat, is one that was meant. */
export function fitsPattern(wanted: StepPattern, step: Step): boolean {
  const ids = step.threats ?? [];
  const named = step.action === wanted.do || ids.join('+') === wanted.do;
  return (
    named &&
    within(wanted.with ?? {}, step.binding) &&
    carries(wanted.receives ?? {}, step.received ?? []) &&
    carries(wanted.sends ?? {}, step.sent ?? [])
  );
}

function carries(wanted: NonNullable<StepPattern['sends']>, messages: readonly Message[]): boolean {
  return Object.entries(wanted).every(([channel, fields]) =>
    messages.some((each) => each.channel === channel && within(fields, each.message)),
  );
}

const within = (
  wanted: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): boolean =>
  Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(given, key) && comparable(given[key]) === comparable(value),
  );

/** No name that a model could have. */
const COUNTER = 'step of a good run';

/**
 * Whether the model can miss the goal once the customer has done what is given: a fair run of
 * trusted
 * actors (and insiders) alone that never comes there.
 */
async function goesAstray(
  model: Model,
  known: ReadonlySet<string>,
  name: string,
  run: GoodRun,
  goal: Expr,
  time: Time,
): Promise<LostRun | undefined> {
  const counted = countedModel(model, known, run, goal);
  const { outcomes } = await explore.run(
    { semantics: new Semantics(counted), digest: '', properties: counted.properties },
    { maxStates: 200_000, memoryMb: 512, cacheDir: '', reduction: 'never', path: 'interpreted' },
    time,
    () => undefined,
  );
  const outcome = outcomes.get(COUNTER);
  if (outcome?.outcome === 'holds') return undefined;
  if (outcome?.outcome !== 'violated') throw new OutOfTime('a good run was not judged in time');
  const { trace } = outcome;
  return {
    name,
    how: 'lost',
    taken: run.given.length,
    ...(trace && { trace: withoutCounter(trace) }),
  };
}

/**
 * The model in which the given steps are taken one after the other, counted, and then only trusted
 * actors act.
 */
function countedModel(
  model: Model,
  known: ReadonlySet<string>,
  { given }: GoodRun,
  goal: Expr,
): Model {
  const type: Type = { kind: 'int', lo: 0, hi: given.length };
  const cell: Expr = { kind: 'cell', of: 'variable', type, name: COUNTER, keys: [] };
  const number = (value: number): Expr => ({ kind: 'literal', type, value });
  const isAt = (value: number): Expr => equal(cell, number(value));
  // An insider goes about his work as well: it is what he does besides that is an attack.
  const present = new Set(
    model.actors.filter(({ trust }) => trust !== 'untrusted').map((actor) => actor.name),
  );
  const taken = given.flatMap((wanted, i) => {
    const action = model.actions.find((each) => each.name === wanted.do);
    return action
      ? [
          {
            ...action,
            name: `${COUNTER} ${i} ${action.name}`,
            fair: 'none' as const,
            perMessage: false,
            when: allOf([isAt(i), ...conditionsOf(model, action, wanted), action.when]),
            assignments: [
              ...action.assignments,
              { variable: COUNTER, keys: [], value: number(i + 1), type },
            ],
          },
        ]
      : [];
  });
  const others = model.actions
    .filter(({ actor }) => present.has(actor))
    .map((action) =>
      known.has(action.name)
        ? { ...action, when: allOf([isAt(given.length), action.when]) }
        : action,
    );
  const names = new Set(others.map((action) => action.name));
  return {
    ...model,
    variables: [
      ...model.variables,
      { name: COUNTER, type, init: { kind: 'value', value: number(0) } },
    ],
    actions: [...taken, ...others],
    fairness: model.fairness
      .map((joint) => ({ ...joint, actions: joint.actions.filter((each) => names.has(each)) }))
      .filter(({ actions }) => actions.length > 0),
    properties: [
      {
        name: COUNTER,
        kind: 'leadsTo',
        formula: { kind: 'leadsTo', from: isAt(given.length), to: goal },
      },
    ],
  };
}

const equal = (left: Expr, right: Expr): Expr => ({
  kind: 'compare',
  type: BOOL,
  operator: '=',
  left,
  right,
});

function allOf(exprs: readonly (Expr | undefined)[]): Expr | undefined {
  const given = exprs.filter((expr) => expr !== undefined);
  return given.reduce<Expr | undefined>(
    (left, right) => (left ? { kind: 'and', type: BOOL, left, right } : right),
    undefined,
  );
}

/** What a pattern asks of the bindings and of the messages that are taken. */
function conditionsOf(model: Model, action: Action, wanted: StepPattern): Expr[] {
  const bound = action.binders.flatMap(({ name, type }) =>
    wanted.with && Object.hasOwn(wanted.with, name)
      ? [equal({ kind: 'local', type, name }, literal(model, type, wanted.with[name]))]
      : [],
  );
  const taken = action.receives.flatMap(({ channel, local }) =>
    Object.entries(wanted.receives?.[channel] ?? {}).flatMap(([field, value]) => {
      const { type } =
        model.channels
          .find((each) => each.name === channel)
          ?.fields.find((each) => each.name === field) ?? {};
      if (!type) return [];
      const message: Expr = { kind: 'local', type: { kind: 'record', channel }, name: local };
      return [equal({ kind: 'field', type, message, channel, field }, literal(model, type, value))];
    }),
  );
  return [...bound, ...taken];
}

function literal(model: Model, type: Type, value: unknown): Expr {
  const at = (list: readonly string[]): number => list.indexOf(String(value));
  switch (type.kind) {
    case 'enum':
      return { kind: 'literal', type, value: at(type.members) };
    case 'element': {
      const set = model.sets.find(({ name }) => name === type.set);
      return { kind: 'literal', type, value: value === null ? -1 : at(set?.elements ?? []) };
    }
    default:
      return { kind: 'literal', type, value: Number(value) };
  }
}

/** The run in the words of the model itself. */
function withoutCounter(trace: Trace): Trace {
  const others = (cells: Trace['initial']): Trace['initial'] =>
    Object.fromEntries(Object.entries(cells).filter(([cell]) => cell !== COUNTER));
  return {
    ...trace,
    initial: others(trace.initial),
    steps: trace.steps.map((step) => ({
      ...step,
      action: step.action.startsWith(COUNTER)
        ? step.action.slice(step.action.lastIndexOf(' ') + 1)
        : step.action,
      changed: Object.fromEntries(Object.entries(step.changed).filter(([c]) => c !== COUNTER)),
    })),
  };
}
