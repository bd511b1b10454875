import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { canonicalJson } from '../../src/canonical/index.ts';
import { trustPolicy } from '../../src/service/policy.ts';
import { Metrics } from '../../src/api/metrics.ts';
import { readiness } from '../../src/service/state.ts';
import { parseCheckpoint } from '../../src/evidence/formats/checkpoint.ts';
import { keysCommand, type Run } from '../cli/run.ts';
import { toBase64, utf8 } from '../../src/evidence/formats/encoding.ts';
import { addressOf } from '../../src/evidence/ledger/address.ts';
import { startEmulator, type Emulator } from '../../src/evidence/ledger/emulator.ts';
import { publishOnce } from '../../src/evidence/ledger/ledger.ts';
import { openIota } from '../../src/evidence/ledger/open.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parseNote } from '../../src/evidence/formats/note.ts';
import { parsePolicy, renderPolicy, type TrustPolicy } from '../../src/evidence/formats/policy.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import { cosignerFromSeed } from '../../src/evidence/witness/cosigner.ts';
import { startWitness, type RunningWitness } from '../../src/evidence/witness/server.ts';
import { anchorDue } from '../../src/service/anchor.ts';
import { cosignDue, cosignedCheckpoint, publicCheckpoint } from '../../src/service/cosign.ts';
import type { Service } from '../../src/service/service.ts';
import { rotateKey } from '../../src/service/rotate.ts';
import { requestVerification, submitModel } from '../../src/service/submit.ts';
import { anchorOf, verdictFiles, visibleVerdict } from '../../src/service/verdict.ts';
import type { SealedVerdict } from '../../src/store/index.ts';
import { finishRun, startWorker } from '../../src/service/worker.ts';
import { complaints, policyOf } from '../evidence/fixture.ts';
import {
  createDatabase,
  startPostgres,
  temporaryFolder,
  until,
  type TestServer,
} from '../servers.ts';
import { ALICE, openTestService, type TestService } from './bench.ts';

