import { Interrupted } from './command.ts';
import type { Io } from './io.ts';

/** What `work` gives, or `Interrupted` as soon as the user wants the command to end. */
export function orInterrupted<T>({ interrupted }: Io, work: Promise<T>): Promise<T> {
  if (interrupted === undefined) return work;
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      const end = (): void => reject(new Interrupted('interrupted'));
      if (interrupted.aborted) end();
      else interrupted.addEventListener('abort', end, { once: true });
    }),
  ]);
}
