import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { graphql } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AnswerSize } from '../../src/api/answer.ts';
import { buildApi } from '../../src/api/server.ts';
import { startEmulator } from '../../src/evidence/ledger/emulator.ts';
import { folderLogStore } from '../../src/evidence/log/folder.ts';
import { fsck } from '../../src/evidence/log/fsck.ts';
import { anchorDue } from '../../src/service/anchor.ts';
import { sealRun } from '../../src/service/seal.ts';
import type { Service } from '../../src/service/service.ts';
import { requestVerification, submitModel } from '../../src/service/submit.ts';
import { finishRun } from '../../src/service/worker.ts';
import { FIRST_ORGANISATION } from '../../src/store/index.ts';
import { createDatabase, startPostgres, temporaryFolder, type TestServer } from '../servers.ts';
import { ALICE, openTestService } from './bench.ts';

let postgres: TestServer;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres?.stop(), 60_000);

let runs = 0;
async function seal(service: Service): Promise<string> {
  const model = await submitModel(service, ALICE, {
    source: `sleep ${(runs += 1)}`,
    format: 'native',
    name: 'log',
  });
  const asked = model.ok
    ? await requestVerification(service, ALICE, { modelId: model.value.id })
    : model;
  if (!asked.ok) throw new Error('refused');
  await finishRun(service, asked.value.id, 'w', new AbortController().signal);
  return asked.value.id;
}

describe('a service whose log is in a folder', () => {
  it('seals into it, finds its leaf again after a kill, and refuses an older copy', async () => {
    const [url, dataDir] = [await createDatabase(postgres), await temporaryFolder()];
    const logDir = join(dataDir, 'log');
    const open = () => openTestService(url, { dataDir, env: { PROBITY_LOG_DIR: logDir } });
    const first = await open();
    await seal(first.service);
    await cp(logDir, join(dataDir, 'backup'), { recursive: true });
    const run = await seal(first.service);
    // As a kill between the append and the row leaves it.
    const verdict = await first.service.store.verdicts.ofRun(run);
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`UPDATE "runs" SET "state" = 'checked' WHERE "id" = $1`, [run]);
    await client.query(
      `UPDATE "verdicts" SET "log_index" = NULL, "receipt" = NULL, "sealed_at" = NULL WHERE "run_id" = $1`,
      [run],
    );
    await client.end();
    await first.close();
    const second = await open();
    await sealRun(second.service, run);
    expect((await second.service.store.verdicts.ofRun(run))?.logIndex).toBe(verdict?.logIndex);
    expect(await second.service.notary.log.size()).toBe(2);
    expect(await second.service.store.log.checkpoint()).toBeUndefined();
    expect(await fsck(await folderLogStore(logDir), second.service.notary.keys.log)).toMatchObject({
      size: 2,
      findings: [],
    });
    await second.close();
    await rm(logDir, { recursive: true });
    await cp(join(dataDir, 'backup'), logDir, { recursive: true });
    await expect(open()).rejects.toMatchObject({ code: 'LOG_ROLLED_BACK' });
    await rm(dataDir, { recursive: true, force: true });
  });
});

describe('a data folder', () => {
  it('belongs to its database: another one, empty or older, is refused', async () => {
    const [url, dataDir] = [await createDatabase(postgres), await temporaryFolder()];
    const opened = await openTestService(url, { dataDir });
    await seal(opened.service);
    await opened.close();
    await expect(
      openTestService(await createDatabase(postgres), { dataDir }),
    ).rejects.toMatchObject({
      code: 'LOG_ROLLED_BACK',
      message: expect.stringContaining('docs/log.md'),
    });
    const again = await openTestService(url, { dataDir });
    expect(await again.service.notary.log.size()).toBe(1);
    await again.close();
    await rm(dataDir, { recursive: true, force: true });
  });
});

describe('the verdict, over GraphQL', () => {
  it('shows the anchor with what the ledger said and where to look, and that nobody was asked to cosign', async () => {
    const emulator = await startEmulator();
    const opened = await openTestService(await createDatabase(postgres), {
      env: {
        PROBITY_IOTA_NETWORK: 'emulated',
        PROBITY_IOTA_URL: emulator.url,
        PROBITY_IOTA_EXPLORER: 'https://look.example/{digest}',
      },
    });
    const run = await seal(opened.service);
    await anchorDue(opened.service);
    const { schema } = await buildApi(opened.installation);
    const contextValue = {
      principal: {
        keyId: 'k',
        organisationId: FIRST_ORGANISATION,
        owner: 'alice',
        role: 'architect',
      },
      answer: new AnswerSize(),
    };
    const source = `{ run(id: "${run}") { verdict { cosigned { size } anchor { state network transactionDigest explorer confirmation } } } }`;
    const { data, errors } = await graphql({ schema, source, contextValue });
    expect(errors).toBeUndefined();
    const { cosigned, anchor } = (
      data as { run: { verdict: { cosigned: unknown; anchor: Record<string, unknown> } } }
    ).run.verdict;
    expect(cosigned).toBeNull();
    expect(anchor).toMatchObject({
      state: 'confirmed',
      network: 'emulated',
      confirmation: { state: 'confirmed', ledgerCheckpoint: '1' },
    });
    expect(anchor['explorer']).toBe(`https://look.example/${String(anchor['transactionDigest'])}`);
    await opened.close();
    await emulator.close();
  });
});
