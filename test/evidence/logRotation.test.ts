import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleFiles } from '../../src/evidence/bundle/write.ts';
import { parseCheckpoint } from '../../src/evidence/formats/checkpoint.ts';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { seedSigner, type LogKeys } from '../../src/evidence/signing/keys.ts';
import type { Signer } from '../../src/evidence/signing/signer.ts';
import { folderLogStore } from '../../src/evidence/log/folder.ts';
import { fsck } from '../../src/evidence/log/fsck.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { memoryLogStore } from '../../src/evidence/log/memory.ts';
import { seenInFolder } from '../../src/evidence/log/seen.ts';
import type { LogStore } from '../../src/evidence/log/store.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { keyIdOf, parseNote, verifyNote } from '../../src/evidence/formats/note.ts';
import { seal } from '../../src/evidence/log/seal.ts';
import type { Sealed } from '../../src/evidence/bundle/contents.ts';
import { renderPolicy, type TrustPolicy } from '../../src/evidence/formats/policy.ts';
import { cosignerFromSeed } from '../../src/evidence/witness/cosigner.ts';
import { formatAddCheckpoint } from '../../src/evidence/witness/protocol.ts';
import { Witness } from '../../src/evidence/witness/witness.ts';
import { check, complaints, policyOf, sampleCheck, testKeys } from './fixture.ts';

/** The log's key is replaced: the old one signed the past and nothing after, whoever has it. */

const { verdict, log: old } = await testKeys('rotated');
const { signer: next } = await seedSigner(old.name, new Uint8Array(32).fill(99));

/** What a process holds of the keys: what it read, and what it would read now. */
class Ring implements LogKeys {
  signer: Signer = old;
  past: LogKeys['past'] = [];
  onDisk: Pick<LogKeys, 'signer' | 'past'> = { signer: old, past: [] };
  refresh = async (): Promise<void> => {
    Object.assign(this, this.onDisk);
  };

  rotate(until: number): void {
    this.onDisk = { signer: next, past: [{ ...old, until }] };
  }
}

const leaf = (name: string): Uint8Array => utf8(name);
const signedBy = async (note: string | undefined, key: Signer): Promise<boolean> =>
  (await verifyNote(parseNote(note ?? '') ?? { text: '', signatures: [] }, [key], nodeCrypto))
    .status === 'verified';

async function issue(
  log: TransparencyLog,
  id: string,
): Promise<{ files: Map<string, Uint8Array>; sealed: Sealed }> {
  const parts = sampleCheck(id);
  const sealed = await seal(
    parts,
    { signer: verdict, issuer: 'x', software: { name: 'probity', version: '0' } },
    log,
  );
  return { files: bundleFiles(parts, sealed), sealed };
}

/** As somebody has it who was told of the change; `until` is the size of the log by then. */
const told = (until: number): Promise<TrustPolicy> =>
  policyOf(
    renderPolicy({
      verdicts: [verdict.vkey],
      logs: [next.vkey],
      ledgers: [],
      retired: [`log ${old.vkey} until ${until}`],
    }),
  );

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probity-rotation-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a thief of the retired log key', () => {
  it('signs a later checkpoint, of this log or of a fork, and is refused by all who were told', async () => {
    const store = memoryLogStore();
    const ring = new Ring();
    const log = await TransparencyLog.open(store, ring);
    const before = await issue(log, 'before');
    ring.rotate(await log.size());
    await ring.refresh();
    await log.signAnew();
    const policy = await told(1);
    // The thief goes on from the same beginning with the old key alone.
    const fork = memoryLogStore();
    const forked = await TransparencyLog.open(fork, old);
    await forked.append(utf8(before.sealed.leaf));
    const forged = await issue(forked, 'forged');
    const report = await check(forged.files, policy);
    expect([report.status, ...complaints(report)]).toEqual([
      'untrusted',
      'checkpoint: CHECKPOINT_RETIRED',
    ]);
    expect((await check(before.files, policy)).status).toBe('verified');

    // Neither a start nor a running process takes the thief's store for its log, nor does fsck.
    await expect(TransparencyLog.open(fork, ring)).rejects.toMatchObject({
      code: 'LOG_CORRUPT',
      message: expect.stringContaining('retired'),
    });
    expect((await fsck(fork, next, [], ring.past)).findings.map(({ code }) => code)).toContain(
      'CHECKPOINT_RETIRED',
    );

    const witness = new Witness({
      logs: [{ ...old, until: 1 }, next],
      cosigner: await cosignerFromSeed('w', new Uint8Array(32)),
      folder,
    });
    const ask = async (
      note: string | undefined,
      oldSize: number,
      proof: readonly Uint8Array[] = [],
    ) =>
      (await witness.addCheckpoint(formatAddCheckpoint({ oldSize, proof, checkpoint: note ?? '' })))
        .status;
    expect(await ask(await forked.checkpoint(), 0)).toBe(403);
    expect(
      await ask(
        before.sealed.receipt.slice(before.sealed.receipt.indexOf(`\n\n${old.name}`) + 2),
        0,
      ),
    ).toBe(200);
    await log.append(leaf('after'));
    expect(await ask(await log.checkpoint(), 1, await log.consistencyProof(1, 2))).toBe(200);
    expect(await ask(await forked.checkpoint(), 2)).toBe(403);
  });
});

