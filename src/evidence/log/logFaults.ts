import { Fault } from '../../errors/fault.ts';

export const rolledBack = (seen: number, now: number, what?: string): Fault =>
  new Fault(
    'LOG_ROLLED_BACK',
    `the transparency log went back from ${seen} to ${now} leaves${what === undefined ? '' : `, by ${what}`}: an older copy was put back, or another store is named. What was signed cannot be unsigned: put the newest copy back (docs/log.md)`,
  );

export const forked = (size: number, what?: string): Fault =>
  new Fault(
    'LOG_FORKED',
    `the transparency log was replaced: its first ${size} leaves are not those that were seen${what === undefined ? '' : `, by ${what}`}`,
  );

export function corrupt(what: string): Fault {
  return new Fault('LOG_CORRUPT', `the transparency log contradicts itself: ${what}`);
}

export function asFault(cause: unknown): Fault {
  return cause instanceof Fault
    ? cause
    : new Fault('LOG_WRITE', 'the transparency log could not be written', {
        retryable: true,
        cause,
      });
}
