import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IotaClient } from '@iota/iota-sdk/client';
import { NotarizationClientReadOnly } from '@iota/notarization/node/index.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anchorCommand, emulatorCommand, type Run } from '../cli/run.ts';
import { bundleFiles, writeBundle } from '../../src/evidence/bundle/write.ts';
import { startEmulator, type Emulator } from '../../src/evidence/ledger/emulator.ts';
import { IotaLedger } from '../../src/evidence/ledger/iota.ts';
import { publishOnce } from '../../src/evidence/ledger/ledger.ts';
import type { AnchorRecord } from '../../src/evidence/statements/anchor.ts';
import { explorerUrl, NETWORK_PRESETS } from '../../src/evidence/statements/networks.ts';
import { anchoredState } from '../../src/evidence/ledger/notarization.ts';
import { confirmOnline } from '../../src/evidence/ledger/online.ts';
import { decodeRecord, encodeRecord } from '../../src/evidence/ledger/record.ts';
import { installation, sampleCheck, type Installation } from './fixture.ts';

const UNLOCK = new Date('2046-01-01T00:00:00Z');
let emulator: Emulator;
let home: Installation;
let ledger: IotaLedger;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probity-online-'));
  emulator = await startEmulator();
  home = await installation('online');
  ledger = new IotaLedger({
    network: 'emulated',
    signer: home.keys.ledger,
    url: emulator.url,
    retainUntil: () => UNLOCK,
    waitMs: 100,
  });
});
afterEach(async () => {
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
});

async function anchored(): Promise<{ record: AnchorRecord; bundle: string }> {
  const { parts, sealed } = await home.issue(sampleCheck('verdict-1'));
  const record = await publishOnce(ledger, (await home.log.checkpoint()) ?? '');
  const bundle = join(folder, 'bundle');
  await writeBundle(bundle, bundleFiles(parts, sealed, { record, consistency: [] }));
  return { record, bundle };
}

// Its types are those of the SDK's other build.
type TheirClient = Parameters<typeof NotarizationClientReadOnly.createWithPkgId>[0];
const asTheirs = (client: IotaClient): TheirClient => client as unknown as TheirClient;

describe('the official client of the Notarization package', () => {
  it('reads our record: what it says, that it is locked, and until when', async () => {
    const { record } = await anchored();
    const client = await NotarizationClientReadOnly.createWithPkgId(
      asTheirs(new IotaClient({ url: emulator.url })),
      record.packageId,
    );
    const read = await client.getNotarizationById(record.objectId);
    expect(read.id).toBe(record.objectId);
    expect(read.state.data.toString()).toBe(anchoredState(record.checkpoint));
    expect(String(read.method)).toContain('Locked');
    expect(read.stateVersionCount).toBe(0n);
    const locks = read.immutableMetadata.locking;
    expect(JSON.stringify(locks?.deleteLock)).toContain(String(UNLOCK.getTime() / 1000));
    expect(JSON.stringify(locks?.updateLock)).toContain('UntilDestroyed');
    expect(read.owner).toBe(ledger.address);
  });
});

describe('an anchor, online', () => {
  it('stands, with checkpoint and time of the ledger, and locked', async () => {
    const { record } = await anchored();
    const report = await confirmOnline(record, emulator.url);
    expect(report).toMatchObject({ status: 'confirmed', ledgerCheckpoint: '1' });
    expect(report.checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
      'record true',
      'chain true',
      'transaction true',
      'object true',
    ]);
    expect(report.checks.at(-1)?.detail).toBe('locked until 2046-01-01T00:00:00.000Z');
  });

  it('is unknown to a node that never had it, and contradicted by one of another chain', async () => {
    const { record } = await anchored();
    const other = await startEmulator();
    expect(await confirmOnline(record, other.url)).toMatchObject({ status: 'unknown' });
    other.faults.chainId = '6364aad5';
    expect(await confirmOnline(record, other.url)).toMatchObject({ status: 'contradicted' });
    await other.close();
    await expect(confirmOnline(record, other.url, 500)).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
      retryable: true,
    });
  });

  it('is contradicted when the record is not of one piece, before anybody is asked', async () => {
    const { record } = await anchored();
    await home.log.append(new TextEncoder().encode('more'));
    const another = await publishOnce(ledger, (await home.log.checkpoint()) ?? '');
    emulator.faults.down = true;
    for (const change of [
      { transaction: 'AAAA' },
      { transaction: another.transaction },
      { transactionDigest: another.transactionDigest },
      { objectId: another.objectId },
      { checkpoint: another.checkpoint },
      { packageId: NETWORK_PRESETS.mainnet.packageId },
      { network: 'mainnet' },
      { chainId: NETWORK_PRESETS.mainnet.chainId },
      { network: 'moon' },
    ]) {
      expect(
        await confirmOnline({ ...record, ...change }, emulator.url),
        JSON.stringify(change),
      ).toMatchObject({ status: 'contradicted', checks: [{ name: 'record', ok: false }] });
    }
  });

  it('can be looked at by people', () => {
    expect(explorerUrl('testnet', 'AbC')).toBe(
      'https://explorer.iota.org/txblock/AbC?network=testnet',
    );
    expect(explorerUrl('emulated', 'AbC')).toBeUndefined();
    expect(explorerUrl('mainnet', 'AbC', 'https://mine.example/{digest}')).toBe(
      'https://mine.example/AbC',
    );
  });

  it('is an object whose bytes are read in one way', () => {
    const object = {
      objectId: `0x${'ab'.repeat(32)}`,
      state: 'sha256:00',
      createdAtMs: 1_700_000_000_123,
      unlockAt: 2_000_000_000,
    };
    expect(decodeRecord(encodeRecord(object))).toEqual({ ...object, locked: true });
    expect(decodeRecord(encodeRecord(object).slice(0, -1))).toBeUndefined();
    expect(decodeRecord(new Uint8Array(3))).toBeUndefined();
  });
});

