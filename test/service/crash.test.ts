import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFinished, type RunRecord } from '../../src/store/index.ts';
import { requestVerification, submitModel } from '../../src/service/submit.ts';
import { sealRun } from '../../src/service/seal.ts';
import { sweepRuns } from '../../src/service/sweep.ts';
import { startWorker } from '../../src/service/worker.ts';
import {
  createDatabase,
  describeRedis,
  startPostgres,
  startRedis,
  temporaryFolder,
  until,
  type TestServer,
} from '../servers.ts';
import { ALICE, openTestService, type TestService } from './bench.ts';

const LEASE_MS = 1_500;
const script = fileURLToPath(new URL('crashWorker.ts', import.meta.url));
const children: ChildProcess[] = [];

async function startProcess(
  databaseUrl: string,
  dataDir: string,
  redisUrl?: string,
): Promise<ChildProcess> {
  const child = fork(script, {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl ?? '',
      PROBITY_DATA_DIR: dataDir,
      PROBITY_LEASE_MS: String(LEASE_MS),
      PROBITY_IOTA_NETWORK: 'none',
      PROBITY_ORIGIN: 'test.probity',
    },
  });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
  return child;
}

async function start(opened: TestService, source: string): Promise<RunRecord> {
  const model = await submitModel(opened.service, ALICE, {
    source,
    format: 'native',
    name: 'crash',
  });
  if (!model.ok) throw new Error('refused');
  const run = await requestVerification(opened.service, ALICE, { modelId: model.value.id });
  if (!run.ok) throw new Error('refused');
  return run.value;
}

const state = (
  opened: TestService,
  id: string,
  wanted: (run: RunRecord) => boolean,
): Promise<RunRecord> =>
  until(async () => {
    const run = await opened.service.store.runs.get(id);
    return run && wanted(run) ? run : undefined;
  });

let postgres: TestServer;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await postgres?.stop();
}, 60_000);

function crashTests(redis: () => TestServer | undefined): void {
  it('a worker killed with -9 in mid-run: the run is finished by another, with one verdict', async () => {
    const dataDir = await temporaryFolder();
    const databaseUrl = await createDatabase(postgres);
    const redisUrl = redis()?.url;
    const opened = await openTestService(databaseUrl, { redisUrl, leaseMs: LEASE_MS, dataDir });
    const first = await startProcess(databaseUrl, dataDir, redisUrl);
    const run = await start(opened, 'sleep 1200');
    await state(opened, run.id, ({ state: now }) => now === 'running');
    first.kill('SIGKILL');
    const second = await startProcess(databaseUrl, dataDir, redisUrl);
    const ended = await state(opened, run.id, ({ state: now }) => isFinished(now));
    expect(ended).toMatchObject({ state: 'sealed', attempt: 2 });
    expect(await opened.installation.store.all.verdicts.count()).toBe(1);
    expect(await opened.service.notary.log.size()).toBe(1);
    second.kill('SIGTERM');
    await opened.close();
  }, 60_000);

  it('a check that computes for longer than its lease in one piece keeps its run', async () => {
    const dataDir = await temporaryFolder();
    const databaseUrl = await createDatabase(postgres);
    const redisUrl = redis()?.url;
    const opened = await openTestService(databaseUrl, { redisUrl, leaseMs: LEASE_MS, dataDir });
    const first = await startProcess(databaseUrl, dataDir, redisUrl);
    const run = await start(opened, `block ${4 * LEASE_MS}`);
    await state(opened, run.id, ({ state: now }) => now === 'running');
    // The other one looks again and again whether it is to be had, as every worker does.
    const second = await startProcess(databaseUrl, dataDir, redisUrl);
    const taken = setInterval(() => {
      opened.service.store.runs.claim(run.id, 'thief', LEASE_MS).catch(() => undefined);
    }, 100);
    const ended = await state(opened, run.id, ({ state: now }) => isFinished(now));
    clearInterval(taken);
    expect(ended).toMatchObject({ state: 'sealed', attempt: 1 });
    for (const child of [first, second]) child.kill('SIGTERM');
    await opened.close();
  }, 60_000);

  it('a worker told to stop gives its run back, and another goes on at once', async () => {
    const dataDir = await temporaryFolder();
    const databaseUrl = await createDatabase(postgres);
    const redisUrl = redis()?.url;
    const opened = await openTestService(databaseUrl, { redisUrl, leaseMs: 60_000, dataDir });
    const first = await startWorker(opened.installation, 'first');
    const run = await start(opened, 'sleep 1500');
    await state(opened, run.id, ({ state: now }) => now === 'running');
    await first.stop();
    expect((await opened.service.store.runs.get(run.id))?.state).toBe('queued');
    const second = await startWorker(opened.installation, 'second');
    expect(await state(opened, run.id, ({ state: now }) => isFinished(now))).toMatchObject({
      state: 'sealed',
      attempt: 2,
      worker: 'second',
    });
    await second.stop();
    await opened.close();
  }, 60_000);
}

