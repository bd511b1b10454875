import { problem, type Problem } from '../errors/index.ts';
import { readInstant } from './instants.ts';
import type { ReadTime } from './timeFormat.ts';
import { NO_BINDING, type LogEvent } from './log.ts';

/** Rows after which a reader says how far it is. */
const TOLD_EVERY = 20_000;

/** More problems than this help nobody; the last one says how many more there are. */
export const MAX_ROW_PROBLEMS = 20;

/** An event as a reader of some format found it. */
export interface Row {
  readonly id: string;
  readonly told: LogEvent;
  /** Whether its time says in which zone it is; absent without a time, and for a date alone. */
  readonly zoned: boolean | undefined;
  /** A time that is none. */
  readonly noTime: string | undefined;
  readonly transition: string | undefined;
  readonly event: string | undefined;
}

/** What a format says of an event. */
export interface FoundRow {
  readonly id: string;
  readonly activity: string;
  readonly time?: string;
  readonly transition?: string;
  readonly event?: string;
  readonly binding: LogEvent['binding'];
  readonly objects?: LogEvent['objects'];
  readonly row: number;
}

/** Makes the rows of one log: a text that comes again is kept once, a time as a number. */
export class RowMaker {
  readonly #texts = new Map<string, string>();
  readonly #readTime: ReadTime;
  readonly #onRows: LogOptions['onRows'];
  #count = 0;

  constructor({ readTime = readInstant, onRows }: LogOptions) {
    this.#readTime = readTime;
    this.#onRows = onRows;
  }

  row({ id, activity, time, transition, event, binding, objects, row }: FoundRow): Row {
    this.#count += 1;
    if (this.#count % TOLD_EVERY === 0) this.#onRows?.(this.#count);
    const instant = time ? this.#readTime(time) : undefined;
    return {
      id: this.#kept(id),
      told: eventOf(this.#kept(activity), binding, row, instant?.ms, objects),
      zoned: instant?.zoned,
      noTime: time && !instant ? time : undefined,
      transition: transition ? this.#kept(transition) : undefined,
      event: event || undefined,
    };
  }

  #kept(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}

/** Written out: an object that is spread together takes more memory than one of a literal. */
function eventOf(
  activity: string,
  binding: LogEvent['binding'],
  row: number,
  timeMs: number | undefined,
  objects: LogEvent['objects'],
): LogEvent {
  const told =
    timeMs === undefined ? { activity, binding, row } : { activity, binding, row, timeMs };
  return objects ? { ...told, objects } : told;
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
  /**
   * Where a mapping reads the events: all columns are data, under the names that the log has for
   * them. `byKey`: the mapping says of which case an event is, and the log need not.
   */
  readonly mapped?: 'bySubject' | 'byKey';
  /** How times are written, where they are not ISO 8601: `dd.MM.yyyy HH:mm`. */
  readonly timeFormat?: string;
  /** That format, as it was read. */
  readonly readTime?: ReadTime;
  /** Is told now and then how many rows were read. */
  readonly onRows?: (rows: number) => void;
}

export function bindingOf(entries: readonly (readonly [string, string])[]): LogEvent['binding'] {
  return entries.length === 0 ? NO_BINDING : Object.fromEntries(entries);
}

export function rowProblem(row: number, message: string): Problem {
  return problem('EVENT_LOG_ROW', `row ${row}`, message);
}
