import type { EventLog, LogCase } from '../eventLog/log.ts';

/** Something that the cases outside the model have, and the others have less. */
export interface Trait {
  readonly trait: string;
  /** Shares of the cases outside and inside that have it. */
  readonly outside: number;
  readonly inside: number;
}

const MAX_TRAITS = 5;
/** A trait is told if so many more of the cases outside have it. */
const LEAST_DIFFERENCE = 0.2;
/** Values of columns that are different in nearly every case are no traits, and cost memory. */
const MAX_KINDS = 10_000;

/**
 * What the cases that leave the model have in common: the traits that differ most, the first first.
 */
export function traitsOfOutsiders(
  { cases }: EventLog,
  isOutside: (index: number) => boolean,
): readonly Trait[] {
  const counts = new Map<string, [outside: number, inside: number]>();
  const sizes: [outside: number, inside: number] = [0, 0];
  cases.forEach((each, index) => {
    const side = isOutside(index) ? 0 : 1;
    sizes[side] += 1;
    for (const trait of traitsOf(each)) {
      const count = counts.get(trait);
      if (count) count[side] += 1;
      else if (counts.size < MAX_KINDS) counts.set(trait, side === 0 ? [1, 0] : [0, 1]);
    }
  });
  if (sizes[0] === 0) return [];
  return [...counts]
    .map(([trait, [outside, inside]]): Trait => ({
      trait,
      outside: outside / sizes[0],
      inside: sizes[1] === 0 ? 0 : inside / sizes[1],
    }))
    .filter(({ outside, inside }) => outside - inside >= LEAST_DIFFERENCE)
    .sort((a, b) => b.outside - b.inside - (a.outside - a.inside) || (a.trait < b.trait ? -1 : 1))
    .slice(0, MAX_TRAITS);
}

function traitsOf({ events }: LogCase): ReadonlySet<string> {
  const traits = new Set<string>();
  const seen = new Set<string>();
  for (const { activity, binding } of events) {
    traits.add(seen.has(activity) ? `${activity} more than once` : `${activity} happens`);
    seen.add(activity);
    for (const [name, value] of Object.entries(binding)) traits.add(`${name} = ${value}`);
  }
  const [first, last] = [events[0], events.at(-1)];
  if (first) traits.add(`begins with ${first.activity}`);
  if (last) traits.add(`ends with ${last.activity}`);
  return traits;
}
