import type { Result } from '../errors/index.ts';
import { readEventLogFile } from '../eventLog/eventLog.ts';
import type { EventLog } from '../eventLog/log.ts';
import { readDataFile } from './textFile.ts';

/** What the options say of a log. */
export interface AskedLog {
  readonly caseType: string | undefined;
  readonly columns: readonly (readonly [name: string, column: string])[] | undefined;
}

/** The event log in a file; what is wrong with it names the file. */
export async function eventLogIn(
  file: string,
  { caseType, columns }: AskedLog,
): Promise<Result<EventLog>> {
  const bytes = await readDataFile(file);
  if (!bytes.ok) return bytes;
  return readEventLogFile(bytes.value, {
    ...(caseType !== undefined && { caseType }),
    ...(columns && { columns: Object.fromEntries(columns) }),
  });
}
