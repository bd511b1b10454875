import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IotaClient } from '@iota/iota-sdk/client';
import { Ed25519Keypair } from '@iota/iota-sdk/keypairs/ed25519';
import { SerialTransactionExecutor } from '@iota/iota-sdk/transactions';
import { canonicalJson } from '../../src/canonical/index.ts';
import { fromBase64, fromUtf8, toBase64, utf8 } from '../../src/evidence/formats/encoding.ts';
import { startEmulator, type Emulator } from '../../src/evidence/ledger/emulator.ts';
import { IotaLedger, type IotaOptions } from '../../src/evidence/ledger/iota.ts';
import { publishOnce } from '../../src/evidence/ledger/ledger.ts';
import type { AnchorRecord } from '../../src/evidence/statements/anchor.ts';
import { NETWORK_PRESETS, type Network } from '../../src/evidence/statements/networks.ts';
import {
  anchoredState,
  createdObjectId,
  digestText,
  notarizationTransaction,
  readNotarization,
  transactionDigest,
} from '../../src/evidence/ledger/notarization.ts';
import { openLedger } from '../../src/evidence/ledger/open.ts';
import { blake2b256Sync } from '../../src/evidence/formats/nodeCrypto.ts';
import { parseReceipt } from '../../src/evidence/formats/receipt.ts';
import { bundleFiles, type BundleAnchor } from '../../src/evidence/bundle/write.ts';
import { MANIFEST_FILE, manifestOf } from '../../src/evidence/bundle/manifest.ts';
import {
  check,
  complaints,
  installation,
  policyOf,
  sampleCheck,
  type Installation,
} from './fixture.ts';

const NEXT_DECADE = new Date('2036-01-01T00:00:00Z');
const NOW = Date.parse('2026-01-02T00:00:00Z');

let emulator: Emulator;
let home: Installation;
let ledger: IotaLedger;
beforeEach(async () => {
  emulator = await startEmulator({ now: () => NOW });
  home = await installation('honest');
  ledger = newLedger();
});
afterEach(() => emulator.close());

const newLedger = (options: Partial<IotaOptions> = {}): IotaLedger =>
  new IotaLedger({
    network: 'emulated',
    signer: home.keys.ledger,
    url: emulator.url,
    retainUntil: () => NEXT_DECADE,
    waitMs: 100,
    ...options,
  });
const versionOf = ({ transaction }: AnchorRecord): string | undefined =>
  readNotarization(fromBase64(transaction) ?? new Uint8Array(0))?.gas.version;

async function nextCheckpoint(): Promise<string> {
  return (
    parseReceipt((await home.log.append(utf8(`{"leaf":${await home.log.size()}}`))).receipt)
      ?.checkpoint ?? ''
  );
}

