import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson, sha256 } from '../../src/canonical/index.ts';
import { logCommand } from '../cli/run.ts';
import { Fault } from '../../src/errors/index.ts';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { exportTiles } from '../../src/evidence/log/export.ts';
import { folderLogStore } from '../../src/evidence/log/folder.ts';
import { fsck, type Against } from '../../src/evidence/log/fsck.ts';
import { httpLogReader } from '../../src/evidence/log/http.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { memoryLogStore } from '../../src/evidence/log/memory.ts';
import { seenInFolder } from '../../src/evidence/log/seen.ts';
import type { LogReader, LogStore } from '../../src/evidence/log/store.ts';
import { quickFolder } from '../servers.ts';
import { testKeys } from './fixture.ts';

const leaf = (at: number | string): Uint8Array =>
  utf8(canonicalJson({ v: 1, kind: 'verdict', id: `ver_${at}`, digest: sha256(utf8(String(at))) }));
const { log: key } = await testKeys('fsck');

async function grow(store: LogStore, ids: readonly (number | string)[]): Promise<TransparencyLog> {
  const log = await TransparencyLog.open(store, key);
  await Promise.all(ids.map((id) => log.append(leaf(id))));
  return log;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const codes = async (log: LogReader, against: Against = []): Promise<string[]> =>
  (await fsck(log, key, against)).findings.map(({ code, detail }) => `${code} ${detail}`);

describe('fsck', () => {
  let store: LogStore;
  let log: TransparencyLog;
  beforeEach(async () => {
    store = memoryLogStore();
    log = await grow(store, numbers(600));
  });

  /** The store as it is but for what a test changed. */
  const with_ = (change: Partial<LogReader>): LogReader => ({
    checkpoint: () => store.checkpoint(),
    leaves: (first, count) => store.leaves(first, count),
    nodes: (ids) => store.nodes(ids),
    ...change,
  });
  const withLeaf = (index: number, other: Uint8Array | undefined): LogReader =>
    with_({
      leaves: async (first, count) => {
        const leaves = await store.leaves(first, count);
        if (index < first || index >= first + leaves.length) return leaves;
        return other === undefined
          ? leaves.slice(0, index - first)
          : leaves.map((each, at) => (first + at === index ? other : each));
      },
    });
  const withNode = (level: number, index: number, hash: Uint8Array | undefined): LogReader =>
    with_({
      nodes: async (ids) => {
        const at = ids.findIndex((id) => id.level === level && id.index === index);
        if (at < 0) return store.nodes(ids);
        if (hash === undefined) throw new Fault('LOG_CORRUPT', 'missing');
        return (await store.nodes(ids)).map((each, place) => (place === at ? hash : each));
      },
    });

  it('finds nothing wrong with a log that is right, of any size', async () => {
    expect(await fsck(store, key)).toMatchObject({
      origin: key.name,
      size: 600,
      findings: [],
      more: 0,
    });
    expect(await fsck(memoryLogStore(), key)).toMatchObject({ size: 0, findings: [] });
    for (const size of [1, 2, 3, 255, 256, 257]) {
      const other = memoryLogStore();
      await grow(other, numbers(size));
      expect(await codes(other), String(size)).toEqual([]);
    }
  });

  it('names every leaf and node that is lost, changed or too many', async () => {
    expect(await codes(withLeaf(300, undefined))).toEqual(['LEAF_MISSING 300']);
    const changed = await codes(withLeaf(300, leaf('other')));
    expect(changed.slice(0, 3)).toEqual([
      'NODE_WRONG 0/300',
      'NODE_WRONG 1/150',
      'NODE_WRONG 2/75',
    ]);
    expect(changed.at(-1)).toContain('ROOT_WRONG');
    expect(await codes(withLeaf(599, utf8('{"v": 1}')))).toContain('LEAF_SHAPE 599');
    expect(await codes(withNode(0, 7, new Uint8Array(32)))).toEqual(['NODE_WRONG 0/7']);
    expect(await codes(withNode(8, 1, new Uint8Array(32)))).toEqual(['NODE_WRONG 8/1']);
    expect(await codes(withNode(3, 60, undefined))).toEqual(['NODE_MISSING 3/60']);
    expect(
      await codes(
        with_({
          leaves: async (first, count) =>
            first === 600 ? [leaf('x')] : store.leaves(first, count),
        }),
      ),
    ).toEqual(['LEAF_EXTRA 600']);
    expect(
      await codes(
        with_({
          nodes: (ids) =>
            ids.length === 1 && ids[0]?.level === 4
              ? Promise.resolve([new Uint8Array(32)])
              : store.nodes(ids),
        }),
      ),
    ).toEqual(['NODE_EXTRA 4/37']);
    expect(
      await codes(
        with_({
          leaves: async () => [],
          nodes: async () => {
            throw new Fault('LOG_CORRUPT', 'gone');
          },
        }),
      ),
    ).toEqual(['LEAF_MISSING 0']);
  });

  it('lists a hundred faults and counts the rest', async () => {
    const report = await fsck(
      with_({ nodes: async (ids) => ids.map(() => new Uint8Array(32)) }),
      key,
    );
    expect(report.findings).toHaveLength(100);
    expect(report.more).toBeGreaterThan(900);
  });

  it('judges the checkpoint: its form, who signed it, whose it is, whether it is there', async () => {
    const note = (await store.checkpoint()) ?? '';
    expect(await codes(with_({ checkpoint: async () => 'nothing' }))).toContain(
      'CHECKPOINT_SHAPE the latest checkpoint',
    );
    expect(
      await codes(with_({ checkpoint: async () => note.replace(/\n600\n/u, '\n599\n') })),
    ).toContain(`CHECKPOINT_SIGNATURE it is not signed by ${key.keyId}`);
    expect(await codes(with_({ checkpoint: async () => undefined }))).toContain(
      'CHECKPOINT_MISSING 0',
    );
    const { signer } = { signer: (await testKeys('stranger')).log };
    const theirs = memoryLogStore();
    await (await TransparencyLog.open(theirs, signer)).append(leaf(1));
    expect(await codes(theirs)).toEqual([
      `CHECKPOINT_SIGNATURE it is not signed by ${key.keyId}`,
      `CHECKPOINT_ORIGIN ${signer.name}`,
    ]);
  });

  it('compares with what was signed before', async () => {
    const fork = memoryLogStore();
    await grow(fork, [...numbers(100), 'other', 'history']);
    const longer = memoryLogStore();
    await grow(longer, numbers(700));
    const short = memoryLogStore();
    await grow(short, numbers(333));
    const strangers = memoryLogStore();
    await (await TransparencyLog.open(strangers, (await testKeys('stranger')).log)).append(leaf(1));
    const at = async (from: string, other: LogStore): Promise<{ from: string; note: string }> => ({
      from,
      note: (await other.checkpoint()) ?? '',
    });
    expect(await codes(store, [await at('a', short), await at('b', store)])).toEqual([]);
    expect(await codes(store, [await at('a', fork)])).toEqual(['FORKED a: at 102 leaves']);
    expect(await codes(store, [await at('a', longer)])).toEqual([
      'ROLLED_BACK a: 700 leaves were signed, the log has 600',
    ]);
    expect(await codes(store, [await at('a', strangers), { from: 'b', note: 'x' }])).toEqual([
      'AGAINST_SIGNATURE a',
      'AGAINST_SHAPE b',
    ]);
    expect(await codes(memoryLogStore(), [await at('a', short)])).toEqual([
      'ROLLED_BACK a: 333 leaves were signed, the log has 0',
    ]);
    expect(await log.size()).toBe(600);
  });
});

describe('fsck over the files of a log in a folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await quickFolder('fsck');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is told of bytes that changed all over, every file that is gone, renamed or too many, and of the mark of what was seen', async () => {
    const [place, marks] = [join(folder, 'log'), join(folder, 'seen')];
    const log = await TransparencyLog.open(await folderLogStore(place), key, {
      seen: await seenInFolder(marks),
    });
    for (const at of numbers(3)) await log.append(leaf(at));
    await log.signAnew();
    await log.append(leaf('last'));
    const told = async (): Promise<string[]> => {
      const kept = await seenInFolder(marks)
        .then((seen) => seen.newest())
        .catch((fault: Fault) => fault.code);
      return codes(
        await folderLogStore(place),
        kept === undefined ? [] : [{ from: 'seen', note: kept }],
      );
    };
    expect(await told()).toEqual([]);
    const files = [
      ...(await readdir(place)).map((name) => join(place, name)),
      ...(await readdir(marks)).map((name) => join(marks, name)),
    ];
    expect(files).toHaveLength(6);
    for (const file of files) {
      const bytes = await readFile(file);
      for (let at = 0; at < bytes.length; at += 29) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await writeFile(file, changed);
        expect(await told(), `${file} ${at}`).not.toEqual([]);
      }
      for (const cut of [0, 1, bytes.length - 2]) {
        await writeFile(file, bytes.subarray(0, cut));
        expect(await told(), `${file} cut at ${cut}`).not.toEqual([]);
      }
      await rm(file);
      // Without its mark a log says nothing of what was seen.
      if (!file.startsWith(marks)) expect(await told(), `${file} is gone`).not.toEqual([]);
      await writeFile(file.replace(/0([^0]+)$/u, '7$1'), bytes);
      expect(await told(), `${file} is called otherwise`).not.toEqual([]);
      await rm(file.replace(/0([^0]+)$/u, '7$1'), { force: true });
      await writeFile(file, bytes);
      expect(await told()).toEqual([]);
    }
    await writeFile(join(place, '0000000099.segment'), '{}');
    expect(await told()).toEqual(['STORE_EXTRA 0000000099.segment']);
  });
});

