import { problem, type Problem } from '../errors/index.ts';
import { Semantics } from '../model/semantics.ts';
import type { Trace } from '../model/trace.ts';
import type { ExerciseText, FixExercise } from '../scenarios/exercises.ts';
import { statesOf } from '../graph/replay.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { partOf, type Time } from '../time/time.ts';
import { carriersOf } from './carriers.ts';
import { readModelText, type ReadText, type ExerciseTask } from './exercise.ts';
import { lostRuns, type LostRun } from './goodRuns.ts';
import { gradedAs, type GradedAttempt, type Hint, type LearnerAnswer } from './graded.ts';
import { handProblems } from './hands.ts';
import { attacksThatCount, breaksOf, type Breaks, type FoundAttack } from './judged.ts';
import { lockProblems } from './locks.ts';
import { wordsIn } from './words.ts';

/** In which language, and how much help. */
export interface Telling {
  readonly language: string;
  readonly text: ExerciseText | undefined;
  /** The stage of the hint that is wanted, from 1. */
  readonly hint: number;
}

/** A learner's model, judged. Throws `OutOfTime`. */
export async function gradeFix(
  task: ExerciseTask<FixExercise>,
  answer: LearnerAnswer,
  told: Telling,
  time: Time,
): Promise<GradedAttempt> {
  const { exercise, start, threats, goodRuns } = task;
  const read = await readModelText({ source: answer.model ?? '', format: start.format });
  if (!read.ok) return gradedAs(task, 'unreadable', { problems: read.problems });
  const attempt = read.value;
  const touched = lockProblems(task, attempt);
  const locked = touched.length > 0 ? touched : goneThreats(task, attempt);
  if (locked.length > 0) return gradedAs(task, 'refused', { problems: locked });
  const overreached = handProblems(task, attempt);
  if (overreached.length > 0) return gradedAs(task, 'refused', { problems: overreached });
  const known = new Set(start.semantics.model.actions.map(({ name }) => name));
  const lost = await lostRuns(attempt, known, goodRuns, partOf(time, 1 / 3));
  if (lost.length > 0)
    return gradedAs(task, 'refused', {
      problems: lost.map((run) => lostProblem(attempt, run, told.language)),
      lostRuns: lost,
    });
  const before = await startBreaks(task, time);
  const breaks = await breaksOf(attempt, threats, partOf(time, 1 / 2));
  const blocked = breaks.unreachable.filter((name) => !before.unreachable.includes(name));
  if (blocked.length > 0)
    return gradedAs(task, 'refused', {
      problems: blocked.map((name) => blockedProblem(attempt, name)),
    });
  const attacks = attacksThatCount(breaks, before, exercise.properties);
  if (attacks.length > 0)
    return gradedAs(task, 'wrong', { attacks, hint: hintFor(task, attempt, attacks, told) });
  if (breaks.open !== undefined) return gradedAs(task, 'undecided', { open: breaks.open });
  const carriers = await carriersOf(start, attempt, threats, goodRuns, breaks, time);
  return gradedAs(task, 'right', {
    carriers,
    ...(told.text && { explanation: told.text.explanation }),
  });
}

/** By exercise: what breaks the model that it starts from is the same for everybody. */
const startsBroken = new Map<string, Breaks>();
const MOST_STARTS = 500;

/** What breaks the model that an exercise starts from. */
export async function startBreaks({ start, threats }: ExerciseTask, time: Time): Promise<Breaks> {
  const key = `${start.digest} ${threats.join()}`;
  const known = startsBroken.get(key);
  if (known) return known;
  const found = await breaksOf(start, threats, time);
  if (found.open !== undefined) return found;
  if (startsBroken.size >= MOST_STARTS) startsBroken.clear();
  startsBroken.set(key, found);
  return found;
}

/**
 * Ids of the lesson that the attempt does not have. The locks leave one way: a control with that
 * name in an opened step is gone.
 */
