import { setImmediate as nextTurn } from 'node:timers/promises';
import { bad, didYouMean, Fault, ok, problem, type Result } from '../errors/index.ts';
import { align, type Alignment } from './align.ts';
import { cardOf, type ModelCard } from './card.ts';
import { chainOfValuation, type StateChain } from './chain.ts';
import type { EventLog } from './eventLog.ts';
import { exploreLosses, type Loss } from './explored.ts';
import { Posterior, PRIOR_PER_BRANCH } from './posterior.ts';
import { Question } from './question.ts';
import { Random } from './random.ts';
import {
  LEVEL,
  RISK_DEFAULTS,
  type PointSolution,
  type RiskOptions,
  type RiskRequest,
} from './request.ts';
import { FAST, solve, SOUND } from './solve.ts';
import { solveByLu, suitsLu } from './sparseLu.ts';
import { STOP, type Topology } from './topology.ts';

/** Public shape (`risk.schema.json`). All probabilities are of one case. */
export interface RiskAssessment {
  readonly v: 1;
  readonly property: string;
  readonly probability: {
    /** The mean over the posterior draws. */
    readonly mean: number;
    /** Equal-tailed credible interval. */
    readonly lower: number;
    readonly upper: number;
    readonly level: number;
    /**
     * The probability at the mean branch rates: the same as `mean` up to sampling where no state
     * comes twice in a case.
     */
    readonly atMeanRates: number;
  };
  readonly perCases: {
    readonly n: number;
    readonly expected: number;
    /** P(at least one of n cases is lost) = 1 − E[(1 − p)^n]. */
    readonly atLeastOne: number;
    readonly expectedLossEur?: number;
  };
  readonly states: number;
  readonly card: ModelCard;
}

/**
 * The probability that a case reaches a loss state: branch rates learned from the log on the
 * explored graph, the absorbing Markov chain solved at the mean rates and for every posterior draw
 * (DESIGN 4.2, `docs/risk.md`). Throws `Fault` CANCELLED or TIMEOUT.
 */
