import type { Worker } from 'node:worker_threads';
import { bad, problem, type Result } from '../errors/index.ts';
import type { CheckedDocument } from '../model/specification.ts';
import type { Submission } from '../checking/types.ts';
import { startThread } from '../processes/thread.ts';

type Inspected = Result<{ readonly document: CheckedDocument; readonly digest: string }>;
type Answer = Inspected | { readonly failed: string };

const TIME_LIMIT_MS = 15_000;
const MEMORY_LIMIT_MB = 768;
const RESOURCES = { maxOldGenerationSizeMb: MEMORY_LIMIT_MB, stackSizeMb: 4 };

/**
 * Reads large submissions in a thread with a limit on time and memory: text that is made to be
 * expensive must not keep the API from answering others. One at a time; the thread is kept, and
 * replaced when it had to be ended.
 */
export class ThreadReader {
  private thread: Worker | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private readonly timeLimitMs: number;

  constructor(timeLimitMs: number = TIME_LIMIT_MS) {
    this.timeLimitMs = timeLimitMs;
  }

  /** What `inspect` says, or `INPUT_TOO_COMPLEX`. */
  inspect(submission: Submission): Promise<Inspected> {
    const turn = this.last.then(() => this.read(submission));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.thread?.terminate();
    this.thread = undefined;
  }

  private read(submission: Submission): Promise<Inspected> {
    const thread = (this.thread ??= startThread(new URL('inspectThread', import.meta.url), {
      resourceLimits: RESOURCES,
    }));
    return new Promise((resolve, reject) => {
      const tooComplex = (what: string): void =>
        resolve(
          bad(problem('INPUT_TOO_COMPLEX', 'input.source', `reading the source takes ${what}`)),
        );
      const settle = (): void => {
        clearTimeout(timer);
        thread.off('message', onMessage).off('error', onError).off('exit', onExit);
        thread.unref();
      };
      const replace = (): void => {
        settle();
        this.thread = undefined;
        thread.on('error', () => undefined);
        void thread.terminate();
      };
      const onMessage = (answer: Answer): void => {
        settle();
        if (!('failed' in answer)) resolve(answer);
        else if (answer.failed === 'complex') tooComplex('more depth than there is');
        else reject(new Error(answer.failed));
      };
      const onError = (error: NodeJS.ErrnoException): void => {
        replace();
        if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
          tooComplex(`more than ${MEMORY_LIMIT_MB} MB`);
        else reject(error);
      };
      const onExit = (code: number): void => {
        replace();
        reject(new Error(`the reading thread ended with ${code}`));
      };
      const timer = setTimeout(() => {
        replace();
        tooComplex(`more than ${this.timeLimitMs / 1_000} s`);
      }, this.timeLimitMs);
      thread.ref();
      thread.on('message', onMessage).on('error', onError).on('exit', onExit);
      thread.postMessage(submission);
    });
  }
}
