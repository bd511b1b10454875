import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { fromUtf8, utf8 } from '../../src/evidence/encoding.ts';
import { fsck } from '../../src/evidence/log/fsck.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { seenInFolder } from '../../src/evidence/log/seen.ts';
import { migrate } from '../../src/store/index.ts';
import { PostgresLogStore } from '../../src/store/log.ts';
import { logStoreContract } from '../evidence/logStoreContract.ts';
import { testKeys } from '../evidence/fixture.ts';
import { createDatabase, startPostgres, temporaryFolder, type TestServer } from '../servers.ts';

let postgres: TestServer;
beforeAll(async () => { postgres = await startPostgres(); }, 60_000);
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
    remove: async () => { await Promise.all(pools.map((pool) => pool.end())); },
  };
});

type Query = (text: string, values?: unknown[]) => Promise<unknown>;

const reset = (): Error => Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' });

/** A pool whose n-th statement (from 1) fails, before or after the server did it; `statements` lists all. */
function breaking(pool: pg.Pool, n: number, fate: 'failed' | 'failed but persisted'): { pool: pg.Pool; statements: string[] } {
  const statements: string[] = [];
  const broken = (query: Query): Query => async (text, values) => {
    statements.push(text);
    const now = statements.length === n;
    if (now && fate === 'failed') throw reset();
    const done = await query(text, values);
    if (now) throw reset();
    return done;
  };
  const of = (pg_: object): Query => ((text: string, values?: unknown[]) => (pg_ as { query: Query }).query(text, values));
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
      const { findings } = await fsck(store, key, [{ from: 'shown', note: (await seen.newest()) ?? '' }]);
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
    const open = async (): Promise<TransparencyLog> => TransparencyLog.open(new PostgresLogStore(pool), key, { seen: await seenInFolder(folder) });
    const log = await open();
    await log.append(utf8('a'));
    for (const table of ['log_leaves', 'log_nodes', 'log_checkpoint']) await pool.query(`CREATE TABLE "${table}_backup" AS TABLE "${table}"`);
    await log.append(utf8('b'));
    for (const table of ['log_leaves', 'log_nodes', 'log_checkpoint']) await pool.query(`TRUNCATE "${table}"; INSERT INTO "${table}" TABLE "${table}_backup"`);
    await expect(open()).rejects.toMatchObject({ code: 'LOG_ROLLED_BACK' });
    await (await TransparencyLog.open(new PostgresLogStore(pool), key)).append(utf8('x'));
    await expect(open()).rejects.toMatchObject({ code: 'LOG_FORKED' });
    await pool.end();
    await rm(folder, { recursive: true });
  });
});
