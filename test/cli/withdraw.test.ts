import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApi } from '../../src/api/server.ts';
import {
  auditCommand,
  certificateCommand,
  eraseCommand,
  keysCommand,
  revokeCommand,
  supersedeCommand,
  verdictCommand,
  verifyCommand,
  type Run,
} from './run.ts';
import { writeBundle } from '../../src/evidence/bundle/write.ts';
import { parseEnvelope } from '../../src/evidence/formats/dsse.ts';
import { fromUtf8, toHex } from '../../src/evidence/formats/encoding.ts';
import type { LoggedStatement } from '../../src/evidence/statements/revocation.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { verifyKeyChange } from '../../src/evidence/verify/keyChange.ts';
import { parsePolicy } from '../../src/evidence/formats/policy.ts';
import { judgeSignatures } from '../../src/evidence/verify/signatures.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import { readZip } from '../../src/evidence/formats/zip.ts';
import { requestVerification, submitModel } from '../../src/service/submit.ts';
import { verdictIdOf } from '../../src/store/index.ts';
import { until } from '../servers.ts';
import { ALICE, openTestApi, type TestApi, type TestService } from '../service/bench.ts';

/** The commands of a compliance officer, against a service that runs. */

let running: TestApi;
let opened: TestService;
let api: RunningApi;
let folder: string;
let connection: string[];
let admin: string[];
beforeAll(async () => {
  running = await openTestApi('cli-worker');
  ({ opened, api } = running);
  folder = await mkdtemp(join(tmpdir(), 'probity-officer-'));
  const keyOf = async (role: string): Promise<string> =>
    (await opened.service.store.keys.create({ name: role, role })).key;
  connection = ['--server', api.url, '--key', await keyOf('compliance')];
  admin = ['--server', api.url, '--key', await keyOf('admin')];
}, 60_000);
afterAll(async () => {
  await running?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

type Command = Run;
async function run(
  command: Command,
  ...args: string[]
): Promise<{ exit: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const exit = await command(args, {
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
  });
  return { exit, out, err };
}

async function sealed(source: string): Promise<string> {
  const model = await submitModel(opened.service, ALICE, { source, format: 'native', name: 'cli' });
  const asked = model.ok
    ? await requestVerification(opened.service, ALICE, { modelId: model.value.id })
    : model;
  if (!asked.ok) throw new Error(JSON.stringify(asked.problems));
  await until(
    async () => (await opened.service.store.runs.get(asked.value.id))?.state === 'sealed',
  );
  return verdictIdOf(asked.value.id);
}

async function policyFile(): Promise<string> {
  const { out } = await run(keysCommand, 'policy', '--data', opened.config.dataDir);
  const file = join(folder, 'policy');
  // The configuration of this test names no ledger; that of the command does, by default.
  await writeFile(file, out.replace(/^ledger .*\n/m, ''));
  return file;
}

describe('a compliance officer', () => {
  it('fetches a bundle as a file, revokes the verdict, and sees it online and in a bundle fetched later', async () => {
    const id = await sealed('sleep 1');
    const file = join(folder, 'one.probity.zip');
    expect((await run(certificateCommand, id, '--out', file, ...connection)).exit).toBe(0);
    const policy = await policyFile();
    const before = await run(verifyCommand, file, '--policy', policy, '--online', ...connection);
    expect(before.exit).toBe(0);
    expect(before.out).toMatch(/✓ status +signed +neither revoked nor superseded/);

    const revoked = await run(
      revokeCommand,
      id,
      '--reason',
      'refunds were left out',
      ...connection,
    );
    expect(revoked.exit).toBe(0);
    expect(revoked.out).toMatch(
      new RegExp(
        `^${id} is revoked since \\S+, as of \\d+ leaves in the log · refunds were left out\n$`,
      ),
    );
    // The old bundle says what was true when it was fetched; who asks online, or fetches again,
    // learns more.
    expect((await run(verifyCommand, file, '--policy', policy)).exit).toBe(0);
    const online = await run(verifyCommand, file, '--policy', policy, '--online', ...connection);
    expect(online.exit).toBe(3);
    expect(online.out).toContain('STATUS_REVOKED');
    const later = join(folder, 'later');
    expect((await run(certificateCommand, id, '--out', later, ...connection)).exit).toBe(0);
    expect((await run(verifyCommand, later, '--policy', policy)).exit).toBe(3);
  }, 60_000);

  it('names another verdict in its place, and erases one', async () => {
    const [old, fresh] = [await sealed('sleep 2'), await sealed('sleep 3')];
    const done = await run(
      supersedeCommand,
      old,
      '--by',
      fresh,
      '--reason',
      'newer rules',
      '--json',
      ...connection,
    );
    expect(JSON.parse(done.out)).toMatchObject({
      id: old,
      status: { state: 'superseded', by: fresh },
    });
    const file = join(folder, 'erased.zip');
    await run(certificateCommand, fresh, '--out', file, ...connection);
    expect((await run(verdictCommand, old, ...connection)).out).toMatch(
      new RegExp(`status +superseded by ${fresh}, as of \\d+ leaves · newer rules`),
    );
    expect((await run(verdictCommand, fresh, ...connection)).out).toMatch(
      /status +valid, as of \d+ leaves\n/,
    );
    expect((await run(eraseCommand, fresh, '--reason', 'asked for', ...connection)).out).toMatch(
      new RegExp(`^${fresh} was erased at `),
    );
    expect((await run(verdictCommand, fresh, ...connection)).out).toContain('was erased at');
    const policy = await policyFile();
    expect((await run(verifyCommand, file, '--policy', policy)).exit).toBe(0);
    expect(
      (await run(verifyCommand, file, '--policy', policy, '--online', ...connection)).exit,
    ).toBe(2);
  }, 60_000);

  it('is told what is missing, and that nobody answers', async () => {
    expect((await run(revokeCommand, 'ver_x', ...connection)).err).toContain('--reason');
    expect((await run(supersedeCommand, 'ver_x', '--reason', 'x', ...connection)).err).toContain(
      '--by',
    );
    expect(
      (await run(eraseCommand, 'ver_x', '--reason', 'x', '--by', 'y', ...connection)).err,
    ).toContain('--by');
    expect((await run(revokeCommand, 'ver_x', '--reason', 'x', ...connection)).err).toContain(
      'NOT_FOUND',
    );
    for (const command of [revokeCommand, supersedeCommand, eraseCommand])
      expect((await run(command, '--help')).out).toContain('probity ');
    const id = await sealed('sleep 4');
    const file = join(folder, 'lonely.zip');
    await run(certificateCommand, id, '--out', file, ...connection);
    const ran = await run(
      verifyCommand,
      file,
      '--policy',
      await policyFile(),
      '--online',
      '--server',
      'http://127.0.0.1:1',
    );
    expect(ran.exit).toBe(4);
    expect(ran.err).toContain('TOOL_UNAVAILABLE');
  }, 60_000);
});

describe('other forms of a verdict', () => {
  it('are written to a file, and refused once it was withdrawn, but for the printed one', async () => {
    const id = await sealed('sleep 8');
    for (const format of ['svr', 'vc', 'vc-jwt']) {
      const file = join(folder, format);
      expect(
        await run(certificateCommand, id, '--format', format, '--out', file, ...connection),
      ).toMatchObject({ exit: 0, err: '' });
      expect((await readFile(file, 'utf8')).length).toBeGreaterThan(300);
      expect(
        (await run(certificateCommand, id, '--format', format, '--out', file, ...connection)).exit,
      ).toBe(4);
    }
    expect(
      (
        await run(
          certificateCommand,
          id,
          '--format',
          'docx',
          '--out',
          join(folder, 'docx'),
          ...connection,
        )
      ).err,
    ).toContain('OPTION_INVALID');
    const page = join(folder, 'page.html');
    expect(
      (
        await run(
          certificateCommand,
          id,
          '--out',
          page,
          '--policy',
          await policyFile(),
          ...connection,
        )
      ).out,
    ).toContain('verified');
    expect(await readFile(page, 'utf8')).toContain(`${api.url}/verdicts/${id}`);
    await run(revokeCommand, id, '--reason', 'wrong', ...connection);
    expect(
      (
        await run(
          certificateCommand,
          id,
          '--format',
          'vc',
          '--out',
          join(folder, 'late'),
          ...connection,
        )
      ).err,
    ).toContain('VERDICT_WITHDRAWN');
    // On paper it says itself what has become of it.
    const late = join(folder, 'late.html');
    const policy = await policyFile();
    expect(
      await run(certificateCommand, id, '--out', late, '--policy', policy, ...connection),
    ).toMatchObject({ exit: 0, out: expect.stringContaining('WITHDRAWN') as string });
    expect(await readFile(late, 'utf8')).toMatch(/revoked/i);
  }, 60_000);

  it('the address on paper shows anybody the state, and nothing of the model', async () => {
    const id = await sealed('sleep 9');
    const show = async (which: string): Promise<string> =>
      (await fetch(`${api.url}/verdicts/${which}`)).text();
    expect(await show(id)).toMatch(new RegExp(`verdict +${id}\nstate +valid, as of \\d+ leaves`));
    await run(revokeCommand, id, '--reason', 'a secret reason', ...connection);
    expect(await show(id)).toMatch(/state +revoked/);
    for (const secret of ['a secret reason', 'sleep 9', 'finishes'])
      expect(await show(id)).not.toContain(secret);
    expect((await fetch(`${api.url}/verdicts/ver_nothing`)).status).toBe(404);
  }, 60_000);
});

describe('an admin', () => {
  it('replaces the verdict key; what it signed before verifies, under the new policy only what comes after', async () => {
    const id = await sealed('sleep 5');
    const file = join(folder, 'before.zip');
    await run(certificateCommand, id, '--out', file, ...connection);
    expect((await run(keysCommand, 'rotate', ...connection)).err).toContain('--reason');
    expect((await run(keysCommand, 'rotate', '--reason', 'a year', ...connection)).err).toContain(
      'FORBIDDEN',
    );
    const rotated = await run(keysCommand, 'rotate', '--reason', 'a year has passed', ...admin);
    expect(rotated.exit).toBe(0);
    expect(rotated.out).toMatch(/^verdict \S+ until \d+$/m);
    const policy = await policyFile();
    expect((await run(verifyCommand, file, '--policy', policy)).exit).toBe(0);
    const after = join(folder, 'after.zip');
    await run(certificateCommand, await sealed('sleep 6'), '--out', after, ...connection);
    expect((await run(verifyCommand, after, '--policy', policy)).exit).toBe(0);
    expect((await run(keysCommand, 'show', '--data', opened.config.dataDir)).out).toMatch(
      /^retired {2}verdict \S+ until \d+$/m,
    );
    // Somebody who kept the old key out of his policy trusts neither.
    const strict = rotated.out.replace(/^verdict \S+ until \d+\n/m, '');
    await writeFile(join(folder, 'strict'), strict.replace(/^ledger .*\n/m, ''));
    expect((await run(verifyCommand, file, '--policy', join(folder, 'strict'))).exit).toBe(3);
  }, 60_000);
});

describe('the archive of a period', () => {
  it('holds every verdict with its proofs, and is checked by the standard tools', async () => {
    const file = join(folder, 'audit.zip');
    const day = (offset: number): string =>
      new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    const ran = await run(
      auditCommand,
      '--from',
      day(-1),
      '--to',
      day(2),
      '--out',
      file,
      ...connection,
    );
    expect(ran).toMatchObject({ exit: 0, err: '' });
    const files = readZip(new Uint8Array(await readFile(file))) ?? new Map<string, Uint8Array>();
    await writeBundle(join(folder, 'audit'), files);
    const sums = spawnSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], {
      cwd: join(folder, 'audit'),
      encoding: 'utf8',
    });
    expect(sums.error ?? sums.stdout + sums.stderr).toBe('');
    expect(
      fromUtf8(files.get('SHA256SUMS') ?? new Uint8Array(0))
        ?.trim()
        .split('\n')
        .map((line) => line.slice(66))
        .sort(),
    ).toEqual([...files.keys()].filter((path) => !path.startsWith('SHA256SUMS')).sort());

    const text = (path: string): string => fromUtf8(files.get(path) ?? new Uint8Array(0)) ?? '';
    const policy = await parsePolicy(text('policy'), nodeCrypto.sha256);
    const envelope = parseEnvelope(files.get('SHA256SUMS.dsse.json') ?? new Uint8Array(0));
    if (!policy.ok || !envelope.ok) throw new Error('policy and signature');
    expect(
      (await judgeSignatures(envelope.envelope, policy.value.verdicts, Infinity, nodeCrypto))
        .status,
    ).toBe('signed');
    expect(JSON.parse(fromUtf8(envelope.envelope.payload) ?? '')).toMatchObject({
      predicateType: 'urn:probity:audit:v1',
      subject: [
        {
          name: 'SHA256SUMS',
          digest: {
            sha256: toHex(await nodeCrypto.sha256(files.get('SHA256SUMS') ?? new Uint8Array(0))),
          },
        },
      ],
    });

    const { verdicts } = JSON.parse(text('index.json')) as {
      verdicts: { id: string; state: string; file?: string }[];
    };
    expect(new Set(verdicts.map(({ state }) => state))).toEqual(
      new Set(['valid', 'revoked', 'superseded', 'erased']),
    );
    for (const { id, state, file: path } of verdicts) {
      if (path === undefined) continue;
      const bundle = readZip(files.get(path) ?? new Uint8Array(0));
      const report = await verifyBundle(bundle ?? new Map(), policy.value, { crypto: nodeCrypto });
      expect(`${id} ${report.status}`).toBe(
        `${id} ${state === 'valid' ? 'verified' : 'untrusted'}`,
      );
    }
    const change = [...files.keys()].find((path) => path.startsWith('keys/')) ?? '';
    expect(
      await verifyKeyChange(JSON.parse(text(change)) as LoggedStatement, policy.value, nodeCrypto),
    ).toMatchObject({ ok: true });
    expect(
      [...files.keys()].filter((path) => path.startsWith('revocations/')).length,
    ).toBeGreaterThan(0);
    const operations = text('access-log.jsonl')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { operation: string }).operation);
    for (const operation of [
      'certificate',
      'revokeVerdict',
      'eraseVerdict',
      'rotateKey',
      'auditArchive',
    ])
      expect(operations).toContain(operation);
  }, 60_000);

  it('is for compliance and admin, of a period that is one', async () => {
    const out = join(folder, 'no.zip');
    for (const args of [
      [],
      ['--from', '2026-01-01', '--to', '2026-02-01'],
      ['--out', out],
      ['--nonsense'],
    ])
      expect((await run(auditCommand, ...args, ...connection)).exit).toBe(2);
    for (const [from, to] of [
      ['2026-02-01', '2026-01-01'],
      ['yesterday', '2026-01-01'],
      ['2026-13-01', '2027-01-01'],
    ] as const) {
      expect(
        (await run(auditCommand, '--from', from, '--to', to, '--out', out, ...connection)).err,
      ).toContain('OPTION_INVALID');
    }
    const { key } = await opened.service.store.keys.create({ name: 'a', role: 'architect' });
    const asked = ['--from', '2026-01-01', '--to', '2026-02-01', '--out', out, '--server', api.url];
    expect((await run(auditCommand, ...asked, '--key', key)).err).toContain('FORBIDDEN');
    expect((await run(auditCommand, ...asked, '--key', 'pk_no')).err).toContain('UNAUTHENTICATED');
    expect(
      (await run(auditCommand, ...asked.slice(0, 6), '--server', 'http://127.0.0.1:1')).exit,
    ).toBe(4);
    expect((await run(auditCommand, '--help')).out).toContain('probity audit');
  });
});
