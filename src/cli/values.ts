import { didYouMean } from '../errors/nearest.ts';
import { readInstant } from '../eventLog/instants.ts';
import { Wrong, type Option, type ValueKind } from './command.ts';

/** What values there are, and in which ways an option takes them. */

export const anyText = (shown: string): ValueKind<string> => ({ shown, read: (given) => given });

export const FILE: ValueKind<string> = { ...anyText('FILE'), path: 'file' };
export const FOLDER: ValueKind<string> = { ...anyText('DIR'), path: 'folder' };

/** A whole number. */
export function whole(shown: string, least: number, most: number): ValueKind<number> {
  return {
    shown,
    read: (given) => {
      const value = /^[+-]?\d+$/u.test(given) ? Number(given) : Number.NaN;
      return value >= least && value <= most && Number.isSafeInteger(value)
        ? value
        : new Wrong(`takes a whole number from ${least} to ${most}, not \`${given}\``);
    },
  };
}

/** Any number from `least` to `most`. */
export function number(shown: string, least: number, most: number): ValueKind<number> {
  return {
    shown,
    read: (given) => {
      const value = given.trim() === '' ? Number.NaN : Number(given);
      return value >= least && value <= most
        ? value
        : new Wrong(`takes a number from ${least} to ${most}, not \`${given}\``);
    },
  };
}

/** A number that is larger than nothing. */
export function positive(shown: string): ValueKind<number> {
  return {
    shown,
    read: (given) => {
      const value = Number(given);
      return value > 0 && Number.isFinite(value)
        ? value
        : new Wrong(`takes a positive number, not \`${given}\``);
    },
  };
}

export const PORT = whole('N', 0, 65_535);

/** One of these words. */
export function choice<T extends string>(shown: string, choices: readonly T[]): ValueKind<T> {
  return {
    shown,
    choices,
    read: (given) =>
      choices.find((each) => each === given) ??
      new Wrong(`is one of ${choices.join(', ')}, not \`${given}\`${didYouMean(given, choices)}`),
  };
}

/** Several of a kind, with commas between them. */
export function listOf<T>(shown: string, each: ValueKind<T>): ValueKind<readonly T[]> {
  return {
    ...(each.choices && { choices: each.choices }),
    shown,
    read: (given) => {
      const read = given.split(',').map((part) => each.read(part.trim()));
      return read.find((value) => value instanceof Wrong) ?? (read as readonly T[]);
    },
  };
}

export function flag(about: string): Option<boolean> {
  return { about, collect: (texts) => texts.length > 0 };
}

/** At most once: the last one counts. */
export function optional<T>(
  value: ValueKind<T>,
  about: string,
  fallback?: string,
): Option<T | undefined> {
  return {
    about,
    value,
    ...(fallback !== undefined && { fallback }),
    collect: (texts) => {
      const last = texts.at(-1);
      return last === undefined ? undefined : value.read(last);
    },
  };
}

/** With what stands in its place where it is not given. */
export function defaulted<T>(
  value: ValueKind<T>,
  fallback: T,
  about: string,
  shown = String(fallback),
): Option<T> {
  const { collect, ...rest } = optional(value, about, shown);
  return {
    ...rest,
    collect: (texts) => {
      const given = collect(texts);
      return given === undefined ? fallback : given;
    },
  };
}

export function required<T>(value: ValueKind<T>, about: string): Option<T> {
  return {
    about,
    value,
    isRequired: true,
    collect: (texts) => {
      const last = texts.at(-1);
      return last === undefined ? new Wrong(`is needed: ${about}`) : value.read(last);
    },
  };
}

/** As often as one likes. */
export function repeated<T>(value: ValueKind<T>, about: string): Option<readonly T[]> {
  return {
    about,
    value,
    isRepeated: true,
    collect: (texts) => {
      const read = texts.map((each) => value.read(each));
      return read.find((each) => each instanceof Wrong) ?? (read as readonly T[]);
    },
  };
}

/** The same, but once at least. */
export function oneOrMore<T>(value: ValueKind<T>, about: string): Option<readonly T[]> {
  const { collect, ...rest } = repeated(value, about);
  return {
    ...rest,
    isRequired: true,
    collect: (texts) => (texts.length === 0 ? new Wrong(`is needed: ${about}`) : collect(texts)),
  };
}

/** A time: ISO 8601, UTC where it says nothing else. Milliseconds since 1970. */
export const TIME: ValueKind<number> = {
  shown: 'TIME',
  read: (given) =>
    readInstant(given)?.ms ??
    new Wrong(`takes an ISO 8601 time such as 2026-03-02T09:00:00Z, not \`${given}\``),
};
