import { problem, type Problem } from '../errors/index.ts';
import { NO_BINDING } from './log.ts';

/** More problems than this help nobody; the last one says how many more there are. */
export const MAX_ROW_PROBLEMS = 20;

/** An event as a reader of some format found it. */
export interface Row {
  readonly id: string;
  readonly activity: string;
  readonly time: string | undefined;
  readonly transition?: string;
  readonly event?: string;
  readonly binding: Readonly<Record<string, string>>;
  readonly row: number;
}

/** What a reader found. */
export interface LogRows {
  readonly rows: readonly Row[];
  readonly bindingColumns: readonly string[];
  /** Of an object-centric log: events that relate to no case. */
  readonly unrelatedEvents?: number;
}

/** How a log is to be read. */
export interface LogOptions {
  /**
   * Of a table: which column is what. `case`, `activity`, `timestamp`, `lifecycle`, `event_id`, or
   * the name of a `for` name, each with the name that the first line gives it.
   */
  readonly columns?: Readonly<Record<string, string>>;
  /** Of an object-centric log: the type of the objects that are cases. */
  readonly caseType?: string;
}

export function bindingOf(entries: readonly (readonly [string, string])[]): Row['binding'] {
  return entries.length === 0 ? NO_BINDING : Object.fromEntries(entries);
}

export function filled<K extends string>(
  name: K,
  text: string | undefined,
): Partial<Record<K, string>> {
  const value = text?.trim();
  return value ? ({ [name]: value } as Record<K, string>) : {};
}

export function rowProblem(row: number, message: string): Problem {
  return problem('EVENT_LOG_ROW', `row ${row}`, message);
}
