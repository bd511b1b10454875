import { Bell } from './bell.ts';

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
  let over = false;
  const bell = new Bell();
  const buffer: T[] = [];
  const ring = (): void => bell.ring();
  const unwatch = onHint(ring);
  ring();
  const done = { done: true as const, value: undefined };
  const close = (): void => {
    closed = true;
    unwatch();
    ring();
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (!closed) {
        if (buffer.length > 0) return { done: false, value: buffer.shift() as T };
        if (over) break;
        await bell.wait(LOOK_EVERY_MS);
        if (closed) break;
        const { values, then } = await look();
        buffer.push(...values);
        over = then === 'over';
        if (then === 'more') ring();
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
