import { average } from './distributions.ts';
import { predictiveInterval } from './predictive.ts';
import { LEVEL } from './request.ts';

/** What is to be expected of the next cases. */
export interface PerCases {
  readonly n: number;
  readonly expected: number;
  /** Holds the number of losses among the next n cases with probability `level`. */
  readonly predictive: {
    readonly lower: number;
    readonly upper: number;
    readonly level: number;
    readonly interval: 'predictive';
  };
  /** P(at least one of n cases is lost) = 1 − E[(1 − p)^n]. */
  readonly atLeastOne: number;
  readonly expectedLossEur?: number;
  /** The bounds of `predictive`, times the severity. */
  readonly predictiveLossEur?: { readonly lower: number; readonly upper: number };
}

/** `draws` and `mean`: of the probability that one case is lost. */
export function perCasesOf(
  draws: readonly number[],
  mean: number,
  n: number,
  severityEur: number | undefined,
): PerCases {
  const predictive = predictiveInterval(draws, n, LEVEL);
  return {
    n,
    expected: n * mean,
    predictive: { ...predictive, level: LEVEL, interval: 'predictive' },
    atLeastOne: 1 - average(draws.map((p) => (1 - p) ** n)),
    ...(severityEur === undefined
      ? {}
      : {
          expectedLossEur: n * mean * severityEur,
          predictiveLossEur: {
            lower: predictive.lower * severityEur,
            upper: predictive.upper * severityEur,
          },
        }),
  };
}
