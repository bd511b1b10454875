import { bad, ok, problem, type Result } from '../errors/index.ts';
import { unknownName } from '../errors/nearest.ts';
import type { ExerciseText } from '../scenarios/exercises.ts';
import { scenario, scenarios, textOf, type Scenario } from '../scenarios/index.ts';
import { timeOf } from '../time/time.ts';
import { readModelText, taskOf, type ExerciseTask } from './exercise.ts';
import { generatedBy, generatedName, generatedText, generateExercise } from './generate.ts';
import { gradeAttempt } from './grade.ts';
import type { GradedAttempt, JudgedPrediction, LearnerAnswer } from './graded.ts';
import { breaksOf, type FoundAttack } from './judged.ts';
import { Game, type GameSetup, type Position } from './play.ts';

/** Which exercise, and in which language to speak of it. */
interface About {
  readonly scenario: string;
  readonly exercise: string;
  readonly language: string;
  readonly timeoutMs: number;
}

/** What is asked of the grader, in its thread or in this one. */
export type LessonQuestion =
  | ({ readonly ask: 'grade'; readonly answer: LearnerAnswer; readonly hint: number } & About)
  | ({ readonly ask: 'found' } & About)
  | ({ readonly ask: 'solved' } & About)
  | {
      readonly ask: 'generated';
      readonly scenario: string;
      readonly seed: number;
      readonly attackLength?: number;
      readonly timeoutMs: number;
    }
  | {
      readonly ask: 'played';
      readonly scenario: string;
      readonly model: 'vulnerable' | 'fixed';
      readonly setup: GameSetup;
      readonly choices: readonly number[];
      /** Draws so many steps in place of the choices. */
      readonly simulate?: number;
      readonly timeoutMs: number;
    };

/** An exercise with its texts, and nothing of its solution. */
export interface FoundExercise {
  readonly task: Pick<ExerciseTask, 'id' | 'exercise' | 'startSource' | 'threats' | 'goodRuns'> & {
    readonly format: ExerciseTask['start']['format'];
  };
  readonly text: ExerciseText | undefined;
  readonly language: string;
}

/** How an exercise is solved: not for learners. */
export interface SolvedExercise extends FoundExercise {
  /** Of a fix. */
  readonly solution?: string;
  /** Of a prediction. */
  readonly predictions: readonly JudgedPrediction[];
  /** Of an attack: all that the analysis has found. */
  readonly attacks: readonly FoundAttack[];
}

export interface LessonAnswers {
  readonly grade: Result<GradedAttempt>;
  readonly found: Result<FoundExercise>;
  readonly solved: Result<SolvedExercise>;
  /** The name of the exercise. */
  readonly generated: Result<string>;
  readonly played: Result<Position>;
}

/** Answers one question. Throws `OutOfTime` but for attempts, which are then undecided. */
export async function lessonAnswer<Q extends LessonQuestion>(
  question: Q,
): Promise<LessonAnswers[Q['ask']]> {
  const asked: LessonQuestion = question;
  const found = scenario(asked.scenario);
  if (!found) return noScenario(asked.scenario) as LessonAnswers[Q['ask']];
  const answer = (): Promise<LessonAnswers[LessonQuestion['ask']]> => {
    switch (asked.ask) {
      case 'grade':
        return graded(found, asked);
      case 'found':
        return foundExercise(found, asked);
      case 'solved':
        return solved(found, asked);
      case 'generated':
        return generated(found, asked);
      case 'played':
        return played(found, asked);
    }
  };
  return (await answer()) as LessonAnswers[Q['ask']];
}

const noScenario = (id: string) =>
  bad(
    problem(
      'NOT_FOUND',
      'scenario',
      unknownName(
        'scenario',
        id,
        scenarios().map((each) => each.id),
      ),
    ),
  );

interface Located {
  readonly task: ExerciseTask;
  readonly text: ExerciseText | undefined;
  readonly solution?: string;
}

