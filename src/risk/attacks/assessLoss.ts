import { Bdd, TooManyNodes } from './bdd.ts';
import { CompiledLoss } from './compiled.ts';
import { simulatePeriod, type PeriodLoss } from './compound.ts';
import { lossOf, type LossReport } from './loss.ts';
import {
  lossIntervals,
  rankedMeasures,
  rateRows,
  type LossIntervals,
  type RankedMeasure,
} from './lossDraws.ts';
import type { LossQuestion } from './question.ts';
import { isCertain, type RateRow } from './rates.ts';

/** The answer of `probity loss`: exact at the mean rates, and what is not known carried through. */
export interface AssessedLoss extends LossReport {
  readonly rates: readonly RateRow[];
  /** Absent where every rate is a plain number. */
  readonly intervals?: LossIntervals;
  /** Absent without severities, and where it would take too long. */
  readonly period?: PeriodLoss;
  readonly measures: readonly RankedMeasure[];
  /** What was left out, and why. */
  readonly leftOut: readonly string[];
}

const LEFT_OUT =
  'the diagram of the attack sets is too large to be weighed often: no intervals, curve or ranking; the bound of each property needs none';
const TOO_MANY =
  'a period has too many losses to draw each: give fewer `cases` for a curve; the expected loss is exact';
const INDEPENDENT =
  'what is not known of one rate says nothing of another: rates are drawn independently';

/**
 * Losses from attacks with all that is not known of rates and amounts (SEMANTICS 24): intervals
 * over draws of the rates, the period's loss by compound simulation, measures by what they avoid.
 */
export function assessLoss(question: LossQuestion, seed: number): AssessedLoss {
  const bdd = new Bdd();
  const report = lossOf(question, undefined, bdd);
  const compiled = new CompiledLoss(question, bdd);
  const rates = rateRows(compiled, seed);
  const uncertain = [...(question.uncertain?.rates.values() ?? [])].some(
    (rate) => !isCertain(rate),
  );
  try {
    const intervals = uncertain ? lossIntervals(compiled, seed) : undefined;
    const period = simulatePeriod(compiled, seed);
    const measures = rankedMeasures(compiled, seed);
    const isOpen = compiled.groups.length > 0 && !period;
    return {
      ...withDraws(report, intervals),
      // Of a group in which amounts vary, the largest is not the one with the largest mean.
      ...(compiled.hasVaryingGroup && {
        expectedLoss: question.cases * compiled.expected(compiled.vector(question.q)),
      }),
      rates,
      ...(intervals && { intervals }),
      ...(period && { period }),
      measures,
      leftOut: isOpen ? [TOO_MANY] : [],
    };
  } catch (error) {
    if (!(error instanceof TooManyNodes)) throw error;
    return { ...report, rates, measures: [], leftOut: [LEFT_OUT] };
  }
}

/** Over N units the rates are the same for all: 1 − E[(1 − p)^N], not 1 − (1 − E[p])^N. */
function withDraws(report: LossReport, intervals: LossIntervals | undefined): LossReport {
  if (!intervals) return report;
  return {
    ...report,
    properties: report.properties.map((property, at) => ({
      ...property,
      atLeastOnce: intervals.properties[at]?.atLeastOnce ?? property.atLeastOnce,
    })),
    assumptions: [...report.assumptions, INDEPENDENT],
  };
}
