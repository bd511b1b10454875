import { comparable } from './compare.ts';
import type { Inspected } from '../checking/inspect.ts';
import type { Action, Model } from '../model/model.ts';
import { Semantics } from '../model/semantics.ts';
import { partOf, type Time } from '../time/time.ts';
import type { GoodRun } from '../scenarios/exercises.ts';
import type { ReadText } from './exercise.ts';
import { lostRuns } from './goodRuns.ts';
import { attacksThatCount, breaksOf, type Breaks } from './judged.ts';

/** What a learner has changed, and what falls without that change. */
export interface Carrier {
  readonly part: 'control' | 'guard' | 'assignment' | 'exchange' | 'step';
  /** `confirm.amountMatches`; of a guard or a step the action. */
  readonly name: string;
  readonly path: readonly string[];
  /** The properties that break again. */
  readonly falls: readonly string[];
  /** The good runs that are lost. */
  readonly loses: readonly string[];
}

interface Change extends Pick<Carrier, 'part' | 'name' | 'path'> {
  readonly without: Model;
}

/** More changes than this are not taken back one by one. */
const MOST_CHANGES = 16;

/** Takes back each change of a fix that is right, and says what falls. */
export async function carriersOf(
  start: ReadText,
  attempt: ReadText,
  threats: readonly string[],
  runs: Readonly<Record<string, GoodRun>>,
  now: Breaks,
  time: Time,
): Promise<Carrier[]> {
  const found: Carrier[] = [];
  const all = changes(start.semantics.model, attempt.semantics.model).slice(0, MOST_CHANGES);
  const known = new Set(start.semantics.model.actions.map(({ name }) => name));
  for (const [i, { without, ...change }] of all.entries()) {
    const part = partOf(time, 1 / (all.length - i));
    const changed: Inspected = { ...attempt, semantics: new Semantics(without) };
    const breaks = await breaksOf(changed, threats, part);
    const falls = new Set([
      ...attacksThatCount(breaks, now, []).map(({ property }) => property),
      ...breaks.unreachable,
    ]);
    const loses = await lostRuns(
      { ...changed, document: attempt.document },
      known,
      runs,
      part,
      without,
    );
    found.push({ ...change, falls: [...falls], loses: loses.map(({ name }) => name) });
  }
  return found;
}

function changes(before: Model, after: Model): Change[] {
  return after.actions.flatMap((action): Change[] => {
    const path = ['actions', action.name];
    const replaced = (by: Action | undefined): Model => ({
      ...after,
      actions: after.actions.flatMap((each) => (each === action ? (by ?? []) : each)),
      fairness: by
        ? after.fairness
        : after.fairness.map((joint) => ({
            ...joint,
            actions: joint.actions.filter((name) => name !== action.name),
          })),
    });
    const was = before.actions.find(({ name }) => name === action.name);
    if (!was) return [{ part: 'step', name: action.name, path, without: replaced(undefined) }];
    if (differ([was.receives, was.binders], [action.receives, action.binders]))
      return [{ part: 'exchange', name: action.name, path, without: replaced(was) }];
    return partChanges(was, action).map(({ to, ...change }) => ({
      ...change,
      path: [...path, ...change.path],
      without: replaced(to),
    }));
  });
}

type PartChange = Omit<Change, 'without'> & { readonly to: Action };

function partChanges(was: Action, action: Action): PartChange[] {
  const { name } = action;
  const controls = action.controls.flatMap((control): PartChange[] => {
    const old = was.controls.find((each) => each.name === control.name);
    if (old && !differ(old, control)) return [];
    const others = action.controls.flatMap((each) => (each === control ? (old ?? []) : each));
    return [
      {
        part: 'control',
        name: `${name}.${control.name}`,
        path: ['controls', control.name],
        to: { ...action, controls: others },
      },
    ];
  });
  const guard: PartChange[] = differ(was.when ?? null, action.when ?? null)
    ? [{ part: 'guard', name, path: ['when'], to: { ...action, when: was.when } }]
    : [];
  const assignments = action.assignments.flatMap((assignment): PartChange[] => {
    if (was.assignments.some((each) => !differ(each, assignment))) return [];
    const old = was.assignments.find(
      ({ variable, keys }) => !differ([variable, keys], [assignment.variable, assignment.keys]),
    );
    return [
      {
        part: 'assignment',
        name: `${name}.${assignment.variable}`,
        path: ['then'],
        to: {
          ...action,
          assignments: action.assignments.flatMap((each) =>
            each === assignment ? (old ?? []) : each,
          ),
        },
      },
    ];
  });
  const sends: PartChange[] = differ(was.sends, action.sends)
    ? [{ part: 'exchange', name, path: ['send'], to: { ...action, sends: was.sends } }]
    : [];
  return [...controls, ...guard, ...assignments, ...sends];
}

const differ = (a: unknown, b: unknown): boolean => comparable(a) !== comparable(b);
