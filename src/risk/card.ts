import type { Value } from '../model/trace.ts';
import { branchTable, type BranchTable } from './branchTable.ts';
import { CALIBRATION } from './calibrated.ts';
import { parametersOf, stateText } from './chain.ts';
import type { DirectEstimate } from './directEstimate.ts';
import type { Probability } from './draws.ts';
import { driftTest, type Drift } from './drift.ts';
import type { Loss } from './explored.ts';
import type { Headline } from './headline.ts';
import type { Learned } from './learned.ts';
import { markovFit, type MarkovFit } from './markovFit.ts';
import type { Deviation } from './matcher.ts';
import { traitsOfOutsiders, type Trait } from './outsiders.ts';
import type { PerCases } from './perCases.ts';
import type { PointSolution } from './request.ts';
import type { EventLog, MappingUse } from '../eventLog/log.ts';
import { STOP } from './topology.ts';

/** What stands behind a score, and what does not (public shape, `model-card.schema.json`). */
export interface ModelCard {
  readonly v: 2;
  readonly method: 'operational-risk';
  readonly versions: { readonly method: string; readonly semantics: string };
  readonly model: { readonly name: string; readonly digest?: string };
  readonly loss: {
    /** Which states are a loss. */
    readonly of: string;
    readonly severityEur?: number;
    readonly formula: string;
  };
  /** The numbers that the card is of: the same as in the scores. */
  readonly answer: RiskAnswer;
  readonly data: {
    /** Of the event log's text. */
    readonly digest: string;
    readonly cases: number;
    readonly events: number;
    /** Events that were aligned with the model and count. */
    readonly eventsCounted: number;
    /** Of these, events of an enabled step that changes nothing. */
    readonly idleEvents: number;
    /** Rows that are no events of their own: turns of a life cycle, repetitions of an id. */
    readonly lifecycleRows: number;
    readonly repeatedRows: number;
    readonly window?: { readonly from: string; readonly to: string };
    /** Until when the log was kept. */
    readonly until?: string;
    readonly caseNotion: string;
    readonly nonConformantCases: number;
    readonly openCases: number;
    readonly ambiguousCases: number;
    /** Cases that surely passed a loss state. */
    readonly lossCases: number;
    readonly equalTimes: string;
    readonly equalTimeCases: number;
    /** Of these, cases that fit in another order than that of their rows. */
    readonly reorderedCases: number;
    /** Cases left out because they began too near to the end of the log (`--mature`). */
    readonly immatureCases: number;
    readonly unusedColumns: readonly string[];
    /** Actions that were taken to happen without events. */
    readonly silentActions: readonly string[];
    /** Where a mapping said which events are which steps. */
    readonly mapping?: MappedData;
  };
  /** The first ones; the number of all is `data.nonConformantCases`. */
  readonly nonConformance: readonly Deviation[];
  /** What the cases that leave the model have in common, and the others have less. */
  readonly outsiders: readonly Trait[];
  readonly prior: {
    readonly rule: string;
    /** How much of the answer is prior. */
    readonly share: number;
  };
  readonly branches: BranchTable;
  readonly branchings: {
    /** Nodes on the way to a settled answer that have more than one branch. */
    readonly relevant: number;
    readonly unseen: number;
    /** Some of the unseen ones, in words. */
    readonly unseenExamples: readonly string[];
    /** Probability that a case comes through an unseen one before its loss is settled. */
    readonly throughUnseen: number;
  };
  readonly censoring: {
    readonly rule: string;
    /** States whose branches were learned by hazards. */
    readonly states: number;
    /** Cases that were still on their way there when the log ended, in shares of paths. */
    readonly waiting: number;
    /** Share of the cases whose end nothing tells. */
    readonly undecided: number;
    readonly bias: string;
  };
  readonly drift: Drift & { readonly test: string };
  readonly markov: MarkovFit & { readonly test: string };
  readonly sampling: {
    readonly draws: number;
    readonly seed: number;
    readonly generator: string;
  };
  readonly solution: PointSolution;
  /** The valuation that the numbers are for: the worst one at the mean rates. */
  readonly parameters: {
    readonly valuations: number;
    readonly worst: Readonly<Record<string, Value>>;
  };
  /** What the method was measured to do, and the run that measured it (`docs/calibration.json`). */
  readonly calibration: { readonly digest: string; readonly claims: readonly string[] };
  readonly notRepresented: readonly string[];
}

/** What a mapping made of the log. */
export interface MappedData {
  /** Of its text. */
  readonly digest: string;
  /** Events that no entry takes, and such as no value of the model can be read from. */
  readonly unmappedEvents: number;
  readonly unreadableEvents: number;
  readonly beyondModelEvents: number;
  /** Actions of which no event tells. */
  readonly blind: readonly string[];
  /** Those of them by which a case can be lost: of their losses the log says nothing. */
  readonly blindLosses: readonly string[];
}

/** What was found, each number with the kind of its interval. */
export interface RiskAnswer {
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
  readonly perCases: PerCases;
}

export interface CardInput {
  readonly answer: RiskAnswer;
  readonly learned: Learned;
  readonly log: EventLog;
  readonly loss: Loss;
  readonly lossName: string;
  readonly modelDigest: string | undefined;
  readonly valuations: number;
  readonly seed: number;
  readonly draws: number;
  readonly point: PointSolution;
  readonly priorShare: number;
  readonly throughUnseen: number;
  readonly undecided: number;
}

/** Changes whenever the same log and seed may give other numbers. */
export const METHOD_VERSION = '2';
const SEMANTICS = '1';
const MAX_EXAMPLES = 20;

