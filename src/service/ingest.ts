import { canonicalJson, sha256 } from '../canonical/index.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { cloudEventProblems, type ReceivedEvent } from '../monitor/cloudEvents.ts';
import type { EventReceipt, NewEvent } from '../store/index.ts';
import { keysAtPath } from './caseErasure.ts';
import { applyOutcome } from './playbookSending.ts';
import type { Service } from './service.ts';

/** What became of events that were sent. All of them are stored when this is said. */
export interface Ingested {
  /** New ones. */
  readonly stored: number;
  /** Known already, by source, id and content. */
  readonly duplicates: number;
  /** Another content under a known source and id: kept, flagged, and used for nothing. */
  readonly conflicts: number;
  /** Of cases that were erased: counted there, and neither kept nor judged. */
  readonly afterErasure: number;
  /** Outcomes of playbook steps that moved a run on. */
  readonly outcomes: number;
}

type Ingesting = { readonly store: Pick<Service['store'], 'events' | 'playbookRuns'> };

/** One event takes no more than this: what is larger is a document, and its place is elsewhere. */
const MOST_EVENT_BYTES = 64 * 1024;

/**
 * Stores events that were read (CloudEvents 1.0), in their order. Acknowledged is what is stored;
 * whoever is not answered sends again, and nothing is taken twice. One without a time has that of
 * its arrival.
 */
export async function ingest(
  { store }: Ingesting,
  events: readonly ReceivedEvent[],
  now = new Date(),
): Promise<Result<Ingested>> {
  const kept: NewEvent[] = [];
  for (const [i, event] of events.entries()) {
    const body = JSON.stringify({ time: now.toISOString(), ...event });
    if (Buffer.byteLength(body) > MOST_EVENT_BYTES)
      return bad(
        problem('INPUT_TOO_LARGE', String(i), `an event has at most ${MOST_EVENT_BYTES} bytes`),
      );
    if (!isText(body))
      return bad(problem('EVENTS_SHAPE', String(i), 'an event is text without NUL or half pairs'));
    const { source, id } = event as { readonly source: string; readonly id: string };
    kept.push({ source, eventId: id, digest: sha256(canonicalJson(event)), body });
  }
  const receipts = await store.events.keep(kept, now, keysAtPath);
  // Acknowledged is what was done: who gets no answer sends again, and it is done then.
  let outcomes = 0;
  for (const [i, event] of events.entries()) {
    const receipt = receipts[i];
    if (receipt !== 'stored' && receipt !== 'duplicate') continue;
    if (await applyOutcome({ store }, event, receipt === 'stored')) outcomes += 1;
  }
  const count = (wanted: EventReceipt): number =>
    receipts.filter((receipt) => receipt === wanted).length;
  return ok({
    stored: count('stored'),
    duplicates: count('duplicate'),
    conflicts: count('conflict'),
    afterErasure: count('afterErasure'),
    outcomes,
  });
}

/** Checks events that came as values, as GraphQL has them, and stores them. */
export async function ingestValues(
  service: Ingesting,
  events: readonly unknown[],
): Promise<Result<Ingested>> {
  const problems = events.flatMap((event, i) =>
    cloudEventProblems(event).map((each) => ({
      ...each,
      path: each.path === '' ? `events.${i}` : `events.${i}.${each.path}`,
    })),
  );
  if (problems.length > 0) return bad(...problems.slice(0, 20));
  return ingest(service, events as readonly ReceivedEvent[]);
}

/** A database keeps no NUL, and no half of a pair: JSON writes both as escapes. */
const isText = (json: string): boolean => !/(?<!\\)(?:\\\\)*\\u(?:0000|[dD][89a-fA-F])/u.test(json);