export async function assessRisk(request: RiskRequest): Promise<Result<RiskAssessment>> {
  const { semantics, log, signal } = request;
  const watch = new Watch(signal, request.options?.timeoutMs ?? RISK_DEFAULTS.timeoutMs);
  const options: RiskOptions = { ...RISK_DEFAULTS, ...request.options };
  const loss = lossOf(request);
  if (!loss.ok) return loss;
  const explored = await exploreLosses(semantics, loss.value, options, signal);
  if (!explored.ok) return explored;
  const { graph, loss: flags } = explored.value;
  let worst: Learned | undefined;
  for (let valuation = 0; valuation < graph.valuationCount; valuation += 1) {
    await watch.turn('learning from the log');
    const learned = learn(chainOfValuation(graph, valuation, flags), log, options);
    if (!worst || learned.preview > worst.preview) worst = learned;
  }
  if (!worst) return bad(problem('INIT_EMPTY', 'variables', 'the model has no start'));
  return ok(
    await assess(
      worst,
      request,
      loss.value,
      options,
      graph.store.count,
      graph.valuationCount,
      watch,
    ),
  );
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

/** What the log says of one valuation of the parameters. */
interface Learned {
  readonly chain: StateChain;
  readonly alignment: Alignment;
  readonly posterior: Posterior;
  readonly question: Question;
  /**
   * The probability at the mean rates, by the fast solver: enough to tell which valuation is the
   * worst.
   */
  readonly preview: number;
}

function learn(chain: StateChain, log: EventLog, options: RiskOptions): Learned {
  const alignment = align(chain, log);
  const [earlier, later] = alignment.counts;
  const posterior = new Posterior(
    chain.topology,
    earlier.map((n, b) => n + (later[b] as number)),
    options.prior ?? PRIOR_PER_BRANCH,
  );
  const question = new Question(chain.topology);
  return {
    chain,
    alignment,
    posterior,
    question,
    preview: question.settled ?? middle(question, posterior.mean()),
  };
}

function middle(question: Question, weights: Float64Array): number {
  const { lower, upper } = solve(question, weights, FAST);
  const { start } = question.topology;
  return ((lower[start] as number) + (upper[start] as number)) / 2;
}

async function assess(
  learned: Learned,
  request: RiskRequest,
  loss: Loss,
  options: RiskOptions,
  states: number,
  valuations: number,
  watch: Watch,
): Promise<RiskAssessment> {
  const { posterior, question } = learned;
  const point = await atMeanRates(question, posterior.mean());
  const draws = await drawProbabilities(learned, options, watch);
  const mean = average(draws.lower.map((low, i) => (low + (draws.upper[i] as number)) / 2));
  const severityEur = loss.kind === 'property' ? loss.property.severityEur : undefined;
  const { cases: n } = options;
  return {
    v: 1,
    property: 'property' in request.loss ? request.loss.property : request.loss.name,
    probability: {
      mean,
      lower: quantile(draws.lower, (1 - LEVEL) / 2),
      upper: quantile(draws.upper, (1 + LEVEL) / 2),
      level: LEVEL,
      atMeanRates: point.value,
    },
    perCases: {
      n,
      expected: n * mean,
      atLeastOne: 1 - average(draws.upper.map((p) => (1 - p) ** n)),
      ...(severityEur === undefined ? {} : { expectedLossEur: n * mean * severityEur }),
    },
    states,
    card: cardOf({
      ...learned,
      log: request.log,
      modelDigest: request.modelDigest,
      modelName: request.semantics.model.name,
      valuations,
      options,
      point,
      throughUnseen: throughUnseen(learned),
      wideDraws: draws.wide,
    }),
  };
}

/**
 * Beyond the bounds by more than this part of them, the LU solution is wrong: two solvers that
 * differ are a fault, not an answer.
 */
const LU_SLACK = 1e-9;

async function atMeanRates(question: Question, weights: Float64Array): Promise<PointSolution> {
  if (question.settled !== undefined)
    return {
      value: question.settled,
      lower: question.settled,
      upper: question.settled,
      solver: 'graph',
    };
  const bounds = solve(question, weights, SOUND);
  const lower = bounds.lower[question.topology.start] as number;
  const upper = bounds.upper[question.topology.start] as number;
  if (!suitsLu(question))
    return { value: (lower + upper) / 2, lower, upper, solver: 'interval iteration' };
  const value = await solveByLu(question, weights);
  if (!(value >= lower * (1 - LU_SLACK) && value <= upper * (1 + LU_SLACK))) {
    throw new Fault(
      'INTERNAL',
      `two solvers disagree: sparse LU gives ${value}, interval iteration [${lower}, ${upper}]`,
    );
  }
  return { value, lower, upper, solver: 'sparse LU' };
}

/**
 * The loss probability of each draw, from below and from above; they differ only where a large
 * component was left unfinished.
 */
async function drawProbabilities(
  { posterior, question }: Learned,
  options: RiskOptions,
  watch: Watch,
): Promise<{ lower: number[]; upper: number[]; wide: number }> {
  const { settled, topology, unsettled } = question;
  if (settled !== undefined) {
    const constant = Array.from({ length: options.draws }, () => settled);
    return { lower: constant, upper: constant, wide: 0 };
  }
  const random = new Random(options.seed);
  const weights = new Float64Array(topology.targets.length);
  const [lower, upper]: [number[], number[]] = [[], []];
  for (let draw = 0; draw < options.draws; draw += 1) {
    posterior.draw(random, unsettled, weights);
    const bounds = solve(question, weights, FAST);
    lower.push(bounds.lower[topology.start] as number);
    upper.push(bounds.upper[topology.start] as number);
    await watch.turn(`${draw + 1} of ${options.draws} draws`);
  }
  return {
    lower,
    upper,
    wide: lower.filter((low, i) => (upper[i] as number) - low > 1e-3 * (upper[i] as number)).length,
  };
}

/**
 * The probability, at the mean rates, that a case comes through a branching at which nothing was
 * ever seen before it is settled whether it is lost: how much of the answer is prior, not history.
 */
function throughUnseen({ posterior, question }: Learned): number {
  const { topology, verdicts } = question;
  if (question.settled !== undefined) return 0;
  const inside = new Set(question.unsettled);
  const goal = Uint8Array.from({ length: topology.nodes }, (_, node) =>
    inside.has(node) && posterior.isPriorOnly(node) ? 1 : 0,
  );
  const targets = topology.targets.map((target) =>
    target !== STOP && verdicts[target] === verdicts[topology.start] ? target : STOP,
  );
  const unseen: Topology = { ...topology, goal, targets };
  const asked = new Question(unseen);
  return asked.settled ?? middle(asked, posterior.mean());
}

/**
 * Lets others have their turn about forty times a second, and ends the work when it is cancelled or
 * takes too long.
 */
class Watch {
  readonly #signal: AbortSignal;
  readonly #deadline: number;
  #lastTurn = Date.now();

  constructor(signal: AbortSignal, timeoutMs: number) {
    this.#signal = signal;
    this.#deadline = this.#lastTurn + timeoutMs;
  }

  async turn(reached: string): Promise<void> {
    if (Date.now() - this.#lastTurn < 25) return;
    await nextTurn();
    this.#lastTurn = Date.now();
    if (this.#signal.aborted) throw new Fault('CANCELLED', 'the assessment was cancelled');
    if (this.#lastTurn > this.#deadline)
      throw new Fault(
        'TIMEOUT',
        `the time limit was reached at ${reached}: allow more time, or fewer draws`,
      );
  }
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/**
 * Linear between order statistics (type 7 of Hyndman and Fan, The American Statistician 50(4),
 * 1996).
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const low = sorted[below] as number;
  return low + (at - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] as number) - low);
}