describe('anchoring on the emulated node with the unmodified SDK', () => {
  it('publishes a locked record of the checkpoint, and finds it again', async () => {
    const checkpoint = await nextCheckpoint();
    const record = await publishOnce(ledger, checkpoint);
    expect(record).toMatchObject({ v: 1, network: 'emulated', chainId: '656d756c', checkpoint });
    const read = readNotarization(fromBase64(record.transaction) ?? new Uint8Array(0));
    expect(read).toMatchObject({
      sender: ledger.address,
      state: anchoredState(checkpoint),
      unlockAt: NEXT_DECADE.getTime() / 1000,
    });
    expect(await ledger.settle(record)).toMatchObject({ state: 'confirmed' });
    const object = await new IotaClient({ url: emulator.url }).getObject({
      id: record.objectId,
      options: { showContent: true },
    });
    expect(JSON.stringify(object)).toContain(anchoredState(checkpoint));
  });

  it('sends one transaction after the other, each with the coin that the last one left', async () => {
    const records: AnchorRecord[] = [];
    for (let at = 0; at < 3; at += 1)
      records.push(await publishOnce(ledger, await nextCheckpoint()));
    expect(records.map(versionOf)).toEqual(['1', '2', '3']);
    for (const record of records)
      expect(await ledger.settle(record)).toMatchObject({ state: 'confirmed' });
    expect(emulator.counts()).toEqual({ transactions: 3, equivocations: 0 });
  });

  it('is unavailable, retryable, while the node is down, and catches up', async () => {
    const checkpoint = await nextCheckpoint();
    emulator.faults.down = true;
    await expect(publishOnce(ledger, checkpoint)).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
      retryable: true,
    });
    emulator.faults.down = false;
    expect(await ledger.settle(await publishOnce(ledger, checkpoint))).toMatchObject({
      state: 'confirmed',
    });
  });

  it('finds a transaction whose answer was lost, also in a new process, and takes its bytes once however often they come', async () => {
    const record = await ledger.prepare(await nextCheckpoint());
    expect(await ledger.settle(record)).toEqual({ state: 'pending' });
    emulator.faults.loseAnswers = 1;
    await expect(ledger.send(record)).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
      retryable: true,
    });
    const restarted = newLedger();
    expect(await restarted.settle(record)).toMatchObject({
      state: 'confirmed',
      ledgerCheckpoint: '1',
      timestampMs: String(NOW),
    });
    await restarted.send(record);
    expect(emulator.counts()).toEqual({ transactions: 1, equivocations: 0 });
  });

  it('sends the same bytes again after the block that had them did not stay', async () => {
    const record = await ledger.prepare(await nextCheckpoint());
    emulator.faults.forget = 1;
    await ledger.send(record);
    expect(await ledger.settle(record)).toEqual({ state: 'pending' });
    await ledger.send(record);
    expect(await ledger.settle(record)).toMatchObject({ state: 'confirmed' });
    expect(emulator.counts()).toEqual({ transactions: 1, equivocations: 0 });
  }, 60_000);

  it('says that a transaction is dead once its coin went another way, and not before', async () => {
    const [mine, other] = [
      await ledger.prepare(await nextCheckpoint()),
      await newLedger().prepare(await nextCheckpoint()),
    ];
    expect(await ledger.settle(mine)).toEqual({ state: 'pending' });
    await ledger.send(other);
    await expect(ledger.send(mine)).rejects.toMatchObject({ code: 'LEDGER_REJECTED' });
    expect(await ledger.settle(mine)).toMatchObject({ state: 'dead' });
    expect(await ledger.settle(other)).toMatchObject({ state: 'confirmed' });
  });

  it('is refused with a coin as it was before', async () => {
    await publishOnce(ledger, await nextCheckpoint());
    emulator.faults.staleCoins = true;
    const stale = await ledger.prepare(await nextCheckpoint());
    await expect(ledger.send(stale)).rejects.toMatchObject({
      code: 'LEDGER_REJECTED',
      retryable: true,
    });
    expect(await ledger.settle(stale)).toMatchObject({ state: 'dead' });
    emulator.faults.staleCoins = false;
    expect(await ledger.settle(await publishOnce(ledger, await nextCheckpoint()))).toMatchObject({
      state: 'confirmed',
    });
  });

  it('has nothing to pay with, and says so', async () => {
    emulator.faults.broke = true;
    await expect(ledger.prepare(await nextCheckpoint())).rejects.toMatchObject({
      code: 'LEDGER_FUNDS',
      retryable: true,
    });
  });

  it('waits for a slow node, and no longer than it is told', async () => {
    emulator.faults.delayMs = 300;
    expect(await ledger.settle(await publishOnce(ledger, await nextCheckpoint()))).toMatchObject({
      state: 'confirmed',
    });
    await expect(
      newLedger({ requestTimeoutMs: 50 }).prepare(await nextCheckpoint()),
    ).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  });

  it('refuses a node of another chain', async () => {
    emulator.faults.chainId = '6364aad5';
    await expect(publishOnce(ledger, await nextCheckpoint())).rejects.toMatchObject({
      code: 'LEDGER_REJECTED',
      retryable: false,
    });
  });

  it('knows of no transaction that was never sent', async () => {
    expect(await ledger.settle(await ledger.prepare(await nextCheckpoint()))).toEqual({
      state: 'pending',
    });
  });

  it('the node refuses a lock in the past, a foreign signature, a stale coin and a foreign transaction', async () => {
    const late = newLedger({ retainUntil: () => new Date(0) });
    await expect(publishOnce(late, await nextCheckpoint())).rejects.toMatchObject({
      code: 'LEDGER_REJECTED',
      message: expect.stringContaining('EPastTimestamp'),
    });

    const client = new IotaClient({ url: emulator.url });
    const [mine, other] = [new Ed25519Keypair(), new Ed25519Keypair()];
    const build = async (packageId: string, state: string): Promise<Uint8Array> => {
      const transaction = notarizationTransaction(packageId, state, 2_000_000_000);
      transaction.setSender(mine.toIotaAddress());
      return transaction.build({ client });
    };
    const send = (bytes: Uint8Array, signature: string): Promise<unknown> =>
      client.executeTransactionBlock({ transactionBlock: bytes, signature });
    const bytes = await build(NETWORK_PRESETS.emulated.packageId, 'a');
    const stale = await build(NETWORK_PRESETS.emulated.packageId, 'b');
    await expect(send(bytes, (await other.signTransaction(bytes)).signature)).rejects.toThrow(
      'Invalid user signature',
    );
    await send(bytes, (await mine.signTransaction(bytes)).signature);
    await expect(send(stale, (await mine.signTransaction(stale)).signature)).rejects.toThrow(
      'not available for consumption',
    );
    const foreign = await build(NETWORK_PRESETS.mainnet.packageId, 'a');
    await expect(send(foreign, (await mine.signTransaction(foreign)).signature)).rejects.toThrow(
      'one transaction only',
    );
  });

  it("carries the SDK's serial executor, which reads the effects in BCS", async () => {
    const client = new IotaClient({ url: emulator.url });
    const executor = new SerialTransactionExecutor({ client, signer: new Ed25519Keypair() });
    const states = ['a', 'b', 'c'];
    const results = await Promise.all(
      states.map((state) =>
        executor.executeTransaction(
          notarizationTransaction(NETWORK_PRESETS.emulated.packageId, state, 2_000_000_000),
        ),
      ),
    );
    expect(new Set(results.map(({ digest }) => digest)).size).toBe(3);
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(emulator.url).port);
    await expect(startEmulator({ port })).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });

  it('opens with its node in one call, on loopback only', async () => {
    const opened = await openLedger({ network: 'emulated', signer: home.keys.ledger });
    expect(opened.url).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+$/);
    expect(
      await opened.ledger.settle(await publishOnce(opened.ledger, await nextCheckpoint())),
    ).toMatchObject({ state: 'confirmed' });
    await opened.close();
  });
});

