import type { Worker } from 'node:worker_threads';
import { startThread } from './thread.ts';

/** How a question ended: with what the thread said, or because it took more than it may. */
export type KeptAnswer<Said> = { readonly said: Said } | { readonly over: 'time' | 'memory' };

/**
 * A thread that answers one question at a time under limits of time and memory, so that this one
 * goes on. It is kept between questions, keeps no process alive, and is replaced when it had to be
 * ended.
 */
export class KeptThread<Question, Said> {
  readonly #file: URL;
  readonly #name: string;
  readonly #memoryMb: number;
  #thread: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** `file`: what runs in it, as for `startThread`. `name`: what it is called where it breaks. */
  constructor(file: URL, name: string, memoryMb: number) {
    this.#file = file;
    this.#name = name;
    this.#memoryMb = memoryMb;
  }

  ask(question: Question, timeLimitMs: number): Promise<KeptAnswer<Said>> {
    const turn = this.#last.then(() => this.#run(question, timeLimitMs));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
    this.#thread = undefined;
  }

  #run(question: Question, timeLimitMs: number): Promise<KeptAnswer<Said>> {
    const thread = (this.#thread ??= startThread(this.#file, {
      resourceLimits: { maxOldGenerationSizeMb: this.#memoryMb, stackSizeMb: 4 },
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
      const onMessage = (said: Said): void => {
        settle();
        resolve({ said });
      };
      const onError = (error: NodeJS.ErrnoException): void => {
        replace();
        if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve({ over: 'memory' });
        else reject(error);
      };
      const onExit = (code: number): void => {
        replace();
        reject(new Error(`${this.#name} ended with ${code}`));
      };
      const timer = setTimeout(() => {
        replace();
        resolve({ over: 'time' });
      }, timeLimitMs);
      thread.ref();
      thread.on('message', onMessage).on('error', onError).on('exit', onExit);
      thread.postMessage(question);
    });
  }
}
