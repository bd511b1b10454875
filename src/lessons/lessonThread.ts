import { KeptThread } from '../processes/keptThread.ts';
import type { LessonAnswers, LessonQuestion } from './question.ts';

const MEMORY_LIMIT_MB = 1_024;
/** What a question may take beyond its own limit before its thread is ended. */
const GRACE_MS = 2_000;

/** What comes back from the inside: an answer, or why there is none. */
export type FromLesson =
  | { readonly answer: LessonAnswers[LessonQuestion['ask']] }
  | { readonly failed: string }
  | { readonly late: true };

/** Grades and plays in a thread of its own, so that a server goes on answering others. */
export class LessonThread {
  readonly #thread = new KeptThread<LessonQuestion, FromLesson>(
    new URL('lessonInside', import.meta.url),
    'the thread of lessons',
    MEMORY_LIMIT_MB,
  );

  /** The answer, or nothing where there was not enough time or memory. */
  async ask<Q extends LessonQuestion>(question: Q): Promise<LessonAnswers[Q['ask']] | undefined> {
    const answer = await this.#thread.ask(question, question.timeoutMs + GRACE_MS);
    if ('over' in answer || 'late' in answer.said) return undefined;
    if ('failed' in answer.said) throw new Error(answer.said.failed);
    return answer.said.answer as LessonAnswers[Q['ask']];
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
