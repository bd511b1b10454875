import { digestOf, type Json } from '../canonical/index.ts';
import type { GradedAttempt } from '../lessons/graded.ts';
import type { AttemptFilter, AttemptRecord, TenantStore } from '../store/index.ts';
import { csvField } from '../eventLog/csv.ts';

/** How far one learner is with one exercise, and the attempts that say so. */
export interface ProgressRow {
  readonly learner: string;
  readonly className: string;
  readonly exercise: string;
  readonly attempts: readonly AttemptRecord[];
  readonly isRight: boolean;
  readonly bestScore: number;
  /** Several attempts that count, and none was right. */
  readonly isStuck: boolean;
}

/** So many answers that were not right, and somebody should look. */
const STUCK_AFTER = 3;
/** The latest attempts that an overview is made of. */
export const MOST_ATTEMPTS = 10_000;

type Kept = { readonly store: Pick<TenantStore, 'attempts'> };

/** Keeps what became of an attempt. Of what was handed in there is a digest alone. */
export async function keepAttempt(
  { store }: Kept,
  graded: GradedAttempt,
  about: {
    readonly learner: string;
    readonly className: string;
    readonly hint: number;
    readonly answer: Json;
  },
): Promise<void> {
  const { learner, className, hint, answer } = about;
  const { exercise, verdict, score } = graded;
  const answerDigest = digestOf(answer);
  await store.attempts.add({ learner, className, exercise, verdict, score, hint, answerDigest });
}

/** Who is how far, by learner and exercise; those who are stuck first. */
export async function progressOf(
  { store }: Kept,
  filter: AttemptFilter,
): Promise<readonly ProgressRow[]> {
  const rows = new Map<string, AttemptRecord[]>();
  for (const attempt of await store.attempts.list(filter, MOST_ATTEMPTS)) {
    const key = JSON.stringify([attempt.className, attempt.learner, attempt.exercise]);
    const known = rows.get(key);
    if (known) known.push(attempt);
    else rows.set(key, [attempt]);
  }
  return [...rows.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, attempts]) => rowOf(attempts))
    .sort((a, b) => Number(b.isStuck) - Number(a.isStuck));
}

function rowOf(attempts: readonly AttemptRecord[]): ProgressRow {
  const [first] = attempts as readonly [AttemptRecord, ...AttemptRecord[]];
  const { learner, className, exercise } = first;
  const isRight = attempts.some(({ verdict }) => verdict === 'right');
  const counted = attempts.filter(({ verdict }) => verdict !== 'undecided');
  return {
    learner,
    className,
    exercise,
    attempts,
    isRight,
    bestScore: Math.max(...attempts.map(({ score }) => score)),
    isStuck: !isRight && counted.length >= STUCK_AFTER,
  };
}

const COLUMNS = ['at', 'class', 'learner', 'exercise', 'verdict', 'score', 'hint'] as const;

/** The attempts behind an overview, a line each (RFC 4180). */
export function progressCsv(rows: readonly ProgressRow[]): string {
  const lines = rows
    .flatMap(({ attempts }) => attempts)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
    .map(({ createdAt, className, learner, exercise, verdict, score, hint }) => [
      createdAt.toISOString(),
      className,
      learner,
      exercise,
      verdict,
      String(score),
      String(hint),
    ]);
  return [COLUMNS, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

/** A spreadsheet takes a cell that begins like this for a formula. */
const csvCell = (text: string): string => csvField(/^[=+\-@\t\r]/u.test(text) ? `'${text}` : text);

/** What somebody is called who came from a learning platform, in the audit too. */
const LAUNCHED = /^lti_[0-9a-f]{26}$/u;

/** Deletes all that is known of a learner, and says how many attempts there were. */
export async function eraseLearner(
  { store }: { readonly store: Pick<TenantStore, 'attempts' | 'lti' | 'audit'> },
  learner: string,
): Promise<number> {
  await store.lti.erase(learner);
  if (LAUNCHED.test(learner)) await store.audit.eraseActor(learner);
  return store.attempts.erase(learner);
}
