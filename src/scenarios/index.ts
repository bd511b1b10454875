import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../config/packageRoot.ts';
import { Fault, ok, problem, type Problem, type Result } from '../errors/index.ts';
import type { OutcomeKind } from '../model/outcome.ts';
import type { Submission } from '../checking/types.ts';
import { wrongAutomatedThreat } from '../threats/automatedThreats.ts';
import type { ExerciseFile, ExerciseText } from './exercises.ts';
import { readLibraryFile } from './files.ts';
import { exerciseTextProblems, readExercises } from './readExercises.ts';
import { SCENARIO_SHAPE, TEXT_SHAPE, type Level, type Sector } from './shape.ts';

export { LEVELS, SCENARIO_SHAPE, SECTORS, TEXT_SHAPE, type Level, type Sector } from './shape.ts';

/** What a person reads of a scenario, in one language. */
export interface ScenarioText {
  readonly title: string;
  /** What is worth protecting. */
  readonly asset: string;
  readonly goals: readonly string[];
  /** For a trainee, in paragraphs: what happens, why it works, what to do. */
  readonly story: string;
  readonly attack: string;
  readonly exercise: string;
  /** Of the solution: not for learners. */
  readonly solution: string;
  readonly modelledAfter?: string;
  /** By the name of the exercise. */
  readonly exercises?: Readonly<Record<string, ExerciseText>>;
}

/**
 * A story, a workflow that can be attacked, the same workflow mended, and what the verifier says of
 * both.
 */
export interface Scenario {
  /** The name of its folder under `specs/scenarios`. */
  readonly id: string;
  readonly sector: Sector;
  readonly level: Level;
  readonly topics: readonly string[];
  /** OWASP, CWE, CVE, papers, standards. */
  readonly references: readonly string[];
  /** The ids of threats among which attacks are looked for. */
  readonly threats: readonly string[];
  /** By language: `en`, `de`. */
  readonly texts: ReadonlyMap<string, ScenarioText>;
  readonly vulnerable: ScenarioModel;
  readonly fixed: ScenarioModel;
  /** The fixed one with unbounded amounts, where it is proved for every amount. */
  readonly proof?: ScenarioModel;
  readonly expected: { readonly vulnerable: Expected; readonly fixed: Expected };
  /** What a learner can be asked, by a name. */
  readonly exercises: ExerciseFile['exercises'];
  /** Runs without attack that every fix must leave possible, by a name. */
  readonly goodRuns: ExerciseFile['goodRuns'];
  /** Diagrams that an exercise offers as fixes, by the names of their files. */
  readonly candidates: ReadonlyMap<string, ScenarioModel>;
}

export type ScenarioModel = Pick<Submission, 'source' | 'format'>;

export interface Expected {
  /** The outcome of each property, by name. */
  readonly outcomes: Readonly<Record<string, OutcomeKind>>;
  /** The minimal attack sets of a property among the scenario's threats, by name. */
  readonly attacks: Readonly<Record<string, readonly (readonly string[])[]>>;
}

let loaded: readonly Scenario[] | undefined;

/**
 * All scenarios, in the order of their ids. Read once: they are part of the installation, like
 * code.
 */
export function scenarios(): readonly Scenario[] {
  loaded ??= installed();
  return loaded;
}

export function scenario(id: string): Scenario | undefined {
  return scenarios().find((found) => found.id === id);
}

/** The texts in a language, or in English where there is none in it. */
export function textOf({ id, texts }: Scenario, language: string): ScenarioText {
  const found = texts.get(language) ?? texts.get('en');
  if (!found) throw new Fault('INTERNAL', `the scenario ${id} has no English text`);
  return found;
}

function installed(): readonly Scenario[] {
  const read = readLibrary(join(packageRoot(), 'specs', 'scenarios'));
  if (read.ok) return read.value;
  const [first] = read.problems;
  throw new Fault('INTERNAL', `the scenario library: ${first?.path}: ${first?.message}`);
}

/** The scenarios of a library, or all that is wrong, each with its file and place. */
export function readLibrary(library: string): Result<readonly Scenario[]> {
  const problems: Problem[] = [];
  const found = readdirSync(library, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .flatMap((id) => {
      const read = readScenario(join(library, id), id);
      if (read.ok) return [read.value];
      problems.push(...read.problems);
      return [];
    });
  return problems.length > 0 ? { ok: false, problems } : ok(found);
}

type Facts = Pick<Scenario, 'sector' | 'level' | 'topics' | 'references' | 'threats' | 'expected'>;

function readScenario(folder: string, id: string): Result<Scenario> {
  const problems: Problem[] = [];
  const take = <T>(read: Result<T>): T | undefined => {
    if (read.ok) return read.value;
    problems.push(...read.problems);
    return undefined;
  };
  const facts = take(readLibraryFile<Facts>(folder, 'scenario.yaml', SCENARIO_SHAPE))?.value;
  const tasks = take(readExercises(folder, modelIn(folder, 'vulnerable')));
  facts?.references.forEach((reference, i) => {
    const wrong = wrongAutomatedThreat(reference);
    if (wrong !== undefined)
      problems.push(
        problem('OPTION_INVALID', `${join(folder, 'scenario.yaml')}: references.${i}`, wrong),
      );
  });
  const texts = new Map<string, ScenarioText>();
  for (const file of readdirSync(folder).sort()) {
    const language = /^text\.([a-z]{2})\.yaml$/.exec(file)?.[1];
    const read = language && take(readLibraryFile<ScenarioText>(folder, file, TEXT_SHAPE));
    if (!language || !read) continue;
    texts.set(language, read.value);
    if (tasks) problems.push(...exerciseTextProblems(read, tasks, join(folder, file)));
  }
  if (!texts.has('en') && problems.length === 0)
    problems.push(
      problem('MISSING_KEY', join(folder, 'text.en.yaml'), 'a scenario has a text in English'),
    );
  const [vulnerable, fixed] = ['vulnerable', 'fixed'].map((name) => {
    const model = modelIn(folder, name);
    if (!model)
      problems.push(
        problem('MISSING_KEY', join(folder, `${name}.yaml`), `a scenario has a ${name} model`),
      );
    return model;
  });
  const proof = modelIn(folder, 'proof');
  if (problems.length > 0 || !facts || !tasks || !vulnerable || !fixed)
    return { ok: false, problems };
  const candidates = candidatesIn(folder, tasks);
  const models = { vulnerable, fixed, ...(proof && { proof }) };
  return ok({ id, ...facts, ...tasks, texts, ...models, candidates });
}

function candidatesIn(folder: string, { exercises }: ExerciseFile): Scenario['candidates'] {
  const named = Object.values(exercises).flatMap((exercise) =>
    exercise.kind === 'choose'
      ? Object.values(exercise.candidates).flatMap(({ model }) => model ?? [])
      : [],
  );
  return new Map(
    named.map((file) => [
      file,
      { source: readFileSync(join(folder, file), 'utf8'), format: 'bpmn' },
    ]),
  );
}

function modelIn(folder: string, name: string): ScenarioModel | undefined {
  for (const [extension, format] of [
    ['yaml', 'native'],
    ['bpmn', 'bpmn'],
  ] as const) {
    const file = join(folder, `${name}.${extension}`);
    if (existsSync(file)) return { source: readFileSync(file, 'utf8'), format };
  }
  return undefined;
}
