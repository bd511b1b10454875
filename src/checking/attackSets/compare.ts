import type { AttackSet, Completeness, ThreatenedProperty, ThreatReport } from './types.ts';

/** What became of the attacks on one property between two versions of a model. */
export interface AttackChanges {
  readonly property: string;
  /** Only one of the two versions has it. */
  readonly only?: 'new' | 'old';
  /** Sets that break it now, and no part of which broke it before. */
  readonly appeared: readonly AttackSet[];
  /** Sets that broke it, and no part of which breaks it now. */
  readonly gone: readonly (readonly string[])[];
  /** The same set, with a shorter or longer attack than before. */
  readonly lengths: readonly {
    readonly threats: readonly string[];
    readonly before: number;
    readonly now: number;
  }[];
  /** Whether larger sets than were judged may have come or gone. */
  readonly open: boolean;
}

/**
 * The answer of `probity threats NEW --against OLD`. Public shape (`threat-changes.schema.json`).
 */
export interface ThreatChanges {
  readonly model: ThreatReport['model'];
  readonly against: ThreatReport['model'];
  readonly changes: readonly AttackChanges[];
}

/** Compares the attacks on two versions of a model, property by property. */
export function compareThreats(now: ThreatReport, before: ThreatReport): ThreatChanges {
  const names = new Set([...now.properties, ...before.properties].map(({ name }) => name));
  return {
    model: now.model,
    against: before.model,
    changes: [...names].map((name) =>
      changesOf(
        name,
        now.properties.find((property) => property.name === name),
        before.properties.find((property) => property.name === name),
        now.options.budget ?? Infinity,
      ),
    ),
  };
}

const NONE = { minimalAttackSets: [], complete: true } as const;

function changesOf(
  property: string,
  now: ThreatenedProperty | undefined,
  before: ThreatenedProperty | undefined,
  budget: number,
): AttackChanges {
  const [current, earlier] = [now ?? NONE, before ?? NONE];
  const appeared = current.minimalAttackSets.filter(
    ({ threats }) => !isBroken(earlier.minimalAttackSets, threats),
  );
  const gone = earlier.minimalAttackSets
    .map(({ threats }) => threats)
    .filter((threats) => !isBroken(current.minimalAttackSets, threats));
  const lengths = current.minimalAttackSets.flatMap(({ threats, traceLength }) => {
    const same = earlier.minimalAttackSets.find((set) => set.threats.join() === threats.join());
    const was = same?.traceLength;
    return typeof traceLength === 'number' && typeof was === 'number' && was !== traceLength
      ? [{ threats, before: was, now: traceLength }]
      : [];
  });
  return {
    property,
    ...(now && before ? {} : { only: now ? ('new' as const) : ('old' as const) }),
    appeared,
    gone,
    lengths,
    open: !isWhole(current.complete, budget) || !isWhole(earlier.complete, budget),
  };
}

/** Whether some of these sets lies within this one: then it breaks the property. */
function isBroken(sets: readonly AttackSet[], threats: readonly string[]): boolean {
  return sets.some((set) => set.threats.every((id) => threats.includes(id)));
}

/** Whether all sets of the size that was asked for have been judged. */
function isWhole(complete: Completeness, budget: number): boolean {
  return complete === true || complete.upTo >= budget;
}

/** 1 where an attack is new, 3 where one may be that was not judged, else 0. */
export function exitOfChanges({ changes }: ThreatChanges): 0 | 1 | 3 {
  if (changes.some(({ appeared }) => appeared.length > 0)) return 1;
  return changes.some(({ open }) => open) ? 3 : 0;
}
