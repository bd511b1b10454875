import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseCheckpoint } from '../../src/evidence/checkpoint.ts';
import { fromUtf8, utf8 } from '../../src/evidence/encoding.ts';
import { folderLogStore } from '../../src/evidence/log/folder.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { leafHash } from '../../src/evidence/log/tree.ts';
import { verifyConsistency, verifyInclusion } from '../../src/evidence/merkle.ts';
import { nodeCrypto } from '../../src/evidence/nodeCrypto.ts';
import { parseNote } from '../../src/evidence/note.ts';
import { parseReceipt } from '../../src/evidence/receipt.ts';
import { testKeys } from './fixture.ts';

/** Rounds of two writers that are killed; CI can ask for more. */
const ROUNDS = Number(process.env['PROBITY_KILL_ROUNDS'] ?? '4');

interface Acknowledged {
  readonly leaf: string;
  readonly index: number;
  readonly receipt: string;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probity-crash-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Starts a writer, kills it with -9 a random moment after it is ready, and returns what it had acknowledged. */
async function killedWriter(name: string): Promise<Acknowledged[]> {
  const script = fileURLToPath(new URL('logWriter.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged: Acknowledged[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') setTimeout(() => child.kill('SIGKILL'), 10 + Math.random() * 250);
    // The last line may be cut: then it was not acknowledged.
    else if (line.endsWith('}')) acknowledged.push(JSON.parse(line) as Acknowledged);
  }
  return acknowledged;
}

it('loses nothing acknowledged and contradicts no checkpoint when writers are killed with -9', { timeout: 60_000 + ROUNDS * 10_000 }, async () => {
  const { log: key } = await testKeys('crash');
  const acknowledged: Acknowledged[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const both = await Promise.all([killedWriter(`a${round}`), killedWriter(`b${round}`)]);
    acknowledged.push(...both.flat());
  }
  const store = await folderLogStore(folder);
  const log = await TransparencyLog.open(store, key);
  const last = parseCheckpoint(parseNote((await log.checkpoint()) ?? '')?.text ?? '');
  if (last === undefined) throw new Error('a checkpoint');
  expect(acknowledged.length).toBeGreaterThan(ROUNDS);
  expect(new Set(acknowledged.map(({ index }) => index)).size).toBe(acknowledged.length);
  const proved = new Set<number>();
  for (const { leaf, index, receipt } of acknowledged) {
    expect(fromUtf8((await store.leaves(index, 1))[0] ?? Uint8Array.of())).toBe(leaf);
    const read = parseReceipt(receipt);
    const old = parseCheckpoint(parseNote(read?.checkpoint ?? '')?.text ?? '');
    if (read === undefined || old === undefined) throw new Error('a receipt');
    const claim = { index, size: old.size, leafHash: leafHash(utf8(leaf)), root: old.root };
    expect(await verifyInclusion(claim, read.proof, nodeCrypto.sha256)).toBe(true);
    if (proved.has(old.size)) continue;
    proved.add(old.size);
    const proof = (await log.consistencyProof(old.size, last.size)) ?? [];
    expect(await verifyConsistency({ size1: old.size, size2: last.size, root1: old.root, root2: last.root }, proof, nodeCrypto.sha256)).toBe(true);
  }
});
