import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CHECK_QUEUE,
  consume,
  Queues,
  type CheckJob,
  type QueuePlace,
} from '../../src/queue/index.ts';
import {
  createDatabase,
  describeRedis,
  startPostgres,
  startRedis,
  until,
  type TestServer,
} from '../servers.ts';

let postgres: TestServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

const settings = { concurrency: 4, leaseMs: 1_000, onError: () => undefined };

/** What holds on every backend. */
function queueContract(place: () => Promise<QueuePlace>): void {
  it('delivers each run once while one consumer lives, and forgets it when done', async () => {
    const at = await place();
    const queues = new Queues(at);
    const seen: string[] = [];
    const consumer = consume<CheckJob>(
      CHECK_QUEUE,
      at,
      async ({ runId }) => {
        seen.push(runId);
      },
      settings,
    );
    await consumer.ready();
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => queues.sendRun(`run_${index}`, '0')),
    );
    await until(async () => seen.length >= 50);
    expect(new Set(seen).size).toBe(50);
    await until(async () => (await queues.depth()).check === 0);
    await queues.sendRun('run_0', '0');
    await until(async () => seen.length >= 51);
    await consumer.close();
    await queues.close();
  });

  it('does not add what is waiting already', async () => {
    const at = await place();
    const queues = new Queues(at);
    for (let turn = 0; turn < 5; turn += 1) await queues.sendRun('run_a', '0');
    await queues.sendRun('run_a', '1');
    expect((await queues.depth()).check).toBe(2);
    await queues.close();
  });

  it('delivers again what failed', async () => {
    const at = await place();
    const queues = new Queues(at);
    let tries = 0;
    const consumer = consume<CheckJob>(
      CHECK_QUEUE,
      at,
      async () => {
        tries += 1;
        if (tries < 3) throw new Error('not yet');
      },
      settings,
    );
    await queues.sendRun('run_b', '0');
    await until(async () => tries === 3);
    await consumer.close();
    await queues.close();
  });
}

describe('the queue in Postgres', () => {
  queueContract(async () => ({ databaseUrl: await createDatabase(postgres) }));

  it('says with a code that the database is away', async () => {
    const queues = new Queues({ databaseUrl: 'postgresql://nobody:none@127.0.0.1:9/none' });
    await expect(queues.sendRun('run_x', '0')).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      retryable: true,
    });
    await queues.close();
  });
});

describeRedis('the queue in Redis', () => {
  let redis: TestServer;
  let databases = 0;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());
  queueContract(async () => ({
    databaseUrl: postgres.url,
    redisUrl: redis.url.replace(/0$/u, String(databases++)),
  }));
});
