import { randomUUID } from 'node:crypto';
import type { GradedAttempt } from './graded.ts';

/** Who learns, as the portal calls him, and whose pseudonym that is. */
export interface XapiActor {
  readonly homePage: string;
  readonly name: string;
}

/**
 * An attempt as an xAPI 1.0.3 statement, for a learning record store of the portal's. What is
 * undecided is no answer: it is `attempted`, without a result.
 */
export function xapiStatement(
  graded: GradedAttempt,
  { homePage, name }: XapiActor,
  language: string,
  at: Date,
): Readonly<Record<string, unknown>> {
  const isDecided = graded.verdict !== 'undecided';
  const verb = isDecided ? 'answered' : 'attempted';
  return {
    id: randomUUID(),
    actor: { objectType: 'Agent', account: { homePage, name } },
    verb: { id: `http://adlnet.gov/expapi/verbs/${verb}`, display: { en: verb } },
    object: {
      objectType: 'Activity',
      id: `urn:probity:exercise:${graded.exercise}`,
      definition: { type: 'http://adlnet.gov/expapi/activities/question' },
    },
    ...(isDecided && {
      result: {
        score: { scaled: graded.score },
        success: graded.verdict === 'right',
        completion: true,
        extensions: { 'urn:probity:verdict': graded.verdict },
      },
    }),
    context: { language, platform: 'Probity' },
    timestamp: at.toISOString(),
  };
}
