import { afterAll, beforeAll } from 'vitest';
import pg from 'pg';
import { migrate } from '../../src/store/index.ts';
import { PostgresLogStore } from '../../src/store/log.ts';
import { logStoreContract } from '../evidence/logStoreContract.ts';
import { createDatabase, startPostgres, type TestServer } from '../servers.ts';

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
