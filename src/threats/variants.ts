import type { Action, Model } from '../model/model.ts';
import { takesControl, type Threat } from './threat.ts';

/** An action of the rewritten model: what it is a variant of, and the ids whose work it is. */
export interface Variant {
  readonly action: Action;
  readonly original: Action;
  readonly ids: readonly string[];
}

/**
 * The rewriting of bypass and stepSkip: beside each action, one without each non-empty selection of
 * the controls that a threat takes away, and not fair (SEMANTICS 17, 18). Everything else stays.
 */
export function variantsOf(model: Model, threats: readonly Threat[]): readonly Variant[] {
  return model.actions.flatMap((action) => {
    const without = threats.filter(
      (threat) => takesControl(threat) && threat.of[0] === action.name,
    );
    return subsets(without).map((chosen): Variant => {
      const names = new Set(chosen.map(({ of }) => of[1]));
      const ids = chosen.map(({ id }) => id);
      if (ids.length === 0) return { action, original: action, ids };
      return {
        action: {
          ...action,
          name: `${action.name} without ${[...names].join(', ')}`,
          controls: action.controls.filter((control) => !names.has(control.name)),
          fair: 'none',
          perMessage: false,
        },
        original: action,
        ids,
      };
    });
  });
}

function subsets<T>(items: readonly T[]): T[][] {
  return items.reduce<T[][]>(
    (found, item) => [...found, ...found.map((subset) => [...subset, item])],
    [[]],
  );
}
