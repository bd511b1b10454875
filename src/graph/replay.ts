import { Codec } from '../model/codec.ts';
import type { Expr } from '../model/expression.ts';
import { sampled, type Start, startAt, starts } from '../model/initial.ts';
import type { State } from '../model/layout.ts';
import { holdsOnLasso, type Ltl, ltlAtoms } from '../model/ltl.ts';
import { type Formula, judgedPredicates, type Property } from '../model/model.ts';
import type { WitnessKind } from '../model/outcome.ts';
import type { Semantics } from '../model/semantics.ts';
import { ERROR_BIT, errorKinds, sameState } from '../model/semantics.ts';
import type { Message, Step, Trace, Value } from '../model/trace.ts';
import { ENDLESS, OutOfTime, ticking, type Time } from '../time/time.ts';
import { type Condition, conditionName, enabledConditions } from './fairness.ts';
import { StateStore } from './stateStore.ts';

/**
 * What replay found: nothing wrong, or the reason why the witness is not to be believed. `late`:
 * the time was over before anything was found.
 */
export type Replayed = { readonly ok: true } | Refused;

export interface Refused {
  readonly ok: false;
  readonly why: string;
  readonly late?: true;
}

const BELIEVED: Replayed = { ok: true };

const refuse = (why: string): Refused => ({ ok: false, why });

/**
 * States that a trap or an exhaustion may take to confirm before replay gives up (and the answer
 * becomes unknown).
 */
export const REPLAY_LIMIT = 2_000_000;

/**
 * Follows a witness from its text through `semantics` alone, and judges it by the property's own
 * meaning (SEMANTICS 11). It trusts nothing that the engine said: not the states, not the error,
 * not the loop.
 */
export function replayWitness(
  semantics: Semantics,
  property: Property,
  witness: WitnessKind | 'state',
  trace: Trace,
  time: Time = ENDLESS,
): Replayed {
  try {
    return judgeWitness(semantics, property, witness, trace, ticking(time, 0x40));
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return { ok: false, why: 'the time was over before it was followed to its end', late: true };
  }
}

function judgeWitness(
  semantics: Semantics,
  property: Property,
  witness: WitnessKind | 'state',
  trace: Trace,
  tick: () => void,
): Replayed {
  const run = followTrace(semantics, trace, tick);
  if ('why' in run) return refuse(run.why);
  switch (witness) {
    case 'trace':
      return judgeTrace(semantics, property.formula, run);
    case 'state':
      return judgeGoal(semantics, property.formula, run);
    case 'lasso':
      return judgeLasso(semantics, property.formula, run, tick);
    case 'trap':
      return judgeTrap(semantics, property.formula, run, tick);
    case 'exhaustion':
      return judgeExhaustion(semantics, property.formula, run, tick);
  }
}

/** The states that a trace passes, or nothing where it is no run of the model. */
export function statesOf(semantics: Semantics, trace: Trace): readonly State[] | undefined {
  const run = followTrace(semantics, trace, () => undefined);
  return 'why' in run ? undefined : run.states;
}

interface Followed {
  readonly states: readonly State[];
  /** The implicit properties that the last step, or the start, breaks. */
  readonly errors: number;
  readonly loopStart: number | undefined;
}

function followTrace(
  semantics: Semantics,
  trace: Trace,
  tick: () => void,
): Followed | { readonly why: string } {
  const codec = new Codec(semantics.layout);
  const start = findStart(semantics, codec, trace);
  if (!start) return { why: 'the first state is not an initial state of the model' };
  const states: State[] = [start.state];
  let errors = start.errors;
  for (const [i, step] of trace.steps.entries()) {
    tick();
    if (errors !== 0) return { why: `step ${i + 1} comes after an error` };
    const taken = takeStep(semantics, codec, states.at(-1) as State, step);
    if (!taken) return { why: `step ${i + 1} (${step.action}) is not a step of the model` };
    if (taken.next) states.push(taken.next);
    errors = taken.errors;
  }
  return { states, errors, loopStart: trace.loopStart };
}

/**
 * The initial state that a trace names. It is compared with the rules of the model, not with a
 * list: where a start is any integer no list has them all (SEMANTICS 5).
 */
function findStart(semantics: Semantics, codec: Codec, trace: Trace): Start | undefined {
  const row = codec.row(trace.params, trace.initial);
  if (!row) return undefined;
  const sameAs = (given: Cells, of: 'parameter' | 'variable'): boolean =>
    sameCells(codec.cells(row, of), given, JSON.stringify(given));
  return sameAs(trace.params, 'parameter') && sameAs(trace.initial, 'variable')
    ? startAt(semantics, row)
    : undefined;
}

type Cells = Readonly<Record<string, Value>>;

function sameCells(mine: Cells, given: Cells, text: string): boolean {
  return JSON.stringify(mine) === text || sameValue(mine, given);
}

/**
 * Equal as JSON values: a trace that was signed comes back with its keys sorted (RFC 8785), and
 * says the same.
 */
