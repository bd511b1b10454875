import { isFinished, type RunHead } from '../store/index.ts';
import type { Service } from './service.ts';

/** How long a watcher trusts that no news is no news: hints can be lost, the row cannot. */
const LOOK_EVERY_MS = 2_000;

/**
 * A run now and after each change, until it has ended. An iterator rather than a generator:
 * `return` must end it while it waits, and a generator would first wait for news that may never
 * come.
 */
export function watchRun({ store }: Service, id: string): AsyncIterableIterator<RunHead> {
  let seen = -1;
  let closed = false;
  let rung = true;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  const unwatch = store.notices.onRun(id, ring);
  const done = { done: true as const, value: undefined };
  const close = (): void => {
    closed = true;
    unwatch();
    ring();
  };
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      if (rung) return resolve();
      const timer = setTimeout(resolve, LOOK_EVERY_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  let ended = false;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (!closed && !ended) {
        await pause();
        if (closed) break;
        rung = false;
        const run = await store.runs.head(id);
        if (!run) break;
        if (run.version <= seen) continue;
        seen = run.version;
        ended = isFinished(run.state);
        return { done: false, value: run };
      }
      close();
      return done;
    },
    async return() {
      close();
      return done;
    },
    async throw(error: unknown) {
      close();
      throw error;
    },
  };
}
