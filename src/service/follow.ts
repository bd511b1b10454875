/** How long a watcher trusts that no news is no news: hints can be lost, the rows cannot. */
const LOOK_EVERY_MS = 2_000;

/** What there is now. */
export interface News<T> {
  readonly values: readonly T[];
  /** `more`: there may be more at once; `over`: nothing comes after these. */
  readonly then: 'wait' | 'more' | 'over';
}

/**
 * Values as they come, for as long as somebody listens. `onHint` is given what to call when there
 * may be news. An iterator rather than a generator: `return` must end it while it waits, and a
 * generator would first wait for news that may never come.
 */
export function follow<T>(
  onHint: (ring: () => void) => () => void,
  look: () => Promise<News<T>>,
): AsyncIterableIterator<T> {
  let closed = false;
  let rung = true;
  let over = false;
  let wake: (() => void) | undefined;
  const buffer: T[] = [];
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  const unwatch = onHint(ring);
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
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (!closed) {
        if (buffer.length > 0) return { done: false, value: buffer.shift() as T };
        if (over) break;
        await pause();
        if (closed) break;
        rung = false;
        const { values, then } = await look();
        buffer.push(...values);
        over = then === 'over';
        if (then === 'more') rung = true;
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
