/**
 * One thing that happened in a case. `row` is a line of the CSV text, or a position in the JSON
 * array (both from 1).
 */
export interface LogEvent {
  readonly activity: string;
  /**
   * Values of the action's `for` names, as text. Names that are left out are not known, and then
   * not held against the event.
   */
  readonly binding: Readonly<Record<string, string>>;
  readonly timeMs?: number;
  readonly row: number;
}

/**
 * The independent unit: one order, one parcel, from its beginning on. No events means that it began
 * and nothing happened.
 */
export interface LogCase {
  readonly id: string;
  readonly events: readonly LogEvent[];
}

export interface EventLog {
  /** By the time of their first event where there are times, else by their first row. */
  readonly cases: readonly LogCase[];
  readonly eventCount: number;
  /** Of the text, as it was read. */
  readonly digest: string;
  /** ISO 8601, UTC. */
  readonly window?: { readonly from: string; readonly to: string };
  /** Until when the log was kept: the time of its last event, where nobody says otherwise. */
  readonly untilMs?: number;
  /** Cases that were left out because they began too near to the end. */
  readonly immatureCases?: number;
  /** Rows that tell of no step: starts of what completes, other turns of a life cycle. */
  readonly lifecycleRows: number;
  /** Rows that repeat the id of an event before them. */
  readonly repeatedRows: number;
  /** Events of an object-centric log that relate to no case. */
  readonly unrelatedEvents: number;
  readonly bindingColumns: readonly string[];
}

/** The binding of all events that say nothing of one. */
export const NO_BINDING: Readonly<Record<string, string>> = Object.freeze({});
