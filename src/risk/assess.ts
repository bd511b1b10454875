import { bad, Fault, ok, problem, type Result } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';
import { cardOf, type ModelCard } from './card.ts';
import { CALIBRATION } from './calibrated.ts';
import { soundBounds } from './certify.ts';
import { chainOfValuation } from './chain.ts';
import { directEstimate, type DirectEstimate } from './directEstimate.ts';
import { average } from './distributions.ts';
import { defaultDraws, drawProbabilities, probabilityOf, type Probability } from './draws.ts';
import type { EventLog } from './eventLog.ts';
import { exploreLosses, type Loss } from './explored.ts';
import { headlineOf, type Headline } from './headline.ts';
import { learn, priorShare, throughUnseen, type Learned } from './learned.ts';
import { predictiveInterval } from './predictive.ts';
import {
  LEVEL,
  RISK_DEFAULTS,
  type PointSolution,
  type RiskOptions,
  type RiskRequest,
} from './request.ts';
import { solveByLu, suitsLu } from './sparseLu.ts';
import { Watch } from './watch.ts';

/** Public shape (`risk.schema.json`). All probabilities are of one case. */
export interface RiskAssessment {
  readonly v: 2;
  readonly property: string;
  /** What may be said first, and why it is not more. */
  readonly headline: Headline;
  readonly probability: Probability;
  /** Losses counted, where the ends of cases are known: nothing but the log. */
  readonly direct: DirectEstimate;
  /**
   * What the cases that leave the model leave open, whatever became of them: [p(1 − r), p(1 − r) +
   * r], with p the mean and r their share.
   */
  readonly identification: {
    readonly outside: number;
    readonly lower: number;
    readonly upper: number;
  };
  readonly perCases: {
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
  };
  readonly states: number;
  /** The digest of the run that the method was measured by: it is signed with the scores. */
  readonly calibration: string;
  readonly card: ModelCard;
}

/**
 * The probability that a case reaches a loss state: branch rates learned from the log on the
 * explored graph, the absorbing Markov chain solved at the mean rates and for every posterior draw
 * (DESIGN 4.2, `docs/risk.md`). Throws `Fault` CANCELLED or TIMEOUT.
 */
export async function assessRisk(request: RiskRequest): Promise<Result<RiskAssessment>> {
  const { semantics, signal } = request;
  const options: RiskOptions = { ...RISK_DEFAULTS, ...request.options };
  const watch = new Watch(signal, options.timeoutMs);
  const log = logUntil(request.log, options.logEndMs);
  const loss = lossOf(request);
  if (!loss.ok) return loss;
  const explored = await exploreLosses(semantics, loss.value, options, signal);
  if (!explored.ok) return explored;
  const { graph, loss: flags } = explored.value;
  let worst: Learned | undefined;
  for (let valuation = 0; valuation < graph.valuationCount; valuation += 1) {
    await watch.turn('learning from the log');
    const learned = learn(chainOfValuation(graph, valuation, flags), log, options);
    if (!worst || !((learned.atMeanRates ?? 1) <= (worst.atMeanRates ?? 1))) worst = learned;
  }
  if (!worst) return bad(problem('INIT_EMPTY', 'variables', 'the model has no start'));
  if (nothingFits(worst)) return bad(nothingFitsProblem(worst, log));
  return assess(worst, { ...request, log }, loss.value, options, graph.valuationCount, watch);
}

function lossOf({ semantics, loss }: RiskRequest): Result<Loss> {
  if ('predicate' in loss) return ok({ kind: 'predicate', expr: loss.predicate });
  const { properties } = semantics.model;
  const property = properties.find((p) => p.name === loss.property);
  if (!property)
    return bad(
      problem(
        'PROPERTY_UNKNOWN',
        'property',
        `the model has no property \`${loss.property}\`; it has ${properties.map((p) => p.name).join(', ')}${didYouMean(
          loss.property,
          properties.map((p) => p.name),
        )}`,
      ),
    );
  return ok({ kind: 'property', property });
}

/** The log with its end as somebody knows it, never before its last event. */
function logUntil(log: EventLog, logEndMs: number | undefined): EventLog {
  if (logEndMs === undefined || log.untilMs === undefined) return log;
  return { ...log, untilMs: Math.max(log.untilMs, logEndMs) };
}

/** Whether every case leaves the model, or no event is a step of it. */
function nothingFits({ alignment }: Learned): boolean {
  const { deviations, ends, eventsCounted, idleEvents } = alignment;
  return (
    deviations.length === ends.length || (deviations.length > 0 && eventsCounted === idleEvents)
  );
}

