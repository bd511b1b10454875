import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCheckpoint } from '../../src/evidence/formats/checkpoint.ts';
import { fromUtf8, utf8 } from '../../src/evidence/formats/encoding.ts';
import { folderLogStore } from '../../src/evidence/log/folder.ts';
import { fsck } from '../../src/evidence/log/fsck.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { seenInFolder } from '../../src/evidence/log/seen.ts';
import type { LogStore } from '../../src/evidence/log/store.ts';
import { leafHash } from '../../src/evidence/log/tree.ts';
import { verifyConsistency, verifyInclusion } from '../../src/evidence/formats/merkle.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parseNote } from '../../src/evidence/formats/note.ts';
import { parseReceipt } from '../../src/evidence/formats/receipt.ts';
import { migrate } from '../../src/store/index.ts';
import { PostgresLogStore } from '../../src/store/log.ts';
import { repository } from '../golden.ts';
import {
  createDatabase,
  quickFolder,
  startPostgres,
  temporaryFolder,
  type TestServer,
} from '../servers.ts';
import { testKeys } from './fixture.ts';

/** Writers that are killed, for each store. */
const KILLS = Number(process.env['PROBITY_KILLS'] ?? '50');
const AT_ONCE = 10;

interface Acknowledged {
  readonly leaf: string;
  readonly index: number;
  readonly receipt: string;
}

interface Writing {
  readonly acknowledged: Acknowledged[];
  /** What writers were refused with: `LOG_WRITE` when others were faster too often, `DISK_FULL`. */
  readonly refused: Set<string>;
}