describe('a log written as files and served by any web server', () => {
  let folder: string;
  let server: Server;
  let url: string;
  beforeEach(async () => {
    folder = await quickFolder('tiles');
    server = createServer((request, response) => {
      readFile(join(folder, request.url ?? '')).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is the same log, also after it grew and was written again', async () => {
    const store = memoryLogStore();
    for (const [from, to] of [
      [0, 0],
      [0, 1],
      [1, 600],
      [600, 1030],
    ] as const) {
      await grow(store, numbers(to).slice(from));
      expect(await exportTiles(store, folder)).toBe(to);
      expect(await fsck(httpLogReader(url), key)).toMatchObject({ size: to, findings: [] });
    }
    await writeFile(
      join(folder, 'tile/0/001'),
      (await readFile(join(folder, 'tile/0/001'))).fill(0, 32, 64),
    );
    expect(await codes(httpLogReader(url))).toContain('NODE_WRONG 0/257');
    await rm(join(folder, 'tile/entries/002'));
    expect(await codes(httpLogReader(url))).toContain('LEAF_MISSING 512');
    await rm(join(folder, 'tile/1/000.p/4'));
    expect(await codes(httpLogReader(url))).toContain('NODE_MISSING 8/0');
  });

  it('is away, retryable, when its server is', async () => {
    const reader = httpLogReader(url);
    server.close();
    server.closeAllConnections();
    await expect(reader.checkpoint()).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
      retryable: true,
    });
  });
});

