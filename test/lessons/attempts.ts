import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { taskOf, type ExerciseTask } from '../../src/lessons/exercise.ts';
import { gradeAttempt } from '../../src/lessons/grade.ts';
import type { GradedAttempt, LearnerAnswer } from '../../src/lessons/graded.ts';
import type { Trace } from '../../src/model/trace.ts';
import type { StepPattern } from '../../src/scenarios/exercises.ts';
import { scenario } from '../../src/scenarios/index.ts';
import { timeOf } from '../../src/time/time.ts';
import { repository } from '../golden.ts';

const read = (name: string): object =>
  JSON.parse(readFileSync(repository(`schemas/${name}.schema.json`), 'utf8')) as object;
const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
ajv.addSchema([read('trace'), read('problem')]);
const graded = ajv.compile(read('graded-attempt'));

/** An exercise by `SCENARIO/EXERCISE`. */
export async function exerciseTask(id: string): Promise<ExerciseTask> {
  const [scenarioId = '', name = ''] = id.split('/');
  const found = scenario(scenarioId);
  const task = found && (await taskOf(found, name));
  if (!task?.ok) throw new Error(`no exercise ${id}`);
  return task.value;
}

/** An attempt, graded and held to the shape that is promised. */
export async function attempt(
  id: string | ExerciseTask,
  answer: LearnerAnswer,
  { hint = 1, language = 'en', timeoutMs = 30_000 } = {},
): Promise<GradedAttempt> {
  const task = typeof id === 'string' ? await exerciseTask(id) : id;
  const [scenarioId = '', name = ''] = task.id.split('/');
  const text = scenario(scenarioId)?.texts.get(language)?.exercises?.[name];
  const found = await gradeAttempt(task, answer, { language, text, hint }, timeOf(timeoutMs));
  if (!graded(JSON.parse(JSON.stringify(found)))) throw new Error(ajv.errorsText(graded.errors));
  return found;
}

/** The steps of a trace as a learner would tell them. */
export const patternsOf = (trace: Trace): StepPattern[] =>
  trace.steps.map((step) => ({
    do: step.threats?.join('+') ?? step.action,
    with: step.binding,
    ...(step.received && {
      receives: Object.fromEntries(step.received.map((m) => [m.channel, m.message])),
    }),
    ...(step.sent && { sends: Object.fromEntries(step.sent.map((m) => [m.channel, m.message])) }),
  }));
