import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { canonicalJson, sha256 } from '../../src/canonical/index.ts';
import { fromUtf8, utf8 } from '../../src/evidence/formats/encoding.ts';
import { fsck } from '../../src/evidence/log/fsck.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { seenInFolder } from '../../src/evidence/log/seen.ts';
import { migrate } from '../../src/store/index.ts';
import { PostgresLogStore } from '../../src/store/log.ts';
import { logStoreContract } from '../evidence/logStoreContract.ts';
import { testKeys } from '../evidence/fixture.ts';
import { createDatabase, startPostgres, temporaryFolder, type TestServer } from '../servers.ts';

let postgres: TestServer;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres?.stop(), 60_000);

logStoreContract('postgres', async () => {
  const url = await createDatabase(postgres);
  await migrate(url);
  const pools: pg.Pool[] = [];
  return {
    open: async () => {
      const pool = new pg.Pool({ connectionString: url, max: 4 });
      // A server that is stopped ends idle connections by an error.
      pool.on('error', () => undefined);
      pools.push(pool);
      return new PostgresLogStore(pool);
    },
    remove: async () => {
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
});

type Query = (text: string, values?: unknown[]) => Promise<unknown>;

const reset = (): Error =>
  Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' });

/**
 * A pool whose n-th statement (from 1) fails, before or after the server did it; `statements` lists
 * all.
 */
function breaking(
  pool: pg.Pool,
  n: number,
  fate: 'failed' | 'failed but persisted',
): { pool: pg.Pool; statements: string[] } {
  const statements: string[] = [];
  const broken =
    (query: Query): Query =>
    async (text, values) => {
      statements.push(text);
      const now = statements.length === n;
      if (now && fate === 'failed') throw reset();
      const done = await query(text, values);
      if (now) throw reset();
      return done;
    };
  const of =
    (pg_: object): Query =>
    (text: string, values?: unknown[]) =>
      (pg_ as { query: Query }).query(text, values);
  const wrapped = {
    query: broken(of(pool)),
    connect: async () => {
      const client = await pool.connect();
      return { query: broken(of(client)), release: (error?: Error) => client.release(error) };
    },
  };
  return { pool: wrapped as unknown as pg.Pool, statements };
}

describe('each statement of the log on Postgres, broken twice', () => {
  for (const fate of ['failed', 'failed but persisted'] as const) {
    it(`${fate}: every leaf is there once, under one history`, async () => {
      const { log: key } = await testKeys('statements');
      const url = await createDatabase(postgres);
      await migrate(url);
      const pool = new pg.Pool({ connectionString: url, max: 4 });
      pool.on('error', () => undefined);
      const folder = await temporaryFolder();
      const seen = await seenInFolder(folder);
      const leaves: string[] = [];
      let [total, commits] = [1, 0];
      for (let n = 1; n <= total; n += 1) {
        const { pool: broken, statements } = breaking(pool, n, fate);
        for (const leaf of [`${n} a`, `${n} b`]) {
          leaves.push(leaf);
          for (let acknowledged = false; !acknowledged;) {
            try {
              const log = await TransparencyLog.open(new PostgresLogStore(broken), key, { seen });
              const index = (await log.find(utf8(leaf))) ?? (await log.append(utf8(leaf))).index;
              expect(index).toBe(leaves.length - 1);
              acknowledged = true;
            } catch (error) {
              expect(error).toMatchObject({ retryable: true });
            }
          }
        }
        total = statements.length;
        commits = statements.filter((text) => text === 'COMMIT').length;
      }
      expect(commits).toBe(2);
      expect(total).toBeGreaterThan(15);
      const store = new PostgresLogStore(pool);
      expect((await store.leaves(0, 999)).map(fromUtf8)).toEqual(leaves);
      const { findings } = await fsck(store, key, [
        { from: 'shown', note: (await seen.newest()) ?? '' },
      ]);
      expect(findings.filter(({ code }) => code !== 'LEAF_SHAPE')).toEqual([]);
      await pool.end();
      await rm(folder, { recursive: true });
    }, 60_000);
  }
});

describe('a database that was put back', () => {
  it('is refused at the next start', async () => {
    const { log: key } = await testKeys('restored');
    const url = await createDatabase(postgres);
    await migrate(url);
    const pool = new pg.Pool({ connectionString: url, max: 4 });
    const folder = await temporaryFolder();
    const open = async (): Promise<TransparencyLog> =>
      TransparencyLog.open(new PostgresLogStore(pool), key, { seen: await seenInFolder(folder) });
    const log = await open();
    await log.append(utf8('a'));
    for (const table of ['log_leaves', 'log_nodes', 'log_checkpoint'])
      await pool.query(`CREATE TABLE "${table}_backup" AS TABLE "${table}"`);
    await log.append(utf8('b'));
    for (const table of ['log_leaves', 'log_nodes', 'log_checkpoint'])
      await pool.query(`TRUNCATE "${table}"; INSERT INTO "${table}" TABLE "${table}_backup"`);
    await expect(open()).rejects.toMatchObject({ code: 'LOG_ROLLED_BACK' });
    await (await TransparencyLog.open(new PostgresLogStore(pool), key)).append(utf8('x'));
    await expect(open()).rejects.toMatchObject({ code: 'LOG_FORKED' });
    await pool.end();
    await rm(folder, { recursive: true });
  });
});

describe('fsck over each column of the tables of the log', () => {
  /** What nothing reads, and nothing says the truth of. */
  const UNREAD = ['log_checkpoint.updated_at'];
  const CHANGED: Readonly<Record<string, (column: string) => string>> = {
    bytea: (column) => `SET_BYTE(${column}, 0, GET_BYTE(${column}, 0) # 1)`,
    bigint: (column) => `${column} + 1000`,
    integer: (column) => `${column} + 1000`,
    text: (column) => `OVERLAY(${column} PLACING '#' FROM 3 FOR 1)`,
  };

  it('is told of every cell that changed, every row that is gone, and every row too many', async () => {
    const { log: key } = await testKeys('columns');
    const url = await createDatabase(postgres);
    await migrate(url);
    // One connection, so that what is broken in a transaction is seen by fsck and taken back after
    // it.
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const store = new PostgresLogStore(pool);
    const log = await TransparencyLog.open(store, key);
    for (let at = 0; at < 7; at += 1)
      await log.append(
        utf8(
          canonicalJson({
            v: 1,
            kind: 'verdict',
            id: `ver_${at}`,
            digest: sha256(utf8(String(at))),
          }),
        ),
      );
    const findings = async (): Promise<string[]> =>
      (await fsck(store, key)).findings.map(({ code }) => code);
    expect(await findings()).toEqual([]);
    const broken = async (what: string, sql: string): Promise<string[]> => {
      await pool.query('BEGIN');
      const told = await pool
        .query(sql)
        .then(findings, (error: { code?: string }) => [
          error.code === '23514' ? 'refused by the database' : String(error),
        ]);
      await pool.query('ROLLBACK');
      expect(told, what).not.toEqual([]);
      return told;
    };
    const { rows: columns } = await pool.query<{ table: string; column: string; type: string }>(`
      SELECT "table_name" AS "table", "column_name" AS "column", "data_type" AS "type" FROM "information_schema"."columns" WHERE "table_name" LIKE 'log\\_%' ORDER BY 1, 2`);
    expect(columns.length).toBeGreaterThanOrEqual(10);
    const told: Record<string, string | undefined> = {};
    for (const { table, column, type } of columns) {
      if (UNREAD.includes(`${table}.${column}`)) continue;
      const { rows } = await pool.query<{ ctid: string }>(`SELECT ctid FROM "${table}"`);
      for (const { ctid } of rows) {
        const [first = ''] = await broken(
          `${table}.${column} ${ctid}`,
          `UPDATE "${table}" SET "${column}" = ${CHANGED[type]?.(`"${column}"`)} WHERE ctid = '${ctid}'`,
        );
        told[`${table}.${column}`] = first;
        await broken(
          `a row of ${table} that is gone, ${ctid}`,
          `DELETE FROM "${table}" WHERE ctid = '${ctid}'`,
        );
      }
    }
    expect(told).toMatchObject({
      'log_leaves.hash': 'LOOKUP_WRONG',
      'log_leaves.bytes': 'LEAF_SHAPE',
      'log_nodes.hash': 'NODE_WRONG',
      'log_checkpoint.size': 'SIZE_WRONG',
      'log_checkpoint.id': 'refused by the database',
    });
    for (const extra of [
      `INSERT INTO "log_leaves" SELECT 5000, "bytes", "hash" FROM "log_leaves" WHERE "index" = 1`,
      `INSERT INTO "log_leaves" SELECT -1, "bytes", "hash" FROM "log_leaves" WHERE "index" = 1`,
      `INSERT INTO "log_nodes" SELECT 40, 3, "hash" FROM "log_leaves" WHERE "index" = 1`,
    ])
      expect(await broken(extra, extra)).toEqual(['STORE_EXTRA']);
    await pool.end();
  }, 60_000);
});
