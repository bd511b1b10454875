import { bad, ok, problem, type Result } from '../errors/index.ts';
import { isDate, type Instant } from './instants.ts';

/** Reads a time as a log writes it; nothing where the text is none. */
export type ReadTime = (text: string) => Instant | undefined;

/** What may stand in a format, each once; all else stands for itself. */
const PARTS = {
  yyyy: '(?<year>\\d{4})',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  dd: '(?<day>\\d{2})',
  d: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{2})',
  H: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  SSS: '(?<milli>\\d{3})',
  XXX: '(?<zone>Z|[+-]\\d{2}:\\d{2})',
} as const satisfies Readonly<Record<string, string>>;

const TOKEN = /yyyy|MM|M|dd|d|HH|H|mm|ss|SSS|XXX|[A-Za-z]+|[^A-Za-z]+/gu;
const HINT =
  'a format is made of yyyy, MM or M, dd or d, HH or H, mm, ss, SSS, XXX (an offset) and what stands between them: dd.MM.yyyy HH:mm; or it is `epochSeconds` or `epochMillis`';

/**
 * How times are written, where they are not ISO 8601 (`dd.MM.yyyy HH:mm`, with the letters of
 * Unicode's date field symbols). It must name year, month and day; nothing is guessed.
 */
export function timeFormat(format: string): Result<ReadTime> {
  if (format === 'epochSeconds') return ok((text) => ofEpoch(text, 1000));
  if (format === 'epochMillis') return ok((text) => ofEpoch(text, 1));
  const tokens = format.match(TOKEN) ?? [];
  const strange = tokens.find((token) => /[A-Za-z]/u.test(token) && !Object.hasOwn(PARTS, token));
  const names = tokens.flatMap((token) => nameOf(token) ?? []);
  const missing = ['year', 'month', 'day'].filter((name) => !names.includes(name));
  if (strange !== undefined || missing.length > 0 || new Set(names).size < names.length)
    return bad(
      problem(
        'OPTION_INVALID',
        'timeFormat',
        `\`${format.slice(0, 60)}\` is no format of times${strange === undefined ? (missing.length > 0 ? `: it names no ${missing.join(', ')}` : ': it names something twice') : `: \`${strange}\` stands for nothing`}; ${HINT}`,
      ),
    );
  const pattern = new RegExp(
    `^${tokens.map((token) => (nameOf(token) === undefined ? quoted(token) : PARTS[token as keyof typeof PARTS])).join('')}$`,
    'u',
  );
  return ok((text) => read(pattern, text));
}

const nameOf = (token: string): string | undefined =>
  Object.hasOwn(PARTS, token)
    ? /<(\w+)>/u.exec(PARTS[token as keyof typeof PARTS])?.[1]
    : undefined;

const quoted = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/gu, '\\$&');

function ofEpoch(text: string, times: number): Instant | undefined {
  const ms = /^\d{1,16}(\.\d{1,9})?$/u.test(text) ? Math.floor(Number(text) * times) : undefined;
  return ms !== undefined && ms <= 8.64e15 ? { ms, zoned: true } : undefined;
}

function read(pattern: RegExp, text: string): Instant | undefined {
  const found = pattern.exec(text)?.groups;
  if (!found) return undefined;
  const part = (name: string): number => Number(found[name] ?? 0);
  const [year, month, day] = [part('year'), part('month'), part('day')];
  const [hour, minute, second] = [part('hour'), part('minute'), part('second')];
  if (!isDate(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
  const { zone } = found;
  const [, sign, hours, minutes] = /^([+-])(\d{2}):(\d{2})$/u.exec(zone ?? '') ?? [];
  if (Number(hours ?? 0) > 23 || Number(minutes ?? 0) > 59) return undefined;
  const offset = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  const ms = Date.UTC(year, month - 1, day, hour, minute - offset, second, part('milli'));
  return { ms, ...(found['hour'] !== undefined && { zoned: zone !== undefined }) };
}
