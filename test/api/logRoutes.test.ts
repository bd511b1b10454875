import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import express from 'express';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logRoutes, type PublicLog } from '../../src/api/logRoutes.ts';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { folderLogStore } from '../../src/evidence/log/folder.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { memoryLogStore } from '../../src/evidence/log/memory.ts';
import type { LogStore } from '../../src/evidence/log/store.ts';
import { parseTileName, tileName } from '../../src/evidence/log/tiles.ts';
import { migrate } from '../../src/store/index.ts';
import { PostgresLogStore } from '../../src/store/log.ts';
import { testKeys } from '../evidence/fixture.ts';
import { Monitor } from '../evidence/monitor.ts';
import { buildGo, describeGo } from '../go.ts';
import { repository } from '../golden.ts';
import { createDatabase, startPostgres, temporaryFolder } from '../servers.ts';

async function serve(log: PublicLog): Promise<{ prefix: string; server: Server }> {
  const server = createServer(express().use('/log', logRoutes(log)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { prefix: `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`, server };
}

async function append(log: TransparencyLog, from: number, to: number): Promise<void> {
  await Promise.all(
    Array.from({ length: to - from }, (_, at) => log.append(utf8(`leaf ${from + at}`))),
  );
}

const STORES: readonly {
  readonly name: string;
  open(): Promise<{ store: LogStore; close(): Promise<void> }>;
}[] = [
  {
    name: 'folder',
    open: async () => {
      const folder = await temporaryFolder();
      return {
        store: await folderLogStore(folder),
        close: () => rm(folder, { recursive: true, force: true }),
      };
    },
  },
  {
    name: 'Postgres',
    open: async () => {
      const postgres = await startPostgres();
      const url = await createDatabase(postgres);
      await migrate(url);
      const pool = new pg.Pool({ connectionString: url, max: 4 });
      pool.on('error', () => undefined);
      return {
        store: new PostgresLogStore(pool),
        close: async () => {
          await pool.end();
          await postgres.stop();
        },
      };
    },
  },
];

for (const { name, open } of STORES) {
  describe(`a log on ${name}, followed over HTTP by others`, () => {
    let prefix = '';
    let log: TransparencyLog;
    const closing: (() => unknown)[] = [];
    beforeAll(async () => {
      const { store, close } = await open();
      log = await TransparencyLog.open(store, (await testKeys('tiles')).log);
      await append(log, 0, 300);
      const served = await serve(log);
      prefix = served.prefix;
      closing.push(() => served.server.close(), close);
    }, 60_000);
    afterAll(async () => {
      for (const close of closing) await close();
    });

    it('gives a monitor the entries whose root was signed, and proofs from tiles alone', async () => {
      const monitor = new Monitor(prefix);
      const before = await monitor.head();
      expect(before).toMatchObject({ origin: log.vkey.split('+')[0], size: 300 });
      const entries = await monitor.entries(300);
      expect(monitor.rootOf(entries)).toBe(before.root);
      expect(entries[299]?.toString()).toBe('leaf 299');
      for (const index of [0, 1, 255, 256, 299])
        expect(
          await monitor.includes(entries[index] ?? Buffer.of(), index, before),
          String(index),
        ).toBe(true);
      expect(await monitor.includes(Buffer.from('leaf 1'), 0, before)).toBe(false);

      await append(log, 300, 770);
      const after = await monitor.head();
      expect(after.size).toBe(770);
      expect(await monitor.extends(before, after)).toBe(true);
      expect(await monitor.extends({ ...before, root: after.root }, after)).toBe(false);
      expect(await monitor.includes(Buffer.from('leaf 511'), 511, after)).toBe(true);
    });

    describeGo('the code of the Go checksum database', () =>
      it('is satisfied', async () => {
        const folder = await temporaryFolder();
        try {
          const monitor = buildGo(repository('test/evidence/monitor'), folder);
          const { stdout } = await promisify(execFile)(monitor, [prefix, log.vkey]);
          expect(stdout).toBe('770\n');
          const other = (await testKeys('other')).log.vkey;
          await expect(promisify(execFile)(monitor, [prefix, other])).rejects.toMatchObject({
            code: 1,
          });
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      }, 180_000),
    );
  });
}

describe('the answers', () => {
  let prefix = '';
  let server: Server;
  beforeAll(async () => {
    const log = await TransparencyLog.open(memoryLogStore(), (await testKeys('tiles')).log);
    await append(log, 0, 258);
    ({ prefix, server } = await serve(log));
  });
  afterAll(() => {
    server.close();
  });

  it('have the types and the caching of tlog-tiles', async () => {
    const checkpoint = await fetch(`${prefix}/checkpoint`);
    expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(checkpoint.headers.get('cache-control')).toBe('no-cache');
    expect(checkpoint.headers.get('access-control-allow-origin')).toBe('*');
    for (const path of [
      'tile/0/000',
      'tile/0/001.p/2',
      'tile/1/000.p/1',
      'tile/entries/000',
      'tile/entries/001.p/1',
    ]) {
      const tile = await fetch(`${prefix}/${path}`);
      expect([
        path,
        tile.status,
        tile.headers.get('content-type'),
        tile.headers.get('cache-control'),
      ]).toEqual([path, 200, 'application/octet-stream', 'public, max-age=31536000, immutable']);
    }
    expect((await (await fetch(`${prefix}/tile/0/000`)).arrayBuffer()).byteLength).toBe(8192);
    expect(
      (await fetch(`${prefix}/tile/0/000`, { method: 'HEAD' })).headers.get('content-length'),
    ).toBe('8192');
  });

  it('compress bundles only for those who ask', async () => {
    const plain = await fetch(`${prefix}/tile/entries/000`, {
      headers: { 'accept-encoding': 'identity' },
    });
    expect([plain.headers.get('content-encoding'), plain.headers.get('vary')]).toEqual([
      null,
      'Accept-Encoding',
    ]);
    const packed = await fetch(`${prefix}/tile/entries/000`, {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    const bytes = Buffer.from(await plain.arrayBuffer());
    expect(Buffer.from(await packed.arrayBuffer()).equals(bytes)).toBe(true);
    expect(() => gunzipSync(bytes)).toThrow(/incorrect header/u);
    expect(bytes.subarray(0, 10)).toEqual(Buffer.from('\0\x06leaf 0\0\x06'));
  });

  it('are 404, never remembered, for what is not there (yet) and for every other spelling', async () => {
    for (const path of [
      'tile/0/001',
      'tile/0/001.p/3',
      'tile/0/002.p/1',
      'tile/1/000',
      'tile/1/000.p/2',
      'tile/2/000.p/1',
      'tile/7/000.p/1',
      'tile/63/000.p/1',
      'tile/entries/001',
      'tile/entries/x999/x999/x999/x999/999.p/255',
      'tile/64/000.p/1',
      'tile/00/000',
      'tile/0/0',
      'tile/0/0000',
      'tile/0/x000/000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/000.p/',
      'tile/-1/000',
      'tile/0/000/',
      'tile/data/000',
      'tile/0/%30%30%30',
      'tile/0/../0/000.p/999',
      'tile/',
      'tile/0',
      'nothing',
    ]) {
      const answer = await fetch(`${prefix}/${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
      if (path.startsWith('tile/0/') && !path.includes('..'))
        expect(answer.headers.get('cache-control'), path).toBe('no-store');
    }
  });

  it('refuse to be written to, and say when the log is empty', async () => {
    for (const path of ['checkpoint', 'tile/0/000']) {
      const answer = await fetch(`${prefix}/${path}`, { method: 'POST', body: 'x' });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
    const empty = await serve(
      await TransparencyLog.open(memoryLogStore(), (await testKeys('empty')).log),
    );
    expect((await fetch(`${empty.prefix}/checkpoint`)).status).toBe(404);
    expect((await fetch(`${empty.prefix}/tile/0/000.p/1`)).status).toBe(404);
    empty.server.close();
  });

  it('come one after the other when many ask, and not at all when too many do', async () => {
    let [reading, most] = [0, 0];
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = await serve({
      checkpoint: async () => undefined,
      covers: async () => true,
      leaves: async () => [],
      nodes: async (ids) => {
        reading += 1;
        most = Math.max(most, reading);
        await gate;
        reading -= 1;
        return ids.map(() => new Uint8Array(32));
      },
    });
    let refused = 0;
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async (_, at) => {
        const { status } = await fetch(`${slow.prefix}/tile/0/${String(at).padStart(3, '0')}`);
        if (status === 503 && (refused += 1) === 300 - 16 - 256) release();
        return status;
      }),
    );
    expect(most).toBe(16);
    expect(statuses.filter((status) => status === 200)).toHaveLength(16 + 256);
    expect(statuses.filter((status) => status === 503)).toHaveLength(300 - 16 - 256);
    slow.server.close();
  });

  it('have one name each', () => {
    for (const name of [
      { kind: 'entries', index: 1_234_067, width: 256 },
      { kind: 'hashes', level: 3, index: 0, width: 7 },
      { kind: 'hashes', level: 0, index: 1_000, width: 256 },
    ] as const) {
      expect(parseTileName(tileName(name))).toEqual(name);
    }
    expect(tileName({ kind: 'entries', index: 1_234_067, width: 256 })).toBe(
      'entries/x001/x234/067',
    );
  });
});
