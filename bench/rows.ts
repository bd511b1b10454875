/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly here: string;
  readonly other: string;
  readonly ratio: string;
}

/** What a search found, how long it took by the clock, and the memory of its process. */
export interface Measured {
  readonly states: number;
  readonly seconds: number;
  readonly megabytes: number;
}

export const perSecond = (count: number, seconds: number): string =>
  `${Math.round(count / seconds).toLocaleString('en')}/s`;

export async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly seconds: number }> {
  const started = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - started) / 1000 };
}
