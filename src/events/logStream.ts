import { bad, ok, problem, type Result } from '../errors/index.ts';
import { logOf, readLogBytes } from '../eventLog/eventLog.ts';
import type { LogEvent } from '../eventLog/log.ts';
import type { LogOptions } from '../eventLog/rows.ts';
import { eventOf, isSubject } from './mappedLog.ts';
import type { Mapping } from './mapping.ts';

/** An event of a log as a stream has it: CloudEvents 1.0, all data as text. */
export interface ReplayedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject: string;
  readonly data: unknown;
}

const SOURCE = '/log';

/**
 * The events of a log (CSV, XES, OCEL 2.0) as they came: by time, then as they stand in the file.
 * Where a mapping takes the subject for the key, the log says which case an event is of; else each
 * event is one, and the mapping says of which cases.
 */
export async function readLogStream(
  bytes: Uint8Array,
  options: LogOptions,
  { key }: Pick<Mapping, 'key'>,
): Promise<Result<readonly ReplayedEvent[]>> {
  const bySubject = isSubject(key);
  const found = await readLogBytes(bytes, {
    ...options,
    mapped: bySubject ? 'bySubject' : 'byKey',
  });
  if (!found.ok) return found;
  const told: { readonly event: LogEvent; readonly subject: string; readonly id: string }[] = [];
  if (bySubject) {
    const log = logOf(found.value);
    if (!log.ok) return log;
    for (const { id: subject, events } of log.value.cases)
      for (const event of events) told.push({ event, subject, id: `${event.row}` });
  } else
    for (const { id: subject, told: event, event: id } of found.value.rows)
      told.push({ event, subject, id: id ?? `${event.row}` });
  const timeless = told.find(({ event }) => event.timeMs === undefined);
  if (timeless)
    return bad(
      problem('EVENTS_SHAPE', String(timeless.event.row), 'an event that is replayed has a time'),
    );
  return ok(
    told
      .toSorted(
        (a, b) =>
          (a.event.timeMs as number) - (b.event.timeMs as number) || a.event.row - b.event.row,
      )
      .map(({ event, subject, id }) => ({
        ...(eventOf(event, subject, id) as Omit<ReplayedEvent, 'source'>),
        source: SOURCE,
      })),
  );
}
