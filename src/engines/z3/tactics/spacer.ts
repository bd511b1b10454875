import { setTimeout as delay } from 'node:timers/promises';
import type { SmtSystem } from '../../../encode/smt/system.ts';
import { smtAnd, smtNot, smtOr, type Term } from '../../../encode/smt/terms.ts';
import type { Outcome } from '../../../model/outcome.ts';
import { partOf } from '../../../time/time.ts';
import type { Context } from '../context.ts';
import { PHASE_MS } from '../context.ts';
import { type Depth, kInduction } from '../kInduction.ts';
import { SessionError, type SessionLimits } from '../session.ts';
import { spacer, type SpacerAnswer } from '../spacer.ts';
import { type Goal, isImplicit, namesOf, type Tactic } from './tactic.ts';

/** Spacer mostly knows within this, and then k-induction would only have taken a core from it. */
const HEAD_START_MS = 1_000;

/** One invariant for all that is left. */
export const byOneInvariant: Tactic = {
  name: 'Spacer, for all together',
  parts: 5,
  mostMs: 2 * PHASE_MS,
  async run(open, context, limits) {
    // Where the graph is small it gives an answer soon.
    const patience =
      (await context.smallGraph()) === undefined
        ? limits
        : { ...limits, ...partOf(limits, 1, PHASE_MS / 2) };
    const bad = smtOr(open.map((goal) => goal.bad));
    const outcome = await race(namesOf(open), bad, 'true', context, patience);
    if (outcome.outcome !== 'holds') return open;
    for (const { property } of open) context.settle(property, outcome);
    return [];
  },
};

/** Each by itself; implicit properties first: while one of them is open, nothing else counts. */
export const byOneInvariantEach: Tactic = {
  name: 'Spacer, for each alone',
  async run(open, context) {
    const ordered = [...open.filter(isImplicit), ...open.filter((goal) => !isImplicit(goal))];
    const still: Goal[] = [];
    for (const [i, goal] of ordered.entries()) {
      const share = context.share(2 * (ordered.length - i));
      const outcome = await race(goal.property.name, goal.bad, 'true', context, share);
      if (outcome.outcome === 'holds') context.settle(goal.property, outcome);
      else still.push(goal);
    }
    return still;
  },
};

/**
 * Spacer, and soon k-induction beside it: whoever is sure first ends the other. `holds` only with
 * the three obligations proved again by others; `violated` here means: search deeper.
 */
export async function race(
  name: string,
  bad: Term,
  constraint: Term,
  context: Context,
  limits: SessionLimits,
): Promise<Outcome> {
  const good = smtAnd([...context.inductive, smtNot(bad)]);
  const { answer, depth } = await firstSure(bad, good, constraint, context.system, limits);
  if (answer?.kind === 'unsafe') return { outcome: 'violated', witness: 'trace', evidence: {} };
  if (answer?.kind === 'safe')
    return context.established(
      { name, bad, constraint, invariant: answer.invariant, horn: answer.horn },
      context.limits,
    );
  for (const invariant of depth ? new Set([smtNot(bad), good]) : []) {
    const claim = {
      name: `${depth?.steps}-induction-${name}`,
      bad,
      constraint,
      invariant: context.invariant(invariant),
      ...(depth && { depth }),
      goals: new Map([[name, smtNot(bad)]]),
    };
    const proved = await context.established(claim, context.limits);
    if (proved.outcome === 'holds') return proved;
  }
  return {
    outcome: 'unknown',
    reason: 'timeout',
    message:
      answer?.message ?? 'neither Spacer nor k-induction came to an end in their share of the time',
    evidence: {},
  };
}

/** What Spacer says, or how far `good` has to look back to be kept; nothing where time ran out. */
export async function firstSure(
  bad: Term,
  good: Term,
  constraint: Term,
  system: SmtSystem,
  limits: SessionLimits,
): Promise<{ readonly answer: SpacerAnswer | undefined; readonly depth: Depth | undefined }> {
  const sure = new AbortController();
  const racing = { ...limits, signal: AbortSignal.any([limits.signal, sure.signal]) };
  const ended = (error: unknown): undefined => {
    if (error instanceof SessionError && !limits.signal.aborted) return undefined;
    throw error;
  };
  const asked = spacer(system, bad, constraint, racing)
    .catch(ended)
    .then((found) => {
      if (found && found.kind !== 'unknown') sure.abort();
      return found;
    });
  const tried = delay(HEAD_START_MS, undefined, { signal: racing.signal })
    .then(
      () =>
        kInduction(system, good, constraint, {
          ...racing,
          deadline: Math.min(racing.deadline, Date.now() + PHASE_MS),
        }),
      () => undefined,
    )
    .catch(ended)
    .then((found) => {
      if (found) sure.abort();
      return found;
    });
  const [answer, depth] = await Promise.all([asked, tried]);
  return { answer, depth };
}
