import type { Worker } from 'node:worker_threads';
import { startThread } from '../processes/thread.ts';
import type { LessonAnswers, LessonQuestion } from './question.ts';

const MEMORY_LIMIT_MB = 1_024;
const RESOURCES = { maxOldGenerationSizeMb: MEMORY_LIMIT_MB, stackSizeMb: 4 };
/** What a question may take beyond its own limit before its thread is ended. */
const GRACE_MS = 2_000;

/** What comes back from the inside: an answer, or why there is none. */
export type FromLesson =
  | { readonly answer: LessonAnswers[LessonQuestion['ask']] }
  | { readonly failed: string }
  | { readonly late: true };

/**
 * Grades and plays in a thread of its own, one question at a time, so that a server goes on
 * answering others. A question that takes too long or too much memory gets no answer, and a new
 * thread takes the next one.
 */
export class LessonThread {
  #thread: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** The answer, or nothing where there was not enough time or memory. */
  ask<Q extends LessonQuestion>(question: Q): Promise<LessonAnswers[Q['ask']] | undefined> {
    const turn = this.#last.then(() => this.#run(question));
    this.#last = turn.catch(() => undefined);
    return turn as Promise<LessonAnswers[Q['ask']] | undefined>;
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
    this.#thread = undefined;
  }

  #run(question: LessonQuestion): Promise<LessonAnswers[LessonQuestion['ask']] | undefined> {
    const thread = (this.#thread ??= startThread(new URL('lessonInside', import.meta.url), {
      resourceLimits: RESOURCES,
    }));
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        thread.off('message', onMessage).off('error', onError).off('exit', onExit);
        thread.unref();
      };
      const replace = (): void => {
        settle();
        this.#thread = undefined;
        thread.on('error', () => undefined);
        void thread.terminate();
      };
      const onMessage = (said: FromLesson): void => {
        settle();
        if ('answer' in said) resolve(said.answer);
        else if ('late' in said) resolve(undefined);
        else reject(new Error(said.failed));
      };
      const onError = (error: NodeJS.ErrnoException): void => {
        replace();
        if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(undefined);
        else reject(error);
      };
      const onExit = (code: number): void => {
        replace();
        reject(new Error(`the thread of lessons ended with ${code}`));
      };
      const timer = setTimeout(() => {
        replace();
        resolve(undefined);
      }, question.timeoutMs + GRACE_MS);
      thread.ref();
      thread.on('message', onMessage).on('error', onError).on('exit', onExit);
      thread.postMessage(question);
    });
  }
}
