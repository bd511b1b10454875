import type { ProblemCode } from './codes.ts';

/**
 * What is wrong with an input, and where. Public shape (`problem.schema.json`). `path` is a dotted
 * path into the document (`actions.capture.when`); `line` and `column` count from 1.
 */
export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
  readonly elementId?: string;
}

/** The user's input, understood or not: all problems at once, never only the first. */
export type Result<T> = { readonly ok: true; readonly value: T } | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly problems: readonly Problem[];
}

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const bad = (...problems: readonly Problem[]): Refusal => ({ ok: false, problems });

export function problem(
  code: ProblemCode,
  path: string,
  message: string,
  place: Partial<Problem> = {},
): Problem {
  return { code, message, path, ...place };
}

/** Where a path of the document stands in its text; the offset is into the value at that path. */
export type Locate = (
  path: readonly string[],
  offset?: number,
) => { readonly line: number; readonly column: number } | undefined;