interface Ran {
  exit: number;
  out: string;
  err: string;
}

async function run(
  command: Run,
  args: string[],
  meanwhile: (said: string) => Promise<void> = async () => undefined,
): Promise<Ran> {
  let [out, err] = ['', ''];
  let told: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    told = resolve;
  });
  const stop = new AbortController();
  const asked = ready.then(() => meanwhile(out)).finally(() => stop.abort());
  const exit = await command(args, {
    stdout: (text) => {
      out += text;
      told();
    },
    stderr: (text) => {
      err += text;
    },
    interrupted: stop.signal,
  });
  told();
  await asked;
  return { exit, out, err };
}

describe('probity anchor check', () => {
  it('says whether it stands, by its exit too', async () => {
    const { bundle } = await anchored();
    const fine = await run(anchorCommand, ['check', bundle, '--node', emulator.url]);
    expect([fine.exit, fine.out]).toEqual([0, expect.stringContaining('confirmed   exit 0')]);
    const other = await startEmulator();
    expect(
      JSON.parse((await run(anchorCommand, ['check', bundle, '--node', other.url, '--json'])).out),
    ).toMatchObject({ status: 'unknown', exit: 3, node: other.url });
    other.faults.chainId = '00000000';
    expect((await run(anchorCommand, ['check', bundle, '--node', other.url])).exit).toBe(1);
    other.faults.down = true;
    expect(await run(anchorCommand, ['check', bundle, '--node', other.url])).toMatchObject({
      exit: 4,
      err: expect.stringContaining('LEDGER_UNAVAILABLE'),
    });
    await other.close();
  });

  it('refuses what has no anchor, and no node to ask', async () => {
    const { bundle } = await anchored();
    expect((await run(anchorCommand, ['check', bundle])).err).toContain('--node');
    await rm(join(bundle, 'anchor.json'));
    expect((await run(anchorCommand, ['check', bundle, '--node', emulator.url])).err).toContain(
      'BUNDLE_SHAPE',
    );
    expect((await run(anchorCommand, ['check'])).exit).toBe(2);
    expect((await run(anchorCommand, ['check', '--help'])).out).toContain('probity anchor check');
  });
});

describe('probity iota-emulator', () => {
  it('has the faults that it was started with, and changes them when asked', async () => {
    const { exit } = await run(
      emulatorCommand,
      [
        '--port',
        '0',
        '--fault',
        'delayMs=5',
        '--fault',
        'broke',
        '--fault',
        'reject=a=b',
        '--json',
      ],
      async (said) => {
        const { url } = JSON.parse(said) as { url: string };
        const admin = async (
          body: string,
          type = 'application/json',
        ): Promise<{ status: number; body: unknown }> => {
          const response = await fetch(`${url}/admin/faults`, {
            method: 'POST',
            body,
            headers: { 'content-type': type },
          });
          return { status: response.status, body: await response.json() };
        };
        expect(await (await fetch(`${url}/admin/faults`)).json()).toMatchObject({
          faults: { delayMs: 5, broke: true, reject: 'a=b', down: false },
          transactions: 0,
          equivocations: 0,
        });
        expect(await admin('{"broke": false, "reject": null, "loseAnswers": 2}')).toMatchObject({
          status: 200,
          body: { faults: { broke: false, loseAnswers: 2 } },
        });
        for (const wrong of [
          '{"broke": 1}',
          '{"moon": true}',
          '{"forget": -1}',
          '[]',
          'x',
          '{"down": true, "delayMs": "1"}',
        ])
          expect((await admin(wrong)).status, wrong).toBe(400);
        expect((await admin('{"down": true}', 'text/plain')).status).toBe(405);
        const client = new IotaLedger({
          network: 'emulated',
          signer: home.keys.ledger,
          url,
          retainUntil: () => UNLOCK,
          waitMs: 100,
        });
        await home.issue(sampleCheck('verdict-1'));
        const record = await client.prepare((await home.log.checkpoint()) ?? '');
        await expect(client.send(record)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
        expect(await client.settle(record)).toMatchObject({ state: 'confirmed' });
      },
    );
    expect(exit).toBe(0);
  });

  it('refuses a fault that it does not know', async () => {
    for (const fault of ['moon', 'broke=1', 'delayMs', 'delayMs=x', 'reject'])
      expect((await run(emulatorCommand, ['--fault', fault])).err, fault).toContain(
        'OPTION_INVALID',
      );
    expect((await run(emulatorCommand, ['--port', '-1'])).exit).toBe(2);
    expect((await run(emulatorCommand, ['--help'])).out).toContain('--fault');
  });
});
