import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromBase64, toBase64, utf8 } from '../../src/evidence/formats/encoding.ts';
import { publishOnce } from '../../src/evidence/ledger/ledger.ts';
import { anchoredState } from '../../src/evidence/ledger/notarization.ts';
import { openLedger } from '../../src/evidence/ledger/open.ts';
import { StardustLedger } from '../../src/evidence/ledger/stardust.ts';
import {
  readStardustBlock,
  stardustBlockId,
  writeStardustBlock,
} from '../../src/evidence/ledger/stardustBlock.ts';
import { blake2b256Sync } from '../../src/evidence/formats/nodeCrypto.ts';
import { installation } from './fixture.ts';

const MILESTONE = { index: 7, timestamp: 1_700_000_000, milestoneId: `0x${'1'.repeat(64)}` };
const INFO = {
  name: 'HORNET',
  version: '2.0.1',
  status: {
    isHealthy: true,
    latestMilestone: MILESTONE,
    confirmedMilestone: MILESTONE,
    pruningIndex: 0,
  },
  supportedProtocolVersions: [2],
  protocol: {
    version: 2,
    networkName: 'private_tangle1',
    bech32Hrp: 'tst',
    minPowScore: 10,
    belowMaxDepth: 15,
    rentStructure: { vByteCost: 100, vByteFactorData: 1, vByteFactorKey: 10 },
    tokenSupply: '1813620509061365',
  },
  pendingProtocolParameters: [],
  baseToken: {
    name: 'Test',
    tickerSymbol: 'TST',
    unit: 'TST',
    subunit: 'glow',
    decimals: 6,
    useMetricPrefix: false,
  },
  metrics: { blocksPerSecond: 1, referencedBlocksPerSecond: 1, referencedRate: 100 },
  features: [],
};

/** The endpoints of a Stardust node that anchoring needs. */
interface Stub {
  readonly blocks: Map<string, Buffer>;
  metadata: object;
  postStatus: number;
  loseAnswer: boolean;
  info: object | undefined;
}

