import { canonicalJson } from '../canonical/index.ts';
import { inspect, type Inspected } from '../checking/inspect.ts';
import { bad, Fault, ok, problem, type Locate, type Result } from '../errors/index.ts';
import { unknownName } from '../errors/nearest.ts';
import { readNative } from '../frontends/native/index.ts';
import type { ModelDocument } from '../model/document.ts';
import type { Exercise, GoodRun } from '../scenarios/exercises.ts';
import type { Scenario, ScenarioModel } from '../scenarios/index.ts';

/** A model that was read, and the way from its paths back to its text. */
export interface ReadText extends Inspected {
  readonly format: ScenarioModel['format'];
  /** The document as it was written, before it was brought into its canonical form. */
  readonly raw: ModelDocument;
  /** Nothing of a diagram, which has no lines to speak of. */
  readonly locate?: Locate;
}

/** An exercise with the model that it starts from. */
export interface ExerciseTask<E extends Exercise = Exercise> {
  /** `SCENARIO/EXERCISE`. */
  readonly id: string;
  readonly exercise: E;
  readonly start: ReadText;
  readonly startSource: string;
  /** Among which attacks are looked for. */
  readonly threats: readonly string[];
  readonly goodRuns: Readonly<Record<string, GoodRun>>;
  readonly candidates: Scenario['candidates'];
}

/** Which exercise an id names: `SCENARIO/EXERCISE`. */
export function exerciseParts(id: string): {
  readonly scenario: string;
  readonly exercise: string;
} {
  const [scenario = '', ...rest] = id.split('/');
  return { scenario, exercise: rest.join('/') };
}

/** The exercise of this name in a scenario, and what it starts from. */
export async function taskOf(scenario: Scenario, name: string): Promise<Result<ExerciseTask>> {
  const exercise = Object.hasOwn(scenario.exercises, name) ? scenario.exercises[name] : undefined;
  if (!exercise)
    return bad(
      problem('NOT_FOUND', name, unknownName('exercise', name, Object.keys(scenario.exercises))),
    );
  const start = await startOf(scenario.vulnerable);
  return ok({
    id: `${scenario.id}/${name}`,
    exercise,
    start,
    startSource: scenario.vulnerable.source,
    threats: exercise.threats ?? scenario.threats,
    goodRuns: scenario.goodRuns,
    candidates: scenario.candidates,
  });
}

/** By text: the models of the library are read again and again. */
const started = new Map<string, Promise<ReadText>>();
const MOST_STARTED = 200;

function startOf(model: ScenarioModel): Promise<ReadText> {
  const key = `${model.format} ${model.source}`;
  const known = started.get(key);
  if (known) return known;
  if (started.size >= MOST_STARTED) started.clear();
  const reading = readStart(model);
  started.set(key, reading);
  return reading;
}

async function readStart(model: ScenarioModel): Promise<ReadText> {
  const read = await readModelText(model);
  if (!read.ok) throw new Fault('INTERNAL', `a model of the library: ${read.problems[0]?.message}`);
  return read.value;
}

/** A model as a learner hands it in. */
export async function readModelText(model: ScenarioModel): Promise<Result<ReadText>> {
  const inspected = await inspect({ ...model, name: 'model' });
  if (!inspected.ok) return inspected;
  const native = model.format === 'native' ? readNative(model.source) : undefined;
  return ok({
    ...inspected.value,
    format: model.format,
    raw: native?.ok ? native.value.document : inspected.value.document,
    ...(native?.ok && { locate: native.value.locate }),
  });
}

/** The same of a changed document, which has no text. */
export async function readChanged(document: ModelDocument): Promise<Result<Inspected>> {
  return inspect({ source: canonicalJson(document), format: 'native', name: 'model' });
}
