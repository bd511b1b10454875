import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import {
  asList,
  type ActionDocument,
  type ControlDocument,
  type ModelDocument,
} from '../model/document.ts';
import type {
  ActionPart,
  ExerciseText,
  FixExercise,
  GoodRun,
  Opened,
} from '../scenarios/exercises.ts';
import type { Scenario } from '../scenarios/index.ts';
import { isOver, type Time } from '../time/time.ts';
import { readModelText, type ExerciseTask, type ReadText } from './exercise.ts';
import { lostRuns } from './goodRuns.ts';
import { gradeAttempt } from './grade.ts';
import { attacksThatCount, breaksOf, type Breaks } from './judged.ts';
import { wordsIn } from './words.ts';

/** An exercise that nobody wrote: a part of a mended model was taken out, and something breaks. */
export interface GeneratedExercise {
  readonly task: ExerciseTask<FixExercise>;
  /** What was taken out: not for learners. */
  readonly taken: Taken;
  /** Steps of a shortest attack on what breaks. */
  readonly attackLength: number;
  /** The model that it was taken out of, which the verifier has graded as right. */
  readonly solution: string;
}

export interface Taken {
  readonly action: string;
  readonly part: 'control' | 'guard' | 'assignment';
  /** The control, or the cell. */
  readonly name?: string;
}

interface Mutant {
  readonly taken: Taken;
  readonly document: ModelDocument;
  readonly opens: Opened;
}

const NAME = /^generated-(\d{1,9})(?:-(\d{1,3}))?$/u;

/** What the name of an exercise without end says: its seed, and how long the attack is. */
export function generatedBy(
  name: string,
): { readonly seed: number; readonly attackLength?: number } | undefined {
  const [, seed, length] = NAME.exec(name) ?? [];
  if (seed === undefined) return undefined;
  return { seed: Number(seed), ...(length !== undefined && { attackLength: Number(length) }) };
}

export const generatedName = (seed: number, attackLength?: number): string =>
  `generated-${seed}${attackLength === undefined ? '' : `-${attackLength}`}`;

/**
 * Takes a control, a guard or an assignment out of the mended model of a scenario, chosen by the
 * seed among those without which a property breaks (by an attack of this many steps). The verifier
 * has graded the mended model as right, and what is left of it as wrong, before it is shown.
 */
export async function generateExercise(
  scenario: Scenario,
  seed: number,
  attackLength: number | undefined,
  time: Time,
): Promise<Result<GeneratedExercise>> {
  if (scenario.fixed.format !== 'native')
    return bad(
      problem(
        'NOT_FOUND',
        'scenarioId',
        `nothing is taken out of diagrams, and ${scenario.id} is one`,
      ),
    );
  const fixed = await readModelText(scenario.fixed);
  if (!fixed.ok) return fixed;
  const before = await breaksOf(fixed.value, scenario.threats, time);
  const lengths = new Set<number>();
  for (const mutant of shuffled(mutantsWithout(fixed.value), seed)) {
    if (isOver(time)) break;
    const found = await generatedFrom(scenario, mutant, before, { seed, attackLength }, time);
    if (!found) continue;
    if (attackLength === undefined || found.attackLength === attackLength) return ok(found);
    lengths.add(found.attackLength);
  }
  const there = [...lengths].sort((a, b) => a - b).join(', ');
  return bad(
    problem(
      'NOT_FOUND',
      'attackLength',
      `nothing that can be taken out of ${scenario.id} opens an attack of ${attackLength ?? 'any number of'} steps${there === '' ? '' : `; there are ${there}`}`,
    ),
  );
}

