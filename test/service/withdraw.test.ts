import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { seedSigner } from '../../src/evidence/signing/keys.ts';
import type { Signer } from '../../src/evidence/signing/signer.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parsePolicy, renderPolicy } from '../../src/evidence/formats/policy.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import { rotateKey } from '../../src/service/rotate.ts';
import { sealRun, signerOf } from '../../src/service/seal.ts';
import { verdictFiles, visibleVerdict } from '../../src/service/verdict.ts';
import { type SealedVerdict, newId, verdictIdOf } from '../../src/store/index.ts';
import { finishWithdrawals, withdrawVerdict } from '../../src/service/withdraw.ts';
import { sampleCheck } from '../evidence/fixture.ts';
import { createDatabase, startPostgres, type TestServer } from '../servers.ts';
import { ALICE, BOB, openTestService, type TestService } from './bench.ts';

/**
 * What a process leaves that is killed between two writes, made by a log or a disk that fails
 * there.
 */

let postgres: TestServer;
let opened: TestService;
beforeAll(async () => {
  postgres = await startPostgres();
  opened = await openTestService(await createDatabase(postgres));
}, 60_000);
afterAll(async () => {
  await opened?.close();
  await postgres?.stop();
}, 60_000);

/** A run that has its report and waits for its seal. */
async function checkedRun(name: string): Promise<string> {
  const { store } = opened.service;
  const parts = sampleCheck('x', name);
  const model = await store.models.put({
    owner: 'alice',
    digest: parts.report.model.digest,
    sourceDigest: name,
    name,
    format: 'native',
    source: parts.source.text,
    document: parts.document,
  });
  const { id } = await store.runs.create({
    id: newId('run'),
    owner: 'alice',
    modelId: model.id,
    options: {},
    cacheKey: name,
  });
  const claim = await store.runs.claim(id, 'worker', 60_000);
  if (!claim) throw new Error('claimed');
  await store.runs.check(claim, { report: parts.report, artifacts: [], cacheable: true });
  return id;
}

async function sealedVerdict(run: string): Promise<SealedVerdict> {
  await sealRun(opened.service, run);
  const verdict = await visibleVerdict(opened.service, ALICE, verdictIdOf(run));
  if (!verdict) throw new Error('sealed');
  return verdict;
}

/** Whether the bundle of a verdict verifies under the policy of now. */
async function judged(verdict: SealedVerdict): Promise<string[]> {
  const { notary } = opened.service;
  const policy = await parsePolicy(
    renderPolicy({
      verdicts: [notary.keys.verdict.vkey],
      logs: [notary.log.vkey],
      ledgers: [],
      retired: notary.retired,
    }),
    nodeCrypto.sha256,
  );
  if (!policy.ok) throw new Error(JSON.stringify(policy.problems));
  const files = await verdictFiles(opened.service, verdict);
  const { status, layers } = await verifyBundle(files, policy.value, { crypto: nodeCrypto });
  return [status, layers.find(({ layer }) => layer === 'status')?.code ?? ''];
}

const keyOf = ({ service }: TestService): Signer => service.notary.keys.log;

/** The log refuses one append, before or after it has happened. */
function breakAppend(when: 'before' | 'after'): void {
  const { log } = opened.service.notary;
  const append = log.append.bind(log);
  vi.spyOn(log, 'append').mockImplementationOnce(async (leaf) => {
    if (when === 'after') await append(leaf);
    throw new Error('killed');
  });
}

describe('a timestamp', () => {
  it('is in the bundle once there is one, and nothing waits for it', async () => {
    const verdict = await sealedVerdict(await checkedRun('stamped'));
    expect((await verdictFiles(opened.service, verdict)).has('timestamp.tsr')).toBe(false);
    await opened.service.store.verdicts.stamp(
      verdict.id,
      Buffer.from('no timestamp').toString('base64'),
    );
    const stamped = await visibleVerdict(opened.service, ALICE, verdict.id);
    const files = stamped && (await verdictFiles(opened.service, stamped));
    expect(Buffer.from(files?.get('timestamp.tsr') ?? '').toString()).toBe('no timestamp');
    expect(Buffer.from(files?.get('bundle.json') ?? '').toString()).toContain('timestamp.tsr');
    // Judged with the rest: a stamp that is none makes the bundle fail.
    expect(stamped && (await judged(stamped))[0]).toBe('failed');
  });
});

