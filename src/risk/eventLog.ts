import { sha256 } from '../canonical/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { readCsv } from './csv.ts';
import { readInstant } from './instants.ts';
import { isStep, stepTurn } from './lifecycle.ts';

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
  readonly bindingColumns: readonly string[];
}

/** The binding of all events that say nothing of one. */
export const NO_BINDING: Readonly<Record<string, string>> = Object.freeze({});

/** The columns by the names that logs give them; the second ones are those of XES. */
const COLUMNS = {
  case: ['case', 'case:concept:name'],
  activity: ['activity', 'concept:name'],
  timestamp: ['timestamp', 'time:timestamp'],
  transition: ['lifecycle:transition', 'lifecycle'],
  event: ['event_id', 'eventId', 'identity:id'],
} as const;

/** More problems than this help nobody; the last one says how many more there are. */
const MAX_PROBLEMS = 20;

interface Row {
  readonly id: string;
  readonly activity: string;
  readonly time: string | undefined;
  readonly transition?: string;
  readonly event?: string;
  readonly binding: Readonly<Record<string, string>>;
  readonly row: number;
}

/**
 * Reads an event log: a JSON array if the text begins with a bracket, else CSV. All problems at
 * once, each with its row.
 */
export function readEventLog(text: string): Result<EventLog> {
  const read = /^\uFEFF?\s*\[/.test(text) ? readJson(text) : readTable(text);
  if (!read.ok) return read;
  const { rows, bindingColumns } = read.value;
  const problems: Problem[] = [];
  for (const row of rows) addProblems(row, problems);
  const timed = rows.filter((row) => row.time !== undefined).length;
  if (timed > 0 && timed < rows.length) {
    const first = rows.find((row) => row.time === undefined) as Row;
    problems.push(
      rowProblem(first.row, 'an event without a time in a log that has times: all or none'),
    );
  }
  problems.push(...zoneProblems(rows));
  for (const each of idleProblems(rows)) problems.push(each);
  if (rows.length === 0)
    problems.push(problem('EVENT_LOG_EMPTY', '', 'the event log has no events'));
  if (problems.length > MAX_PROBLEMS) {
    const more = problems.length - MAX_PROBLEMS;
    return bad(
      ...problems.slice(0, MAX_PROBLEMS),
      problem('EVENT_LOG_ROW', '', `and ${more} more rows like these`),
    );
  }
  if (problems.length > 0) return bad(...problems);
  return ok(assemble(rows, bindingColumns, sha256(text)));
}

interface Rows {
  readonly rows: readonly Row[];
  readonly bindingColumns: readonly string[];
}

function readTable(text: string): Result<Rows> {
  const read = readCsv(text);
  if (!read.ok) return read;
  const [head, ...records] = read.value;
  if (!head) return bad(problem('EVENT_LOG_EMPTY', '', 'the event log is empty'));
  const names = head.fields.map((name) => name.trim());
  const column = (of: keyof typeof COLUMNS): number =>
    names.findIndex((name) => (COLUMNS[of] as readonly string[]).includes(name));
  const at = {
    case: column('case'),
    activity: column('activity'),
    timestamp: column('timestamp'),
    transition: column('transition'),
    event: column('event'),
  };
  const missing = (['case', 'activity'] as const).filter((name) => at[name] < 0);
  if (missing.length > 0) {
    const hint =
      names.length === 1 && names[0]?.includes(';')
        ? '; columns are separated by commas, not semicolons'
        : '';
    return bad(
      problem(
        'EVENT_LOG_SYNTAX',
        'line 1',
        `the first line names the columns, and has no column ${missing.join(', ')}${hint}`,
        { line: 1, column: 1 },
      ),
    );
  }
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined)
    return bad(
      problem('EVENT_LOG_SYNTAX', 'line 1', `two columns are called \`${repeated}\``, {
        line: 1,
        column: 1,
      }),
    );
  const others = names.flatMap((name, i) =>
    Object.values(at).includes(i) || name === '' ? [] : [{ name, i }],
  );
  const short = records
    .filter((record) => record.fields.length !== names.length)
    .map((record) =>
      rowProblem(
        record.line,
        `${record.fields.length} fields where the first line names ${names.length}`,
      ),
    );
  if (short.length > 0) return bad(...short.slice(0, MAX_PROBLEMS));
  const last = records.at(-1);
  if (last && !/[\r\n]$/.test(text) && (last.fields[at.activity] as string).trim() === '')
    return bad(rowProblem(last.line, 'the text ends within this row: the log was cut off'));
  const rows = records.map(({ fields, line }): Row => ({
    id: (fields[at.case] as string).trim(),
    activity: (fields[at.activity] as string).trim(),
    time: at.timestamp < 0 ? undefined : (fields[at.timestamp] as string).trim() || undefined,
    ...filled('transition', fields[at.transition]),
    ...filled('event', fields[at.event]),
    binding: bindingOf(
      others.flatMap(({ name, i }) => (fields[i] === '' ? [] : [[name, fields[i] as string]])),
    ),
    row: line,
  }));
  return ok({ rows, bindingColumns: others.map(({ name }) => name) });
}

