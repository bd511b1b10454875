import { Fault } from '../errors/index.ts';

/** What is said of an error that nobody expected: a fault by its code, a bug with its stack. */
export function troubleText(error: unknown): string {
  if (error instanceof Fault) return `${error.code}  ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