function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [mine, given] = [a as Cells, b as Cells];
  const keys = Object.keys(mine);
  return (
    keys.length === Object.keys(given).length &&
    keys.every((key) => Object.hasOwn(given, key) && sameValue(mine[key], given[key]))
  );
}

/** Channels of one step are distinct, and which is named first is the document's affair. */
const byChannel = (messages: readonly Message[]): Value =>
  [...messages]
    .sort((a, b) => (a.channel < b.channel ? -1 : 1))
    .map(({ channel, message }) => ({ channel, message }));

function takeStep(
  semantics: Semantics,
  codec: Codec,
  from: State,
  step: Step,
): { next?: State; errors: number } | undefined {
  let found: { next?: State; errors: number } | undefined;
  const wantedError =
    step.error?.reduce(
      (bits, kind) => bits | (ERROR_BIT[kind as keyof typeof ERROR_BIT] ?? 0),
      0,
    ) ?? 0;
  semantics.successors(from, (instance, next, errors, taken) => {
    if (found || instance.action.name !== step.action) return;
    if (!sameCells(codec.binding(instance), step.binding, JSON.stringify(step.binding))) return;
    const received = instance.action.receives.map((r, i) =>
      codec.message(from, semantics.layout.channel(r.channel), taken[i] as number),
    );
    if (!sameValue(byChannel(received), byChannel(step.received ?? []))) return;
    if (step.error ? next !== undefined || errors !== wantedError : next === undefined) return;
    if (next && !sameCells(codec.changed(from, next), step.changed, JSON.stringify(step.changed)))
      return;
    found = { next, errors };
  });
  return found;
}

function judgeTrace(semantics: Semantics, formula: Formula, run: Followed): Replayed {
  const last = run.states.at(-1) as State;
  if (formula.kind === 'implicit') {
    if ((run.errors & ERROR_BIT[formula.of]) !== 0) return BELIEVED;
    if (formula.of === 'defined' && run.errors === 0 && hasUndefinedPredicate(semantics, last))
      return BELIEVED;
    return refuse(
      `the trace ends without breaking ${formula.of}${run.errors === 0 ? '' : ` (it breaks ${errorKinds(run.errors).join(', ')})`}`,
    );
  }
  if (run.errors !== 0)
    return refuse('the trace passes through an error, which no other property judges');
  if (formula.kind === 'always' || formula.kind === 'never') {
    const value = semantics.predicate(formula.expr)(last);
    return value === (formula.kind === 'never')
      ? BELIEVED
      : refuse('the last state does not break the property');
  }
  if (formula.kind === 'deadlockFree') {
    let stuck = true;
    semantics.successors(last, () => {
      stuck = false;
    });
    if (!stuck) return refuse('the last state has a step');
    return semantics.model.final && semantics.predicate(semantics.model.final)(last) !== false
      ? refuse('the last state is final')
      : BELIEVED;
  }
  return refuse(`a trace is no witness against ${formula.kind}`);
}

function hasUndefinedPredicate(semantics: Semantics, state: State): boolean {
  return judgedPredicates(semantics.model).some((e) => semantics.predicate(e)(state) === undefined);
}

function judgeGoal(semantics: Semantics, formula: Formula, run: Followed): Replayed {
  if (formula.kind !== 'reachable')
    return refuse(`a reached state says nothing about ${formula.kind}`);
  return run.errors === 0 && semantics.predicate(formula.expr)(run.states.at(-1) as State) === true
    ? BELIEVED
    : refuse('the last state is not the goal');
}

/**
 * SEMANTICS 7: the run goes round for ever (or stops), never reaches its goal, and treats every
 * fair condition fairly.
 */
function judgeLasso(
  semantics: Semantics,
  formula: Formula,
  run: Followed,
  tick: () => void,
): Replayed {
  const { states, loopStart } = run;
  if (run.errors !== 0)
    return refuse('the run passes through an error, which no other property judges');
  if (loopStart === undefined || states[loopStart] === undefined)
    return refuse('the loop starts nowhere');
  const last = states.at(-1) as State;
  const stops = loopStart === states.length - 1;
  if (!stops && !sameState(last, states[loopStart] as State))
    return refuse('the loop does not close');
  const missed = missesGoal(semantics, formula, states, loopStart);
  if (missed) return refuse(missed);
  const loop = stops ? [last] : states.slice(loopStart, -1);
  const unfair = unfairCondition(semantics, loop, stops, tick);
  return unfair ? refuse(`the loop is unfair to ${conditionName(semantics, unfair)}`) : BELIEVED;
}