/** An exercise of the library, or one without end that is made again from its name. */
async function located(
  found: Scenario,
  { exercise, language, timeoutMs }: About,
): Promise<Result<Located>> {
  const asked = generatedBy(exercise);
  if (asked && !Object.hasOwn(found.exercises, exercise)) {
    const made = await remembered(found, asked.seed, asked.attackLength, timeoutMs);
    if (!made.ok) return made;
    const { task, taken, solution } = made.value;
    return ok({ task, text: generatedText(task, taken, language), solution });
  }
  const task = await taskOf(found, exercise);
  if (!task.ok) return task;
  const text = textOf(found, language).exercises?.[exercise];
  const solution = task.value.exercise.kind === 'fix' ? found.fixed.source : undefined;
  return ok({ task: task.value, text, ...(solution !== undefined && { solution }) });
}

const made = new Map<string, ReturnType<typeof generateExercise>>();
const MOST_MADE = 100;

function remembered(
  found: Scenario,
  seed: number,
  attackLength: number | undefined,
  timeoutMs: number,
): ReturnType<typeof generateExercise> {
  const key = `${found.id}/${generatedName(seed, attackLength)}`;
  const known = made.get(key);
  if (known) return known;
  if (made.size >= MOST_MADE) made.clear();
  const making = generateExercise(found, seed, attackLength, timeOf(timeoutMs));
  made.set(key, making);
  making.then(
    (result) => !result.ok && made.delete(key),
    () => made.delete(key),
  );
  return making;
}

async function graded(
  found: Scenario,
  asked: Extract<LessonQuestion, { ask: 'grade' }>,
): Promise<Result<GradedAttempt>> {
  const exercise = await located(found, asked);
  if (!exercise.ok) return exercise;
  const { task, text } = exercise.value;
  const telling = { language: asked.language, text, hint: asked.hint };
  return ok(await gradeAttempt(task, asked.answer, telling, timeOf(asked.timeoutMs)));
}

async function foundExercise(found: Scenario, asked: About): Promise<Result<FoundExercise>> {
  const exercise = await located(found, asked);
  return exercise.ok ? ok(shown(found, exercise.value, asked.language)) : exercise;
}

function shown(found: Scenario, { task, text }: Located, language: string): FoundExercise {
  const { id, exercise, startSource, threats, goodRuns, start } = task;
  return {
    task: { id, exercise, startSource, threats, goodRuns, format: start.format },
    text,
    language: found.texts.has(language) ? language : 'en',
  };
}

async function solved(found: Scenario, asked: About): Promise<Result<SolvedExercise>> {
  const exercise = await located(found, asked);
  if (!exercise.ok) return exercise;
  const { task, text, solution } = exercise.value;
  const time = timeOf(asked.timeoutMs);
  const predicted =
    task.exercise.kind === 'predict'
      ? await gradeAttempt(
          task,
          { outcomes: {} },
          { language: asked.language, text, hint: 1 },
          time,
        )
      : undefined;
  const attacks =
    task.exercise.kind === 'find'
      ? (await breaksOf(task.start, task.threats, time)).attacks.filter(({ property }) =>
          task.exercise.properties.includes(property),
        )
      : [];
  return ok({
    ...shown(found, exercise.value, asked.language),
    ...(solution !== undefined && { solution }),
    predictions: predicted?.predictions ?? [],
    attacks,
  });
}

async function generated(
  found: Scenario,
  { seed, attackLength, timeoutMs }: Extract<LessonQuestion, { ask: 'generated' }>,
): Promise<Result<string>> {
  const made = await remembered(found, seed, attackLength, timeoutMs);
  return made.ok ? ok(generatedName(seed, attackLength)) : made;
}

async function played(
  found: Scenario,
  { model, setup, choices, simulate, timeoutMs }: Extract<LessonQuestion, { ask: 'played' }>,
): Promise<Result<Position>> {
  const read = await readModelText(found[model]);
  if (!read.ok) return read;
  const game = await Game.of(read.value, setup, timeOf(timeoutMs));
  if (!game.ok) return game;
  return simulate === undefined ? game.value.position(choices) : ok(game.value.simulate(simulate));
}
