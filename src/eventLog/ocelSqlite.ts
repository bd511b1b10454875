import type { Database, SqlValue } from 'sql.js';
import { bad, problem, type Problem, type Result } from '../errors/index.ts';
import { casesOf, ObjectTypes, type OcelEvent } from './ocel.ts';
import { MAX_ROW_PROBLEMS, type LogOptions, type LogRows } from './rows.ts';

const MAGIC = 'SQLite format 3\0';
/** The whole file is held in memory, and once more by the library. */
const MAX_BYTES = 128 * 1024 * 1024;

export const isSqlite = (bytes: Uint8Array): boolean =>
  MAGIC.split('').every((character, i) => bytes[i] === character.charCodeAt(0));

/** What is wrong with a database as a log. */
class NoLog extends Error {}

/** Reads OCEL 2.0 in SQLite: tables only, no view is asked. */
export async function readOcelSqlite(
  bytes: Uint8Array,
  options: LogOptions,
): Promise<Result<LogRows>> {
  if (bytes.length > MAX_BYTES)
    return bad(
      problem(
        'INPUT_TOO_LARGE',
        '',
        `the database has ${bytes.length} bytes; the limit is ${MAX_BYTES}: export the log as JSON or XML`,
      ),
    );
  const { default: initSqlJs } = await import('sql.js');
  const sql = await initSqlJs();
  const database = new sql.Database(bytes);
  const types = new ObjectTypes();
  let events: OcelEvent[];
  try {
    events = new OcelTables(database).read(types);
  } catch (error) {
    return bad(
      problem(
        'EVENT_LOG_SYNTAX',
        '',
        error instanceof NoLog
          ? error.message
          : `the database cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      ),
    );
  } finally {
    database.close();
  }
  const problems: readonly Problem[] = types.problems;
  if (problems.length > 0) return bad(...problems.slice(0, MAX_ROW_PROBLEMS));
  return casesOf({ objectTypes: types.names, typeOf: types.typeOf, events }, options);
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const textOf = (value: SqlValue | undefined): string =>
  value === null || value === undefined ? '' : String(value as string | number);

/** The tables of OCEL 2.0 in SQLite (its specification, section 5). */
class OcelTables {
  readonly #database: Database;
  readonly #tables: ReadonlySet<string>;

  constructor(database: Database) {
    this.#database = database;
    const [check] = this.#rows('PRAGMA quick_check(1)');
    if (textOf(check?.['quick_check']) !== 'ok')
      throw new NoLog('the database is damaged, or was cut off: export the log again');
    this.#tables = new Set(
      this.#rows("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) =>
        textOf(name),
      ),
    );
  }

  read(types: ObjectTypes): OcelEvent[] {
    for (const { ocel_type: type } of this.#table('object_map_type')) types.declare(textOf(type));
    for (const { ocel_id: id, ocel_type: type } of this.#table('object'))
      types.add(textOf(id), textOf(type));
    const objects = new Map<string, string[]>();
    for (const row of this.#table('event_object')) {
      const event = textOf(row['ocel_event_id']);
      const list = objects.get(event) ?? [];
      list.push(textOf(row['ocel_object_id']));
      objects.set(event, list);
    }
    const told = new Map<string, Readonly<Record<string, SqlValue>>>();
    for (const { ocel_type_map: map } of this.#table('event_map_type'))
      for (const row of this.#table(`event_${textOf(map)}`)) told.set(textOf(row['ocel_id']), row);
    return this.#table('event').map((row): OcelEvent => {
      const id = textOf(row['ocel_id']);
      const { ocel_id: _id, ocel_time: time, ...others } = told.get(id) ?? {};
      return {
        id,
        type: textOf(row['ocel_type']),
        time: textOf(time) || undefined,
        attributes: Object.entries(others).flatMap(([name, value]) =>
          textOf(value) === '' ? [] : [[name, textOf(value)] as const],
        ),
        objects: objects.get(id) ?? [],
      };
    });
  }

  #table(name: string): Readonly<Record<string, SqlValue>>[] {
    if (!this.#tables.has(name))
      throw new NoLog(`the database is no log in OCEL 2.0: it has no table \`${name}\``);
    return this.#rows(`SELECT * FROM ${quoted(name)}`);
  }

  #rows(query: string): Record<string, SqlValue>[] {
    const statement = this.#database.prepare(query);
    const rows: Record<string, SqlValue>[] = [];
    try {
      while (statement.step()) rows.push(statement.getAsObject());
    } finally {
      statement.free();
    }
    return rows;
  }
}
