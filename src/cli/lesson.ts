import { ok, problem, type Result } from '../errors/index.ts';
import { checkShape, mapping, record, optionalField, textShape } from '../yaml/shape.ts';
import { readYaml } from '../yaml/yaml.ts';
import type { GradedAttempt, LearnerAnswer } from '../lessons/graded.ts';
import { lessonAnswer, type FoundExercise } from '../lessons/question.ts';
import { STEPS_SHAPE, type StepPattern } from '../scenarios/exercises.ts';
import { findScenarios, type ScenarioFilter } from '../scenarios/find.ts';
import { patternOf } from '../scenarios/readExercises.ts';
import { scenario, textOf, type Scenario } from '../scenarios/index.ts';
import type { CommandIo, Ended } from './command.ts';
import { gradedText } from './lessonText.ts';
import { painter } from './style.ts';
import { readText } from './textFile.ts';
import { exerciseParts } from '../lessons/exercise.ts';

type Wanted = { readonly [Name in keyof ScenarioFilter]: ScenarioFilter[Name] | undefined };

/** `probity lesson list`. */
export async function listLessons(wanted: Wanted, io: CommandIo): Promise<Ended> {
  const language = wanted.language ?? 'en';
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const found = findScenarios({
    ...(Object.fromEntries(given) as Partial<ScenarioFilter>),
    language,
  });
  const rows = found.map((each) => {
    const { title, exercises = {} } = textOf(each, language);
    return {
      id: each.id,
      title,
      sector: each.sector,
      level: each.level,
      topics: each.topics,
      exercises: Object.entries(each.exercises).map(([name, { kind }]) => ({
        id: `${each.id}/${name}`,
        kind,
        task: exercises[name]?.task.trim() ?? '',
      })),
    };
  });
  const paint = painter(io);
  const text = (): string =>
    rows.length === 0
      ? 'no scenario fits\n'
      : rows
          .map(
            ({ id, title, sector, level, exercises }) =>
              `${paint('bold', title)} · ${sector} · ${level}\n${exercises.map((each) => `    ${each.kind.padEnd(8)}${each.id}`).join('\n') || `    ${id}`}\n`,
          )
          .join('\n');
  return { exit: 0, json: rows, text };
}

interface Asked {
  readonly exercise: string;
  readonly language: string;
}

const TIMEOUT_MS = 60_000;

const aboutOf = ({ exercise, language }: Asked) => ({
  ...exerciseParts(exercise),
  language,
  timeoutMs: TIMEOUT_MS,
});

/** `probity lesson show`. */
export async function showLesson(
  asked: Asked & { readonly start: boolean },
  io: CommandIo,
): Promise<Ended> {
  const whole = asked.exercise.includes('/') ? undefined : scenario(asked.exercise);
  if (whole) return showScenario(whole, asked, io);
  const found = await lessonAnswer({ ask: 'found', ...aboutOf(asked) });
  if (!found.ok) return found;
  const { startSource } = found.value.task;
  if (asked.start) return { exit: 0, json: { source: startSource }, text: () => startSource };
  return { exit: 0, json: learnerView(found.value), text: () => shownText(found.value, io) };
}

/** The story of a scenario, and its exercises: nothing of its solution. */
function showScenario(
  found: Scenario,
  { language, start }: { readonly language: string; readonly start: boolean },
  io: CommandIo,
): Ended {
  const { id, sector, level, threats, references, vulnerable } = found;
  if (start) return { exit: 0, json: vulnerable, text: () => vulnerable.source };
  const { title, asset, goals, story, attack, exercises = {} } = textOf(found, language);
  const tasks = Object.entries(found.exercises).map(([name, { kind }]) => ({
    id: `${id}/${name}`,
    kind,
    task: exercises[name]?.task.trim() ?? '',
  }));
  const paint = painter(io);
  const json = { id, title, sector, level, asset, goals, story, attack, threats, references };
  return {
    exit: 0,
    json: { ...json, exercises: tasks },
    text: () =>
      [
        `${paint('bold', title)} · ${sector} · ${level}`,
        '',
        story.trim(),
        '',
        attack.trim(),
        '',
        ...goals.map((goal) => `goal     ${goal.trim()}`),
        ...(threats.length > 0 ? [`threats  ${threats.join(', ')}`] : []),
        ...tasks.map((each) => `${each.kind.padEnd(8)} ${each.id}`),
        '',
        `the model: probity lesson show ${id} --start`,
        '',
      ].join('\n'),
  };
}

/** What a learner may know: no hints, no explanation, and not how a choice comes out. */
function learnerView({ task, text, language }: FoundExercise) {
  const { exercise } = task;
  const candidates =
    exercise.kind === 'choose'
      ? Object.keys(exercise.candidates).map((id) => ({ id, title: text?.candidates?.[id]?.title }))
      : undefined;
  return {
    id: task.id,
    kind: exercise.kind,
    language,
    task: text?.task,
    properties: exercise.properties,
    threats: task.threats,
    ...(exercise.kind === 'fix' && { opens: exercise.opens, hidden: exercise.hidden ?? {} }),
    ...(exercise.kind === 'find' && { atMost: exercise.atMost }),
    ...(exercise.kind === 'predict' && { questions: exercise.questions, text: text?.questions }),
    ...(candidates && { candidates }),
    goodRuns: task.goodRuns,
    start: { source: task.startSource, format: task.format },
  };
}