async function generatedFrom(
  scenario: Scenario,
  { taken, document, opens }: Mutant,
  before: Breaks,
  wanted: { readonly seed: number; readonly attackLength: number | undefined },
  time: Time,
): Promise<GeneratedExercise | undefined> {
  const source = stringify(document, { lineWidth: 100 });
  const start = await readModelText({ source, format: 'native' });
  if (!start.ok) return undefined;
  const breaks = await breaksOf(start.value, scenario.threats, time);
  const attacks = attacksThatCount(breaks, before, []);
  const declared = Object.keys(document.properties ?? {});
  const broken = attacks.filter(({ property }) => declared.includes(property));
  const [first] = [...broken].sort((a, b) => lengthOf(a) - lengthOf(b));
  if (!first?.trace || breaks.open !== undefined || breaks.unreachable.length > 0) return undefined;
  const goodRuns = runsAmong(scenario, document);
  const known = new Set(Object.keys(document.actions));
  const lost = await lostRuns(start.value, known, goodRuns, time);
  if (lost.some(({ how }) => how !== 'lost')) return undefined;
  // What is broken may go astray: of those runs it is asked that they are possible.
  for (const { name } of lost) goodRuns[name] = { ...(goodRuns[name] as GoodRun), always: false };
  const task: ExerciseTask<FixExercise> = {
    id: `${scenario.id}/${generatedName(wanted.seed, wanted.attackLength)}`,
    exercise: {
      kind: 'fix',
      properties: [...new Set(broken.map(({ property }) => property))],
      opens,
      hints: [`actions.${taken.action}`],
    },
    start: start.value,
    startSource: source,
    threats: scenario.threats,
    goodRuns,
    candidates: scenario.candidates,
  };
  const solution = scenario.fixed.source;
  const telling = { language: 'en', text: undefined, hint: 1 };
  const graded = await gradeAttempt(task, { model: solution }, telling, time);
  const untouched = await gradeAttempt(task, { model: source }, telling, time);
  return graded.verdict === 'right' && untouched.verdict === 'wrong'
    ? { task, taken, attackLength: lengthOf(first), solution }
    : undefined;
}

const lengthOf = ({ trace }: { readonly trace?: { readonly steps: readonly unknown[] } }): number =>
  trace?.steps.length ?? Infinity;

/** The good runs of the scenario; what the mended model has besides may come in between. */
function runsAmong(
  { vulnerable, goodRuns }: Scenario,
  { actions }: ModelDocument,
): Record<string, GoodRun> {
  const own = Object.keys(actions).filter(
    (name) => !new RegExp(`^ {2}${name}:`, 'mu').test(vulnerable.source),
  );
  return Object.fromEntries(
    Object.entries(goodRuns).map(([name, run]) => [
      name,
      { ...run, may: [...(run.may ?? []), ...own] },
    ]),
  );
}

/** The mended model without one part, for every part that trusted actors have. */
function mutantsWithout({ raw, semantics }: ReadText): Mutant[] {
  const trusted = new Set(
    semantics.model.actors.filter(({ trust }) => trust === 'trusted').map(({ name }) => name),
  );
  return Object.entries(raw.actions).flatMap(([name, action]) => {
    if (!trusted.has(action.actor)) return [];
    const mutant = (
      changed: ActionDocument,
      taken: Omit<Taken, 'action'>,
      parts: readonly ActionPart[],
      writes: Opened['writes'] = {},
    ): Mutant => ({
      taken: { action: name, ...taken },
      document: { ...raw, actions: { ...raw.actions, [name]: changed } },
      opens: { change: { [name]: parts }, writes },
    });
    const { when: _when, ...unguarded } = action;
    return [
      ...(action.when === undefined
        ? []
        : [mutant(unguarded, { part: 'guard' }, ['when', 'controls'])]),
      ...controlNames(action).map((control) =>
        mutant(
          { ...action, controls: controlsWithout(action, control) },
          { part: 'control', name: control },
          ['when', 'controls'],
        ),
      ),
      ...Object.entries(action.then ?? {}).map(([cell, value]) => {
        const { [cell]: _dropped, ...then } = action.then ?? {};
        const variable = /^\s*(\w+)/u.exec(cell)?.[1] ?? cell;
        return mutant({ ...action, then }, { part: 'assignment', name: cell }, ['then'], {
          [variable]: [String(value)],
        });
      }),
    ];
  });
}

const controlNames = (action: ActionDocument): string[] =>
  asList(action.controls).flatMap((group) => Object.keys(group));

const controlsWithout = (action: ActionDocument, dropped: string): ControlDocument[] =>
  asList(action.controls)
    .map((group) => Object.fromEntries(Object.entries(group).filter(([name]) => name !== dropped)))
    .filter((group) => Object.keys(group).length > 0);

/** The same order for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const key = (i: number): string => createHash('sha256').update(`${seed} ${i}`).digest('hex');
  return items
    .map((item, i) => ({ item, at: key(i) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ item }) => item);
}

/** What a learner reads of it. */
export function generatedText(
  { exercise }: { readonly exercise: FixExercise },
  { action, part }: Taken,
  language: string,
): ExerciseText {
  const words = wordsIn(language);
  return {
    task: words.generated(exercise.properties, action),
    hints: [words.taken(part, action)],
    explanation: words.putBack,
  };
}
