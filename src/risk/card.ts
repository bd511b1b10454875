import type { Value } from '../model/trace.ts';
import type { Alignment, Deviation } from './align.ts';
import { parametersOf, stateText, type StateChain } from './chain.ts';
import { driftTest, DRIFT_LEVEL, type Drift } from './drift.ts';
import type { EventLog } from './eventLog.ts';
import { SUFFICIENT_CASES, type Posterior } from './posterior.ts';
import type { Question } from './question.ts';
import type { PointSolution, RiskOptions } from './request.ts';

/** What stands behind a score, and what does not (public shape, `model-card.schema.json`). */
export interface ModelCard {
  readonly v: 1;
  readonly method: 'operational-risk';
  readonly model: { readonly name: string; readonly digest?: string };
  readonly data: {
    /** Of the event log's text. */
    readonly digest: string;
    readonly cases: number;
    readonly events: number;
    /** Events that were aligned with the model and count. */
    readonly eventsCounted: number;
    readonly window?: { readonly from: string; readonly to: string };
    readonly caseNotion: string;
    readonly nonConformantCases: number;
    readonly openCases: number;
    readonly ambiguousCases: number;
    /** Cases that surely passed a loss state. */
    readonly lossCases: number;
    readonly unusedColumns: readonly string[];
  };
  /** The first ones; the number of all is `data.nonConformantCases`. */
  readonly nonConformance: readonly Deviation[];
  readonly prior: string;
  readonly branchings: {
    /** Nodes on the way to a settled answer that have more than one branch. */
    readonly relevant: number;
    readonly unseen: number;
    /** Some of the unseen ones, in words. */
    readonly unseenExamples: readonly string[];
    /** Probability that a case comes through an unseen one before its loss is settled. */
    readonly throughUnseen: number;
  };
  readonly insufficientData: boolean;
  readonly drift: Drift & { readonly test: string; readonly found: boolean };
  readonly sampling: {
    readonly draws: number;
    readonly seed: number;
    readonly generator: string;
    readonly wideDraws: number;
  };
  readonly solution: PointSolution;
  /** The valuation that the numbers are for: the worst one at the mean rates. */
  readonly parameters: {
    readonly valuations: number;
    readonly worst: Readonly<Record<string, Value>>;
  };
  readonly notRepresented: readonly string[];
}

export interface CardInput {
  readonly chain: StateChain;
  readonly alignment: Alignment;
  readonly posterior: Posterior;
  readonly question: Question;
  readonly log: EventLog;
  readonly modelName: string;
  readonly modelDigest: string | undefined;
  readonly valuations: number;
  readonly options: RiskOptions;
  readonly point: PointSolution;
  readonly throughUnseen: number;
  readonly wideDraws: number;
}

const MAX_EXAMPLES = 20;

const NOT_REPRESENTED = [
  'a change of habits after the log ends: the rates of the past are taken to stay',
  'memory beyond the state of the model: the next step depends on the state only',
  'dependence between cases: each is independent given the rates',
  'attackers, unless the log has their attempts: a threat is not an event until somebody acts',
  'what the log leaves out: every step of the model is taken to be an event',
  'the part of a non-conformant case after the move that the model does not allow',
] as const;

export function cardOf(input: CardInput): ModelCard {
  const { chain, alignment, posterior, question, log, options } = input;
  const branching = question.unsettled.filter((node) => posterior.branches(node) > 1);
  const unseen = branching.filter((node) => posterior.isPriorOnly(node));
  const drift = driftTest(chain.topology, alignment.counts);
  return {
    v: 1,
    method: 'operational-risk',
    model: {
      name: input.modelName,
      ...(input.modelDigest === undefined ? {} : { digest: input.modelDigest }),
    },
    data: {
      digest: log.digest,
      cases: log.cases.length,
      events: log.eventCount,
      eventsCounted: alignment.eventsCounted,
      ...(log.window ? { window: log.window } : {}),
      caseNotion: 'all events with the same value in `case`; a case ends with its last event',
      nonConformantCases: alignment.deviations.length,
      openCases: alignment.openCases,
      ambiguousCases: alignment.ambiguousCases,
      lossCases: alignment.goalCases,
      unusedColumns: alignment.unusedColumns,
    },
    nonConformance: alignment.deviations.slice(0, MAX_EXAMPLES),
    prior: options.prior
      ? 'Dirichlet, with a weight set by the caller'
      : 'Dirichlet, 1/k for each of the k branches of a state (a stop is a branch)',
    branchings: {
      relevant: branching.length,
      unseen: unseen.length,
      unseenExamples: unseen.slice(0, MAX_EXAMPLES).map((node) => stateText(chain, node)),
      throughUnseen: input.throughUnseen,
    },
    insufficientData: log.cases.length - alignment.deviations.length < SUFFICIENT_CASES,
    drift: {
      test: 'likelihood ratio of branch counts, first half of the cases against the second',
      ...drift,
      found: drift.p !== undefined && drift.p < DRIFT_LEVEL,
    },
    sampling: {
      draws: options.draws,
      seed: options.seed,
      generator: 'xoshiro128**',
      wideDraws: input.wideDraws,
    },
    solution: input.point,
    parameters: { valuations: input.valuations, worst: parametersOf(chain) },
    notRepresented: NOT_REPRESENTED,
  };
}