function nothingFitsProblem({ alignment }: Learned, log: EventLog): ReturnType<typeof problem> {
  const { deviations } = alignment;
  const first = deviations[0];
  return problem(
    'RISK_NOTHING_FITS',
    'events',
    `${deviations.length} of ${log.cases.length} cases leave the model, and what is left teaches nothing; first: ${first?.case}, row ${first?.row}: ${first?.activity} (${first?.reason})`,
  );
}

async function assess(
  learned: Learned,
  request: RiskRequest,
  loss: Loss,
  options: RiskOptions,
  valuations: number,
  watch: Watch,
): Promise<Result<RiskAssessment>> {
  const { question, alignment, solver, atMeanRates } = learned;
  const drawn = options.draws ?? defaultDraws(learned);
  const draws =
    atMeanRates === undefined
      ? undefined
      : await drawProbabilities(learned, drawn, options.seed, (reached) => watch.turn(reached));
  if (atMeanRates === undefined || !draws)
    return bad(
      problem(
        'RISK_UNSOLVED',
        '',
        `the equations of ${question.unsettled.length} states are too dense to be solved directly, and mix too slowly to be iterated`,
      ),
    );
  const point = await atMeans(learned, atMeanRates);
  const probability = probabilityOf(draws, atMeanRates, solver.acyclic, seenEnds(learned));
  const { mean } = probability;
  const cases = alignment.ends.length;
  const outside = alignment.deviations.length / cases;
  const undecided = (alignment.censoring.beyond + alignment.censoring.untimed) / cases;
  const severityEur = loss.kind === 'property' ? loss.property.severityEur : undefined;
  const { cases: n } = options;
  const predictive = predictiveInterval(draws.values, n, LEVEL);
  const direct = directEstimate(alignment.ends, probability);
  const prior = priorShare(learned);
  const headline = headlineOf({
    mean,
    upper: probability.upper,
    lost: alignment.goalCases,
    priorShare: prior,
    outside,
    undecided,
    settled: question.settled !== undefined,
  });
  return ok({
    v: 2,
    property: 'property' in request.loss ? request.loss.property : request.loss.name,
    headline,
    probability,
    direct,
    identification: {
      outside,
      lower: mean * (1 - outside),
      upper: mean * (1 - outside) + outside,
    },
    perCases: {
      n,
      expected: n * mean,
      predictive: { ...predictive, level: LEVEL, interval: 'predictive' },
      atLeastOne: 1 - average(draws.values.map((p) => (1 - p) ** n)),
      ...(severityEur === undefined
        ? {}
        : {
            expectedLossEur: n * mean * severityEur,
            predictiveLossEur: {
              lower: predictive.lower * severityEur,
              upper: predictive.upper * severityEur,
            },
          }),
    },
    states: learned.chain.graph.store.count,
    calibration: CALIBRATION.digest,
    card: cardOf({
      learned,
      log: request.log,
      loss,
      lossName: 'property' in request.loss ? request.loss.property : request.loss.name,
      modelDigest: request.modelDigest,
      valuations,
      seed: options.seed,
      draws: drawn,
      point,
      priorShare: prior,
      throughUnseen: throughUnseen(learned),
      undecided,
    }),
  });
}

function seenEnds({ alignment, question }: Learned): { lost: boolean; notLost: boolean } {
  return question.settled === undefined
    ? {
        lost: alignment.goalCases > 0,
        notLost: alignment.ends.some((end) => end === 'notLost'),
      }
    : { lost: true, notLost: true };
}

/**
 * Beyond the bounds by more than this part of them, a solution is wrong: two solvers that differ
 * are a fault, not an answer.
 */
const SLACK = 1e-9;

/** The solution at the mean rates, held against sound bounds and, where it pays, against LU. */
async function atMeans(
  { question, solver, posterior }: Learned,
  value: number,
): Promise<PointSolution> {
  if (question.settled !== undefined) return { value, lower: value, upper: value, solver: 'graph' };
  const weights = posterior.mean();
  const bounds = soundBounds(question, solver, weights);
  const lower = bounds.lower[question.topology.start] as number;
  const upper = bounds.upper[question.topology.start] as number;
  const others = suitsLu(question) ? [await solveByLu(question, weights)] : [];
  for (const other of [value, ...others])
    if (!(other >= lower * (1 - SLACK) && other <= upper * (1 + SLACK)))
      throw new Fault(
        'INTERNAL',
        `solvers disagree: ${other} is not in the sound interval [${lower}, ${upper}]`,
      );
  return { value, lower, upper, solver: 'elimination' };
}
