import type { Problem, ProblemCode } from '../errors/index.ts';
import { unknownName } from '../errors/nearest.ts';
import type { ModelDocument } from '../model/document.ts';
import { IMPLICIT_KINDS } from '../model/propertyKinds.ts';
import type { ExerciseFile, FixExercise, StepPattern } from './exercises.ts';
import type { LibraryFile } from './files.ts';

/** Reports a name that the model does not have. */
type Check = (
  code: ProblemCode,
  what: string,
  name: string,
  known: readonly string[],
  at: readonly (string | number)[],
) => void;

/** Names in a file of exercises that the model they start from does not have. */
export function exerciseNameProblems(
  file: LibraryFile<ExerciseFile>,
  model: ModelDocument,
): Problem[] {
  const problems: Problem[] = [];
  const check: Check = (code, what, name, known, at) => {
    if (!known.includes(name))
      problems.push(file.wrong(code, at.map(String), unknownName(what, name, known)));
  };
  const { goodRuns, exercises } = file.value;
  const actions = Object.keys(model.actions);
  const properties = [...Object.keys(model.properties ?? {}), 'deadlockFree', ...IMPLICIT_KINDS];
  for (const [name, run] of Object.entries(goodRuns)) {
    const at = ['goodRuns', name];
    for (const part of ['given', 'then'] as const)
      run[part].forEach((step: StepPattern | string, i) => {
        const action = typeof step === 'string' ? step : step.do;
        check('NAME_UNKNOWN', 'action', action, actions, [...at, part, i]);
      });
    run.may?.forEach((action, i) =>
      check('NAME_UNKNOWN', 'action', action, actions, [...at, 'may', i]),
    );
  }
  for (const [name, exercise] of Object.entries(exercises)) {
    const at = ['exercises', name];
    exercise.properties.forEach((property, i) =>
      check('PROPERTY_UNKNOWN', 'property', property, properties, [...at, 'properties', i]),
    );
    if (exercise.kind === 'fix') fixNames(exercise, model, check, at);
    if (exercise.kind === 'predict')
      for (const [question, { property }] of Object.entries(exercise.questions))
        check('PROPERTY_UNKNOWN', 'property', property, properties, [
          ...at,
          'questions',
          question,
          'property',
        ]);
  }
  return problems;
}

function fixNames(
  { opens, hidden = {}, hints }: FixExercise,
  model: ModelDocument,
  check: Check,
  at: readonly string[],
): void {
  const [actors, variables] = [Object.keys(model.actors), Object.keys(model.variables)];
  for (const action of Object.keys(opens.change))
    check('NAME_UNKNOWN', 'action', action, Object.keys(model.actions), [
      ...at,
      'opens',
      'change',
      action,
    ]);
  opens.newActionsOf?.forEach((actor, i) =>
    check('ACTOR_UNKNOWN', 'actor', actor, actors, [...at, 'opens', 'newActionsOf', i]),
  );
  opens.newChannels?.forEach(({ from, to }, i) => {
    const path = [...at, 'opens', 'newChannels', i];
    check('ACTOR_UNKNOWN', 'actor', from, actors, [...path, 'from']);
    check('ACTOR_UNKNOWN', 'actor', to, actors, [...path, 'to']);
  });
  for (const variable of Object.keys(opens.writes ?? {}))
    check('NAME_UNKNOWN', 'variable', variable, variables, [...at, 'opens', 'writes', variable]);
  const fields = Object.entries(model.channels ?? {}).flatMap(([channel, { carries }]) =>
    Object.keys(carries).map((field) => `${channel}.${field}`),
  );
  for (const [actor, names] of Object.entries(hidden)) {
    check('ACTOR_UNKNOWN', 'actor', actor, actors, [...at, 'hidden', actor]);
    names.forEach((name, i) =>
      check(
        'NAME_UNKNOWN',
        'variable or field',
        name,
        [...variables, ...fields],
        [...at, 'hidden', actor, i],
      ),
    );
  }
  hints.forEach((hint, i) => {
    const [section = '', name] = hint.split('.');
    const path = [...at, 'hints', i];
    const sections = ['actions', 'channels', 'variables', 'actors', 'properties'] as const;
    const found = sections.find((each) => each === section);
    check('NAME_UNKNOWN', 'part of a model', section, sections, path);
    if (found && name !== undefined)
      check('NAME_UNKNOWN', 'name', name, Object.keys(model[found] ?? {}), path);
  });
}
