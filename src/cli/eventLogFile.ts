import type { Result } from '../errors/index.ts';
import { readEventLogFile } from '../eventLog/eventLog.ts';
import { readLogMapping, readMappedLogFile } from '../events/mappedLog.ts';
import type { EventLog } from '../eventLog/log.ts';
import type { Semantics } from '../model/semantics.ts';
import { readDataFile, readText } from './textFile.ts';

/** What the options say of a log. */
export interface AskedLog {
  readonly caseType: string | undefined;
  readonly columns: readonly (readonly [name: string, column: string])[] | undefined;
  readonly mapping: string | undefined;
}

/** The event log in a file, by a mapping where there is one. */
export async function eventLogIn(
  file: string,
  { caseType, columns, mapping }: AskedLog,
  semantics: Semantics,
): Promise<Result<EventLog> & { readonly source?: string }> {
  const options = {
    ...(caseType !== undefined && { caseType }),
    ...(columns && { columns: Object.fromEntries(columns) }),
  };
  const text = mapping === undefined ? undefined : await readText(mapping);
  if (text && !text.ok) return text;
  const mapped = text && readLogMapping(text.value, semantics);
  if (mapped && !mapped.ok) return { ...mapped, source: text.value };
  const bytes = await readDataFile(file);
  if (!bytes.ok) return bytes;
  return mapped
    ? readMappedLogFile(bytes.value, options, mapped.value, semantics)
    : readEventLogFile(bytes.value, options);
}