describe.each(['memory', 'folder'] as const)('a log in a %s whose key is replaced', (kind) => {
  const open = (): Promise<LogStore> =>
    kind === 'memory' ? Promise.resolve(memoryLogStore()) : folderLogStore(join(folder, 'log'));

  it('goes on under the new key; what both signed verifies under one policy', async () => {
    const store = await open();
    const ring = new Ring();
    const log = await TransparencyLog.open(store, ring);
    const before = await issue(log, 'before');
    ring.rotate(1);
    await ring.refresh();
    expect(await log.signAnew()).toBe(true);
    const now = await log.checkpoint();
    expect([
      await signedBy(now, next),
      await signedBy(now, old),
      parseCheckpoint(parseNote(now ?? '')?.text ?? '')?.size,
    ]).toEqual([true, false, 1]);
    const after = await issue(log, 'after');
    for (const { files } of [before, after])
      expect(complaints(await check(files, await told(1)))).toEqual([]);
    // Who was not told knows the new key for nobody's.
    const before_ = await policyOf(
      renderPolicy({ verdicts: [verdict.vkey], logs: [old.vkey], ledgers: [] }),
    );
    expect(complaints(await check(after.files, before_))).toEqual([
      'checkpoint: CHECKPOINT_UNTRUSTED',
    ]);
    expect(
      (
        await fsck(
          store,
          next,
          [
            {
              from: 'before',
              note: before.sealed.receipt.slice(
                before.sealed.receipt.indexOf(`\n\n${old.name}`) + 2,
              ),
            },
          ],
          ring.past,
        )
      ).findings,
    ).toEqual([]);
    expect(log.vkey).toBe(next.vkey);
    await expect(TransparencyLog.open(store, ring)).resolves.toBeDefined();
  });

  it('has no writer that goes on with the old key: one that was not told loses, looks, and signs with the new one', async () => {
    const store = await open();
    const [ring, other] = [new Ring(), new Ring()];
    const log = await TransparencyLog.open(store, ring);
    await log.append(leaf('a'));
    const slow = await TransparencyLog.open(store, other);
    for (const each of [ring, other]) each.rotate(1);
    // The slow one looked at its files just before they changed.
    const look = other.refresh;
    other.refresh = async () => {
      other.refresh = look;
    };
    await ring.refresh();
    await log.signAnew();
    const { receipt, index } = await slow.append(leaf('b'));
    expect(index).toBe(1);
    expect(receipt).toContain(`— ${next.name} `);
    expect(await signedBy(await store.checkpoint(), next)).toBe(true);
    expect(await signedBy(await log.checkpoint(), next)).toBe(true);
  });

  it('is refused at the start when it was put back to before the change, also without the mark of what was seen', async () => {
    const store = await open();
    const ring = new Ring();
    const log = await TransparencyLog.open(store, ring, {
      seen: await seenInFolder(join(folder, 'seen')),
    });
    await log.append(leaf('a'));
    await log.append(leaf('b'));
    ring.rotate(2);
    await ring.refresh();
    await log.signAnew();
    const older = memoryLogStore();
    await (await TransparencyLog.open(older, old)).append(leaf('a'));
    for (const seen of [{}, { seen: await seenInFolder(join(folder, 'seen')) }]) {
      await expect(TransparencyLog.open(older, ring, seen)).rejects.toMatchObject({
        code: 'LOG_ROLLED_BACK',
      });
    }
    await expect(TransparencyLog.open(memoryLogStore(), ring)).rejects.toMatchObject({
      code: 'LOG_ROLLED_BACK',
    });
    // The keys of before the change do not open the log of after it.
    await log.append(leaf('c'));
    await expect(TransparencyLog.open(store, old)).rejects.toMatchObject({
      code: 'LOG_CORRUPT',
      message: expect.stringContaining(keyIdOf(old)),
    });
  });
});
