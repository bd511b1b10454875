import type { Context } from '../context.ts';
import { byGraph } from './graph.ts';
import { byCounting, byInduction, byInductionOfImplicit, byLearning } from './induction.ts';
import { byLongTraces, byShortTraces, MAX_DEPTH } from './search.ts';
import { byOneInvariant, byOneInvariantEach } from './spacer.ts';
import type { Goal, Tactic } from './tactic.ts';

/**
 * In this order: what is inductive by itself, or together with what examples suggest; then short
 * traces. Then one invariant of Spacer for all that is left; where Spacer is slow and the graph
 * small, the graph's own states and paths as hints. What is still open is asked by itself, and
 * searched deeper.
 */
export const TACTICS: readonly Tactic[] = [
  byInduction,
  byInductionOfImplicit,
  byCounting,
  byLearning,
  byShortTraces,
  byOneInvariant,
  byGraph,
  byOneInvariantEach,
  byLongTraces,
];

/** Each tactic on what the ones before it have left open. */
export async function decideSafety(goals: readonly Goal[], context: Context): Promise<void> {
  context.onProgress({ phase: 'proving' });
  let open = goals;
  for (const tactic of TACTICS) {
    if (open.length === 0) return;
    open = await tactic.run(open, context, context.share(tactic.parts ?? 1, tactic.mostMs));
  }
  for (const { property } of open)
    context.settle(property, {
      outcome: 'unknown',
      reason: 'timeout',
      message: `no proof, and no trace of at most ${MAX_DEPTH} steps, within the time limit`,
      evidence: {},
    });
}
