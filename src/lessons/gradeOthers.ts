import { isBrokenAt, stepInWords } from '../checking/attackSets/attackTrace.ts';
import { roomFor } from '../checking/attackSets/room.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { listed } from '../errors/nearest.ts';
import { Codec } from '../model/codec.ts';
import type {
  ChooseExercise,
  FindExercise,
  Nature,
  PredictExercise,
  StepPattern,
} from '../scenarios/exercises.ts';
import { AttackedSystem } from '../threats/attacked.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { partOf, ticking, type Time } from '../time/time.ts';
import { readChanged, readModelText, type ExerciseTask } from './exercise.ts';
import { fitsPattern, lostRuns } from './goodRuns.ts';
import { startBreaks, type Telling } from './gradeFix.ts';
import {
  gradedAs,
  type GradedAttempt,
  type JudgedPrediction,
  type LearnerAnswer,
} from './graded.ts';
import { attacksThatCount, breaksOf, type Breaks, type FoundAttack } from './judged.ts';
import type { Inspected } from '../checking/inspect.ts';
import type { ModelDocument } from '../model/document.ts';
import { isSubset } from '../checking/attackSets/minimal.ts';
import { traceAlong, type Way } from './way.ts';
import { isRecord } from '../canonical/record.ts';

/** An attack as a learner tells it, followed by the semantics of threats. Throws `OutOfTime`. */
export async function gradeFind(
  task: ExerciseTask<FindExercise>,
  answer: LearnerAnswer,
  { text }: Telling,
  time: Time,
): Promise<GradedAttempt> {
  const { exercise, start, threats } = task;
  const steps = answer.steps ?? [];
  const model = await roomFor(start.semantics.model, { ...time, maxStates: 100_000 });
  const system = new AttackedSystem(
    model,
    threatsOf(model).filter(({ id }) => threats.includes(id)),
  );
  const known = [...model.actions.map(({ name }) => name), ...threats];
  const unknown = steps.filter(({ do: name }) => !name.split('+').every((n) => known.includes(n)));
  if (unknown.length > 0)
    return gradedAs(task, 'unreadable', {
      problems: unknown.map(({ do: name }) =>
        problem(
          'ANSWER_SHAPE',
          `steps.${steps.findIndex((each) => each.do === name)}`,
          `there is no step \`${name.slice(0, 80)}\`; there are ${listed(known, name.slice(0, 80))}`,
        ),
      ),
    });
  if (exercise.atMost !== undefined && steps.length > exercise.atMost)
    return gradedAs(task, 'wrong', {
      open: `an attack of at most ${exercise.atMost} steps is asked for, and this one has ${steps.length}`,
    });
  const { ways, taken } = follow(system, steps, time);
  if (taken < steps.length)
    return gradedAs(task, 'wrong', { followed: { steps: taken, instead: enabled(system, ways) } });
  const broken = model.properties.filter(
    (property) =>
      exercise.properties.includes(property.name) &&
      ways.some(({ row }) => isBrokenAt(system, property, [row], 0)),
  );
  if (broken.length === 0)
    return gradedAs(task, 'wrong', { followed: { steps: taken, instead: enabled(system, ways) } });
  const [first] = broken;
  const end = ways.find(({ row }) => first && isBrokenAt(system, first, [row], 0));
  const trace = end && traceAlong(new Codec(system.semantics.layout), end);
  const ids = [...new Set(trace?.steps.flatMap((step) => step.threats ?? []))].sort();
  return gradedAs(task, 'right', {
    attacks: broken.map(({ name }) => ({
      property: name,
      threats: ids,
      ...(trace && { trace }),
    })),
    followed: { steps: taken, instead: [] },
    ...(text && { explanation: text.explanation }),
  });
}

/** All ways in which the steps can be meant. */
function follow(
  system: AttackedSystem,
  steps: readonly StepPattern[],
  time: Time,
): { readonly ways: readonly Way[]; readonly taken: number } {
  const codec = new Codec(system.semantics.layout);
  const tick = ticking(time, 0x40);
  let ways: readonly Way[] = [...system.starts()].map((row) => ({ row }));
  for (const [i, wanted] of steps.entries()) {
    const next = new Map<string, Way>();
    for (const way of ways)
      system.steps(way.row, (step) => {
        tick();
        if (!step.next) return;
        const told = stepInWords(system, codec, way.row, step);
        if (fitsPattern(wanted, told))
          next.set(step.next.join(), { row: step.next, before: way, step: told });
      });
    if (next.size === 0) return { ways, taken: i };
    ways = [...next.values()];
  }
  return { ways, taken: steps.length };
}

/** The names of the steps that are possible. */
function enabled(system: AttackedSystem, ways: readonly Way[]): string[] {
  const names = new Set<string>();
  for (const { row } of ways)
    system.steps(row, ({ ids, action, recovers }) =>
      names.add(ids.length > 0 ? ids.join('+') : (action?.name ?? `${recovers} recovers`)),
    );
  return [...names].sort();
}