// Bundled once: a writer must come up in a fraction of what loading its sources takes, so that many
// can be killed. Below the project, where its packages are found.
const scratch = repository(`node_modules/.cache/probity-crash-${process.pid}`);
const writer = join(scratch, 'writer.mjs');
beforeAll(async () => {
  await build({
    entryPoints: [repository('test/evidence/logWriter.ts')],
    outfile: writer,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pg', '@noble/hashes', 'canonicalize', 'pkcs11js'],
    logLevel: 'silent',
  });
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** Starts a writer, ends it at a random moment, and collects what it had acknowledged. */
async function write(
  into: Writing,
  args: readonly string[],
  options: {
    readonly before?: readonly string[];
    readonly early?: boolean;
    readonly lines?: number;
  } = {},
): Promise<void> {
  const [command = '', ...rest] = [...(options.before ?? []), process.execPath, writer, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    lines += 1;
    // At any moment from the first append on; of every second writer, from the first one that was
    // acknowledged.
    if (lines === (options.early === false ? 2 : 1) && options.lines === undefined)
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 80);
    if (lines === options.lines) child.kill('SIGKILL');
    // The last line may be cut: then it was not acknowledged.
    if (!line.endsWith('}')) continue;
    const told = JSON.parse(line) as Acknowledged | { code: string };
    if ('code' in told) into.refused.add(told.code);
    else into.acknowledged.push(told);
  }
}

/**
 * Nothing that was acknowledged is lost, no checkpoint that was shown is contradicted, and the
 * store is sound.
 */
async function expectWhole(
  store: LogStore,
  seenFolder: string,
  { acknowledged }: Writing,
): Promise<void> {
  const { log: key } = await testKeys('crash');
  const seen = await seenInFolder(seenFolder);
  const shown = (await seen.newest()) ?? '';
  const log = await TransparencyLog.open(store, key, { seen });
  const last = parseCheckpoint(parseNote((await log.checkpoint()) ?? '')?.text ?? '');
  if (last === undefined) throw new Error('a checkpoint');
  expect(new Set(acknowledged.map(({ index }) => index)).size).toBe(acknowledged.length);
  const proved = new Set<number>();
  for (const { leaf, index, receipt } of acknowledged) {
    expect(fromUtf8((await store.leaves(index, 1))[0] ?? Uint8Array.of())).toBe(leaf);
    const read = parseReceipt(receipt);
    const old = parseCheckpoint(parseNote(read?.checkpoint ?? '')?.text ?? '');
    if (read === undefined || old === undefined) throw new Error('a receipt');
    expect(old.size).toBeLessThanOrEqual(parseCheckpoint(parseNote(shown)?.text ?? '')?.size ?? 0);
    const claim = { index, size: old.size, leafHash: leafHash(utf8(leaf)), root: old.root };
    expect(await verifyInclusion(claim, read.proof, nodeCrypto.sha256)).toBe(true);
    if (proved.has(old.size)) continue;
    proved.add(old.size);
    const proof = (await log.consistencyProof(old.size, last.size)) ?? [];
    expect(
      await verifyConsistency(
        { size1: old.size, size2: last.size, root1: old.root, root2: last.root },
        proof,
        nodeCrypto.sha256,
      ),
    ).toBe(true);
  }
  const { findings } = await fsck(store, key, [{ from: 'shown', note: shown }]);
  expect(findings.filter(({ code }) => code !== 'LEAF_SHAPE')).toEqual([]);
}

describe('writers that are killed with -9 lose nothing acknowledged and contradict no checkpoint', () => {
  async function killAll(place: string, seen: string): Promise<Writing> {
    const writing: Writing = { acknowledged: [], refused: new Set() };
    for (let round = 0; round < KILLS / AT_ONCE; round += 1) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, at) =>
          write(writing, [place, seen, `${round}.${at}`], { early: at % 2 === 0 }),
        ),
      );
    }
    // Half of them were killed after they had acknowledged something, or been refused.
    expect(writing.acknowledged.length).toBeGreaterThan(KILLS / 5);
    expect([...writing.refused].filter((code) => code !== 'LOG_WRITE')).toEqual([]);
    return writing;
  }

  it('on a folder', async () => {
    const folder = await quickFolder('crash');
    const [place, seen] = [join(folder, 'log'), join(folder, 'seen')];
    const writing = await killAll(place, seen);
    await expectWhole(await folderLogStore(place), seen, writing);
    await rm(folder, { recursive: true, force: true });
  }, 300_000);

  describe('on Postgres', () => {
    let postgres: TestServer;
    beforeAll(async () => {
      postgres = await startPostgres();
    }, 60_000);
    afterAll(() => postgres?.stop(), 60_000);

    it('too', async () => {
      const folder = await temporaryFolder();
      const url = await createDatabase(postgres);
      await migrate(url);
      const writing = await killAll(url, folder);
      const pool = new pg.Pool({ connectionString: url, max: 4 });
      pool.on('error', () => undefined);
      await expectWhole(new PostgresLogStore(pool), folder, writing);
      await pool.end();
      await rm(folder, { recursive: true, force: true });
    }, 300_000);
  });
});

describe('a disk that is full', () => {
  it('refuses what does not fit, retryable, and the log goes on when there is room again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'probity-full-'));
    await mkdir(folder, { recursive: true });
    const [place, seen] = [join(folder, 'log'), join(folder, 'seen')];
    const writing: Writing = { acknowledged: [], refused: new Set() };
    await write(writing, [place, seen, 'before'], { lines: 4 });
    const before = writing.acknowledged.length;
    expect(before).toBeGreaterThan(0);
    // The kernel refuses files beyond this size with EFBIG: a segment does not fit, a checkpoint
    // would.
    await write(writing, [place, seen, 'full'], { before: ['prlimit', '--fsize=400'], lines: 4 });
    expect(writing.acknowledged.length).toBe(before);
    expect([...writing.refused]).toEqual(['DISK_FULL']);
    await write(writing, [place, seen, 'after'], { lines: 7 });
    expect(writing.acknowledged.length).toBeGreaterThan(before);
    await expectWhole(await folderLogStore(place), seen, writing);
    await rm(folder, { recursive: true, force: true });
  }, 60_000);
});
