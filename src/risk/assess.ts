import { bad, ok, problem, type Result } from '../errors/index.ts';
import { listed } from '../errors/nearest.ts';
import { cardOf, type RiskAnswer, type ModelCard } from './card.ts';
import { CALIBRATION } from './calibrated.ts';
import { chainOfValuation } from './chain.ts';
import { directEstimate } from './directEstimate.ts';
import { defaultDraws, drawProbabilities, probabilityOf, type Draws } from './draws.ts';
import { exploreLosses, type Loss } from './explored.ts';
import { headlineOf } from './headline.ts';
import { learn, priorShare, throughUnseen, type Learned } from './learned.ts';
import { askProcess, asksForProcess, type ProcessFindings } from './process/askProcess.ts';
import { perCasesOf } from './perCases.ts';
import { pointSolution } from './point.ts';
import { RISK_DEFAULTS, type RiskOptions, type RiskRequest } from './request.ts';
import { Watch } from './watch.ts';
import type { EventLog } from '../eventLog/log.ts';
import type { Semantics } from '../model/semantics.ts';

/** Public shape (`risk.schema.json`). All probabilities are of one case. */
export interface RiskAssessment extends RiskAnswer {
  readonly v: 2;
  readonly property: string;
  /** What more was asked of the process. */
  readonly process?: ProcessFindings;
  readonly states: number;
  /** The digest of the run that the method was measured by: it is signed with the scores. */
  readonly calibration: string;
  readonly card: ModelCard;
}

/** What an assessment rests on, for who wants more of it (pictures). */
export interface LearnedDraws {
  readonly learned: Learned;
  readonly draws: Draws;
  readonly log: EventLog;
  readonly options: RiskOptions;
}

/**
 * The probability that a case reaches a loss state: branch rates learned from the log on the
 * explored graph, the absorbing Markov chain solved at the mean rates and for every posterior draw
 * (DESIGN 4.2, `docs/risk.md`). Throws `Fault` CANCELLED or TIMEOUT.
 */
export async function assessRisk(
  request: RiskRequest,
  onLearned?: (found: LearnedDraws) => void,
): Promise<Result<RiskAssessment>> {
  const { semantics, signal } = request;
  const options: RiskOptions = { ...RISK_DEFAULTS, ...request.options };
  const watch = new Watch(signal, options.timeoutMs);
  const log = logUntil(request.log, options);
  if (log.cases.length === 0)
    return bad(
      problem('EVENT_LOG_EMPTY', 'events', 'no case began early enough: mature ones only'),
    );
  const loss = askedLoss(semantics, request.loss);
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
  const asked = { ...request, log, onLearned };
  const assessed = await assess(worst, asked, loss.value, options, graph.valuationCount, watch);
  if (!assessed.ok || !asksForProcess(request.process)) return assessed;
  const found = await askProcess(worst, loss.value, request.process, options, watch);
  return found.ok ? ok({ ...assessed.value, process: found.value }) : found;
}

/** The loss that is asked about; a property that the model does not have is a problem. */
export function askedLoss(semantics: Semantics, loss: RiskRequest['loss']): Result<Loss> {
  if ('predicate' in loss) return ok({ kind: 'predicate', expr: loss.predicate });
  const { properties } = semantics.model;
  const property = properties.find((p) => p.name === loss.property);
  if (!property)
    return bad(
      problem(
        'PROPERTY_UNKNOWN',
        'property',
        `the model has no property \`${loss.property}\`; it has ${listed(
          properties.map((p) => p.name),
          loss.property,
        )}`,
      ),
    );
  return ok({ kind: 'property', property });
}

/**
 * The log with its end as somebody knows it, never before its last event, and without the cases
 * that began too near to it.
 */
function logUntil(log: EventLog, { logEndMs, matureMs }: RiskOptions): EventLog {
  if (log.untilMs === undefined) return log;
  const untilMs = Math.max(log.untilMs, logEndMs ?? -Infinity);
  if (matureMs === undefined) return { ...log, untilMs };
  const cases = log.cases.filter(
    ({ events }) => (events[0]?.timeMs ?? -Infinity) <= untilMs - matureMs,
  );
  return { ...log, untilMs, cases, immatureCases: log.cases.length - cases.length };
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
  request: RiskRequest & { readonly onLearned: ((found: LearnedDraws) => void) | undefined },
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
  request.onLearned?.({ learned, draws, log: request.log, options });
  const probability = probabilityOf(draws, atMeanRates, solver.acyclic, seenEnds(learned));
  const { mean } = probability;
  const cases = alignment.ends.length;
  const outside = alignment.deviations.length / cases;
  const undecided = (alignment.censoring.beyond + alignment.censoring.untimed) / cases;
  const severityEur = loss.kind === 'property' ? loss.property.severityEur : undefined;
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
  const answer: RiskAnswer = {
    headline,
    probability,
    direct,
    identification: identificationOf(mean, outside),
    perCases: perCasesOf(draws.values, mean, options.cases, severityEur),
  };
  const lossName = 'property' in request.loss ? request.loss.property : request.loss.name;
  return ok({
    v: 2,
    property: lossName,
    ...answer,
    states: learned.chain.graph.store.count,
    calibration: CALIBRATION.digest,
    card: cardOf({
      answer,
      learned,
      log: request.log,
      loss,
      lossName,
      modelDigest: request.modelDigest,
      valuations,
      seed: options.seed,
      draws: drawn,
      point: await pointSolution(learned, atMeanRates),
      priorShare: prior,
      throughUnseen: throughUnseen(learned),
      undecided,
    }),
  });
}

/** What the cases outside leave open, whatever became of them. */
function identificationOf(mean: number, outside: number): RiskAnswer['identification'] {
  const lower = mean * (1 - outside);
  return { outside, lower, upper: lower + outside };
}

function seenEnds({ alignment, question }: Learned): { lost: boolean; notLost: boolean } {
  return question.settled === undefined
    ? {
        lost: alignment.goalCases > 0,
        notLost: alignment.ends.some((end) => end === 'notLost'),
      }
    : { lost: true, notLost: true };
}
