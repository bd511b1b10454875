import { bad, ok, problem, type Result } from '../errors/index.ts';
import {
  bindingOf,
  MAX_ROW_PROBLEMS,
  rowProblem,
  RowMaker,
  type LogOptions,
  type LogRows,
} from './rows.ts';

/** Reads a JSON array of events (`schemas/event-log.schema.json`). */
export function readJsonArray(text: string, options: LogOptions = {}): Result<LogRows> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return bad(
      problem(
        'EVENT_LOG_SYNTAX',
        '',
        `not JSON: ${error instanceof Error ? error.message : String(error)}`,
      ),
    );
  }
  const items = parsed as readonly unknown[];
  const problems = items.flatMap((item, i) =>
    eventShape(item).map((message) => rowProblem(i + 1, message)),
  );
  if (problems.length > 0) return bad(...problems.slice(0, MAX_ROW_PROBLEMS));
  const maker = new RowMaker(options);
  const columns = new Set<string>();
  const rows = (items as readonly JsonEvent[]).map((item, i) => {
    const values = Object.entries(item.binding ?? {});
    for (const [name] of values) columns.add(name);
    return maker.row({
      id: String(item.case),
      activity: item.activity ?? '',
      time: item.timestamp,
      transition: item.transition?.trim(),
      event: item.id?.trim(),
      row: i + 1,
      binding: bindingOf(values.map(([name, value]) => [name, String(value)])),
    });
  });
  return ok({ rows, bindingColumns: [...columns] });
}

interface JsonEvent {
  readonly case: string | number;
  readonly activity?: string;
  readonly timestamp?: string;
  readonly transition?: string;
  readonly id?: string;
  readonly binding?: Readonly<Record<string, null | boolean | number | string>>;
}

const JSON_KEYS = ['case', 'activity', 'timestamp', 'transition', 'id', 'binding'];

function eventShape(item: unknown): string[] {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return ['an event is an object'];
  const event = item as Readonly<Record<string, unknown>>;
  const strange = Object.keys(event).filter((key) => !JSON_KEYS.includes(key));
  const { binding } = event;
  return [
    ...strange.map(
      (key) => `an event has no \`${key}\`; values of \`for\` names stand in \`binding\``,
    ),
    ...(typeof event['case'] === 'string' || typeof event['case'] === 'number'
      ? []
      : ['`case` is a text or a number']),
    ...['activity', 'timestamp', 'transition', 'id']
      .filter((key) => event[key] !== undefined && typeof event[key] !== 'string')
      .map((key) => `\`${key}\` is a text`),
    ...(binding === undefined ||
    (typeof binding === 'object' &&
      binding !== null &&
      !Array.isArray(binding) &&
      Object.values(binding).every((v) => v === null || typeof v !== 'object'))
      ? []
      : ['`binding` maps names to simple values']),
  ];
}