let stub: Stub;
let server: Server;
let ledger: StardustLedger;
let url: string;
beforeEach(async () => {
  stub = {
    blocks: new Map(),
    metadata: { referencedByMilestoneIndex: 8 },
    postStatus: 201,
    loseAnswer: false,
    info: INFO,
  };
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = (status: number, body: object): void =>
        void response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify(body));
      const path = request.url?.replace('/api/core/v2/', '') ?? '';
      const id = path.split('/')[1] ?? '';
      if (path === 'info')
        return stub.info === undefined ? answer(404, {}) : answer(200, stub.info);
      if (path === 'tips')
        return answer(200, { tips: [`0x${'2'.repeat(64)}`, `0x${'3'.repeat(64)}`] });
      if (path === 'blocks' && request.method === 'POST') {
        if (stub.postStatus !== 201)
          return answer(stub.postStatus, { error: { message: 'below max depth' } });
        const block = Buffer.concat(chunks);
        const blockId = `0x${Buffer.from(blake2b256Sync(block)).toString('hex')}`;
        stub.blocks.set(blockId, block);
        return stub.loseAnswer ? void request.socket.destroy() : answer(201, { blockId });
      }
      return stub.blocks.has(id)
        ? answer(200, { blockId: id, isSolid: true, ...stub.metadata })
        : answer(404, {});
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  ledger = new StardustLedger({ url: `${url}/` });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function checkpoint(): Promise<string> {
  const { log } = await installation('stardust');
  await log.append(utf8('a'));
  return (await log.checkpoint()) ?? '';
}

describe('anchoring on a Stardust network with the legacy SDK', () => {
  it('builds a block in a thread, sends nothing before it is told to, and finds it again', async () => {
    const note = await checkpoint();
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 5);
    const record = await ledger.prepare(note);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
    expect(stub.blocks.size).toBe(0);
    expect(record).toMatchObject({
      driver: 'iota-stardust',
      network: 'stardust',
      networkName: 'private_tangle1',
      checkpoint: note,
    });
    expect(readStardustBlock(fromBase64(record.block) ?? new Uint8Array(0))).toEqual({
      parents: 2,
      tag: 'probity',
      data: anchoredState(note),
    });
    expect(await ledger.settle(record)).toEqual({ state: 'pending' });
    await ledger.send(record);
    expect([...stub.blocks.keys()]).toEqual([record.blockId]);
    expect(await ledger.settle(record)).toEqual({
      state: 'confirmed',
      ledgerCheckpoint: '8',
      timestampMs: null,
    });
  });

  it('after a lost answer sends the same block again, also from another process', async () => {
    const record = await ledger.prepare(await checkpoint());
    stub.loseAnswer = true;
    await expect(ledger.send(record)).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
      retryable: true,
    });
    stub.loseAnswer = false;
    const restarted = new StardustLedger({ url });
    await restarted.send(record);
    expect(stub.blocks.size).toBe(1);
    expect(await restarted.settle(record)).toMatchObject({ state: 'confirmed' });
  });

  it('gives up a block that no milestone will reference, or that the node refuses', async () => {
    const record = await publishOnce(ledger, await checkpoint());
    stub.metadata = {};
    expect(await ledger.settle(record)).toEqual({ state: 'pending' });
    stub.metadata = { shouldReattach: true };
    expect(await ledger.settle(record)).toMatchObject({ state: 'dead' });
    stub.blocks.clear();
    expect(await ledger.settle(record)).toEqual({ state: 'pending' });
    stub.postStatus = 400;
    await expect(ledger.send(record)).rejects.toMatchObject({
      code: 'LEDGER_REJECTED',
      retryable: true,
    });
    expect(await ledger.settle(record)).toMatchObject({ state: 'dead' });
  });

  it('is away when its node is, and refuses what is no such node', async () => {
    const note = await checkpoint();
    stub.info = { name: 'other' };
    await expect(ledger.prepare(note)).rejects.toMatchObject({ code: 'LEDGER_REJECTED' });
    stub.info = undefined;
    await expect(ledger.prepare(note)).rejects.toMatchObject({ code: 'LEDGER_REJECTED' });
    server.closeAllConnections();
    server.close();
    await expect(ledger.prepare(note)).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
      retryable: true,
    });
  });

  it('ends a proof of work that takes too long', async () => {
    const slow = new StardustLedger({ url, buildTimeoutMs: 1 });
    await expect(slow.prepare(await checkpoint())).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
      retryable: true,
    });
  });

  it('is opened by its network, on the node that is named', async () => {
    const opened = await openLedger({
      network: 'stardust',
      signer: (await installation('stardust')).keys.ledger,
      url,
    });
    expect([opened.ledger.network, opened.url]).toEqual(['stardust', url]);
    await expect(
      openLedger({ network: 'stardust', signer: (await installation('stardust')).keys.ledger }),
    ).rejects.toThrow('names a node');
  });
});

describe('a Stardust block', () => {
  const block = { parents: 2, tag: 'probity', data: 'sha256:00' };
  const bytes = writeStardustBlock(block, new Uint8Array(8));

  it('is read in one way, whole', () => {
    expect(readStardustBlock(bytes)).toEqual(block);
    expect(stardustBlockId(bytes)).toBe(`0x${Buffer.from(blake2b256Sync(bytes)).toString('hex')}`);
    for (let length = 0; length < bytes.length; length += 1)
      expect(readStardustBlock(bytes.slice(0, length)), String(length)).toBeUndefined();
    expect(readStardustBlock(Uint8Array.of(...bytes, 0))).toBeUndefined();
    for (const [at, value] of [
      [0, 3],
      [1, 0],
      [1, 9],
      [66, 27],
      [70, 6],
      [74, 200],
      [82, 200],
    ] as const)
      expect(
        readStardustBlock(bytes.map((byte, place) => (place === at ? value : byte))),
        String(at),
      ).toBeUndefined();
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        readStardustBlock(noise);
      }),
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        readStardustBlock(bytes.map((byte, place) => (place === at ? value : byte)));
      }),
    );
    expect(toBase64(bytes)).not.toBe('');
  });
});
