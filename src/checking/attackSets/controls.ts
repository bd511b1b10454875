import { takesControl, type Threat } from '../../threats/threat.ts';
import { hittingSets, isSubset, minimalOnly, type Ids } from './minimal.ts';
import type { JudgedControl } from './types.ts';

/** What each control does for a property, by the minimal sets with all bypasses (SEMANTICS 21). */
export function judgedControls(
  property: string,
  threats: readonly Threat[],
  sets: readonly Ids[],
): JudgedControl[] {
  return threats.filter(takesControl).map(({ id, of }) => {
    const loadBearing = sets.some((set) => set.includes(id));
    return {
      id: of.join('.'),
      property,
      loadBearing,
      redundant: !loadBearing,
      insufficient: sets.some((set) => !set.includes(id)),
    };
  });
}

/**
 * The minimal sets of controls whose bypasses, when blocked, leave no attack made of hypotheses
 * alone; none where the property is broken without attack.
 */
export function sufficientSets(threats: readonly Threat[], sets: readonly Ids[]): Ids[] {
  if (sets.some((set) => set.length === 0)) return [];
  const hypotheses = threats.filter(({ proper }) => !proper).map(({ id }) => id);
  const controlOf = new Map(threats.filter(takesControl).map(({ id, of }) => [id, of.join('.')]));
  return minimalOnly(hittingSets(sets.filter((set) => isSubset(set, hypotheses)))).map((set) =>
    set.map((id) => controlOf.get(id) ?? id).sort(),
  );
}