describe('a revocation', () => {
  it.each(['before', 'after'] as const)(
    'is finished by the sweep when its process dies %s the append, and logged once',
    async (when) => {
      const verdict = await sealedVerdict(await checkedRun(`revoked ${when}`));
      breakAppend(when);
      await expect(
        withdrawVerdict(opened.service, ALICE, 'key_1', verdict.id, {
          state: 'revoked',
          reason: 'wrong',
        }),
      ).rejects.toThrow('killed');
      expect(await judged(verdict)).toEqual(['verified', 'STATUS_VALID']);
      const size = await opened.service.notary.log.size();
      await finishWithdrawals(opened.service);
      await finishWithdrawals(opened.service);
      expect(await opened.service.notary.log.size()).toBe(size + (when === 'before' ? 1 : 0));
      expect(await judged(verdict)).toEqual(['untrusted', 'STATUS_REVOKED']);
    },
  );

  it('that a key signed which was replaced before the log had it is signed again', async () => {
    const verdict = await sealedVerdict(await checkedRun('signed again'));
    breakAppend('before');
    await expect(
      withdrawVerdict(opened.service, ALICE, 'key_1', verdict.id, {
        state: 'revoked',
        reason: 'wrong',
      }),
    ).rejects.toThrow('killed');
    expect((await rotateKey(opened.service, 'verdict', 'key_1', 'a year')).ok).toBe(true);
    await finishWithdrawals(opened.service);
    expect(await judged(verdict)).toEqual(['untrusted', 'STATUS_REVOKED']);
  });

  it("is not for another's verdict, and needs a reason", async () => {
    const verdict = await sealedVerdict(await checkedRun('others'));
    expect(
      await withdrawVerdict(opened.service, BOB, 'key_2', verdict.id, {
        state: 'revoked',
        reason: 'x',
      }),
    ).toMatchObject({ ok: false, problems: [{ code: 'NOT_FOUND' }] });
    for (const reason of ['', ' ', 'a\nb', 'x'.repeat(2_001)]) {
      expect(
        await withdrawVerdict(opened.service, ALICE, 'key_1', verdict.id, {
          state: 'revoked',
          reason,
        }),
      ).toMatchObject({ ok: false, problems: [{ code: 'REQUEST_SHAPE' }] });
    }
  });
});

describe('a verdict in the place of another', () => {
  it('stands itself', async () => {
    const [old, next, last] = [
      await sealedVerdict(await checkedRun('old')),
      await sealedVerdict(await checkedRun('next')),
      await sealedVerdict(await checkedRun('last')),
    ];
    const supersede = (id: string, by: string): ReturnType<typeof withdrawVerdict> =>
      withdrawVerdict(opened.service, ALICE, 'key_1', id, {
        state: 'superseded',
        by,
        reason: 'mended',
      });
    expect((await supersede(next.id, last.id)).ok).toBe(true);
    expect(await supersede(old.id, next.id)).toMatchObject({
      ok: false,
      problems: [{ code: 'VERDICT_WITHDRAWN', path: 'by' }],
    });
    expect((await supersede(old.id, last.id)).ok).toBe(true);
  });
});

