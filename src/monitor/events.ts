import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import type { CloudEvent } from './monitor.ts';

/** RFC 3339, with a zone: a time without one is the time of nobody knows where. */
const TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
/** More than these nobody reads. */
const MAX_PROBLEMS = 20;

/** A list of events in order of arrival, as JSON: all that is wrong with it, event by event. */
export function readEvents(text: string): Result<readonly CloudEvent[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return bad(problem('EVENTS_SHAPE', '', `the events are no JSON: ${(error as Error).message}`));
  }
  if (!Array.isArray(value))
    return bad(problem('EVENTS_SHAPE', '', 'the events are a list, in order of arrival'));
  const problems = value.flatMap((event: unknown, i) => problemsOf(event, i));
  return problems.length > 0
    ? bad(...problems.slice(0, MAX_PROBLEMS))
    : ok(value as readonly CloudEvent[]);
}

/** What is wrong with one event, wherever it comes from; `time` may be left to whoever takes it. */
export function eventProblems(event: unknown): readonly Problem[] {
  const wrong = (name: string, message: string): Problem => problem('EVENTS_SHAPE', name, message);
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    return [wrong('', 'an event is an object (CloudEvents 1.0)')];
  const fields = event as Record<string, unknown>;
  const missing = ['id', 'source', 'type']
    .filter((name) => typeof fields[name] !== 'string' || fields[name] === '')
    .map((name) => wrong(name, `an event has \`${name}\`, a text`));
  const { time, sequence } = fields;
  const isTime = time === undefined || (typeof time === 'string' && TIME.test(time) && isDay(time));
  return [
    ...missing,
    ...(isTime ? [] : [wrong('time', NO_TIME)]),
    ...(sequence === undefined || /^\d+$/.test(String(sequence))
      ? []
      : [wrong('sequence', 'a `sequence` is a whole number')]),
  ];
}

const NO_TIME = 'an event has a `time` that there is, with its zone: 2026-03-02T09:00:00Z';

/** In a file nobody knows when an event arrived: it says its time itself. */
function problemsOf(event: unknown, index: number): readonly Problem[] {
  const found = eventProblems(event);
  const isObject = typeof event === 'object' && event !== null && !Array.isArray(event);
  const timeless =
    isObject && (event as { time?: unknown }).time === undefined
      ? [problem('EVENTS_SHAPE', 'time', NO_TIME)]
      : [];
  return [...found, ...timeless].map((each) => ({
    ...each,
    path: each.path === '' ? String(index) : `${index}.${each.path}`,
  }));
}

/** There is no 30th of February, whatever `Date.parse` makes of it. */
function isDay(time: string): boolean {
  const [year, month, day] = time.slice(0, 10).split('-').map(Number);
  const date = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day));
  return (
    Number.isFinite(Date.parse(time)) &&
    date.getUTCMonth() + 1 === month &&
    date.getUTCDate() === day
  );
}