const NOT_REPRESENTED = [
  'a change of habits after the log ends: the rates of the past are taken to stay',
  'memory beyond the state of the model: the next step depends on the state only',
  'dependence between cases: each is independent given the rates',
  'attackers, unless the log has their attempts: a threat is not an event until somebody acts',
  'what the log leaves out: of a step that no event tells of, the events beside it say what there is',
  'the part of a non-conformant case after the move that the model does not allow',
] as const;

export function cardOf(input: CardInput): ModelCard {
  const { learned, log } = input;
  const { chain, alignment, posterior, question } = learned;
  const branching = question.unsettled.filter((node) => posterior.branches(node) > 1);
  const unseen = branching.filter((node) => posterior.isPriorOnly(node));
  return {
    v: 2,
    method: 'operational-risk',
    versions: { method: METHOD_VERSION, semantics: SEMANTICS },
    model: {
      name: chain.graph.semantics.model.name,
      ...(input.modelDigest === undefined ? {} : { digest: input.modelDigest }),
    },
    loss: lossOf(input),
    answer: input.answer,
    data: dataOf(log, learned),
    nonConformance: alignment.deviations.slice(0, MAX_EXAMPLES),
    outsiders: traitsOfOutsiders(log, (i) => alignment.ends[i] === 'outside'),
    prior: {
      rule: 'Dirichlet; one imaginary case, half of it lost and half not, spread over the ways that the model has (ADR 017)',
      share: input.priorShare,
    },
    branches: branchTable(learned),
    branchings: {
      relevant: branching.length,
      unseen: unseen.length,
      unseenExamples: unseen.slice(0, MAX_EXAMPLES).map((node) => stateText(chain, node)),
      throughUnseen: input.throughUnseen,
    },
    censoring: {
      rule:
        log.untilMs === undefined
          ? 'no times: a case that ends where it may stop has stopped; one that must go on is left out'
          : 'a case is watched until the log ends; cause-specific hazards for each branch (Aalen and Johansen 1978)',
      states: alignment.censoring.nodes,
      waiting: alignment.censoring.waiting,
      undecided: input.undecided,
      bias:
        input.undecided === 0
          ? 'none that is known'
          : `up to ${input.undecided.toPrecision(3)} too low, if all undecided cases are lost; too high, if none is`,
    },
    drift: {
      test: 'Fisher, exact: losses in the first half of the cases against the second',
      ...driftTest(log, alignment.ends),
    },
    markov: {
      test: 'likelihood ratio: does a branch depend on the branch before it (Anderson and Goodman 1957)',
      ...markovFit(chain.topology, question.unsettled, alignment.pairs),
    },
    sampling: { draws: input.draws, seed: input.seed, generator: 'xoshiro128**' },
    solution: input.point,
    parameters: { valuations: input.valuations, worst: parametersOf(chain) },
    calibration: CALIBRATION,
    notRepresented: NOT_REPRESENTED,
  };
}

function lossOf({ loss, lossName }: CardInput): ModelCard['loss'] {
  const severityEur = loss.kind === 'property' ? loss.property.severityEur : undefined;
  return {
    of:
      loss.kind === 'property'
        ? `the states that break \`${lossName}\` (${loss.property.kind})`
        : `the states of which \`${lossName}\` is true`,
    ...(severityEur === undefined ? {} : { severityEur }),
    formula:
      severityEur === undefined
        ? 'expected losses = cases × mean'
        : 'expected loss in EUR = cases × mean × severity, one fixed severity for each lost case',
  };
}

function mappedData(mapping: MappingUse, { chain }: Learned): MappedData {
  const { topology, instances } = chain;
  const losing = new Set<string>();
  topology.targets.forEach((target, b) => {
    const action = instances[b]?.action.name;
    if (target !== STOP && topology.goal[target] === 1 && action !== undefined) losing.add(action);
  });
  return {
    digest: mapping.digest,
    unmappedEvents: mapping.unmapped.reduce((sum, { events }) => sum + events, 0),
    unreadableEvents: mapping.unreadable.events,
    beyondModelEvents: mapping.beyondModel.events,
    blind: mapping.blind,
    blindLosses: mapping.blind.filter((name) => losing.has(name)),
  };
}

function dataOf(log: EventLog, learned: Learned): ModelCard['data'] {
  const { alignment } = learned;
  return {
    digest: log.digest,
    cases: log.cases.length,
    events: log.eventCount,
    eventsCounted: alignment.eventsCounted,
    idleEvents: alignment.idleEvents,
    lifecycleRows: log.lifecycleRows,
    repeatedRows: log.repeatedRows,
    ...(log.window ? { window: log.window } : {}),
    ...(log.untilMs === undefined ? {} : { until: new Date(log.untilMs).toISOString() }),
    caseNotion: log.mapping
      ? 'all events with the same key by the mapping; a case ends with its last event'
      : 'all events with the same value in `case`; a case ends with its last event',
    nonConformantCases: alignment.deviations.length,
    openCases: alignment.openCases,
    ambiguousCases: alignment.ambiguousCases,
    lossCases: alignment.goalCases,
    equalTimes: 'events of one time keep the order of their rows, unless only another order fits',
    equalTimeCases: alignment.equalTimeCases,
    reorderedCases: alignment.reorderedCases,
    immatureCases: log.immatureCases ?? 0,
    unusedColumns: alignment.unusedColumns,
    silentActions: alignment.silentActions,
    ...(log.mapping && { mapping: mappedData(log.mapping, learned) }),
  };
}
