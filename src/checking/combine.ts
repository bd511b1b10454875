import { replayWitness, type Refused } from '../graph/replay.ts';
import type { Model, Property } from '../model/model.ts';
import type { Assurance, EngineReport, Outcome, PropertyReport } from '../model/outcome.ts';
import type { Semantics } from '../model/semantics.ts';
import { ENDLESS, type Time } from '../time/time.ts';

/** One engine's answer to one property, with what it cost. */
export interface EngineAnswer {
  readonly engine: string;
  readonly version: string;
  readonly outcome: Outcome;
  readonly states?: number;
  readonly durationMs: number;
  readonly replayed: boolean;
}

/**
 * Believes a violation, or a reached state, only after the one semantics has replayed it (SEMANTICS
 * 11). What does not replay is `unknown{unreplayable}`, or of `timeout`; the engine's claim stays
 * visible in the message.
 */
export function replayOutcome(
  semantics: Semantics,
  property: Property,
  outcome: Outcome,
  time: Time = ENDLESS,
): { readonly outcome: Outcome; readonly replayed: boolean } {
  if (outcome.outcome === 'violated') {
    const replay = outcome.trace
      ? replayWitness(semantics, property, outcome.witness, outcome.trace, time)
      : { ok: false as const, why: 'the engine gave no trace of this model' };
    return replay.ok
      ? { outcome, replayed: true }
      : { outcome: notReplayed(outcome, replay), replayed: false };
  }
  if (outcome.outcome === 'holds' && outcome.method === 'witness' && outcome.trace) {
    const replay = replayWitness(semantics, property, 'state', outcome.trace, time);
    return replay.ok
      ? { outcome, replayed: true }
      : { outcome: notReplayed(outcome, replay), replayed: false };
  }
  return { outcome, replayed: false };
}

/**
 * A model that leaves something out by a bound speaks of the runs within it: what it shows stands,
 * what it rules out does not.
 */
export function withinBounds(model: Model, property: Property, outcome: Outcome): Outcome {
  if (
    outcome.outcome === 'violated' &&
    property.formula.kind === 'implicit' &&
    property.formula.of === 'withinCapacity' &&
    overflowIsBound(model)
  ) {
    return {
      outcome: 'bounded',
      bound: `at most ${model.channels.reduce((most, { capacity }) => Math.max(most, capacity), 0)} messages in a channel`,
      evidence: outcome.evidence,
    };
  }
  if (model.bounds.length === 0) return outcome;
  const rulesOut =
    (outcome.outcome === 'holds' && outcome.method !== 'witness') ||
    (outcome.outcome === 'violated' && outcome.witness === 'exhaustion');
  return rulesOut
    ? { outcome: 'bounded', bound: model.bounds.join(' '), evidence: outcome.evidence }
    : outcome;
}

/**
 * Only where no channel has an end of its own: else it would have to be known which one is full.
 */
function overflowIsBound(model: Model): boolean {
  return model.channels.every((channel) => channel.unbounded);
}

function notReplayed(claimed: Outcome, { why, late }: Refused): Outcome {
  return {
    outcome: 'unknown',
    reason: late ? 'timeout' : 'unreplayable',
    message: `the engine says "${claimed.outcome}", but its witness ${late ? 'was not replayed' : 'does not replay'}: ${why}`,
    evidence: claimed.evidence,
  };
}

/**
 * All answers to one property as one (DESIGN 3): a difference between engines is
 * `unknown{disagreement}`, never a vote.
 */
export function combine(property: Property, answers: readonly EngineAnswer[]): PropertyReport {
  const holds = answers.filter((a) => a.outcome.outcome === 'holds');
  const violated = answers.filter((a) => a.outcome.outcome === 'violated');
  const agreeing = violated.length > 0 ? violated : holds;
  const chosen =
    holds.length > 0 && violated.length > 0 ? disagreement(holds, violated) : best(answers);
  return {
    name: property.name,
    kind: property.kind,
    ...detail(withProof(chosen, agreeing)),
    ...(property.severityEur === undefined ? {} : { severityEur: property.severityEur }),
    ...(property.references === undefined ? {} : { references: property.references }),
    assurance: chosen.outcome === 'unknown' ? [] : assuranceOf(chosen, agreeing, answers),
    threats: [],
    engines: answers.map(engineReport),
  };
}

/**
 * Another engine's proof that nothing bad, or nothing good, is reached stands beside the facts of
 * the answer: who says `obligationsReproved` must show the invariant.
 */
function withProof(chosen: Outcome, agreeing: readonly EngineAnswer[]): Outcome {
  const isProvable =
    chosen.outcome === 'holds' ||
    (chosen.outcome === 'violated' && chosen.witness === 'exhaustion');
  if (!isProvable) return chosen;
  const proof = agreeing.find(({ outcome }) => outcome.evidence['obligationsReproved'] === true);
  return proof === undefined
    ? chosen
    : { ...chosen, evidence: { ...proof.outcome.evidence, ...chosen.evidence } };
}

