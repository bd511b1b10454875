import { isOver, type Time } from '../time/time.ts';

/** Why an exploration is not the whole graph, in words for people; each makes answers `bounded`. */
export type Bound = string;

export interface ExploreLimits {
  readonly maxStates: number;
  readonly memoryMb: number;
  readonly time: Time;
  /** Why there are no more states than `maxStates`, where that is more than a number. */
  readonly reason?: Bound;
}

/** The limit of time or memory that an exploration of this size has come to, if any. */
export function limitReached(
  { time, memoryMb }: ExploreLimits,
  states: number,
  depth: number,
  bytes: number,
): Bound | undefined {
  const at = `at ${states} states and depth ${depth}`;
  if (time.signal.aborted) return `the time until it was interrupted, ${at}`;
  if (isOver(time)) return `the time limit, ${at}`;
  return bytes > memoryMb * 1_048_576 ? `the memory limit of ${memoryMb} MB, ${at}` : undefined;
}

export function stateLimit({ maxStates, reason }: ExploreLimits, depth: number): Bound {
  return reason ?? `${maxStates} states, to depth ${depth}`;
}
