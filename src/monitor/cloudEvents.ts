import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { eventProblems } from './events.ts';

/** A CloudEvents 1.0 event as it came: its attributes, extensions, and `data` or `data_base64`. */
export type ReceivedEvent = Readonly<Record<string, unknown>>;

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
/** More in one request nobody sends at once. */
export const MOST_EVENTS = 1_000;
/** Attribute names (CloudEvents 1.0, 3.1): what else stands in an event is not one. */
const NAME = /^[a-z0-9]+$/u;
const TEXTS = ['datacontenttype', 'dataschema', 'subject'] as const;

/**
 * The events of a request in any of the three forms of the HTTP binding (CloudEvents 1.0): a batch,
 * one in structured mode, or one in binary mode, whose attributes are headers. Everything that is
 * wrong, event by event.
 */
export function readCloudEvents(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Uint8Array,
): Result<readonly ReceivedEvent[]> {
  const [type = ''] = String(headers['content-type'] ?? '').split(';');
  const form = type.trim().toLowerCase();
  if (form === STRUCTURED || form === BATCH) {
    const json = jsonOf(body);
    if (!json.ok) return json;
    if (form === STRUCTURED) return checked([json.value], false);
    if (!Array.isArray(json.value))
      return bad(problem('EVENTS_SHAPE', '', 'a batch is a list of events'));
    if (json.value.length > MOST_EVENTS)
      return bad(problem('EVENTS_SHAPE', '', `a batch has at most ${MOST_EVENTS} events`));
    return checked(json.value, true);
  }
  if (headers['ce-specversion'] === undefined)
    return bad(
      problem(
        'EVENTS_SHAPE',
        'content-type',
        `events come as ${BATCH}, ${STRUCTURED}, or with their attributes as headers (ce-specversion: 1.0, …)`,
      ),
    );
  const event = binaryEvent(headers, body, form);
  return event.ok ? checked([event.value], false) : event;
}

function binaryEvent(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Uint8Array,
  type: string,
): Result<ReceivedEvent> {
  const attributes = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('ce-') && value !== undefined
      ? [[name.slice(3), decoded(String(value))] as const]
      : [],
  );
  const event: Record<string, unknown> = Object.fromEntries(attributes);
  if (type !== '') event['datacontenttype'] = String(headers['content-type']);
  if (body.length === 0) return ok(event);
  if (type === '' || type === 'application/json' || type.endsWith('+json')) {
    const data = jsonOf(body);
    return data.ok ? ok({ ...event, data: data.value }) : data;
  }
  if (type.startsWith('text/')) return ok({ ...event, data: Buffer.from(body).toString('utf8') });
  return ok({ ...event, data_base64: Buffer.from(body).toString('base64') });
}

/** Header values are percent-encoded (HTTP binding, 3.1.3.2); what is not stays as it is. */
function decoded(value: string): string {
  return value.replaceAll(/(?:%[0-9a-f]{2})+/giu, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

function jsonOf(body: Uint8Array): Result<unknown> {
  try {
    return ok(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch (error) {
    return bad(problem('EVENTS_SHAPE', '', `the body is no JSON: ${(error as Error).message}`));
  }
}

const MAX_PROBLEMS = 20;

function checked(events: readonly unknown[], isBatch: boolean): Result<readonly ReceivedEvent[]> {
  const problems = events.flatMap((event, i) => {
    const found = cloudEventProblems(event);
    return isBatch ? found.map((each) => ({ ...each, path: below(i, each.path) })) : found;
  });
  return problems.length > 0
    ? bad(...problems.slice(0, MAX_PROBLEMS))
    : ok(events as readonly ReceivedEvent[]);
}

const below = (i: number, path: string): string => (path === '' ? String(i) : `${i}.${path}`);

/**
 * What is wrong with one event: our own check, for each event of a stream; the JSON Schema
 * `cloudevent.schema.json` says the same, and a test holds them together. A `time` may be missing:
 * it is then that of the arrival.
 */
export function cloudEventProblems(event: unknown): readonly Problem[] {
  const problems = [...eventProblems(event)];
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return problems;
  const fields = event as Record<string, unknown>;
  const wrong = (name: string, message: string): void =>
    void problems.push(problem('EVENTS_SHAPE', name, message));
  if (fields['specversion'] !== '1.0') wrong('specversion', 'the specversion of an event is "1.0"');
  for (const name of TEXTS)
    if (fields[name] !== undefined && (typeof fields[name] !== 'string' || fields[name] === ''))
      wrong(name, `\`${name}\` is a text, or is left out`);
  if (fields['data'] !== undefined && fields['data_base64'] !== undefined)
    wrong('data_base64', 'an event has `data` or `data_base64`, not both');
  if (fields['data_base64'] !== undefined && typeof fields['data_base64'] !== 'string')
    wrong('data_base64', '`data_base64` is a text');
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'data' || name === 'data_base64') continue;
    if (!NAME.test(name)) wrong(name, 'the name of an attribute has small letters and digits');
    else if (typeof value === 'object' || value === undefined)
      wrong(name, 'an attribute is a text, a number or a boolean');
  }
  return problems;
}
