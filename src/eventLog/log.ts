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
  /** Of an object-centric log that a mapping reads: the ids of its objects, by their type. */
  readonly objects?: Readonly<Record<string, readonly string[]>>;
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
  /** Where a mapping said which events are which steps. */
  readonly mapping?: MappingUse;
}

/** What a mapping made of a log. */
export interface MappingUse {
  /** Of its text. */
  readonly digest: string;
  /** Events that no entry takes, by their type: nothing is made of them. */
  readonly unmapped: readonly { readonly type: string; readonly events: number }[];
  /** Events with a datum that is missing or of another kind, and an example of why. */
  readonly unreadable: Unread;
  /** Events with a value or an element that has no place in the model. */
  readonly beyondModel: Unread;
  /** Entries that no event of the log took, by their place in the mapping. */
  readonly unusedEntries: readonly string[];
  /** Actions of which no event tells: taken unseen where a later event needs them. */
  readonly blind: readonly string[];
}

export interface Unread {
  readonly events: number;
  readonly example?: { readonly row: number; readonly why: string };
}

/** The binding of all events that say nothing of one. */
export const NO_BINDING: Readonly<Record<string, string>> = Object.freeze({});
