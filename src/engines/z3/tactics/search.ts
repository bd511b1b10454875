import { smtOr, type Term } from '../../../encode/smt/terms.ts';
import { BoundedSearch } from '../bmc.ts';
import type { Context } from '../context.ts';
import { PHASE_MS } from '../context.ts';
import { SessionError, type SessionLimits, Z3Session } from '../session.ts';
import type { Goal, Tactic } from './tactic.ts';

/**
 * Unrollings before Spacer is asked; deeper ones only after it has said that there is something to
 * find (FACTS: BMC is for short traces).
 */
export const SHALLOW_DEPTH = 6;

export const MAX_DEPTH = 60;

export const byShortTraces: Tactic = {
  name: 'short traces',
  parts: 4,
  mostMs: PHASE_MS,
  run: (open, context, limits) => search(open, 'true', SHALLOW_DEPTH, context, limits),
};

export const byLongTraces: Tactic = {
  name: 'long traces',
  run: (open, context, limits) => search(open, 'true', MAX_DEPTH, context, limits),
};

/** Unrolls up to `maxDepth`; what is found is noted, what is not comes back. */
export async function search(
  goals: readonly Goal[],
  constraint: Term,
  maxDepth: number,
  context: Context,
  limits: SessionLimits,
): Promise<readonly Goal[]> {
  let open = goals;
  const { session } = await Z3Session.open(limits);
  try {
    const bounded = await BoundedSearch.start(context.system, session, constraint);
    for (;;) {
      context.onProgress({ phase: 'searching', depth: bounded.depth });
      // One question for all; only when something is there, one for each.
      if (open.length === 1 || (await bounded.reaches(smtOr(open.map(({ bad }) => bad))))) {
        const still: Goal[] = [];
        for (const goal of open) {
          const path = await bounded.reaches(goal.bad);
          if (path) context.settleByPath(goal.property, path);
          else still.push(goal);
        }
        open = still;
      }
      if (open.length === 0 || bounded.depth >= maxDepth || !(await bounded.deepen())) return open;
    }
  } catch (error) {
    if (error instanceof SessionError && error.end === 'timeout') return open;
    throw error;
  } finally {
    session.close();
  }
}