function disagreement(holds: readonly EngineAnswer[], violated: readonly EngineAnswer[]): Outcome {
  const list = (answers: readonly EngineAnswer[]): string =>
    answers.map((a) => a.engine).join(', ');
  return {
    outcome: 'unknown',
    reason: 'disagreement',
    message: `${list(holds)} say it holds, ${list(violated)} say it is violated`,
    evidence: {},
  };
}

const RANK: Readonly<Record<Outcome['outcome'], number>> = {
  violated: 0,
  holds: 1,
  bounded: 2,
  unknown: 3,
};

/**
 * The strongest answer; among violations the shortest trace; among unknowns one that says more than
 * "unsupported".
 */
function best(answers: readonly EngineAnswer[]): Outcome {
  const sorted = answers
    .map((a) => a.outcome)
    .sort((a, b) => RANK[a.outcome] - RANK[b.outcome] || weight(a) - weight(b));
  return (
    sorted[0] ?? {
      outcome: 'unknown',
      reason: 'unsupported',
      message: 'no engine that was asked decides this kind',
      evidence: {},
    }
  );
}

function weight(outcome: Outcome): number {
  if (outcome.outcome === 'violated') return outcome.trace?.steps.length ?? Infinity;
  if (outcome.outcome === 'unknown') return outcome.reason === 'unsupported' ? 1 : 0;
  return 0;
}

function assuranceOf(
  chosen: Outcome,
  agreeing: readonly EngineAnswer[],
  answers: readonly EngineAnswer[],
): Assurance[] {
  const assurance: Assurance[] = [];
  if (answers.some((a) => a.outcome === chosen && a.replayed)) assurance.push('replayed');
  if (agreeing.some((a) => a.outcome.evidence['obligationsReproved'] === true))
    assurance.push('obligationsReproved');
  if (agreeing.length > 1) assurance.push('crossChecked');
  if (agreeing.some((a) => a.outcome.evidence['translationValidated'] === true))
    assurance.push('translationValidated');
  return assurance;
}

function engineReport(answer: EngineAnswer): EngineReport {
  const { outcome } = answer;
  return {
    name: answer.engine,
    version: answer.version,
    outcome: outcome.outcome,
    ...(outcome.outcome === 'unknown' ? { reason: outcome.reason, message: outcome.message } : {}),
    ...(answer.states === undefined ? {} : { states: answer.states }),
    durationMs: answer.durationMs,
  };
}

function detail(
  outcome: Outcome,
): Omit<PropertyReport, 'name' | 'kind' | 'assurance' | 'threats' | 'engines'> {
  const evidence = Object.keys(outcome.evidence).length > 0 ? { evidence: outcome.evidence } : {};
  switch (outcome.outcome) {
    case 'holds':
      return {
        outcome: 'holds',
        method: outcome.method,
        ...(outcome.trace ? { trace: outcome.trace } : {}),
        ...evidence,
      };
    case 'bounded':
      return { outcome: 'bounded', bound: outcome.bound, ...evidence };
    case 'violated':
      return {
        outcome: 'violated',
        witness: outcome.witness,
        ...(outcome.trace ? { trace: outcome.trace } : {}),
        ...evidence,
      };
    case 'unknown':
      return { outcome: 'unknown', reason: outcome.reason, message: outcome.message, ...evidence };
  }
}

/**
 * A conjunction of other properties: as strong as its weakest part, and it breaks as its first
 * broken part does.
 */
export function conjoin(property: Property, parts: readonly PropertyReport[]): PropertyReport {
  const common = { name: property.name, kind: property.kind, threats: [], engines: [] };
  const broken = parts.find((p) => p.outcome === 'violated');
  if (broken) {
    return {
      ...common,
      outcome: 'violated',
      witness: broken.witness,
      message: `${broken.name} is violated`,
      assurance: broken.assurance,
      ...(broken.trace ? { trace: broken.trace } : {}),
    };
  }
  const unknown = parts.find((p) => p.outcome === 'unknown');
  if (unknown)
    return {
      ...common,
      outcome: 'unknown',
      reason: unknown.reason,
      message: `${unknown.name}: ${unknown.message ?? unknown.reason ?? ''}`,
      assurance: [],
    };
  const bounded = parts.find((p) => p.outcome === 'bounded');
  if (bounded)
    return {
      ...common,
      outcome: 'bounded',
      bound: `${bounded.name}: ${bounded.bound ?? ''}`,
      assurance: [],
    };
  const [first, ...rest] = parts;
  const assurance = (first?.assurance ?? []).filter((a) =>
    rest.every((p) => p.assurance.includes(a)),
  );
  return { ...common, outcome: 'holds', method: 'exhaustive', assurance };
}
