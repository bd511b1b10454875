import { explore } from '../engines/explore/index.ts';
import type { Budget } from '../model/engine.ts';
import type { Expr } from '../model/expression.ts';
import { sampledNames } from '../model/initial.ts';
import type { Action, Model, Property } from '../model/model.ts';
import { Semantics } from '../model/semantics.ts';
import { BOOL } from '../model/types.ts';
import { isOver, type Time } from '../time/time.ts';

/**
 * States times mutants above which the question is left open: it is asked of every check, and must
 * not be felt.
 */
const MAX_WORK = 4_000;

/**
 * The mutants of SEMANTICS 9: drop a guard, drop a control, drop an assignment, negate a guard. One
 * change each.
 */
export function mutantsOf(model: Model): Model[] {
  return model.actions.flatMap((action, at) =>
    mutantActions(action).map((mutant) => ({
      ...model,
      actions: model.actions.map((a, i) => (i === at ? mutant : a)),
    })),
  );
}

function mutantActions(action: Action): Action[] {
  const { when } = action;
  const negated: Expr | undefined = when && { kind: 'not', type: BOOL, body: when };
  return [
    ...(when
      ? [
          { ...action, when: undefined },
          { ...action, when: negated },
        ]
      : []),
    ...action.controls.map((control) => ({
      ...action,
      controls: action.controls.filter((c) => c !== control),
    })),
    ...action.assignments.map((assignment) => ({
      ...action,
      assignments: action.assignments.filter((a) => a !== assignment),
    })),
  ];
}

/**
 * The properties that hold and that no mutant breaks: they say nothing about what the model does.
 * Nothing comes back where the model is too large to ask, or where its values are only sampled: a
 * mutant may break a property where nobody looked. `states` is the size of its own graph.
 */
export async function unbreakable(
  model: Model,
  properties: readonly Property[],
  states: number,
  budget: Budget,
  time: Time,
): Promise<string[]> {
  const mutants = mutantsOf(model);
  if (mutants.length === 0 || mutants.length * states > MAX_WORK) return [];
  if (sampledNames(new Semantics(model)).length > 0) return [];
  let surviving = properties.filter(
    (p) => p.formula.kind !== 'implicit' && p.formula.kind !== 'all',
  );
  for (const mutant of mutants) {
    if (surviving.length === 0 || isOver(time)) return [];
    const task = { semantics: new Semantics(mutant), digest: '', properties: surviving };
    const { outcomes } = await explore.run(
      task,
      { ...budget, maxStates: 4 * states + 100, reduction: 'never' },
      time,
      () => undefined,
    );
    surviving = surviving.filter((p) => outcomes.get(p.name)?.outcome !== 'violated');
  }
  return surviving.map((p) => p.name);
}
