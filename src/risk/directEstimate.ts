import type { CaseEnd } from './align.ts';
import { clopperPearson } from './distributions.ts';
import { LEVEL } from './request.ts';

/** Lost cases among those whose end is known, and the exact interval of their share. */
export interface DirectEstimate {
  readonly lost: number;
  readonly cases: number;
  /** Absent where no end is known. */
  readonly estimate?: number;
  readonly lower: number;
  readonly upper: number;
  readonly level: number;
  readonly interval: 'Clopper-Pearson';
  /** The mean of the model is not within this interval: one of the two must not be believed. */
  readonly disagrees: boolean;
}

export function directEstimate(
  ends: readonly CaseEnd[],
  { mean }: { readonly mean: number },
): DirectEstimate {
  const lost = ends.filter((end) => end === 'lost').length;
  const cases = lost + ends.filter((end) => end === 'notLost').length;
  const { lower, upper } =
    cases === 0 ? { lower: 0, upper: 1 } : clopperPearson(lost, cases, LEVEL);
  return {
    lost,
    cases,
    ...(cases === 0 ? {} : { estimate: lost / cases }),
    lower,
    upper,
    level: LEVEL,
    interval: 'Clopper-Pearson',
    disagrees: mean < lower || mean > upper,
  };
}
