import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import pg from 'pg';
import { Locks } from '../../src/store/locks.ts';
import { startPostgres, type TestServer } from '../servers.ts';

let postgres: TestServer;
let locks: Locks;
let others: Locks;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres?.stop(), 60_000);
beforeEach(() => {
  locks = new Locks(postgres.url);
  others = new Locks(postgres.url);
});
afterEach(async () => {
  await locks.close();
  await others.close();
});

/** The advisory locks that anybody has, or waits for. */
async function held(): Promise<number> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rowCount } = await client.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory'`);
  await client.end();
  return rowCount ?? 0;
}

/** Work that ends when it is told. */
function pending(): { work: () => Promise<string>; end: () => void; begun: Promise<void> } {
  let end = (): void => undefined;
  let begin = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const begun = new Promise<void>((resolve) => (begin = resolve));
  return {
    work: async () => {
      begin();
      await ended;
      return 'done';
    },
    end,
    begun,
  };
}

/** Whether it has not come within a time in which it would have come. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  const late = Symbol('late');
  return (await Promise.race([promise, sleep(300, late)])) === late;
}

it('one at a time, over all processes, and the next goes on', async () => {
  const first = pending();
  const one = locks.hold('a', first.work);
  await first.begun;
  const second = others.hold('a', async () => 'second');
  expect(await waits(second)).toBe(true);
  expect(await others.hold('b', async () => 'another name')).toBe('another name');
  first.end();
  expect(await one).toBe('done');
  expect(await second).toBe('second');
  expect(await held()).toBe(0);
});

it('tried, it is had or it is not; nobody waits', async () => {
  const first = pending();
  const one = locks.hold('a', first.work);
  await first.begun;
  let ran = false;
  expect(
    await others.tryHold('a', async () => {
      ran = true;
      return 1;
    }),
  ).toBeUndefined();
  expect(ran).toBe(false);
  // Who did not have it has not given it up for who has.
  expect(await others.tryHold('a', async () => 1)).toBeUndefined();
  first.end();
  await one;
  expect(await others.tryHold('a', async () => 'had')).toBe('had');
  expect(await held()).toBe(0);
});

it('shared, several hold it together, and whoever wants it alone waits for all of them', async () => {
  const [first, second] = [pending(), pending()];
  const one = locks.hold('run 1', first.work, 'keys');
  const two = others.hold('run 2', second.work, 'keys');
  await Promise.all([first.begun, second.begun]);
  const alone = others.hold('keys', async () => 'alone');
  first.end();
  await one;
  expect(await waits(alone)).toBe(true);
  second.end();
  await two;
  expect(await alone).toBe('alone');
  expect(await held()).toBe(0);
});

it('work that fails gives back both', async () => {
  const broken = async (): Promise<never> => {
    throw new Error('broken');
  };
  await expect(locks.hold('a', broken, 'keys')).rejects.toThrow('broken');
  await expect(locks.tryHold('a', broken)).rejects.toThrow('broken');
  expect(await held()).toBe(0);
  expect(await others.tryHold('a', async () => 'a')).toBe('a');
  expect(await others.tryHold('keys', async () => 'keys')).toBe('keys');
});

it('a connection that dies gives the lock up, and a database that is away is a fault', async () => {
  const first = pending();
  const one = locks.hold('a', first.work).catch((error: unknown) => error);
  await first.begun;
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'probity locks'`,
  );
  await client.end();
  expect(await others.hold('a', async () => 'next')).toBe('next');
  first.end();
  await one;
  // The connection is not used again.
  expect(await locks.hold('a', async () => 'again')).toBe('again');
  const nowhere = new Locks('postgres://postgres@127.0.0.1:1/postgres');
  await expect(nowhere.hold('a', async () => 1)).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    retryable: true,
  });
  await nowhere.close();
});
