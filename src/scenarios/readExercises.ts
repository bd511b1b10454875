import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ok, problem, type Problem, type Result } from '../errors/index.ts';
import { listed } from '../errors/nearest.ts';
import {
  EXERCISES_SHAPE,
  KEYS_OF,
  type Exercise,
  type ExerciseFile,
  type ExerciseText,
  type GoodRun,
  type StepPattern,
} from './exercises.ts';
import { exerciseNameProblems } from './exerciseNames.ts';
import { readLibraryFile, type LibraryFile } from './files.ts';
import type { Submission } from '../checking/types.ts';
import { readNative } from '../frontends/native/index.ts';

type ScenarioModel = Pick<Submission, 'source' | 'format'>;

const NONE: ExerciseFile = { goodRuns: {}, exercises: {} };

/** The exercises of a folder, where it has some; their names are those of the model. */
export function readExercises(
  folder: string,
  model: ScenarioModel | undefined,
): Result<ExerciseFile> {
  if (!existsSync(join(folder, 'exercises.yaml'))) return ok(NONE);
  const read = readLibraryFile<ExerciseFile>(folder, 'exercises.yaml', EXERCISES_SHAPE);
  if (!read.ok) return read;
  const { exercises, goodRuns } = read.value.value;
  const document = model?.format === 'native' ? readNative(model.source) : undefined;
  const problems = [
    ...Object.entries(exercises).flatMap(([id, exercise]) =>
      keyProblems(read.value, id, exercise, folder),
    ),
    ...(document?.ok ? exerciseNameProblems(read.value, document.value.document) : []),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const runs = Object.entries(goodRuns).map(([name, run]): [string, GoodRun] => [
    name,
    { ...run, given: run.given.map(patternOf), then: run.then.map(patternOf) },
  ]);
  return ok({ exercises, goodRuns: Object.fromEntries(runs) });
}

/** A step that is only named. */
export const patternOf = (given: StepPattern | string): StepPattern =>
  typeof given === 'string' ? { do: given } : given;

/** Keys that the kind of an exercise needs, and those that mean nothing to it. */
function keyProblems(
  file: LibraryFile<ExerciseFile>,
  id: string,
  exercise: Exercise,
  folder: string,
): Problem[] {
  const { required, optional } = KEYS_OF[exercise.kind];
  const known = ['kind', 'properties', 'threats', ...required, ...optional];
  const given = Object.keys(exercise);
  const path = ['exercises', id];
  const problems = [
    ...required
      .filter((key) => !given.includes(key))
      .map((key) =>
        file.wrong(
          'MISSING_KEY',
          path,
          `an exercise of the kind ${exercise.kind} needs \`${key}\``,
        ),
      ),
    ...given
      .filter((key) => !known.includes(key))
      .map((key) =>
        file.wrong(
          'UNKNOWN_KEY',
          [...path, key],
          `\`${key}\` means nothing to an exercise of the kind ${exercise.kind}; known: ${listed(known, key)}`,
        ),
      ),
  ];
  if (problems.length > 0 || exercise.kind !== 'choose') return problems;
  return Object.entries(exercise.candidates).flatMap(([name, { change, model }]) => {
    const at = [...path, 'candidates', name];
    if ((change === undefined) === (model === undefined))
      return [file.wrong('MISSING_KEY', at, 'a candidate has either a `change` or a `model`')];
    return model !== undefined && !existsSync(join(folder, model))
      ? [file.wrong('INPUT_UNREADABLE', [...at, 'model'], `there is no file ${model}`)]
      : [];
  });
}

type Texts = Readonly<Record<string, ExerciseText>>;

/** What a text lacks of the exercises, or has too much. */
export function exerciseTextProblems(
  file: LibraryFile<{ readonly exercises?: Texts }>,
  { exercises }: ExerciseFile,
  path: string,
): Problem[] {
  const texts: Texts = file.value.exercises ?? {};
  return [
    ...differences(Object.keys(exercises), texts, ['exercises'], file, path),
    ...Object.entries(exercises).flatMap(([id, exercise]) => {
      const text = Object.hasOwn(texts, id) ? texts[id] : undefined;
      return text ? partProblems(file, id, exercise, text, path) : [];
    }),
  ];
}

function partProblems(
  file: LibraryFile<unknown>,
  id: string,
  exercise: Exercise,
  text: ExerciseText,
  path: string,
): Problem[] {
  const at = ['exercises', id];
  switch (exercise.kind) {
    case 'fix': {
      const { length } = text.hints ?? [];
      return length === exercise.hints.length
        ? []
        : [
            file.wrong(
              'MODEL_SHAPE',
              [...at, 'hints'],
              `the exercise has ${exercise.hints.length} hints, and the text ${length}`,
            ),
          ];
    }
    case 'predict':
      return differences(
        Object.keys(exercise.questions),
        text.questions ?? {},
        [...at, 'questions'],
        file,
        path,
      );
    case 'choose':
      return differences(
        Object.keys(exercise.candidates),
        text.candidates ?? {},
        [...at, 'candidates'],
        file,
        path,
      );
    case 'find':
      return [];
  }
}

function differences(
  wanted: readonly string[],
  given: object,
  at: readonly string[],
  file: LibraryFile<unknown>,
  path: string,
): Problem[] {
  const lacking = wanted.filter((name) => !Object.hasOwn(given, name));
  const tooMany = Object.keys(given).filter((name) => !wanted.includes(name));
  return [
    ...lacking.map((name) =>
      problem('MISSING_KEY', `${path}: ${at.join('.')}`, `there is no text for \`${name}\``),
    ),
    ...tooMany.map((name) =>
      file.wrong(
        'UNKNOWN_KEY',
        [...at, name],
        `\`${name}\` is a text of nothing; there are ${listed(wanted, name) || 'none'}`,
      ),
    ),
  ];
}