describe('an anchored bundle, offline', () => {
  async function anchoredBundle(): Promise<{
    files: Map<string, Uint8Array>;
    anchor: BundleAnchor;
  }> {
    await home.issue(sampleCheck('before'));
    const { parts, sealed } = await home.issue(sampleCheck('verdict-1'));
    await home.issue(sampleCheck('after'));
    const record = await publishOnce(ledger, (await home.log.checkpoint()) ?? '');
    const anchor = {
      record,
      consistency:
        (await home.log.consistencyProof(sealed.leafIndex + 1, await home.log.size())) ?? [],
    };
    return { files: bundleFiles(parts, sealed, anchor), anchor };
  }

  const withLedger = (
    network = 'emulated',
    address = ledger.address,
  ): Promise<typeof home.policy> =>
    policyOf(home.policyText.replace('quorum none', `ledger ${network} ${address}\nquorum none`));
  const anchorLayer = async (
    files: Map<string, Uint8Array>,
    policy = home.policy,
    compliance = false,
  ): Promise<string> => {
    const { status, layers } = await check(files, policy, compliance);
    const anchor = layers.find(({ layer }) => layer === 'anchor');
    return `${status}: ${anchor?.status} ${anchor?.code}`;
  };

  it('is as good as the trust in its sender', async () => {
    const { files } = await anchoredBundle();
    expect(await anchorLayer(files, await withLedger())).toBe('verified: signed ANCHOR_SIGNED');
    expect(await anchorLayer(files)).toBe('verified: skipped ANCHOR_SENDER_UNLISTED');
    expect(await anchorLayer(files, await withLedger('emulated', `0x${'1'.repeat(64)}`))).toBe(
      'untrusted: untrusted ANCHOR_UNTRUSTED',
    );
    expect(await anchorLayer(files, await withLedger('mainnet'))).toBe(
      'untrusted: untrusted ANCHOR_UNTRUSTED',
    );
  });

  it('never passes for compliance when emulated, nor when left out', async () => {
    const { files } = await anchoredBundle();
    expect(await anchorLayer(files, await withLedger(), true)).toBe(
      'untrusted: untrusted ANCHOR_EMULATED',
    );
    files.delete('anchor.json');
    expect(await anchorLayer(files, await withLedger())).toBe('failed: skipped ANCHOR_ABSENT');
    files.set(MANIFEST_FILE, manifestOf(files.keys()));
    expect(await anchorLayer(files, await withLedger(), true)).toBe(
      'untrusted: untrusted ANCHOR_REQUIRED',
    );
    expect(await anchorLayer(files, await withLedger())).toBe('verified: skipped ANCHOR_ABSENT');
  });

  it('cannot pass an emulated anchor for one of a real network', async () => {
    const { files, anchor } = await anchoredBundle();
    const disguise = (network: Network, change: Partial<AnchorRecord>): Map<string, Uint8Array> => {
      const consistency = anchor.consistency.map(toBase64);
      return new Map(files).set(
        'anchor.json',
        utf8(canonicalJson({ ...anchor.record, consistency, network, ...change })),
      );
    };
    const policy = await withLedger('mainnet');
    const { chainId, packageId } = NETWORK_PRESETS.mainnet;
    expect(await anchorLayer(disguise('mainnet', {}), policy, true)).toBe(
      'untrusted: untrusted ANCHOR_NETWORK',
    );
    expect(await anchorLayer(disguise('mainnet', { chainId }), policy, true)).toBe(
      'untrusted: untrusted ANCHOR_NETWORK',
    );
    // The package stands in the signed transaction, so naming the real one does not agree with it.
    expect(await anchorLayer(disguise('mainnet', { chainId, packageId }), policy, true)).toBe(
      'failed: failed ANCHOR_CONTENT',
    );
  });

  it('passes for compliance when it was sent to the real package by a listed address', async () => {
    const { parts, sealed } = await home.issue(sampleCheck('verdict-1'));
    const checkpoint = (await home.log.checkpoint()) ?? '';
    const real = NETWORK_PRESETS.mainnet;
    const transaction = notarizationTransaction(
      real.packageId,
      anchoredState(checkpoint) ?? '',
      2_000_000_000,
    );
    transaction.setSender(ledger.address);
    transaction.setGasBudget(1_000_000);
    transaction.setGasPrice(1000);
    transaction.setGasPayment([
      { objectId: `0x${'2'.repeat(64)}`, version: '1', digest: '1'.repeat(32) },
    ]);
    const bytes = await transaction.build();
    const digest = blake2b256Sync(Uint8Array.of(0, 0, 0, ...bytes));
    const signature = Uint8Array.of(
      0,
      ...(await home.keys.ledger.sign(digest)),
      ...home.keys.ledger.publicKey,
    );
    const record: AnchorRecord = {
      v: 1,
      network: 'mainnet',
      chainId: real.chainId,
      packageId: real.packageId,
      checkpoint,
      transactionDigest: digestText(bytes),
      objectId: createdObjectId(transactionDigest(bytes), 0),
      transaction: toBase64(bytes),
      signature: toBase64(signature),
    };
    const files = bundleFiles(parts, sealed, { record, consistency: [] });
    expect(await anchorLayer(files, await withLedger('mainnet'), true)).toBe(
      'verified: signed ANCHOR_SIGNED',
    );
    expect(await anchorLayer(files, home.policy, true)).toBe(
      'untrusted: untrusted ANCHOR_UNTRUSTED',
    );
  });

  it('is refused after any one field was changed or any bit was flipped', async () => {
    const { files, anchor } = await anchoredBundle();
    const policy = await withLedger();
    const original = JSON.parse(
      fromUtf8(files.get('anchor.json') ?? new Uint8Array(0)) ?? '',
    ) as Record<string, unknown>;
    const after = async (change: Record<string, unknown>): Promise<string[]> =>
      complaints(
        await check(
          new Map(files).set('anchor.json', utf8(canonicalJson({ ...original, ...change }))),
          policy,
        ),
      );
    expect(await after({ extra: 1 })).toEqual(['anchor: ANCHOR_SHAPE']);
    expect(await after({ consistency: [] })).toEqual(['anchor: ANCHOR_CHECKPOINT']);
    expect(await after({ objectId: `0x${'0'.repeat(64)}` })).toEqual([
      'anchor: ANCHOR_TRANSACTION',
    ]);
    expect(await after({ transactionDigest: '1'.repeat(32) })).toEqual([
      'anchor: ANCHOR_TRANSACTION',
    ]);
    expect(await after({ packageId: `0x${'3'.repeat(64)}` })).toEqual(['anchor: ANCHOR_CONTENT']);
    const earlier = parseReceipt((await home.log.receipt(0)) ?? '')?.checkpoint ?? '';
    const another = await publishOnce(ledger, await nextCheckpoint());
    expect(earlier).not.toBe('');
    expect(await after({ ...another, checkpoint: anchor.record.checkpoint })).toEqual([
      'anchor: ANCHOR_CONTENT',
    ]);
    const bytes = files.get('anchor.json') ?? new Uint8Array(0);
    for (let at = 0; at < bytes.length; at += 7) {
      const copy = Uint8Array.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
      const report = await check(new Map(files).set('anchor.json', copy), policy);
      expect(report.status, `at ${at}`).not.toBe('verified');
    }
  });
});