function readJson(text: string): Result<Rows> {
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
  if (problems.length > 0) return bad(...problems.slice(0, MAX_PROBLEMS));
  const rows = (items as readonly JsonEvent[]).map((item, i): Row => ({
    id: String(item.case),
    activity: item.activity ?? '',
    time: item.timestamp,
    ...filled('transition', item.transition),
    ...filled('event', item.id),
    row: i + 1,
    binding: bindingOf(
      Object.entries(item.binding ?? {}).map(([name, value]) => [name, String(value)]),
    ),
  }));
  return ok({
    rows,
    bindingColumns: [...new Set(rows.flatMap((row) => Object.keys(row.binding)))],
  });
}

function bindingOf(entries: readonly (readonly [string, string])[]): Row['binding'] {
  return entries.length === 0 ? NO_BINDING : Object.fromEntries(entries);
}

function filled<K extends string>(name: K, text: string | undefined): Partial<Record<K, string>> {
  const value = text?.trim();
  return value ? ({ [name]: value } as Record<K, string>) : {};
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

function rowProblem(row: number, message: string): Problem {
  return problem('EVENT_LOG_ROW', `row ${row}`, message);
}

function addProblems(row: Row, problems: Problem[]): void {
  if (row.id === '') problems.push(rowProblem(row.row, 'an event without a case'));
  if (row.time !== undefined && readInstant(row.time) === undefined)
    problems.push(
      rowProblem(row.row, `\`${row.time.slice(0, 40)}\` is no ISO 8601 time of the calendar`),
    );
}

/**
 * An empty activity says that the case began and nothing happened: then it is the case's only row.
 */
function idleProblems(rows: readonly Row[]): Problem[] {
  const idle = rows.filter((row) => row.activity === '');
  if (idle.length === 0) return [];
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.id, (counts.get(row.id) ?? 0) + 1);
  return idle
    .filter((row) => (counts.get(row.id) ?? 0) > 1)
    .map((row) =>
      rowProblem(row.row, 'an event without an activity in a case that has other events'),
    );
}

/** Times with and without an offset in one log: what the ones without one mean is a guess. */
function zoneProblems(rows: readonly Row[]): Problem[] {
  const first = new Map<boolean, Row>();
  for (const row of rows) {
    const zoned = row.time === undefined ? undefined : readInstant(row.time)?.zoned;
    if (zoned !== undefined && !first.has(zoned)) first.set(zoned, row);
  }
  const [withZone, without] = [first.get(true), first.get(false)];
  return withZone && without
    ? [
        rowProblem(
          without.row,
          `a time without an offset, where row ${withZone.row} has one: give all times an offset, or none`,
        ),
      ]
    : [];
}

function assemble(
  rows: readonly Row[],
  bindingColumns: readonly string[],
  digest: string,
): EventLog {
  const byCase = new Map<string, { readonly row: Row; readonly timeMs: number | undefined }[]>();
  const turn = stepTurn(rows.map(({ transition }) => transition));
  const known = new Set<string>();
  let [from, to] = [Infinity, -Infinity];
  let [repeatedRows, lifecycleRows] = [0, 0];
  for (const row of rows) {
    if (row.event !== undefined && known.size === known.add(row.event).size) {
      repeatedRows += 1;
      continue;
    }
    const timeMs = row.time === undefined ? undefined : readInstant(row.time)?.ms;
    if (timeMs !== undefined) [from, to] = [Math.min(from, timeMs), Math.max(to, timeMs)];
    const list = byCase.get(row.id) ?? [];
    list.push({ row, timeMs });
    byCase.set(row.id, list);
  }
  const began: { readonly at: number; readonly case: LogCase }[] = [];
  for (const [id, list] of byCase) {
    // Sorting is stable: events of one moment keep the order of their rows.
    list.sort((a, b) => (a.timeMs ?? 0) - (b.timeMs ?? 0));
    const kept = list.filter(({ row }) => isStep(row.transition, turn));
    lifecycleRows += list.length - kept.length;
    const events = kept
      .filter(({ row }) => row.activity !== '')
      .map(({ row, timeMs }): LogEvent => ({
        activity: row.activity,
        binding: row.binding,
        row: row.row,
        ...(timeMs === undefined ? {} : { timeMs }),
      }));
    began.push({ at: list[0]?.timeMs ?? 0, case: { id, events } });
  }
  began.sort((a, b) => a.at - b.at);
  const cases = began.map((entry) => entry.case);
  return {
    cases,
    digest,
    bindingColumns,
    lifecycleRows,
    repeatedRows,
    eventCount: cases.reduce((n, c) => n + c.events.length, 0),
    ...(from <= to
      ? {
          window: { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
          untilMs: to,
        }
      : {}),
  };
}
