import { bad, problem, type Problem, type Result } from '../errors/index.ts';
import { casesOf, ObjectTypes, type OcelEvent } from './ocel.ts';
import { MAX_ROW_PROBLEMS, rowProblem, type LogOptions, type LogRows } from './rows.ts';
import { isRecord } from '../canonical/record.ts';

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Reads OCEL 2.0 in JSON. */
export function readOcelJson(text: string, options: LogOptions): Result<LogRows> {
  let log: unknown;
  try {
    log = JSON.parse(text.replace(/^\uFEFF/u, ''));
  } catch (error) {
    return bad(syntax(`not JSON: ${error instanceof Error ? error.message : String(error)}`));
  }
  if (!isRecord(log) || !Array.isArray(log['events']) || !Array.isArray(log['objects']))
    return bad(
      syntax(
        isRecord(log) && ('ocel:events' in log || 'ocel:global-log' in log)
          ? 'this is OCEL 1.0; export the log as OCEL 2.0'
          : 'an event log in a JSON object is OCEL 2.0, with lists of `objects` and `events`; else it is a JSON array of events',
      ),
    );
  const types = new ObjectTypes();
  const problems: Problem[] = [];
  for (const declared of listOf(log['objectTypes']))
    if (isRecord(declared) && typeof declared['name'] === 'string') types.declare(declared['name']);
  for (const [i, object] of log['objects'].entries()) {
    if (isRecord(object) && typeof object['id'] === 'string' && typeof object['type'] === 'string')
      types.add(object['id'], object['type']);
    else
      problems.push(
        problem('EVENT_LOG_ROW', `object ${i + 1}`, 'an object has an `id` and a `type`, as texts'),
      );
  }
  const events: OcelEvent[] = [];
  for (const [i, given] of log['events'].entries()) {
    const event = eventOf(given);
    if (typeof event === 'string') problems.push(rowProblem(i + 1, event));
    else events.push(event);
  }
  problems.push(...types.problems);
  if (problems.length > 0) return bad(...problems.slice(0, MAX_ROW_PROBLEMS));
  return casesOf({ objectTypes: types.names, typeOf: types.typeOf, events }, options);
}

const syntax = (message: string): Problem => problem('EVENT_LOG_SYNTAX', '', message);

/** An event, or what is wrong with it. */
function eventOf(given: unknown): OcelEvent | string {
  if (!isRecord(given)) return 'an event is an object';
  const { id, type, time } = given;
  if (typeof id !== 'string' || typeof type !== 'string' || typeof time !== 'string')
    return 'an event has an `id`, a `type` and a `time`, as texts';
  const objects: string[] = [];
  for (const related of listOf(given['relationships'])) {
    const object = isRecord(related) ? related['objectId'] : undefined;
    if (typeof object !== 'string') return 'a relationship names an object: `objectId`, a text';
    objects.push(object);
  }
  const attributes: [string, string][] = [];
  for (const attribute of listOf(given['attributes'])) {
    if (!isRecord(attribute) || typeof attribute['name'] !== 'string')
      return 'an attribute has a `name` and a `value`';
    const value = attribute['value'];
    if (value === null || value === undefined || value === '') continue;
    if (typeof value === 'object')
      return `the attribute \`${attribute['name']}\` is no single value`;
    attributes.push([attribute['name'], String(value as string | number | boolean)]);
  }
  return { id, type, time, attributes, objects };
}
