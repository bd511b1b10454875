import type { Result } from '../errors/index.ts';
import { readEventLogFile } from '../eventLog/eventLog.ts';
import { readLogMapping, readMappedLogFile } from '../events/mappedLog.ts';
import type { EventLog } from '../eventLog/log.ts';
import type { Semantics } from '../model/semantics.ts';
import type { CommandIo } from './command.ts';
import { CLEAR_LINE } from './terminal.ts';
import { readDataFile, readText } from './textFile.ts';

/** What the options say of a log. */
export interface AskedLog {
  readonly caseType: string | undefined;
  readonly columns: readonly (readonly [name: string, column: string])[] | undefined;
  readonly mapping: string | undefined;
  readonly timeFormat: string | undefined;
}

/** The event log in a file, by a mapping where there is one. */
export async function eventLogIn(
  file: string,
  { caseType, columns, mapping, timeFormat }: AskedLog,
  semantics: Semantics,
  io: CommandIo,
): Promise<Result<EventLog> & { readonly source?: string }> {
  const progress = rowsLine(io);
  const options = {
    ...(timeFormat !== undefined && { timeFormat }),
    onRows: progress.show,
    ...(caseType !== undefined && { caseType }),
    ...(columns && { columns: Object.fromEntries(columns) }),
  };
  const text = mapping === undefined ? undefined : await readText(mapping);
  if (text && !text.ok) return text;
  const mapped = text && readLogMapping(text.value, semantics);
  if (mapped && !mapped.ok) return { ...mapped, source: text.value };
  const bytes = await readDataFile(file);
  if (!bytes.ok) return bytes;
  const log = mapped
    ? await readMappedLogFile(bytes.value, options, mapped.value, semantics)
    : await readEventLogFile(bytes.value, options);
  progress.clear();
  return log;
}

/** One line on a terminal that says how far the reading is, after the first second. */
function rowsLine(io: CommandIo): { show(rows: number): void; clear(): void } {
  const started = Date.now();
  let shown = false;
  return {
    show: (rows) => {
      if (io.isTTY !== true || io.json || Date.now() - started < 1000) return;
      shown = true;
      io.stderr(`${CLEAR_LINE}reading the log: ${rows.toLocaleString('en')} events`);
    },
    clear: () => {
      if (shown) io.stderr(CLEAR_LINE);
    },
  };
}
