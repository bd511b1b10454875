import { sha256 } from '../canonical/index.ts';
import { bad, problem, type Result } from '../errors/index.ts';
import { logOf, readLogBytes, readLogText, type FoundLog } from '../eventLog/eventLog.ts';
import type { EventLog, LogCase, LogEvent, MappingUse, Unread } from '../eventLog/log.ts';
import type { LogOptions, Row } from '../eventLog/rows.ts';
import type { Semantics } from '../model/semantics.ts';
import { readMapping, type Mapping } from './mapping.ts';
import { Observer, type Observation, type Unseen } from './observation.ts';
import { valueAtPath } from './path.ts';

/** What an event of a log says in words of the model; entries without a step only read. */
export class MappedEvent implements LogEvent {
  readonly activity: string;
  readonly binding: LogEvent['binding'];
  readonly timeMs?: number;
  readonly row: number;
  readonly seen: Observation | Exclude<Unseen, { is: 'unmapped' }>;

  constructor({ activity, binding, timeMs, row }: LogEvent, seen: MappedEvent['seen']) {
    this.activity = activity;
    this.binding = binding;
    if (timeMs !== undefined) this.timeMs = timeMs;
    this.row = row;
    this.seen = seen;
  }
}

/** A mapping for logs, and the digest of its text. */
export interface LogMapping {
  readonly mapping: Mapping;
  readonly digest: string;
}

/** Reads a mapping by which logs are read; what is wrong with it, each with its place. */
export function readLogMapping(source: string, { model }: Semantics): Result<LogMapping> {
  const read = readMapping(source, model);
  return read.ok ? { ok: true, value: { mapping: read.value, digest: sha256(source) } } : read;
}

/** Reads the text of a log in any of its formats by a mapping (SEMANTICS 25). */
export function readMappedLog(
  text: string,
  options: LogOptions,
  mapping: LogMapping,
  semantics: Semantics,
): Result<EventLog> {
  const found = readLogText(text, mappedOptions(options, mapping));
  return found.ok ? mappedLog(found.value, mapping, semantics) : found;
}

/** The same of a file. */
export async function readMappedLogFile(
  bytes: Uint8Array,
  options: LogOptions,
  mapping: LogMapping,
  semantics: Semantics,
): Promise<Result<EventLog>> {
  const found = await readLogBytes(bytes, mappedOptions(options, mapping));
  return found.ok ? mappedLog(found.value, mapping, semantics) : found;
}

function mappedOptions(options: LogOptions, { mapping }: LogMapping): LogOptions {
  const format = options.timeFormat ?? mapping.timeFormat;
  return {
    ...options,
    ...(format !== undefined && { timeFormat: format }),
    mapped: isSubject(mapping.key) ? 'bySubject' : 'byKey',
  };
}

export const isSubject = (key: Mapping['key']): boolean => key.length === 1 && key[0] === 'subject';

function mappedLog(found: FoundLog, mapping: LogMapping, semantics: Semantics): Result<EventLog> {
  const { rows, unrelated } = isSubject(mapping.mapping.key)
    ? { rows: found.rows, unrelated: found.unrelatedEvents ?? 0 }
    : byKey(found.rows, mapping.mapping.key);
  if (rows.length === 0 && unrelated > 0)
    return bad(
      problem(
        'MAPPING_SHAPE',
        'case',
        `no event of the log has the key of a case there: data are ${found.bindingColumns.join(', ') || 'none'}, of an object-centric log data.objects.TYPE`,
      ),
    );
  const log = logOf({ ...found, rows, unrelatedEvents: unrelated });
  return log.ok ? { ok: true, value: observed(log.value, mapping, semantics) } : log;
}

/** A row as the event that a mapping reads. */
export function eventOf(
  { activity, timeMs, row, binding, objects }: LogEvent,
  subject: string,
  id: string | undefined,
): object {
  return {
    type: activity,
    subject,
    id: id ?? String(row),
    ...(timeMs !== undefined && { time: new Date(timeMs).toISOString() }),
    data: { ...binding, ...(objects && { objects }) },
  };
}

/** The rows with the cases that a mapping says they are of; a list of keys makes one of each. */
function byKey(
  rows: readonly Row[],
  key: Mapping['key'],
): { readonly rows: readonly Row[]; readonly unrelated: number } {
  let unrelated = 0;
  const keyed = rows.flatMap((row) => {
    const found = [valueAtPath(key, eventOf(row.told, row.id, row.event))].flat();
    const keys = [...new Set(found.filter(isKey).map(String))];
    if (keys.length === 0) unrelated += 1;
    return keys.map((id): Row => {
      const event = row.event === undefined ? undefined : JSON.stringify([row.event, id]);
      return { ...row, id, event };
    });
  });
  return { rows: keyed, unrelated };
}

const isKey = (key: unknown): key is string | number =>
  (typeof key === 'string' && key !== '') || Number.isSafeInteger(key);

/** The log with what each event says; events that no entry takes are left out, and counted. */
function observed(
  log: EventLog,
  { mapping, digest }: LogMapping,
  { model, layout }: Semantics,
): EventLog {
  const use = new Use(mapping);
  const begin = new Observer(mapping, model, layout, new Map(), true);
  let eventCount = 0;
  const cases = log.cases.map(({ id, events }): LogCase => {
    let observer = begin;
    const seen = events.flatMap((event) => {
      const read = observer.read(String(event.row), eventOf(event, id, undefined));
      observer = read.next;
      const kept = use.add(event, read.seen);
      return kept ? [new MappedEvent(event, kept)] : [];
    });
    eventCount += seen.length;
    return { id, events: seen };
  });
  const columns = new Set(mapping.dataNames);
  return {
    ...log,
    cases,
    eventCount,
    bindingColumns: log.bindingColumns.filter((name) => !columns.has(name)),
    mapping: use.told(digest),
  };
}

/** Counts what a mapping made of the events. */
class Use {
  readonly #mapping: Mapping;
  /** What was seen, once for all that say the same. */
  readonly #known = new Map<string, Observation>();
  readonly #unmapped = new Map<string, number>();
  readonly #unread = { unreadable: none(), beyondModel: none() };
  readonly #used = new Set<number>();

  constructor(mapping: Mapping) {
    this.#mapping = mapping;
  }

  /** What is kept of an event, if it is of the mapping. */
  add({ activity, row }: LogEvent, seen: Observation | Unseen): MappedEvent['seen'] | undefined {
    if (!('is' in seen)) {
      const known = this.#known.get(seen.says);
      if (known) return known;
      this.#known.set(seen.says, seen);
      this.#used.add(seen.entry);
      return seen;
    }
    if (seen.is === 'unmapped') {
      this.#unmapped.set(activity, (this.#unmapped.get(activity) ?? 0) + 1);
      return undefined;
    }
    const { why } = seen;
    const unread = this.#unread[seen.is];
    unread.events += 1;
    unread.example ??= { row, why };
    return seen;
  }

  told(digest: string): MappingUse {
    return {
      digest,
      unmapped: [...this.#unmapped]
        .map(([type, events]) => ({ type, events }))
        .sort((a, b) => b.events - a.events || (a.type < b.type ? -1 : 1)),
      ...this.#unread,
      unusedEntries: this.#mapping.entries.flatMap(({ type }, i) =>
        this.#used.has(i) ? [] : [`events.${i} (${type})`],
      ),
      blind: [...this.#mapping.silent],
    };
  }
}

type Counting = { -readonly [K in keyof Unread]: Unread[K] };
const none = (): Counting => ({ events: 0 });
