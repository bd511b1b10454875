import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/errors/index.ts';
import { openIota } from '../../src/evidence/ledger/open.ts';
import { startEmulator, type Emulator } from '../../src/evidence/ledger/emulator.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parsePolicy, renderPolicy } from '../../src/evidence/formats/policy.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import { anchorDue } from '../../src/service/anchor.ts';
import type { Installation, Service } from '../../src/service/service.ts';
import { requestVerification, submitModel } from '../../src/service/submit.ts';
import { anchorOf, verdictFiles, visibleVerdict } from '../../src/service/verdict.ts';
import {
  FIRST_ORGANISATION,
  type SealedVerdict,
  startEmbeddedPostgres,
} from '../../src/store/index.ts';
import { startWorker } from '../../src/service/worker.ts';
import { readiness } from '../../src/service/state.ts';
import {
  createDatabase,
  startPostgres,
  temporaryFolder,
  until,
  type TestServer,
} from '../servers.ts';
import { ALICE, openTestService, type TestService } from './bench.ts';

type OpenIota = Awaited<ReturnType<typeof openIota>>;
let postgres: TestServer;
let emulator: Emulator;
beforeAll(async () => {
  postgres = await startPostgres();
  emulator = await startEmulator();
});
afterAll(async () => {
  await emulator?.close();
  await postgres?.stop();
});

async function run(service: Service, source: string): Promise<SealedVerdict> {
  const model = await submitModel(service, ALICE, { source, format: 'native', name: 'outage' });
  if (!model.ok) throw new Error('refused');
  const asked = await requestVerification(service, ALICE, { modelId: model.value.id });
  if (!asked.ok) throw new Error('refused');
  const verdict = await until(async () =>
    service.store.verdicts
      .ofRun(asked.value.id)
      .then((each) => each && visibleVerdict(service, ALICE, each.id)),
  );
  return verdict;
}

/** A service that anchors on the emulated node. */
function anchoring({ installation }: TestService): {
  installation: Installation;
  service: Service;
  ledgers: OpenIota[];
} {
  const ledgers: OpenIota[] = [];
  const { notary } = installation;
  const anchors: Installation = {
    ...installation,
    notary: {
      ...notary,
      ledgerNetwork: 'emulated',
      ledgerSender: { network: 'emulated', address: '0x' + '0'.repeat(64) },
      openLedger: async () => {
        if (emulator.faults.down)
          throw new Fault('LEDGER_UNAVAILABLE', 'the ledger does not answer', {
            retryable: true,
          });
        const opened =
          ledgers[0] ??
          (await openIota({
            network: 'emulated',
            signer: notary.keys.ledger,
            url: emulator.url,
          }));
        ledgers[0] ??= opened;
        return opened.ledger;
      },
    },
  };
  return { ledgers, installation: anchors, service: anchors.of(FIRST_ORGANISATION) };
}

describe('a ledger that is away', () => {
  it('never holds up a verdict; anchoring catches up, and one anchor covers what waited', async () => {
    const opened = await openTestService(await createDatabase(postgres));
    const { installation, service, ledgers } = anchoring(opened);
    emulator.faults.down = true;
    const worker = await startWorker(installation, 'w');
    const first = await run(service, 'sleep 1');
    const second = await run(service, 'sleep 2');
    expect(await anchorOf(service, first)).toMatchObject({ state: 'pending' });
    await until(async () => ((await anchorOf(service, first))?.attempts ?? 0) > 0);
    expect(await readiness(installation)).toMatchObject({ ready: true });
    emulator.faults.down = false;
    await until(async () => (await anchorOf(service, second))?.state === 'confirmed');
    expect(await anchorOf(service, first)).toMatchObject({ state: 'confirmed' });
    const policy = await parsePolicy(
      renderPolicy({
        verdicts: [service.notary.keys.verdict.vkey],
        logs: [service.notary.log.vkey],
        ledgers: [{ network: 'emulated', address: ledgers[0]?.ledger.address ?? '' }],
      }),
      nodeCrypto.sha256,
    );
    if (!policy.ok) throw new Error('policy');
    for (const verdict of [first, second]) {
      const files = await verdictFiles(service, verdict);
      expect(files.has('anchor.json')).toBe(true);
      expect(
        await verifyBundle(files, policy.value, { crypto: nodeCrypto, compliance: false }),
      ).toMatchObject({ status: 'verified' });
    }
    await worker.stop();
    await opened.close();
  }, 60_000);

  it('a publication whose answer was lost, and a kill after publishing, end in one confirmed anchor', async () => {
    const opened = await openTestService(await createDatabase(postgres));
    const { installation, service } = anchoring(opened);
    const quiet: Installation = {
      ...installation,
      notary: { ...service.notary, ledgerNetwork: undefined, ledgerSender: undefined },
    };
    const worker = await startWorker(quiet, 'w');
    await run(quiet.of(FIRST_ORGANISATION), 'sleep 1');
    await worker.stop();
    const note = (await service.notary.log.checkpoint()) ?? '';
    await service.store.anchors.request(1, note);
    emulator.faults.loseAnswers = 1;
    await anchorDue(service);
    await until(async () => {
      await anchorDue(service);
      return (await service.store.anchors.covering(0)) !== undefined;
    });
    expect(await service.store.anchors.pending()).toBe(0);
    await opened.close();
  }, 60_000);
});

describe('a database that goes away', () => {
  it('makes the service unready and nothing worse: when it is back, so is the service, and a run goes on', async () => {
    const folder = await temporaryFolder();
    const server = await startEmbeddedPostgres(folder);
    const opened = await openTestService(server.url, { leaseMs: 1_500 });
    const worker = await startWorker(opened.installation, 'w');
    await run(opened.service, 'sleep 1');
    const port = server.port;
    await server.stop();
    expect(await readiness(opened.installation)).toMatchObject({
      ready: false,
      checks: { database: { ok: false } },
    });
    await expect(
      opened.service.store.runs.get('run_00000000000000000000000000'),
    ).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
    const again = await startEmbeddedPostgres(folder, { port });
    await until(async () => (await readiness(opened.installation)).ready);
    expect((await run(opened.service, 'sleep 2')).logIndex).toBe(1);
    await worker.stop();
    await opened.close();
    await again.stop();
  }, 90_000);
});