describe('probity log', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await quickFolder('log');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
    let [out, err] = ['', ''];
    const exit = await logCommand(args, {
      stdout: (text) => {
        out += text;
      },
      stderr: (text) => {
        err += text;
      },
    });
    return { exit, out, err };
  }

  it('checks a folder with a named key, against a file and what was last shown', async () => {
    const place = join(folder, 'log');
    const base = ['--folder', place, '--key', key.vkey, '--data', folder];
    const log = await TransparencyLog.open(await folderLogStore(place), key, {
      seen: await seenInFolder(join(folder, 'seen')),
    });
    for (const at of numbers(3)) await log.append(leaf(at));
    await writeFile(join(folder, 'receipt'), (await log.receipt(1)) ?? '');
    expect(await run('fsck', ...base, '--against', join(folder, 'receipt'))).toMatchObject({
      exit: 0,
      out: expect.stringContaining('3 leaves'),
    });
    await rm(join(place, (await readdir(place)).sort().at(-1) ?? ''));
    const json = JSON.parse(
      (await run('fsck', ...base, '--against', join(folder, 'receipt'), '--json')).out,
    ) as { exit: number; findings: { code: string }[] };
    expect([json.exit, json.findings.map(({ code }) => code)]).toEqual([
      1,
      ['ROLLED_BACK', 'ROLLED_BACK'],
    ]);
    expect((await run('fsck', ...base)).out).toContain(
      'the checkpoint last shown: 3 leaves were signed, the log has 2',
    );
    const own = ['--folder', place, '--data', folder];
    expect(await run('export', join(folder, 'static'), ...own)).toMatchObject({
      exit: 0,
      out: expect.stringContaining('2 leaves'),
    });
    expect((await readdir(join(folder, 'static'))).sort()).toEqual(['checkpoint', 'tile']);
  });

  it('refuses what it cannot use', async () => {
    expect((await run('fsck', '--folder', folder, '--data', folder)).err).toContain('NOT_FOUND');
    expect((await run('fsck', '--folder', folder, '--key', 'x')).err).toContain('OPTION_INVALID');
    expect(
      (await run('fsck', '--folder', folder, '--key', key.vkey, '--against', join(folder, 'none')))
        .err,
    ).toContain('INPUT_UNREADABLE');
    expect((await run('mend')).exit).toBe(2);
    expect((await run('export')).exit).toBe(2);
    expect((await run('export', folder, '--key', key.vkey)).err).toContain('OPTION_INVALID');
    expect((await run('fsck', '--help')).out).toContain('probity log fsck');
  });
});
