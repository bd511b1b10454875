import { smtOr, type Term } from '../../encode/smt/terms.ts';
import { starts, valuations } from '../../model/initial.ts';
import type { State } from '../../model/layout.ts';
import { liftRun } from '../../model/lift.ts';
import type { Property } from '../../model/model.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Context } from './context.ts';
import { PHASE_MS, withinShare } from './context.ts';
import {
  everyValuation,
  manyValuations,
  type ReachedEverywhere,
  reachedFromEverywhere,
} from './everyValuation.ts';
import { confirm, proofByStates } from './tactics/graph.ts';
import { MAX_DEPTH, search, SHALLOW_DEPTH } from './tactics/search.ts';
import { race } from './tactics/spacer.ts';
import type { Goal } from './tactics/tactic.ts';

/**
 * EF for every valuation: one by one where they are few, else by ways that together serve them all.
 */
export async function decideReachable(property: Property, context: Context): Promise<void> {
  const { semantics } = context;
  if (manyValuations(semantics)) return byWays(property, context);
  for (const valuation of valuations(semantics))
    if (!(await isReachedUnder(valuation, property, context))) return;
}

async function byWays(property: Property, context: Context): Promise<void> {
  const { semantics, system } = context;
  const reached = await withinShare(
    reachedFromEverywhere(system, system.bad(property), context.share(2)),
    { kind: 'open', tried: 0 } satisfies ReachedEverywhere,
  );
  if (reached.kind === 'always') {
    const outcome = await everyValuation(semantics, system, property, reached, context.limits);
    context.keep({
      name: `z3/${property.name}/everyValuation.smt2`,
      mediaType: 'text/x-smtlib2',
      text: reached.obligation,
    });
    return context.settle(property, outcome);
  }
  if (reached.kind === 'open' && reached.tried > 0)
    return context.settle(property, {
      outcome: 'bounded',
      bound: `the ${reached.tried} valuations that were tried: each reaches it, by a way of its own`,
      evidence: {},
    });
  // From this one it may be out of reach, which would be the answer.
  const valuation =
    reached.kind === 'missed'
      ? system.row(reached.start).state.slice(0, semantics.layout.parameterWidth)
      : undefined;
  if (valuation && !(await isReachedUnder(valuation, property, context))) return;
  context.settle(
    property,
    outOfTime(
      'no ways that reach it for every valuation of the parameters were found within the limits of steps and time',
    ),
  );
}

/**
 * EF for one valuation; true when it is reached. A goal that no run reaches is an exhaustion, by an
 * invariant that excludes it and every error.
 */
async function isReachedUnder(
  valuation: readonly number[],
  property: Property,
  context: Context,
): Promise<boolean> {
  const { system } = context;
  const goal: Goal = { property, bad: system.bad(property) };
  const constraint = system.valuation(valuation);
  const isFound = async (wanted: Goal, depth: number, parts: number, mostMs?: number) =>
    (await search([wanted], constraint, depth, context, context.share(parts, mostMs))).length === 0;

  if (await isFound(goal, SHALLOW_DEPTH, 4, PHASE_MS)) return true;
  const looked = await lookedUp(goal, valuation, constraint, context);
  if (looked === 'reached') return true;
  if (looked?.outcome === 'holds') {
    context.settle(property, excludedFrom(valuation, looked, context));
    return false;
  }
  // Where runs can end in an error, "not reached" is no answer: the error may be all that cuts the
  // path (SEMANTICS 4).
  const canErr = await isFound({ property, bad: system.erring }, SHALLOW_DEPTH, 3);
  context.outcomes.delete(property.name);
  if (await isFound(goal, canErr ? 2 * SHALLOW_DEPTH : MAX_DEPTH, 2)) return true;
  context.settle(
    property,
    canErr
      ? { outcome: 'bounded', bound: 'runs that break no implicit property', evidence: {} }
      : outOfTime('neither reached nor excluded within the time limit'),
  );
  return false;
}

/**
 * By the graph where it is small: a way to the goal, or the proof that there is none; else by
 * Spacer.
 */
async function lookedUp(
  goal: Goal,
  valuation: readonly number[],
  constraint: Term,
  context: Context,
): Promise<'reached' | Outcome> {
  const { name } = goal.property;
  const excluded = smtOr([goal.bad, context.system.erring]);
  const ofValuation = (state: State): boolean => valuation.every((word, i) => state[i] === word);
  const graph = await context.smallGraph();
  const hit = graph?.hit(goal.property, ofValuation);
  if (hit && (await confirm(goal, hit, constraint, context))) return 'reached';
  const proof =
    graph && !hit
      ? await proofByStates(name, excluded, constraint, graph, ofValuation, context)
      : undefined;
  return proof ?? race(name, excluded, constraint, context, context.share(3));
}

/** The valuation that does not reach it, as a run of no steps, and why it does not. */
function excludedFrom(
  valuation: readonly number[],
  proof: Extract<Outcome, { outcome: 'holds' }>,
  { semantics }: Context,
): Outcome {
  const [start] = [...starts(semantics, valuation)].filter(({ errors }) => errors === 0);
  const trace = start && liftRun(semantics, { states: [start.state] });
  return {
    outcome: 'violated',
    witness: 'exhaustion',
    ...(trace && { trace }),
    evidence: proof.evidence,
  };
}

const outOfTime = (message: string): Outcome => ({
  outcome: 'unknown',
  reason: 'timeout',
  message,
  evidence: {},
});