/** Predictions against what the verifier says. */
export async function gradePredict(
  task: ExerciseTask<PredictExercise>,
  answer: LearnerAnswer,
  { text }: Telling,
  time: Time,
): Promise<GradedAttempt> {
  const { exercise, start } = task;
  const questions = Object.entries(exercise.questions);
  const given = answer.outcomes ?? {};
  const stray = Object.entries(given).filter(
    ([name, said]) =>
      !Object.hasOwn(exercise.questions, name) || !['holds', 'violated'].includes(said),
  );
  if (stray.length > 0)
    return gradedAs(task, 'unreadable', {
      problems: stray.map(([name, said]) =>
        problem(
          'ANSWER_SHAPE',
          `outcomes.${name}`,
          Object.hasOwn(exercise.questions, name)
            ? `\`${said.slice(0, 80)}\` is no prediction: say holds or violated`
            : `there is no question \`${name.slice(0, 80)}\`; there are ${listed(Object.keys(exercise.questions), name.slice(0, 80))}`,
        ),
      ),
    });
  const asked = [...new Set(questions.flatMap(([, { under = [] }]) => under))];
  const breaks = await breaksOf(start, asked, time);
  if (breaks.open !== undefined) return gradedAs(task, 'undecided', { open: breaks.open });
  const predictions = questions.map(([question, { property, under = [] }]): JudgedPrediction => {
    const attack = brokenUnder(breaks, property, under);
    const outcome = attack ? 'violated' : 'holds';
    const predicted = Object.hasOwn(given, question) ? given[question] : undefined;
    return {
      question,
      ...(predicted !== undefined && { predicted }),
      outcome,
      isRight: predicted === outcome,
      ...(attack && { attack }),
    };
  });
  const right = predictions.filter(({ isRight }) => isRight).length;
  const isRight = right === predictions.length;
  return gradedAs(task, isRight ? 'right' : 'wrong', {
    score: right / predictions.length,
    predictions,
    ...(isRight && text && { explanation: text.explanation }),
  });
}

function brokenUnder(
  { attacks, unreachable }: Breaks,
  property: string,
  under: readonly string[],
): FoundAttack | undefined {
  if (unreachable.includes(property)) return { property, threats: [] };
  return attacks.find((each) => each.property === property && isSubset(each.threats, under));
}

/** The chosen change, made and judged. Throws `OutOfTime`. */
export async function gradeChoose(
  task: ExerciseTask<ChooseExercise>,
  { candidate }: LearnerAnswer,
  { text }: Telling,
  time: Time,
): Promise<GradedAttempt> {
  const names = Object.keys(task.exercise.candidates);
  if (candidate === undefined || !names.includes(candidate))
    return gradedAs(task, 'unreadable', {
      problems: [
        problem(
          'ANSWER_SHAPE',
          'candidate',
          `there is no candidate \`${(candidate ?? '').slice(0, 80)}\`; there are ${listed(names, candidate ?? '')}`,
        ),
      ],
    });
  const read = await candidateModel(task, candidate);
  if (!read.ok) return gradedAs(task, 'undecided', { open: read.problems[0]?.message ?? '' });
  const { nature, ...found } = await natureOf(task, read.value, time);
  const explanation = text?.candidates?.[candidate]?.explanation;
  if (nature === undefined) return gradedAs(task, 'undecided', found);
  return gradedAs(task, nature === 'right' ? 'right' : 'wrong', {
    nature,
    ...found,
    ...(explanation !== undefined && { explanation }),
  });
}

/** The model with a candidate's change made. */
export async function candidateModel(
  { exercise, start, candidates }: ExerciseTask<ChooseExercise>,
  name: string,
): Promise<Result<Inspected>> {
  const { change, model } = exercise.candidates[name] ?? {};
  if (model !== undefined) {
    const diagram = candidates.get(model);
    return diagram
      ? readModelText(diagram)
      : bad(problem('NOT_FOUND', model, 'there is no such file'));
  }
  return readChanged(laidOver(start.raw, change ?? {}) as ModelDocument);
}

/** One value laid over another: mappings are merged, null takes away. */
export function laidOver(under: unknown, over: unknown): unknown {
  if (!isRecord(over) || !isRecord(under)) return over;
  const merged = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over))
    if (value === null) merged.delete(key);
    else merged.set(key, laidOver(merged.get(key), value));
  return Object.fromEntries(merged);
}

/** How a change comes out: business first, then attacks. */
export async function natureOf(
  task: ExerciseTask<ChooseExercise>,
  changed: Inspected,
  time: Time,
): Promise<
  Pick<GradedAttempt, 'lostRuns' | 'attacks'> & {
    readonly nature?: Nature;
    readonly open?: string;
  }
> {
  const { start, goodRuns, threats, exercise } = task;
  const known = new Set(start.semantics.model.actions.map(({ name }) => name));
  const lost = await lostRuns(changed, known, goodRuns, partOf(time, 1 / 3));
  const before = await startBreaks(task, time);
  const breaks = await breaksOf(changed, threats, time);
  const blocked = breaks.unreachable.filter((name) => !before.unreachable.includes(name));
  const attacks = attacksThatCount(breaks, before, exercise.properties);
  const found = { lostRuns: lost, attacks };
  if (lost.length > 0 || blocked.length > 0) return { nature: 'breaksBusiness', ...found };
  if (attacks.length > 0) return { nature: 'stillBroken', ...found };
  if (breaks.open !== undefined) return { ...found, open: breaks.open };
  return { nature: 'right', ...found };
}

/** A learner's answer from a file or a request: exactly what the kind of the exercise asks for. */
export function checkedAnswer(task: ExerciseTask, answer: LearnerAnswer): Result<LearnerAnswer> {
  const wanted = ANSWER_OF[task.exercise.kind];
  const given = (Object.keys(answer) as (keyof LearnerAnswer)[]).filter(
    (key) => answer[key] !== undefined && answer[key] !== null,
  );
  return given.length === 1 && given[0] === wanted
    ? ok(answer)
    : bad(
        problem(
          'ANSWER_SHAPE',
          given.find((key) => key !== wanted) ?? wanted,
          `an exercise of the kind ${task.exercise.kind} takes \`${wanted}\`, and nothing else`,
        ),
      );
}

const ANSWER_OF = {
  fix: 'model',
  find: 'steps',
  predict: 'outcomes',
  choose: 'candidate',
} as const;
