import { gunzipSync } from 'node:zlib';
import { sha256 } from '../canonical/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { assemble, rowProblems } from './assemble.ts';
import { formatOf } from './formats.ts';
import type { EventLog } from './log.ts';
import { isSqlite, readOcelSqlite } from './ocelSqlite.ts';
import { timeFormat } from './timeFormat.ts';
import { MAX_ROW_PROBLEMS, type LogOptions, type LogRows } from './rows.ts';

/** A compressed log is not read beyond this. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

/**
 * Reads the text of an event log in any of `LOG_FORMATS`; which it is, its first characters tell.
 * All problems at once, each with its row.
 */
export function readEventLog(text: string, options: LogOptions = {}): Result<EventLog> {
  const read = readLogText(text, options);
  return read.ok ? logOf(read.value) : read;
}

/** What a log says event by event, before cases are made of it. */
export interface FoundLog extends LogRows {
  /** Of the text, or of the bytes of a database. */
  readonly digest: string;
  /** How times were read, where not as ISO 8601. */
  readonly timeFormat?: string;
}

const told = ({ timeFormat: format }: LogOptions): Pick<FoundLog, 'timeFormat'> =>
  format === undefined ? {} : { timeFormat: format };

/** The options with the format of times read. */
function withTimes(options: LogOptions): Result<LogOptions> {
  if (options.timeFormat === undefined) return ok(options);
  const read = timeFormat(options.timeFormat);
  return read.ok ? ok({ ...options, readTime: read.value }) : read;
}

/** The events in the text of a log. */
export function readLogText(text: string, options: LogOptions = {}): Result<FoundLog> {
  const format = formatOf(text);
  const stray = (['columns', 'caseType'] as const).find(
    (name) => options[name] !== undefined && name !== format.option,
  );
  if (stray !== undefined) return bad(misplaced(stray, format.title));
  const timed = withTimes(options);
  if (!timed.ok) return timed;
  const read = format.read(text, timed.value);
  return read.ok ? ok({ ...read.value, ...told(options), digest: sha256(text) }) : read;
}

/**
 * The same of a file: text, text that is compressed by gzip, or OCEL 2.0 in SQLite, which is
 * recognised by its first bytes.
 */
export async function readEventLogFile(
  bytes: Uint8Array,
  options: LogOptions = {},
): Promise<Result<EventLog>> {
  const read = await readLogBytes(bytes, options);
  return read.ok ? logOf(read.value) : read;
}

/** The events in a file that is a log. */
export async function readLogBytes(
  bytes: Uint8Array,
  options: LogOptions = {},
): Promise<Result<FoundLog>> {
  if (isSqlite(bytes)) {
    if (options.columns) return bad(misplaced('columns', 'OCEL 2.0 (SQLite)'));
    const timed = withTimes(options);
    if (!timed.ok) return timed;
    const read = await readOcelSqlite(bytes, timed.value);
    return read.ok ? ok({ ...read.value, ...told(options), digest: sha256(bytes) }) : read;
  }
  let text: string;
  try {
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const unpacked = isPacked ? gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }) : bytes;
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(unpacked);
  } catch (error) {
    return bad(
      problem(
        (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE'
          ? 'INPUT_TOO_LARGE'
          : 'INPUT_NOT_UTF8',
        '',
        'the event log is neither UTF-8 text, nor such text compressed by gzip within 256 MiB, nor SQLite',
      ),
    );
  }
  return readLogText(text, options);
}

const MISPLACED = {
  columns: 'columns are named for a table (CSV)',
  caseType: 'a type of objects is named for an object-centric log (OCEL)',
} as const;

const misplaced = (name: 'columns' | 'caseType', title: string): Problem =>
  problem('OPTION_INVALID', name, `${MISPLACED[name]}, and this log is ${title}`);

/** Cases, or everything that is wrong with the events. */
export function logOf(read: FoundLog): Result<EventLog> {
  const problems = rowProblems(read.rows, read.timeFormat);
  if (read.rows.length === 0)
    problems.push(problem('EVENT_LOG_EMPTY', '', 'the event log has no events'));
  if (problems.length > MAX_ROW_PROBLEMS) {
    const more = problems.length - MAX_ROW_PROBLEMS;
    return bad(
      ...problems.slice(0, MAX_ROW_PROBLEMS),
      problem('EVENT_LOG_ROW', '', `and ${more} more rows like these`),
    );
  }
  return problems.length > 0 ? bad(...problems) : ok(assemble(read));
}
