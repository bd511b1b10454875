/**
 * The time that a piece of work has: until when, and who may end it before. One budget is made
 * where a request comes in, and every phase below takes its part of what is left of it: a limit
 * that a phase gives itself is a limit that nobody asked for.
 */
export interface Time {
  /** In milliseconds since the epoch. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /**
   * Whether somebody wants it to end, for work that computes in one piece: a signal fires only when
   * it is over.
   */
  stopped?(): boolean;
}

/** The work was not finished in time, or was interrupted: nothing is known. */
export class OutOfTime extends Error {}

const NEVER = new AbortController().signal;

/** So many milliseconds from now. */
export function timeOf(ms: number, signal: AbortSignal = NEVER, stopped?: Time['stopped']): Time {
  return { deadline: Date.now() + ms, signal, ...(stopped && { stopped }) };
}

/** Without an end: for work that is known to be short. */
export const ENDLESS: Time = { deadline: Infinity, signal: NEVER };

/** What is left, in milliseconds, never below 0. */
export function leftOf({ deadline }: Time): number {
  return Math.max(0, deadline - Date.now());
}

/** This part of what is left, and no more than `mostMs`. */
export function partOf(time: Time, part: number, mostMs = Infinity): Time {
  return { ...time, deadline: Date.now() + Math.min(mostMs, leftOf(time) * part) };
}

/** The same time, ended by one more signal. */
export function endedBy(time: Time, signal: AbortSignal): Time {
  return { ...time, signal: AbortSignal.any([time.signal, signal]) };
}

export function isOver({ deadline, signal, stopped }: Time): boolean {
  return signal.aborted || Date.now() >= deadline || stopped?.() === true;
}

/**
 * What a promise brings, or `OutOfTime`: for work that cannot be interrupted, and is of use later.
 */
export async function within<T>(time: Time, work: Promise<T>): Promise<T> {
  let give: () => void = () => undefined;
  const over = new Promise<never>((_, reject) => {
    give = () => reject(new OutOfTime('out of time'));
  });
  const timer = setTimeout(give, Math.min(leftOf(time), MAX_TIMER_MS));
  time.signal.addEventListener('abort', give, { once: true });
  if (time.signal.aborted) give();
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    time.signal.removeEventListener('abort', give);
  }
}

/** A timer takes no more; longer ones would go off at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * How often work that computes in one piece looks at the clock: in so many rounds, a power of 2.
 */
const ROUNDS = 0x400;

/**
 * A call for the inside of a loop that computes in one piece: throws `OutOfTime` when the time is
 * over. It looks at the clock once in `rounds` calls, so that it costs nothing.
 */
export function ticking(time: Time, rounds = ROUNDS): () => void {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls % rounds === 0 && isOver(time)) throw new OutOfTime('out of time');
  };
}
