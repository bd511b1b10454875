/** A time of a log. */
export interface Instant {
  /** Since 1970, UTC. */
  readonly ms: number;
  /** Whether the text says in which zone it is; absent for a date alone. */
  readonly zoned?: boolean;
}

/** Whether a calendar has the day. */
export function isDate(year: number, month: number, day: number): boolean {
  const midnight = new Date(Date.UTC(year, month - 1, day));
  return (
    midnight.getUTCFullYear() === year &&
    midnight.getUTCMonth() === month - 1 &&
    midnight.getUTCDate() === day
  );
}

const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(?:(Z)|([+-])(\d{2}):?(\d{2}))?)?$/;

/**
 * Reads an ISO 8601 date, or date and time. Without an offset it is UTC: the same file means the
 * same on every machine. A date that no calendar has (30 February) is no time: `undefined`.
 */
export function readInstant(text: string): Instant | undefined {
  const match = ISO_8601.exec(text);
  if (!match) return undefined;
  const part = (i: number): number => Number(match[i] ?? 0);
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(part) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const midnight = new Date(Date.UTC(year, month - 1, day));
  const [offsetHours, offsetMinutes] = [part(10), part(11)];
  if (!isDate(year, month, day) || hour > 24 || minute > 59 || second > 59) return undefined;
  if (hour === 24 && (minute > 0 || second > 0 || part(7) > 0)) return undefined;
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offset = (match[9] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes);
  const seconds = ((hour * 60 + minute - offset) * 60 + second + part(7)) * 1000;
  return {
    ms: midnight.getTime() + Math.floor(seconds),
    ...(match[4] === undefined ? {} : { zoned: match[8] !== undefined || match[9] !== undefined }),
  };
}
