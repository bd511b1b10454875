import { digestOf, type Json } from '../canonical/index.ts';
import type { Trace } from '../model/trace.ts';
import type { Alert } from './caseJudge.ts';
import type { CaseAnswer } from './monitor.ts';

/** What was known of an alert when it was raised: kept as it was then. */
export interface AlertDetail {
  /** The event that it is at, as it came. */
  readonly event: unknown;
  /** A run that fits what was seen, in the words of the model; absent where the case was lost. */
  readonly prefix?: Trace;
  readonly legalNext: CaseAnswer['legalNext'];
  /** In how many states the case may be. */
  readonly beliefSize: number;
  readonly hypotheses?: CaseAnswer['hypotheses'];
}

/**
 * What alerts have in common that one thing may have caused: their kind, their property, and the
 * smallest sets of threats that explain them.
 */
export interface AlertCause {
  readonly kind: string;
  readonly property: string;
  readonly explainedBy: readonly (readonly string[])[];
}

export function causeOf(
  { kind, property, explainedBy }: Alert,
  atWork: readonly (readonly string[])[],
): AlertCause {
  const sets = explainedBy ?? atWork;
  const least = Math.min(...sets.map((set) => set.length));
  return {
    kind,
    property: property ?? '',
    explainedBy: sets
      .filter((set) => set.length === least)
      .map((set) => [...set].sort())
      .sort((a, b) => (a.join() < b.join() ? -1 : 1)),
  };
}

/** The name of a cause: the same for the same. */
export const causeId = (cause: AlertCause): string => digestOf(cause as unknown as Json);

export const standingOf = ({ withdrawn, resolved }: Alert): 'stands' | 'resolved' | 'withdrawn' => {
  if (withdrawn !== undefined) return 'withdrawn';
  return resolved === undefined ? 'stands' : 'resolved';
};