/** Why a lasso does not break a property; nothing where it does. */
export function missesGoal(
  semantics: Semantics,
  formula: Formula,
  states: readonly State[],
  loopStart: number,
): string | undefined {
  if (formula.kind === 'eventually') {
    const goal = semantics.predicate(formula.expr);
    return states.every((s) => goal(s) === false) ? undefined : 'the run reaches its goal';
  }
  if (formula.kind === 'eventuallyAlways') {
    const stays = semantics.predicate(formula.expr);
    return states.slice(loopStart).some((s) => stays(s) === false)
      ? undefined
      : 'the run stays where it is asked to stay';
  }
  if (formula.kind === 'ltl') return breaksLtl(semantics, formula.formula, states, loopStart);
  if (formula.kind !== 'leadsTo') return `a lasso is no witness against ${formula.kind}`;
  const [from, to] = [semantics.predicate(formula.from), semantics.predicate(formula.to)];
  // What is owed before the goal was last reached has been met; the loop reaches it never again.
  const lastMet = states.findLastIndex((s) => to(s) !== false);
  const pending = lastMet < loopStart && states.some((s, i) => i > lastMet && from(s) === true);
  return pending ? undefined : 'every obligation of the run is met';
}

/**
 * The last state of a run that goes round is its `loopStart` again; one that stops stays where it
 * is.
 */
function breaksLtl(
  semantics: Semantics,
  formula: Ltl<Expr>,
  states: readonly State[],
  loopStart: number,
): string | undefined {
  const length = loopStart === states.length - 1 ? states.length : states.length - 1;
  const predicates = new Map(ltlAtoms(formula).map((atom) => [atom, semantics.predicate(atom)]));
  const holds = holdsOnLasso(formula, length, loopStart, (atom, at) =>
    predicates.get(atom)?.(states[at] as State),
  );
  return holds ? 'the run satisfies the formula' : undefined;
}

function unfairCondition(
  semantics: Semantics,
  loop: readonly State[],
  stops: boolean,
  tick: () => void,
): Condition | undefined {
  const tally = new Map<string, { condition: Condition; enabled: number; taken: boolean }>();
  loop.forEach((state, i) => {
    tick();
    const next = stops ? undefined : loop[(i + 1) % loop.length];
    for (const [key, { condition, targets }] of enabledConditions(semantics, state)) {
      const entry = tally.get(key) ?? { condition, enabled: 0, taken: false };
      entry.enabled += 1;
      entry.taken ||= next !== undefined && targets.some((target) => sameState(target, next));
      tally.set(key, entry);
    }
  });
  for (const { condition, enabled, taken } of tally.values()) {
    if (!taken && (condition.strength === 'strong' || enabled === loop.length)) return condition;
  }
  return undefined;
}

/** From the last state, model steps alone reach neither the goal nor an error. */
function judgeTrap(
  semantics: Semantics,
  formula: Formula,
  run: Followed,
  tick: () => void,
): Replayed {
  if (formula.kind !== 'recoverable') return refuse(`a trap is no witness against ${formula.kind}`);
  if (run.errors !== 0) return refuse('the trace passes through an error');
  return closedWithout(semantics, [run.states.at(-1) as State], tick, [
    semantics.predicate(formula.expr),
  ]);
}

/** Under the trace's parameters, no initial state reaches the goal, nor an error. */
function judgeExhaustion(
  semantics: Semantics,
  formula: Formula,
  run: Followed,
  tick: () => void,
): Replayed {
  if (formula.kind !== 'reachable' && formula.kind !== 'reachableEach')
    return refuse(`an exhaustion is no witness against ${formula.kind}`);
  const { variables } = sampled(semantics);
  if (variables.length > 0)
    return refuse(`${variables.join(', ')} may start anywhere: not every start can be looked at`);
  const valuation = (run.states[0] as State).slice(0, semantics.layout.parameterWidth);
  const all = [...starts(semantics, valuation)];
  if (all.some((start) => start.errors !== 0)) return refuse('an initial state is an error');
  const goals =
    formula.kind === 'reachable' ? [formula.expr] : formula.goals.map((goal) => goal.expr);
  return closedWithout(
    semantics,
    all.map((start) => start.state),
    tick,
    goals.map((goal) => semantics.predicate(goal)),
  );
}

/**
 * The states that steps lead to from `from` contain no error step, and at least one of the goals
 * nowhere.
 */
function closedWithout(
  semantics: Semantics,
  from: readonly State[],
  tick: () => void,
  goals: readonly ((state: State) => boolean | undefined)[],
): Replayed {
  let missing = goals;
  const seen = new StateStore(semantics.layout.width, true);
  for (const state of from) seen.add(state);
  for (let i = 0; i < seen.count; i += 1) {
    tick();
    const state = seen.get(i);
    missing = missing.filter((goal) => goal(state) === false);
    if (missing.length === 0) return refuse('the goal is reached after all');
    let error = false;
    semantics.successors(state, (_, next) => {
      if (next) seen.add(next);
      else error = true;
    });
    if (error) return refuse('an error step leaves the closed set');
    if (seen.count > REPLAY_LIMIT) return refuse(`more than ${REPLAY_LIMIT} states to confirm`);
  }
  return BELIEVED;
}