describe('crashes, queue in Postgres', () => crashTests(() => undefined));

describeRedis('crashes, queue in Redis', () => {
  let redis: TestServer;
  beforeAll(async () => {
    redis = await startRedis();
  }, 30_000);
  afterAll(() => redis?.stop());
  crashTests(() => redis);
});

describe('what a crash leaves behind', () => {
  it('a check that computes in one piece can read that its run was cancelled', async () => {
    const dataDir = await temporaryFolder();
    const opened = await openTestService(await createDatabase(postgres), { dataDir });
    const { runs, leases } = opened.service.store;
    const run = await start(opened, 'forever');
    const claim = await runs.claim(run.id, 'w', 60_000);
    if (!claim) throw new Error('nobody else wants it');
    const heard: string[] = [];
    const kept = leases.keep(claim, 60_000, 60_000, () => heard.push('lost'));
    expect(kept.isLost()).toBe(false);
    await runs.cancel(run.id);
    for (const end = Date.now() + 30_000; !kept.isLost() && Date.now() < end;) Math.random();
    expect([kept.isLost(), heard]).toEqual([true, []]);
    await until(async () => heard.length === 1);
    kept.end();
    await opened.close();
  }, 60_000);

  it('a run that kills every worker is given up, with a code', async () => {
    const dataDir = await temporaryFolder();
    const databaseUrl = await createDatabase(postgres);
    const opened = await openTestService(databaseUrl, { leaseMs: LEASE_MS, dataDir });
    const run = await start(opened, 'sleep 1');
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await opened.service.store.runs.claim(run.id, 'dead', 1);
      await until(
        async () => (await opened.installation.store.all.runs.stalled(60_000)).length === 1,
      );
    }
    const worker = await startWorker(opened.installation, 'last');
    expect(await state(opened, run.id, ({ state: now }) => isFinished(now))).toMatchObject({
      state: 'failed',
      failure: { code: 'CHILD_CRASHED' },
    });
    await worker.stop();
    await opened.close();
  }, 60_000);

  it('sealing that was cut off after signing, after logging, or after both goes on with the same leaf', async () => {
    const opened = await openTestService(await createDatabase(postgres));
    const { store, notary } = opened.service;
    const run = await start(opened, 'sleep 1');
    const worker = await startWorker(opened.installation, 'w');
    await state(opened, run.id, ({ state: now }) => now === 'sealed');
    await worker.stop();
    const verdict = await store.verdicts.ofRun(run.id);
    // Turn the clock back to just after the append: the row does not know yet what the log already
    // has.
    await rewind(
      opened,
      `UPDATE "verdicts" SET "log_index" = NULL, "receipt" = NULL, "sealed_at" = NULL`,
    );
    await Promise.all([sealRun(opened.service, run.id), sealRun(opened.service, run.id)]);
    expect(await store.verdicts.ofRun(run.id)).toMatchObject({
      id: verdict?.id,
      envelope: verdict?.envelope,
      logIndex: 0,
    });
    expect(await notary.log.size()).toBe(1);
    expect((await store.runs.get(run.id))?.state).toBe('sealed');
    await opened.close();
  }, 60_000);

  it('rows that the queue has forgotten are delivered again', async () => {
    const opened = await openTestService(await createDatabase(postgres));
    const run = await start(opened, 'sleep 1');
    await rewind(opened, 'DELETE FROM "bullmq"."job"');
    expect((await opened.service.store.runs.get(run.id))?.state).not.toBe('sealed');
    expect(await sweepRuns(opened.installation, 0)).toBe(1);
    const worker = await startWorker(opened.installation, 'w');
    await state(opened, run.id, ({ state: now }) => now === 'sealed');
    await worker.stop();
    await opened.close();
  }, 60_000);
});

/** Puts the rows into a state that only a crash leaves. */
async function rewind(opened: TestService, statement: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: opened.config.databaseUrl });
  await client.connect();
  await client.query(statement);
  if (statement.includes('verdicts')) await client.query(`UPDATE "runs" SET "state" = 'checked'`);
  await client.end();
}