describe('a key that is replaced', () => {
  it('leaves no verdict that it signed and the log did not have: such a one is signed again', async () => {
    const before = await sealedVerdict(await checkedRun('before'));
    const run = await checkedRun('staged');
    breakAppend('before');
    await expect(sealRun(opened.service, run)).rejects.toThrow('killed');
    const old = opened.service.notary.keys.verdict.keyId;
    expect(signerOf((await opened.service.store.verdicts.ofRun(run))?.envelope ?? '')).toBe(old);
    expect((await rotateKey(opened.service, 'verdict', 'key_1', 'a year')).ok).toBe(true);
    const staged = await sealedVerdict(run);
    expect(signerOf(staged.envelope)).toBe(opened.service.notary.keys.verdict.keyId);
    expect(signerOf(staged.envelope)).not.toBe(old);
    for (const verdict of [before, staged]) expect((await judged(verdict))[0]).toBe('verified');
  });

  it('that had already logged a verdict when its process died keeps it', async () => {
    const run = await checkedRun('logged');
    breakAppend('after');
    await expect(sealRun(opened.service, run)).rejects.toThrow('killed');
    const old = opened.service.notary.keys.verdict.keyId;
    expect((await rotateKey(opened.service, 'verdict', 'key_1', 'a year')).ok).toBe(true);
    const verdict = await sealedVerdict(run);
    expect(signerOf(verdict.envelope)).toBe(old);
    expect((await judged(verdict))[0]).toBe('verified');
  });

  it.each(['before', 'after'] as const)(
    'is replaced by the same one when the process dies %s the append and it is asked again',
    async (when) => {
      const folder = opened.service.notary.keysFolder;
      breakAppend(when);
      await expect(rotateKey(opened.service, 'verdict', 'key_1', 'a year')).rejects.toThrow(
        'killed',
      );
      const next = await readFile(join(folder, 'verdict.next.key'), 'utf8');
      const rotated = await rotateKey(opened.service, 'verdict', 'key_1', 'a year');
      expect(rotated.ok && next.includes(rotated.value.successor.split('+')[1] ?? '?')).toBe(true);
      expect(await readFile(join(folder, 'verdict.key'), 'utf8')).toBe(next);
      expect((await readdir(folder)).sort()).toEqual([
        'ledger.key',
        'log.key',
        'retired',
        'verdict.key',
      ]);
      const lines = (await readFile(join(folder, 'retired'), 'utf8')).trim().split('\n');
      expect(new Set(lines).size).toBe(lines.length);
      expect(lines.at(-1)).toMatch(/^verdict test\.probity\/verdict\+\S+ until \d+$/);
      expect(JSON.stringify(lines)).not.toContain('PRIVATE');
    },
  );

  it('of the log: what both signed verifies, by whichever process, and an older copy of the log is refused at the start', async () => {
    const other = await openTestService(opened.config.databaseUrl ?? '', {
      dataDir: opened.config.dataDir,
    });
    try {
      const before = await sealedVerdict(await checkedRun('log before'));
      const old = opened.service.notary.log.vkey;
      const rotated = await rotateKey(opened.service, 'log', 'key_1', 'a year');
      expect(rotated).toMatchObject({ ok: true, value: { retired: old } });
      expect(await opened.service.notary.log.checkpoint()).toContain(`— ${keyOf(opened).name} `);
      // The other process answers without having been told.
      expect(await other.service.notary.log.receipt(before.logIndex)).toBeDefined();
      expect(other.service.notary.log.vkey).toBe(opened.service.notary.log.vkey);
      expect(other.service.notary.log.vkey).not.toBe(old);
      const run = await checkedRun('log after');
      await sealRun(other.service, run);
      const after = await visibleVerdict(opened.service, ALICE, verdictIdOf(run));
      if (!after) throw new Error('sealed');
      for (const verdict of [before, after]) expect((await judged(verdict))[0]).toBe('verified');
      expect((await opened.service.store.keyChanges.list()).at(-1)).toMatchObject({
        subject: old,
        state: 'log',
        actor: 'key_1',
      });
    } finally {
      await other.close();
    }
    // The same keys over a log that does not reach to the change.
    await expect(
      openTestService(await createDatabase(postgres), { dataDir: opened.config.dataDir }).then(
        (each) => each.close(),
      ),
    ).rejects.toMatchObject({ code: 'LOG_ROLLED_BACK' });
  });

  it.each(['verdict', 'log'] as const)(
    'of the %s: killed before the end is written down, what it signed until it is asked again counts',
    async (role) => {
      const { keyChanges } = opened.service.store;
      vi.spyOn(keyChanges, 'log').mockRejectedValueOnce(new Error('killed'));
      await expect(rotateKey(opened.service, role, 'key_1', 'a year')).rejects.toThrow('killed');
      const meanwhile = await sealedVerdict(await checkedRun(`meanwhile ${role}`));
      const old = opened.service.notary.keys[role].vkey;
      const rotated = await rotateKey(opened.service, role, 'key_1', 'a year');
      expect(rotated).toMatchObject({
        ok: true,
        value: { retired: old, index: (await opened.service.notary.log.size()) - 1 },
      });
      expect((await judged(meanwhile))[0]).toBe('verified');
      expect((await judged(await sealedVerdict(await checkedRun(`since ${role}`))))[0]).toBe(
        'verified',
      );
    },
  );

  it('of the log keeps its name, and the ledger key needs a ledger', async () => {
    const { signer, secretText } = await seedSigner('another.log', new Uint8Array(32).fill(5));
    const file = join(opened.service.notary.keysFolder, 'log.next.key');
    await writeFile(file, `${secretText}\n`, { mode: 0o600 });
    expect(await rotateKey(opened.service, 'log', 'key_1', 'a year')).toMatchObject({
      ok: false,
      problems: [{ code: 'OPTION_INVALID', message: expect.stringContaining('keeps its name') }],
    });
    await rm(file);
    expect(opened.service.notary.keys.log.vkey).not.toBe(signer.vkey);
    expect(await rotateKey(opened.service, 'ledger', 'key_1', 'a year')).toMatchObject({
      ok: false,
      problems: [{ code: 'OPTION_INVALID', path: 'role' }],
    });
  });

  it('is noticed by a process that did not replace it, before it signs', async () => {
    const other = await openTestService(opened.config.databaseUrl ?? '', {
      dataDir: opened.config.dataDir,
    });
    try {
      const rotated = await rotateKey(opened.service, 'verdict', 'key_1', 'a year');
      expect(other.service.notary.keys.verdict.vkey).toBe(rotated.ok ? rotated.value.retired : '');
      const run = await checkedRun('elsewhere');
      await sealRun(other.service, run);
      expect(other.service.notary.keys.verdict.vkey).toBe(
        rotated.ok ? rotated.value.successor : '',
      );
      const verdict = await visibleVerdict(opened.service, ALICE, verdictIdOf(run));
      expect(verdict && (await judged(verdict))[0]).toBe('verified');
    } finally {
      await other.close();
    }
  });
});
