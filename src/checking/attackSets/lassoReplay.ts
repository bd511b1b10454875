import { conditionKey, jointConditions } from '../../graph/fairness.ts';
import { missesGoal } from '../../graph/replay.ts';
import { StateStore } from '../../graph/stateStore.ts';
import type { Expr } from '../../model/expression.ts';
import type { Formula } from '../../model/model.ts';
import { sameState } from '../../model/semantics.ts';
import type { AttackedStep, AttackedSystem } from '../../threats/attacked.ts';

type Row = readonly number[];

/**
 * Whether a run that goes round for ever (or stops) breaks a property, and is fair to every step of
 * the model that is: threats' own steps are owed nothing (SEMANTICS 7, 17).
 */
export function breaksForEver(
  system: AttackedSystem,
  formula: Formula,
  rows: readonly Row[],
  loopStart: number,
): boolean {
  const start = rows[loopStart];
  const last = rows.at(-1) as Row;
  const stops = loopStart === rows.length - 1;
  if (!start || (!stops && !sameState(start, last))) return false;
  if (missesGoal(system.semantics, formula, rows, loopStart) !== undefined) return false;
  const loop = stops ? [last] : rows.slice(loopStart, -1);
  return isFair(system, loop, stops);
}

interface Owed {
  readonly strength: 'weak' | 'strong';
  enabled: number;
  taken: boolean;
}

function isFair(system: AttackedSystem, loop: readonly Row[], stops: boolean): boolean {
  const owed = new Map<string, Owed>();
  loop.forEach((row, i) => {
    const next = stops ? undefined : loop[(i + 1) % loop.length];
    const enabled = new Map<string, { strength: Owed['strength']; taken: boolean }>();
    system.steps(row, (step) => {
      for (const { key, strength } of conditionsOf(system, row, step)) {
        const entry = enabled.get(key) ?? { strength, taken: false };
        entry.taken ||= next !== undefined && !!step.next && sameState(step.next, next);
        enabled.set(key, entry);
      }
    });
    for (const [key, { strength, taken }] of enabled) {
      const entry = owed.get(key) ?? { strength, enabled: 0, taken: false };
      entry.enabled += 1;
      entry.taken ||= taken;
      owed.set(key, entry);
    }
  });
  return [...owed.values()].every(
    ({ strength, enabled, taken }) => taken || (strength === 'weak' && enabled < loop.length),
  );
}

/** The fair conditions that a step of the model belongs to. */
function conditionsOf(
  system: AttackedSystem,
  row: Row,
  { ids, instance, action, recovers, taken }: AttackedStep,
): readonly { readonly key: string; readonly strength: 'weak' | 'strong' }[] {
  if (ids.length > 0) return [];
  if (!instance || !action) return [{ key: `recovery ${recovers}`, strength: 'weak' }];
  const together = jointConditions(system.model).get(action.name) ?? [];
  if (action.fair === 'none') return together;
  const key = conditionKey(system.semantics, instance, row, taken);
  return [{ key, strength: action.fair }, ...together];
}

/** So many states are followed before an attack that leaves no way back is believed. */
const MOST = 1_000_000;

/** Whether steps of the model alone lead from a row to the goal, to an error, or too far. */
export function comesBack(system: AttackedSystem, goal: Expr, from: Row): boolean {
  const isGoal = system.semantics.predicate(goal);
  const seen = new StateStore(system.width, true);
  seen.add(from);
  for (let i = 0; i < seen.count; i += 1) {
    const row = seen.get(i);
    if (isGoal(row) !== false || seen.count > MOST) return true;
    let erred = false;
    system.steps(row, ({ ids, next }) => {
      if (ids.length > 0) return;
      if (next) seen.add(next);
      else erred = true;
    });
    if (erred) return true;
  }
  return false;
}
