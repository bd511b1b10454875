import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/store/index.ts';
import { readMigrations } from '../../src/store/migrate.ts';
import { createDatabase, startPostgres, type TestServer } from '../servers.ts';

let postgres: TestServer;
let url: string;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  url = await createDatabase(postgres);
  client = new pg.Client({ connectionString: url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client?.end();
  await postgres?.stop();
}, 60_000);

const SQL_TYPES: Readonly<Record<string, string>> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Float: 'double precision',
  Boolean: 'boolean',
  Bytes: 'bytea',
  Json: 'json',
  DateTime: 'timestamp with time zone',
};

/**
 * What schema.prisma says of columns, keys and indexes, in the words of the database's own
 * catalogue.
 */
async function declared(): Promise<{ columns: string[]; indexes: string[] }> {
  const text = await readFile(
    fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url)),
    'utf8',
  );
  const models = [...text.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gmu)].map(
    ([, name = '', body = '']) => ({ name, body }),
  );
  const names = new Set(models.map(({ name }) => name));
  const columns: string[] = [];
  const indexes: string[] = [];
  for (const { body } of models) {
    const table = /@@map\("(\w+)"\)/u.exec(body)?.[1] ?? '';
    const columnOf = new Map<string, string>();
    for (const line of body.split('\n')) {
      const field = /^\s+(\w+)\s+(\w+)(\?|\[\])?(.*)$/u.exec(line);
      if (!field) continue;
      const [, name = '', type = '', modifier, rest = ''] = field;
      if (names.has(type)) continue;
      const column = /@map\("(\w+)"\)/u.exec(rest)?.[1] ?? name;
      columnOf.set(name, column);
      columns.push(
        `${table}.${column} ${SQL_TYPES[type]}${modifier === '?' ? '' : ' not null'}${rest.includes('@default') ? ' default' : ''}`,
      );
      if (/@id\b/u.test(rest)) indexes.push(`${table} primary (${column})`);
      if (/@unique\b/u.test(rest)) indexes.push(`${table} unique (${column})`);
    }
    for (const [, kind, list = ''] of body.matchAll(/@@(id|unique|index)\(\[([^\]]+)\]/gu)) {
      const word = { id: 'primary', unique: 'unique', index: 'index' }[
        kind as 'id' | 'unique' | 'index'
      ];
      indexes.push(
        `${table} ${word} (${list
          .split(',')
          .map((field) => columnOf.get(field.trim()))
          .join(', ')})`,
      );
    }
  }
  return { columns: columns.sort(), indexes: indexes.sort() };
}

async function present(): Promise<{ columns: string[]; indexes: string[] }> {
  const { rows: columns } = await client.query<{ line: string }>(`
    SELECT table_name || '.' || column_name || ' ' || data_type
           || CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END
           || CASE WHEN column_default IS NULL THEN '' ELSE ' default' END AS line
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'`);
  const { rows: indexes } = await client.query<{ line: string }>(`
    SELECT t.relname || CASE WHEN i.indisprimary THEN ' primary' WHEN i.indisunique THEN ' unique' ELSE ' index' END
           || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.place)
                       FROM UNNEST(i.indkey) WITH ORDINALITY AS k (attnum, place)
                       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum) || ')' AS line
    FROM pg_index i
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname = 'public' AND t.relname <> '_prisma_migrations'`);
  return {
    columns: columns.map(({ line }) => line).sort(),
    indexes: indexes.map(({ line }) => line).sort(),
  };
}

describe('migrations', () => {
  it('are applied once, however many processes start at the same time', async () => {
    const applied = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    const names = (await readMigrations()).map(({ name }) => name);
    expect(applied.flat().sort()).toEqual([...names].sort());
    const { rows } = await client.query<{ migration_name: string; checksum: string }>(
      'SELECT "migration_name", "checksum" FROM "_prisma_migrations" ORDER BY 1',
    );
    expect(rows).toEqual(
      (await readMigrations()).map(({ name, checksum }) => ({ migration_name: name, checksum })),
    );
  });

  it('give the tables, keys and indexes that schema.prisma declares, no more and no fewer', async () => {
    expect(await present()).toEqual(await declared());
  });

  it('refuse a database of a newer version, and one whose migration was another text', async () => {
    const other = await createDatabase(postgres);
    await migrate(other);
    const connection = new pg.Client({ connectionString: other });
    await connection.connect();
    await connection.query(`UPDATE "_prisma_migrations" SET "checksum" = 'x'`);
    await expect(migrate(other)).rejects.toMatchObject({ code: 'DATABASE_SCHEMA' });
    await connection.query(
      `UPDATE "_prisma_migrations" SET "migration_name" = '29990101000000_future'`,
    );
    await expect(migrate(other)).rejects.toMatchObject({ code: 'DATABASE_SCHEMA' });
    await connection.end();
  });

  it('say so when the database is not there', async () => {
    await expect(migrate('postgresql://nobody:none@127.0.0.1:9/none')).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      retryable: true,
    });
  });
});