let postgres: TestServer;
let emulator: Emulator;
let url: string;
let dataDir: string;
let pool: pg.Pool;
const opened: TestService[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres?.stop(), 60_000);
beforeEach(async () => {
  [emulator, url, dataDir] = await Promise.all([
    startEmulator(),
    createDatabase(postgres),
    temporaryFolder(),
  ]);
  pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined);
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await pool.end();
  await emulator.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** A service as a process has it: calling this again is a restart, or another process. */
async function process_(env: Record<string, string> = {}): Promise<Service> {
  const service = await openTestService(url, {
    dataDir,
    env: { PROBITY_IOTA_NETWORK: 'emulated', PROBITY_IOTA_URL: emulator.url, ...env },
  });
  opened.push(service);
  return service.service;
}

let runs = 0;
/** A sealed verdict, whose anchor is asked for. */
async function verdict(service: Service): Promise<SealedVerdict> {
  const model = await submitModel(service, ALICE, {
    source: `sleep ${(runs += 1)}`,
    format: 'native',
    name: 'anchor',
  });
  const asked = model.ok
    ? await requestVerification(service, ALICE, { modelId: model.value.id })
    : model;
  if (!asked.ok) throw new Error('refused');
  await finishRun(service, asked.value.id, 'w', new AbortController().signal);
  // Where a worker runs as well, it may be the one that has the run in hand.
  return until(async () => {
    const kept = await service.store.verdicts.ofRun(asked.value.id);
    return kept && visibleVerdict(service, ALICE, kept.id);
  });
}

/** As if the pause before the next try had passed. */
async function tryAgain(service: Service): Promise<void> {
  await pool.query(
    `UPDATE "anchors" SET "next_attempt_at" = CURRENT_TIMESTAMP WHERE "state" = 'pending'`,
  );
  await anchorDue(service);
}

/** What a command prints under an environment of its own. */
async function captured(
  command: Run,
  args: string[],
  env: Readonly<Record<string, string>>,
): Promise<[out: string, exit: number]> {
  let out = '';
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const exit = await command(args, {
    stdout: (text) => {
      out += text;
    },
    stderr: () => undefined,
  }).finally(() => vi.unstubAllEnvs());
  return [out, exit];
}

const stateOf = async (service: Service, sealed: SealedVerdict): Promise<string | undefined> =>
  (await anchorOf(service, sealed))?.state;

describe('anchoring never spends a coin twice', () => {
  it('after a lost answer and a restart: the same bytes, one transaction', async () => {
    const first = await process_();
    const sealed = await verdict(first);
    emulator.faults.loseAnswers = 1;
    await anchorDue(first);
    const kept = (await anchorOf(first, sealed))?.record;
    expect(await anchorOf(first, sealed)).toMatchObject({
      state: 'pending',
      attempts: 1,
      error: expect.stringContaining('LEDGER_UNAVAILABLE'),
      record: { network: 'emulated' },
    });
    const restarted = await process_();
    await verdict(restarted);
    await tryAgain(restarted);
    expect(await anchorOf(restarted, sealed)).toMatchObject({
      state: 'confirmed',
      record: kept,
      confirmation: { ledgerCheckpoint: '1' },
    });
    // The second verdict waited until the first transaction was settled.
    expect(emulator.counts()).toEqual({ transactions: 2, equivocations: 0 });
  });

  it('killed between signing and sending: the next process sends what was signed', async () => {
    const first = await process_();
    const sealed = await verdict(first);
    const ledger = await first.notary.openLedger();
    const record = await ledger.prepare((await first.notary.log.checkpoint()) ?? '');
    await first.store.anchors.prepared(1, record as never);
    const restarted = await process_();
    await verdict(restarted);
    await anchorDue(restarted);
    expect((await anchorOf(restarted, sealed))?.record).toEqual(record);
    expect(emulator.counts().equivocations).toBe(0);
  });

  it('while a transaction is not settled, nothing else is signed, due or not', async () => {
    const service = await process_();
    await verdict(service);
    emulator.faults.reject = 'busy';
    await anchorDue(service);
    const second = await verdict(service);
    await anchorDue(service);
    emulator.faults.reject = undefined;
    await anchorDue(service);
    expect(emulator.counts()).toEqual({ transactions: 0, equivocations: 0 });
    await tryAgain(service);
    expect(emulator.counts()).toEqual({ transactions: 2, equivocations: 0 });
    expect(await stateOf(service, second)).toBe('confirmed');
  });

  it('two senders that both believe to be the one: only one transaction is kept, so only one is sent', async () => {
    const service = await process_();
    await verdict(service);
    await verdict(service);
    const ledger = await service.notary.openLedger();
    const note = (await service.notary.log.checkpoint()) ?? '';
    const record = await ledger.prepare(note);
    const kept = await Promise.all(
      [1, 2, 1, 2].map((size) => service.store.anchors.prepared(size, record as never)),
    );
    expect(kept.filter((each) => each)).toHaveLength(1);
    const { rows } = await pool.query(
      `SELECT COUNT(*)::INTEGER AS "signed" FROM "anchors" WHERE "record" IS NOT NULL`,
    );
    expect(rows).toEqual([{ signed: 1 }]);
  });

  it('after a block that did not stay, and over many faults in turn: every verdict is anchored, no coin promised twice', async () => {
    const faults = [
      { forget: 1 },
      { loseAnswers: 1 },
      { reject: 'no' },
      { broke: true },
      { staleCoins: true },
      { down: true },
    ] as const;
    let service = await process_();
    const sealed: SealedVerdict[] = [];
    for (const fault of faults) {
      sealed.push(await verdict(service));
      Object.assign(emulator.faults, fault);
      await tryAgain(service);
      service = await process_();
      await tryAgain(service);
      Object.assign(emulator.faults, {
        forget: 0,
        loseAnswers: 0,
        reject: undefined,
        broke: false,
        staleCoins: false,
        down: false,
      });
      await tryAgain(service);
    }
    await tryAgain(service);
    for (const each of sealed) expect(await stateOf(service, each)).toBe('confirmed');
    expect(emulator.counts().equivocations).toBe(0);
    expect(await readiness(opened.at(-1)!.installation)).toMatchObject({
      checks: { ledger: { ok: true, detail: 'emulated, 0 waiting' } },
    });
  }, 120_000);

  it('signs another one when the first was refused for longer than an epoch', async () => {
    const service = await process_();
    const sealed = await verdict(service);
    emulator.faults.reject = 'gas price too low';
    await anchorDue(service);
    const before = (await anchorOf(service, sealed))?.record;
    await tryAgain(service);
    expect((await anchorOf(service, sealed))?.record).toEqual(before);
    await pool.query(
      `UPDATE "anchors" SET "prepared_at" = CURRENT_TIMESTAMP - INTERVAL '26 hours'`,
    );
    await tryAgain(service);
    expect((await anchorOf(service, sealed))?.record).toBeNull();
  });
});

describe('a ledger key that is replaced', () => {
  it('leaves its anchors verifiable, and signs none from then on, in no process', async () => {
    const [service, other] = [await process_(), await process_()];
    const before = await verdict(service);
    await anchorDue(service);
    // Signed by the old key and not sent yet: sent as it is, after the change.
    const waiting = await verdict(service);
    emulator.faults.down = true;
    await anchorDue(service);
    emulator.faults.down = false;
    await (await other.notary.openLedger()).prepare((await other.notary.log.checkpoint()) ?? '');
    const former = service.notary.keys.ledger;
    const rotated = await rotateKey(service, 'ledger', 'key_1', 'a year');
    expect(rotated).toMatchObject({
      ok: true,
      value: { retired: former.vkey, successor: service.notary.keys.ledger.vkey },
    });
    const end = (rotated.ok ? rotated.value.index : 0) + 1;
    await tryAgain(other);
    const after = await verdict(other);
    await tryAgain(other);

    const senders = async ({ notary }: Service): Promise<TrustPolicy> =>
      policyOf(
        renderPolicy({
          verdicts: [notary.keys.verdict.vkey],
          logs: [notary.log.vkey],
          ledgers: notary.ledgerSender ? [notary.ledgerSender] : [],
          retired: notary.retired,
        }),
      );
    const policy = await senders(other);
    expect(policy.ledgers).toEqual([
      { network: 'emulated', address: addressOf(former.publicKey), until: end },
      { network: 'emulated', address: addressOf(service.notary.keys.ledger.publicKey) },
    ]);
    const layerOf = async (sealed: SealedVerdict, trust = policy) =>
      (
        await verifyBundle(await verdictFiles(service, sealed), trust, { crypto: nodeCrypto })
      ).layers.find(({ layer }) => layer === 'anchor')?.code;
    expect([await layerOf(before), await layerOf(waiting), await layerOf(after)]).toEqual([
      'ANCHOR_SIGNED',
      'ANCHOR_SIGNED',
      'ANCHOR_SIGNED',
    ]);
    const onlyOld = {
      ...policy,
      ledgers: policy.ledgers.filter(({ until: size }) => size !== undefined),
    };
    expect([await layerOf(before, onlyOld), await layerOf(after, onlyOld)]).toEqual([
      'ANCHOR_SIGNED',
      'ANCHOR_UNTRUSTED',
    ]);
    expect(emulator.counts().equivocations).toBe(0);

    // Whoever has the old key goes on anchoring what is larger than its end: refused, though the
    // sender is listed.
    const { ledger, close } = await openIota({
      network: 'emulated',
      signer: former,
      url: emulator.url,
    });
    const checkpoint = (await service.notary.log.checkpoint()) ?? '';
    const forged = canonicalJson({
      ...(await publishOnce(ledger, checkpoint)),
      consistency: (
        (await service.notary.log.consistencyProof(1, await service.notary.log.size())) ?? []
      ).map(toBase64),
    });
    await close();
    const files = await verdictFiles(service, before);
    const layer = (
      await verifyBundle(new Map(files).set('anchor.json', utf8(forged)), policy, {
        crypto: nodeCrypto,
      })
    ).layers.find((each) => each.layer === 'anchor');
    expect(layer).toMatchObject({ status: 'untrusted', code: 'ANCHOR_RETIRED' });
    // The coins that are left can still be moved.
    expect(
      await readFile(join(service.notary.keysFolder, `ledger.${former.hash}.key`), 'utf8'),
    ).toContain(former.keyId);
  });
});

describe('a ledger that costs', () => {
  it('out of funds: verdicts go on, the probe and the verdict say so, and anchoring catches up', async () => {
    const service = await process_();
    emulator.faults.broke = true;
    const sealed = await verdict(service);
    await anchorDue(service);
    await verdict(service);
    expect(await anchorOf(service, sealed)).toMatchObject({ state: 'pending', error: null });
    await anchorDue(service);
    expect(await anchorOf(service, sealed)).toMatchObject({
      state: 'pending',
      error: expect.stringContaining('LEDGER_FUNDS'),
    });
    expect(await readiness(opened.at(-1)!.installation)).toMatchObject({
      ready: true,
      checks: {
        ledger: { ok: false, detail: expect.stringMatching(/^emulated, 2 waiting: LEDGER_FUNDS/u) },
      },
    });
    emulator.faults.broke = false;
    await tryAgain(service);
    expect(await stateOf(service, sealed)).toBe('confirmed');
    // One anchor speaks for both.
    expect(emulator.counts().transactions).toBe(1);
  });

  it('is used no more often than the interval, by the newest checkpoint only', async () => {
    const service = await process_({ PROBITY_IOTA_INTERVAL_S: '3600' });
    const [first, second, third] = [
      await verdict(service),
      await verdict(service),
      await verdict(service),
    ];
    await anchorDue(service);
    expect(emulator.counts().transactions).toBe(1);
    for (const sealed of [first, second, third])
      expect(await stateOf(service, sealed)).toBe('confirmed');
    const late = [await verdict(service), await verdict(service)];
    await tryAgain(service);
    expect(emulator.counts().transactions).toBe(1);
    expect(await anchorOf(service, late[1] as SealedVerdict)).toMatchObject({
      state: 'pending',
      error: null,
      attempts: 0,
    });
    await pool.query(`UPDATE "anchors" SET "prepared_at" = "prepared_at" - INTERVAL '1 hour'`);
    await tryAgain(service);
    expect(emulator.counts().transactions).toBe(2);
    for (const sealed of late) expect(await stateOf(service, sealed)).toBe('confirmed');
  });

  it('has a budget for a day', async () => {
    const service = await process_({ PROBITY_IOTA_MAX_PER_DAY: '2' });
    for (let at = 0; at < 2; at += 1) {
      await verdict(service);
      await anchorDue(service);
    }
    const sealed = await verdict(service);
    await tryAgain(service);
    expect(emulator.counts().transactions).toBe(2);
    expect(await anchorOf(service, sealed)).toMatchObject({
      state: 'pending',
      error: expect.stringContaining('LEDGER_BUDGET'),
    });
    expect(await readiness(opened.at(-1)!.installation)).toMatchObject({
      ready: true,
      checks: { ledger: { ok: false, detail: expect.stringContaining('2 anchors a day') } },
    });
    await pool.query(
      `UPDATE "anchors" SET "prepared_at" = CURRENT_TIMESTAMP - INTERVAL '25 hours'`,
    );
    await tryAgain(service);
    expect(await stateOf(service, sealed)).toBe('confirmed');
  });

  it('of another chain gets nothing', async () => {
    emulator.faults.chainId = '6364aad5';
    const service = await process_();
    const sealed = await verdict(service);
    await anchorDue(service);
    expect(await anchorOf(service, sealed)).toMatchObject({
      state: 'pending',
      record: null,
      error: expect.stringContaining('LEDGER_REJECTED'),
    });
    expect(emulator.counts().transactions).toBe(0);
  });
});

describe('witnesses', () => {
  let witness: RunningWitness;
  let vkey: string;
  let policyFile: string;
  const asked = (): Record<string, string> => ({
    PROBITY_WITNESSES: policyFile,
    PROBITY_WITNESS_TIMEOUT_MS: '2000',
    PROBITY_IOTA_NETWORK: 'none',
  });

  async function startAgain(service: Service, folder = 'witness'): Promise<void> {
    const { log } = service.notary.keys;
    const cosigner = await cosignerFromSeed('w.example', new Uint8Array(32).fill(3));
    vkey = cosigner.vkey;
    const port = witness ? Number(new URL(witness.url).port) : 0;
    witness = await startWitness({ logs: [log], cosigner, folder: join(dataDir, folder), port });
  }
  beforeEach(async () => {
    const quiet = await process_({ PROBITY_IOTA_NETWORK: 'none' });
    policyFile = join(dataDir, 'witnesses');
    await startAgain(quiet);
    await writeFile(policyFile, `witness w ${vkey} ${witness.url}\nquorum w\n`);
  });
  afterEach(() => witness.close().catch(() => undefined));

  const strict = async ({ notary }: Service): Promise<TrustPolicy> => {
    const text = renderPolicy({
      verdicts: [notary.keys.verdict.vkey],
      logs: [notary.log.vkey],
      ledgers: [],
    });
    const policy = await parsePolicy(
      text.replace('quorum none', `witness w ${vkey}\nquorum w`),
      nodeCrypto.sha256,
    );
    if (!policy.ok) throw new Error('policy');
    return policy.value;
  };
  const verified = async (service: Service, sealed: SealedVerdict): Promise<string> =>
    (
      await verifyBundle(await verdictFiles(service, sealed), await strict(service), {
        crypto: nodeCrypto,
      })
    ).status;

  it('hold up no verdict: it is sealed while they are away, says so, and is complete when they are back', async () => {
    await witness.close();
    const service = await process_(asked());
    const first = await verdict(service);
    await cosignDue(service);
    expect(await cosignedCheckpoint(service, first)).toBeUndefined();
    expect(await verified(service, first)).toBe('untrusted');
    expect(await readiness(opened.at(-1)!.installation)).toMatchObject({
      ready: true,
      checks: { witnesses: { ok: false, detail: expect.stringContaining('1 leaves wait') } },
    });
    await startAgain(service);
    const second = await verdict(service);
    await cosignDue(service);
    for (const sealed of [first, second]) {
      expect(await cosignedCheckpoint(service, sealed)).toMatchObject({
        size: 2,
        witnesses: ['w'],
        quorum: true,
      });
      expect(await verified(service, sealed)).toBe('verified');
    }
    expect(await readiness(opened.at(-1)!.installation)).toMatchObject({
      checks: { witnesses: { ok: true, detail: '1 witnesses, all leaves cosigned' } },
    });
    expect(await new Metrics().text(opened.at(-1)!.installation)).toContain(
      'probity_log_cosigned_size 2\n',
    );
    const shown = parseNote((await publicCheckpoint(service)) ?? '');
    expect([parseCheckpoint(shown?.text ?? '')?.size, shown?.signatures.length]).toEqual([2, 2]);
    // A receipt stays what it was when the log grows.
    const before = (await verdictFiles(service, first)).get('receipt.tlog-proof');
    await verdict(service);
    await cosignDue(service);
    expect((await verdictFiles(service, first)).get('receipt.tlog-proof')).toEqual(before);
  });

  it('are asked by a worker of itself, and put under anchors too', async () => {
    const service = await process_({ ...asked(), PROBITY_IOTA_NETWORK: 'emulated' });
    const worker = await startWorker(opened.at(-1)!.installation, 'w');
    const sealed = await verdict(service);
    await until(
      async () =>
        (await cosignedCheckpoint(service, sealed)) &&
        (await stateOf(service, sealed)) === 'confirmed',
    );
    await worker.stop();
    const files = await verdictFiles(service, sealed);
    const anchor = JSON.parse(Buffer.from(files.get('anchor.json') ?? '').toString()) as {
      checkpoint: string;
    };
    expect(parseNote(anchor.checkpoint)?.signatures).toHaveLength(2);
    expect(await verified(service, sealed)).toBe('verified');
  });

  it('keep a log from starting that they remember more of; away at the start, they raise an alarm later', async () => {
    const service = await process_(asked());
    await verdict(service);
    await cosignDue(service);
    // The same keys, another database: nobody here remembers, the witness does.
    const elsewhere = await temporaryFolder();
    await cp(join(dataDir, 'keys'), join(elsewhere, 'keys'), { recursive: true });
    const other = await createDatabase(postgres);
    const open = (): Promise<TestService> =>
      openTestService(other, { dataDir: elsewhere, env: asked() });
    await expect(open()).rejects.toMatchObject({
      code: 'LOG_ROLLED_BACK',
      message: expect.stringContaining('witness w has cosigned 1 leaves'),
    });
    await witness.close();
    const forked = await open();
    opened.push(forked);
    await verdict(forked.service);
    await startAgain(service);
    await expect(open()).rejects.toMatchObject({
      code: 'LOG_FORKED',
      message: expect.stringContaining('witness w'),
    });
    await cosignDue(forked.service);
    expect(await readiness(forked.installation)).toMatchObject({
      ready: true,
      checks: { witnesses: { ok: false, detail: expect.stringContaining('w: LOG_FORKED') } },
    });
    await rm(elsewhere, { recursive: true, force: true });
  });

  it('are in every policy that is handed out, and such a policy refuses what no quorum cosigned', async () => {
    const service = await process_(asked());
    const first = await verdict(service);
    const text = await trustPolicy(service);
    expect(text).toContain(`\nwitness w ${vkey} ${witness.url}\nquorum w\n`);
    const [printed] = await captured(keysCommand, ['policy', '--data', dataDir], {
      PROBITY_WITNESSES: policyFile,
      PROBITY_IOTA_NETWORK: 'none',
    });
    expect(printed).toBe(text);
    const policy = await policyOf(text);
    const codes = async (sealed: SealedVerdict): Promise<string[]> =>
      complaints(
        await verifyBundle(await verdictFiles(service, sealed), policy, { crypto: nodeCrypto }),
      );
    expect(await codes(first)).toEqual(['checkpoint: CHECKPOINT_QUORUM']);
    await cosignDue(service);
    expect(await codes(first)).toEqual([]);
    const bundle = await verdictFiles(service, first);
    expect(Buffer.from(bundle.get('trust/policy') ?? '').toString()).toBe(text);
  });

  it.each([
    ['was cosigned', async (service: Service) => cosignDue(service)],
    ['was to be anchored', async () => undefined],
  ] as const)(
    'a log that is put back apart from the rows that tell what %s does not start',
    async (_what, tell) => {
      const logDir = join(dataDir, 'log');
      const env = {
        ...asked(),
        PROBITY_LOG_DIR: logDir,
        PROBITY_IOTA_NETWORK: 'emulated',
        PROBITY_IOTA_URL: emulator.url,
      };
      const service = await process_(env);
      await verdict(service);
      await verdict(service);
      await tell(service);
      await witness.close();
      await process_(env);
      const segments = (await readdir(logDir)).filter((name) => name.endsWith('.segment')).sort();
      await rm(join(logDir, segments.at(-1) ?? ''));
      await rm(join(dataDir, 'seen'), { recursive: true });
      await expect(process_(env)).rejects.toMatchObject({
        code: 'LOG_ROLLED_BACK',
        message: expect.stringContaining('from 2 to 1 leaves, by the checkpoint that'),
      });
    },
  );

  it('have a policy that can be used, or nothing starts', async () => {
    await writeFile(policyFile, 'witness w x\n');
    await expect(process_(asked())).rejects.toMatchObject({
      code: 'WITNESS_POLICY',
      message: expect.stringContaining('line 1'),
    });
    await expect(
      process_({ ...asked(), PROBITY_WITNESSES: join(dataDir, 'none') }),
    ).rejects.toMatchObject({ code: 'WITNESS_POLICY' });
  });
});
