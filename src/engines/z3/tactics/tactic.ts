import type { Term } from '../../../encode/smt/terms.ts';
import type { Property } from '../../../model/model.ts';
import type { Context } from '../context.ts';
import type { SessionLimits } from '../session.ts';

/** A property that is open, and the states in which it breaks. */
export interface Goal {
  readonly property: Property;
  readonly bad: Term;
}

/** A way to decide what is open. */
export interface Tactic {
  readonly name: string;
  /**
   * It gets one part of so many of the time that is left, and no more than `mostMs`; absent, it
   * shares out itself what is left.
   */
  readonly parts?: number;
  readonly mostMs?: number;
  /** Notes what it finds in the context, and gives back what is still open. */
  run(open: readonly Goal[], context: Context, limits: SessionLimits): Promise<readonly Goal[]>;
}

export const isImplicit = ({ property }: Goal): boolean => property.formula.kind === 'implicit';

/** For the names of files. */
export function namesOf(goals: readonly Goal[]): string {
  return goals
    .map(({ property }) => property.name)
    .join('-')
    .slice(0, 60);
}
