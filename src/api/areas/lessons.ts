import type { FoundExercise, SolvedExercise } from '../../lessons/question.ts';
import type { Exercise, ExerciseText } from '../../scenarios/exercises.ts';
import {
  beginPlay,
  findExercise,
  gradeLearner,
  makeExercise,
  playStep,
  readPlay,
  simulatePlay,
  solveExercise,
  undoPlay,
  type AttemptInput,
  type Learner,
  type PlayInput,
  type TokenPosition,
} from '../../service/lessons.ts';
import type { Result } from '../../errors/index.ts';
import { given, refuse, valueOf, type Area, type Arguments } from '../area.ts';
import type { Principal } from '../auth.ts';
import { EVERYBODY, STAFF } from '../roles.ts';

const languageOf = (args: Arguments): string => given<string>(args, 'language') ?? 'en';
const learnerOf = ({ keyId, launch }: Principal, learner?: string): Learner => ({
  keyId,
  ...(learner !== undefined && { learner }),
  ...(launch && { learner: launch.learner, launch }),
});

/** Whoever was launched by a learning platform is who it says, and in its class. */
function mustBeHimself(args: Arguments, { launch }: Principal): void {
  if (!launch) return;
  for (const [name, own] of [
    ['learner', launch.learner],
    ['class', launch.className],
  ] as const)
    if ((given<string>(args, name) ?? own) !== own)
      throw refuse('FORBIDDEN', `input.${name}`, `this token is for the ${name} ${own} alone`);
}

/** Nothing where there is no exercise of this name; whatever else is wrong is said. */
function orNothing<T>(found: Result<T>): T | undefined {
  return !found.ok && found.problems[0]?.code === 'NOT_FOUND' ? undefined : valueOf(found);
}

/** An exercise as the schema has it. */
export function exerciseView({ task, text, language }: FoundExercise) {
  const { id, exercise, startSource, format, threats, goodRuns } = task;
  return {
    id,
    kind: exercise.kind,
    language,
    task: text?.task ?? '',
    properties: exercise.properties,
    threats,
    start: { source: startSource, format },
    opens: openedOf(exercise),
    hintStages: exercise.kind === 'fix' ? exercise.hints.length + 1 : 0,
    goodRuns: Object.entries(goodRuns).map(([name, { given: first, then, reaches }]) => ({
      name,
      steps: [...first, ...then],
      reaches,
    })),
    atMost: exercise.kind === 'find' ? exercise.atMost : undefined,
    questions: questionsOf(exercise, text),
    candidates:
      exercise.kind === 'choose'
        ? Object.keys(exercise.candidates).map((name) => ({
            id: name,
            title: text?.candidates?.[name]?.title ?? name,
          }))
        : [],
  };
}

function openedOf(exercise: Exercise) {
  if (exercise.kind !== 'fix') return undefined;
  const { opens, hidden = {} } = exercise;
  return {
    change: Object.entries(opens.change).map(([action, parts]) => ({ action, parts })),
    newActionsOf: opens.newActionsOf ?? [],
    newVariables: opens.newVariables ?? false,
    newChannels: opens.newChannels ?? [],
    writes: Object.entries(opens.writes ?? {}).map(([variable, values]) => ({
      variable,
      values: values === 'any' ? null : values,
    })),
    hidden: Object.entries(hidden).map(([actor, names]) => ({ actor, names })),
  };
}

const questionsOf = (exercise: Exercise, text: ExerciseText | undefined) =>
  exercise.kind === 'predict'
    ? Object.entries(exercise.questions).map(([id, { property, under = [] }]) => ({
        id,
        text: text?.questions?.[id] ?? id,
        property,
        under,
      }))
    : [];

function solutionView({ task, text, solution, predictions, attacks }: SolvedExercise) {
  const { id, exercise, format } = task;
  return {
    id,
    explanation: text?.explanation ?? '',
    hints:
      exercise.kind === 'fix'
        ? exercise.hints.map((path, i) => ({ path, text: text?.hints?.[i] ?? '' }))
        : [],
    model: solution === undefined ? undefined : { source: solution, format },
    predictions,
    attacks,
    candidates:
      exercise.kind === 'choose'
        ? Object.entries(exercise.candidates).map(([name, { expected, change }]) => ({
            id: name,
            nature: expected,
            explanation: text?.candidates?.[name]?.explanation ?? '',
            change,
          }))
        : [],
  };
}

/** The mended model shows how a lesson is solved. */
function mayPlay(input: PlayInput, { role }: Principal): void {
  if (input.model === 'fixed' && role === 'learner')
    throw refuse('FORBIDDEN', 'input.model', 'the fixed model is not for learners');
}

const positionView = (found: Result<TokenPosition>) => {
  const position = valueOf(found);
  return { ...position, model: { ...position.model, format: 'native' } };
};

export const lessonArea: Area = {
  operations: {
    exercise: {
      on: 'Query',
      roles: EVERYBODY,
      run: async (_api, args) => {
        const found = orNothing(await findExercise(String(args['id']), languageOf(args)));
        return found && exerciseView(found);
      },
    },
    exerciseSolution: {
      on: 'Query',
      roles: STAFF,
      run: async (_api, args) => {
        const found = orNothing(await solveExercise(String(args['id']), languageOf(args)));
        return found && solutionView(found);
      },
    },
    play: {
      on: 'Query',
      roles: EVERYBODY,
      run: async ({ service }, { input }, principal) => {
        mayPlay(input as PlayInput, principal);
        return positionView(await beginPlay(service, learnerOf(principal), input as PlayInput));
      },
    },
    enabledSteps: {
      on: 'Query',
      roles: EVERYBODY,
      run: async ({ service }, { token }, principal) =>
        positionView(await readPlay(service, learnerOf(principal), String(token))),
    },
    takeStep: {
      on: 'Query',
      roles: EVERYBODY,
      run: async ({ service }, { token, choice }, principal) =>
        positionView(await playStep(service, learnerOf(principal), String(token), Number(choice))),
    },
    undoStep: {
      on: 'Query',
      roles: EVERYBODY,
      run: async ({ service }, { token }, principal) =>
        positionView(await undoPlay(service, learnerOf(principal), String(token))),
    },
    simulate: {
      on: 'Query',
      roles: EVERYBODY,
      run: async ({ service }, { input, steps }, principal) => {
        mayPlay(input as PlayInput, principal);
        return positionView(
          await simulatePlay(service, learnerOf(principal), input as PlayInput, Number(steps)),
        );
      },
    },
    gradeAttempt: {
      on: 'Mutation',
      roles: EVERYBODY,
      run: async ({ service }, { input }, principal) => {
        mustBeHimself(input as Arguments, principal);
        return valueOf(await gradeLearner(service, learnerOf(principal), input as AttemptInput));
      },
    },
    generateExercise: {
      on: 'Mutation',
      roles: EVERYBODY,
      run: async (_api, { input }, principal) => {
        const args = input as Arguments;
        mustBeHimself(args, principal);
        const made = await makeExercise(
          learnerOf(principal, given<string>(args, 'learner')),
          String(args['scenarioId']),
          Number(args['seed']),
          given<number>(args, 'attackLength'),
        );
        return exerciseView(valueOf(await findExercise(valueOf(made), languageOf(args))));
      },
    },
  },
  costs: {
    exercise: 10,
    exerciseSolution: 100,
    play: 50,
    enabledSteps: 50,
    takeStep: 50,
    undoStep: 50,
    simulate: 100,
    gradeAttempt: 400,
    generateExercise: 800,
  },
};
