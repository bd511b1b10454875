import type { GradedAttempt } from '../../lessons/graded.ts';
import type { LaunchRecord } from '../../store/index.ts';
import type { Service } from '../service.ts';

/** What is an answer, and so has a score; else nothing is said of a learner. */
const COUNTS: ReadonlySet<string> = new Set(['right', 'wrong', 'refused']);

/**
 * Keeps what a platform is to be told: of a learner, at the exercise that he was launched into,
 * where it has a line item for it. A worker tells it.
 */
export async function returnGrade(
  { store }: Pick<Service, 'store'>,
  { platformId, learner, user, lineItem, lesson, role }: LaunchRecord,
  { exercise, verdict, score }: GradedAttempt,
): Promise<void> {
  if (lineItem === null || role !== 'learner' || exercise !== lesson || !COUNTS.has(verdict))
    return;
  await store.lti.keepScore({ platformId, learner, user, lineItem, score });
}