function shownText(found: FoundExercise, io: CommandIo): string {
  const paint = painter(io);
  const { task, text } = found;
  const { exercise } = task;
  const lines = [
    `${paint('bold', task.id)} · ${exercise.kind}`,
    '',
    (text?.task ?? '').trim(),
    '',
    `about    ${exercise.properties.join(', ')}`,
    ...(task.threats.length > 0 ? [`threats  ${task.threats.join(', ')}`] : []),
  ];
  if (exercise.kind === 'fix') {
    const {
      change,
      newActionsOf = [],
      newVariables,
      newChannels = [],
      writes = {},
    } = exercise.opens;
    lines.push(
      ...Object.entries(change).map(([action, parts]) => `open     ${action}: ${parts.join(', ')}`),
      ...(newActionsOf.length > 0 ? [`         new steps of ${newActionsOf.join(', ')}`] : []),
      ...(newVariables ? ['         new variables'] : []),
      ...newChannels.map((c) => `         new ${c.medium} channels from ${c.from} to ${c.to}`),
      ...Object.entries(writes).map(
        ([name, values]) =>
          `         ${name} may become ${values === 'any' ? 'anything' : values.join(', ')}`,
      ),
      ...Object.entries(exercise.hidden ?? {}).map(
        ([actor, names]) => `unseen   by ${actor}: ${names.join(', ')}`,
      ),
    );
  }
  if (exercise.kind === 'predict')
    for (const id of Object.keys(exercise.questions))
      lines.push(`  ${id.padEnd(12)} ${text?.questions?.[id] ?? ''}`);
  if (exercise.kind === 'choose')
    for (const id of Object.keys(exercise.candidates))
      lines.push(`  ${id.padEnd(20)} ${text?.candidates?.[id]?.title ?? ''}`);
  if (exercise.kind === 'find' && exercise.atMost !== undefined)
    lines.push(`at most  ${exercise.atMost} steps`);
  lines.push('', `the model: probity lesson show ${task.id} --start`, '');
  return lines.join('\n');
}

/** `probity lesson grade`: exit 0 right, 1 not, 2 unreadable, 3 undecided. */
export async function gradeLesson(
  asked: Asked & { readonly file: string; readonly hint: number },
  io: CommandIo,
): Promise<Ended> {
  const found = await lessonAnswer({ ask: 'found', ...aboutOf(asked) });
  if (!found.ok) return found;
  const file = await readText(asked.file);
  if (!file.ok) return file;
  const answer =
    found.value.task.exercise.kind === 'fix' ? ok({ model: file.value }) : answerFrom(file.value);
  if (!answer.ok) return { ...answer, source: file.value };
  const graded = await lessonAnswer({
    ask: 'grade',
    ...aboutOf(asked),
    answer: answer.value,
    hint: asked.hint,
  });
  if (!graded.ok) return graded;
  if (graded.value.verdict === 'unreadable')
    return { ok: false, problems: graded.value.problems, source: file.value };
  return {
    exit: EXITS[graded.value.verdict],
    json: graded.value,
    text: () => gradedText(graded.value, io),
  };
}

const EXITS: Readonly<Record<GradedAttempt['verdict'], number>> = {
  right: 0,
  wrong: 1,
  refused: 1,
  unreadable: 2,
  undecided: 3,
};

const ANSWER_SHAPE_OF = record('an answer: exactly one of these', {
  steps: optionalField(STEPS_SHAPE),
  outcomes: optionalField(mapping('by question: holds or violated', textShape('a prediction'))),
  candidate: optionalField(textShape('the candidate that is chosen')),
});

/** An answer that is no model: YAML with `steps`, `outcomes` or `candidate`. */
function answerFrom(source: string): Result<LearnerAnswer> {
  const read = readYaml(source);
  if (!read.ok) return read;
  const { value, locate } = read.value;
  const wrong = checkShape(value, locate, ANSWER_SHAPE_OF);
  if (wrong.length > 0)
    return {
      ok: false,
      problems: wrong.map(({ path, message, code: _code, ...place }) =>
        problem('ANSWER_SHAPE', path, message, place),
      ),
    };
  const { steps, ...rest } = value as LearnerAnswer & {
    readonly steps?: readonly (StepPattern | string)[];
  };
  return ok({ ...rest, ...(steps && { steps: steps.map(patternOf) }) });
}

/** `probity lesson generate`: the model to mend, of an exercise that nobody wrote. */
export async function generateLesson(
  asked: {
    readonly scenario: string;
    readonly seed: number;
    readonly length: number | undefined;
    readonly language: string;
  },
  io: CommandIo,
): Promise<Ended> {
  const { scenario, seed, length, language } = asked;
  const made = await lessonAnswer({
    ask: 'generated',
    scenario,
    seed,
    ...(length !== undefined && { attackLength: length }),
    timeoutMs: TIMEOUT_MS,
  });
  if (!made.ok) return made;
  return showLesson({ exercise: `${scenario}/${made.value}`, language, start: false }, io);
}
