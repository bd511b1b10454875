/** Above this share of cases whose end is not known, no number stands for them all. */
export const MAX_UNKNOWN = 0.05;
/** Fewer losses than this say little more than the prior. */
export const MIN_LOSSES = 5;
/** Undecided cases that could move the mean by more than this part of it. */
export const MAX_BIAS = 0.2;
/** A larger share of the answer than this from the prior is an answer of the prior. */
export const MAX_PRIOR_SHARE = 0.3;

/**
 * What may be said first. `mean`: the probability with its interval. `upperBound`: only that it is
 * not above `value`. `none`: not even that, only the range that the unknown cases leave open.
 */
export type Headline =
  | { readonly kind: 'mean'; readonly value: number; readonly because: readonly Reason[] }
  | { readonly kind: 'upperBound'; readonly value: number; readonly because: readonly Reason[] }
  | { readonly kind: 'none'; readonly because: readonly Reason[] };

/** Why a headline is less than a mean. */
export type Reason = 'fewLosses' | 'priorDominated' | 'outsideModel' | 'stillOpen';

export interface Grounds {
  readonly mean: number;
  readonly upper: number;
  readonly lost: number;
  readonly priorShare: number;
  /** Shares of the cases: those that leave the model, and those whose end nothing tells. */
  readonly outside: number;
  readonly undecided: number;
  /** The graph alone gives the answer: nothing was learned. */
  readonly settled: boolean;
}

export function headlineOf(grounds: Grounds): Headline {
  const { mean, upper, outside, undecided } = grounds;
  if (grounds.settled) return { kind: 'mean', value: mean, because: [] };
  const unknown: Reason[] = [
    ...(outside > MAX_UNKNOWN ? (['outsideModel'] as const) : []),
    ...(undecided > MAX_UNKNOWN ? (['stillOpen'] as const) : []),
  ];
  if (unknown.length > 0) return { kind: 'none', because: unknown };
  const weak: Reason[] = [
    ...(grounds.lost < MIN_LOSSES ? (['fewLosses'] as const) : []),
    ...(grounds.priorShare > MAX_PRIOR_SHARE ? (['priorDominated'] as const) : []),
    ...(undecided > MAX_BIAS * mean ? (['stillOpen'] as const) : []),
  ];
  return weak.length > 0
    ? { kind: 'upperBound', value: upper * (1 - undecided) + undecided, because: weak }
    : { kind: 'mean', value: mean, because: [] };
}