function goneThreats({ threats }: ExerciseTask, attempt: ReadText): Problem[] {
  const there = new Set(threatsOf(attempt.semantics.model).map(({ id }) => id));
  return threats
    .filter((id) => !there.has(id))
    .map((id) => {
      const [, action = ''] = id.split('.');
      const path = ['actions', action];
      return problem(
        'ATTEMPT_LOCKED',
        path.join('.'),
        `the model no longer has the threat \`${id}\`: put back what it is about`,
        attempt.locate?.(path),
      );
    });
}

function lostProblem(attempt: ReadText, lost: LostRun, language: string): Problem {
  const words = wordsIn(language);
  const path = placeOfStop(attempt, lost);
  const message =
    lost.how === 'stops'
      ? words.stops(lost.next ?? '', lost.taken)
      : lost.how === 'elsewhere'
        ? words.elsewhere
        : words.lost;
  return problem('ATTEMPT_HAPPY_PATH', path.join('.'), message, attempt.locate?.(path));
}

/**
 * What stands in the way of the next step: its guard or one of its controls, else the step itself.
 */
function placeOfStop({ semantics }: ReadText, { how, next, trace }: LostRun): string[] {
  const action = semantics.model.actions.find(({ name }) => name === next);
  const at = trace && statesOf(semantics, trace)?.at(-1);
  if (how !== 'stops' || !action || !at) {
    const last = trace?.steps.at(-1)?.action;
    return last === undefined || how === 'elsewhere' ? ['actions'] : ['actions', last];
  }
  const { model } = semantics;
  const allows = (changed: typeof action): boolean => {
    const other = new Semantics({
      ...model,
      actions: model.actions.map((each) => (each === action ? changed : each)),
    });
    let found = false;
    for (const instance of other.instances)
      if (instance.action === changed) other.stepsOf(instance, at, () => (found = true));
    return found;
  };
  const control = action.controls.find((each) =>
    allows({ ...action, controls: action.controls.filter((other) => other !== each) }),
  );
  if (control) return ['actions', action.name, 'controls', control.name];
  return allows({ ...action, when: undefined })
    ? ['actions', action.name, 'when']
    : ['actions', action.name];
}

function blockedProblem(attempt: ReadText, name: string): Problem {
  const path = ['properties', name];
  return problem(
    'ATTEMPT_HAPPY_PATH',
    path.join('.'),
    `\`${name}\` can no longer happen, with or without an attack`,
    attempt.locate?.(path),
  );
}

/**
 * The next hint. The first one is of this attempt: the last step of the attack that the learner may
 * change. The others are those of the lesson, each more than the one before.
 */
function hintFor(
  { exercise, start }: ExerciseTask<FixExercise>,
  attempt: ReadText,
  attacks: readonly FoundAttack[],
  { language, text, hint }: Telling,
): Hint {
  const of = 1 + exercise.hints.length;
  const stage = Math.min(Math.max(hint, 1), of);
  const words = wordsIn(language);
  const own = lastOpenStep(exercise, start, attacks[0]?.trace);
  const path =
    stage > 1
      ? (exercise.hints[stage - 2] ?? 'actions').split('.')
      : own
        ? ['actions', own.action]
        : ['actions'];
  const said =
    stage > 1
      ? text?.hints?.[stage - 2]
      : own
        ? words.through(own.action, own.step)
        : words.missing;
  return { stage, of, text: said ?? '', path: path.join('.'), ...attempt.locate?.(path) };
}

function lastOpenStep(
  { opens }: FixExercise,
  { document }: ReadText,
  trace: Trace | undefined,
): { readonly action: string; readonly step: number } | undefined {
  const steps = trace?.steps ?? [];
  const at = steps.findLastIndex(
    ({ action, threats = [] }) =>
      threats.length === 0 &&
      (Object.hasOwn(opens.change, action) || !Object.hasOwn(document.actions, action)),
  );
  const action = steps[at]?.action;
  return action === undefined ? undefined : { action, step: at + 1 };
}
