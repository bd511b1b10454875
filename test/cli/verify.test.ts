import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keysCommand, verifyCommand, type Run } from './run.ts';
import { writeBundle, writeBundleZip } from '../../src/evidence/bundle/write.ts';
import { VERIFY_SCHEMA } from '../../src/evidence/verify/reportSchema.ts';
import { installation, sampleCheck, type Installation } from '../evidence/fixture.ts';

const validate = new Ajv({ strict: true, strictTuples: false, validateSchema: false }).compile(
  VERIFY_SCHEMA,
);

let folder: string;
let home: Installation;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probity-verify-'));
  vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'config'));
  home = await installation('honest');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function run(command: Run, ...args: string[]): Promise<Ran> {
  let out = '';
  let err = '';
  const exit = await command(args, {
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
  });
  return { exit, out, err };
}

async function writeIssued(name: string, from: Installation = home): Promise<string> {
  const { files } = await from.issue(sampleCheck(name));
  await writeBundle(join(folder, name), files);
  return join(folder, name);
}

async function writePolicy(text: string): Promise<string> {
  await writeFile(join(folder, 'policy'), text);
  return join(folder, 'policy');
}

describe('probity verify', () => {
  it('exits 0 and shows the verdict and every layer', async () => {
    const ran = await run(
      verifyCommand,
      await writeIssued('v1'),
      '--policy',
      await writePolicy(home.policyText),
    );
    expect(ran.exit).toBe(0);
    expect(ran.err).toBe('');
    expect(ran.out.replaceAll(folder, '').replaceAll(/[0-9a-f]{64}/g, '…')).toMatchInlineSnapshot(`
      "/v1
        policy  /policy

        ✓ bundle      proved     every file of a bundle is there · version 1, 13 files
        ✓ envelope    signed     signed by a trusted verdict key · honest.example/verdict+f67d0b35
        ✓ statement   proved     the statement has exactly the shape of a formal verdict · v1
        ✓ subject     proved     source and canonical model are the ones that were checked · sha256:…
        ✓ evidence    proved     every file of the evidence is the one that was signed · 7 files
        ✓ leaf        proved     the leaf commits to this statement · sha256:…
        ✓ inclusion   proved     the leaf is in the log of the checkpoint · leaf 0 of 1
        ✓ checkpoint  signed     the checkpoint is signed by a trusted log, and by the witnesses that the policy asks for · honest.example/log, 1 leaves
        – anchor      skipped    the bundle has no anchor
        – status      skipped    the bundle does not say whether the verdict was revoked later; only a look online tells · as of 1 leaves

      Door · native · issued by honest.example at 2026-01-02T03:04:05.678Z
        shut     violated  replayed
        canOpen  holds     replayed · crossChecked

      verified   exit 0
      "
    `);
  });

  it('takes no policy out of the current folder, where a bundle may have brought one', async () => {
    const forger = await installation('forger');
    const bundle = await writeIssued('evil', forger);
    await mkdir(join(bundle, '.config/probity/trust'), { recursive: true });
    await writeFile(join(bundle, '.config/probity/trust/policy'), forger.policyText);
    const before = process.cwd();
    process.chdir(bundle);
    try {
      for (const [HOME, XDG_CONFIG_HOME] of [
        ['', ''],
        ['.', ''],
        ['/nowhere', '.config'],
        ['/nowhere', './.config'],
      ]) {
        vi.stubEnv('HOME', HOME);
        vi.stubEnv('XDG_CONFIG_HOME', XDG_CONFIG_HOME);
        const ran = await run(verifyCommand, '.');
        expect(ran.exit).toBe(2);
        expect(ran.err).toContain('OPTION_INVALID');
        expect(ran.err).toContain('absolute path');
        expect(ran.err).toContain('--policy FILE');
        if (XDG_CONFIG_HOME !== '') continue;
        expect((await run(keysCommand, 'init')).exit).toBe(2);
        await expect(stat(join(bundle, '.probity'))).rejects.toThrow('ENOENT');
      }
    } finally {
      process.chdir(before);
    }
  });

  it('prints each layer as JSON', async () => {
    const policy = await writePolicy(home.policyText);
    const ran = await run(verifyCommand, await writeIssued('v1'), '--policy', policy, '--json');
    const report = JSON.parse(ran.out) as Record<string, unknown>;
    expect(report).toMatchObject({
      status: 'verified',
      exit: 0,
      policy,
      statement: { predicate: { id: 'v1' } },
    });
    expect(report['layers']).toHaveLength(10);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  });

  it('prints refusals in the same shape, and bad input as problems', async () => {
    const policy = await writePolicy(home.policyText);
    const forger = await installation('forger');
    for (const [bundle, exit, more] of [
      [await writeIssued('f1', forger), 3, []],
      [await writeIssued('v2'), 3, ['--compliance']],
      [await writeIssued('v3'), 0, ['--recheck']],
    ] as const) {
      const ran = await run(verifyCommand, bundle, '--policy', policy, '--json', ...more);
      const report = JSON.parse(ran.out) as Record<string, unknown>;
      expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
      expect(report['exit']).toBe(ran.exit);
      if (more[0] !== '--recheck') expect(ran.exit).toBe(exit);
    }
  });

  it('reads a bundle that is one file', async () => {
    const policy = await writePolicy(home.policyText);
    const { files } = await home.issue(sampleCheck('v1'));
    const file = join(folder, 'v1.probity.zip');
    await writeBundleZip(file, files);
    expect((await run(verifyCommand, file, '--policy', policy)).exit).toBe(0);
    const bytes = await readFile(file);
    await writeFile(file, bytes.with(200, (bytes[200] ?? 0) ^ 1));
    const ran = await run(verifyCommand, file, '--policy', policy);
    expect(ran.exit).toBe(2);
    expect(ran.err).toContain('BUNDLE_SHAPE');
  });

  it('exits 3 for a forger, whatever the policy in his bundle says', async () => {
    const forger = await installation('forger');
    const ran = await run(
      verifyCommand,
      await writeIssued('v1', forger),
      '--policy',
      await writePolicy(home.policyText),
    );
    expect(ran.exit).toBe(3);
    expect(ran.out).toContain('ENVELOPE_UNTRUSTED');
    expect(ran.out).not.toContain('Door');
  });

  it('exits 3 without any policy, and reads the trust folder when there is one', async () => {
    const bundle = await writeIssued('v1');
    const without = await run(verifyCommand, bundle);
    expect(without.exit).toBe(3);
    expect(without.err).toContain('no trust policy');
    await mkdir(join(folder, 'config', 'probity', 'trust'), { recursive: true });
    await writeFile(join(folder, 'config', 'probity', 'trust', 'policy'), home.policyText);
    expect((await run(verifyCommand, bundle)).exit).toBe(0);
  });

  it('exits 1 for a tampered file', async () => {
    const bundle = await writeIssued('v1');
    await writeFile(join(bundle, 'model.json'), '{}');
    const ran = await run(verifyCommand, bundle, '--policy', await writePolicy(home.policyText));
    expect(ran.exit).toBe(1);
    expect(ran.out).toContain('SUBJECT_DIGEST');
  });

  it('exits 3 under --compliance without an anchor', async () => {
    const ran = await run(
      verifyCommand,
      await writeIssued('v1'),
      '--policy',
      await writePolicy(home.policyText),
      '--compliance',
    );
    expect(ran.exit).toBe(3);
    expect(ran.out).toContain('ANCHOR_REQUIRED');
  });

  it('exits 2 for no bundle, a link in it, a bad policy and bad arguments', async () => {
    const policy = await writePolicy(home.policyText);
    const bundle = await writeIssued('v1');
    expect((await run(verifyCommand)).exit).toBe(2);
    expect((await run(verifyCommand, bundle, '--nonsense')).exit).toBe(2);
    expect((await run(verifyCommand, join(folder, 'nowhere'), '--policy', policy)).err).toContain(
      'BUNDLE_SHAPE',
    );
    await mkdir(join(folder, 'empty'));
    expect((await run(verifyCommand, join(folder, 'empty'), '--policy', policy)).exit).toBe(2);
    expect((await run(verifyCommand, bundle, '--policy', join(folder, 'nowhere'))).err).toContain(
      'POLICY_SHAPE',
    );
    const wrong = await writePolicy('verdict nonsense\nfriend me\nquorum none\n');
    const ran = await run(verifyCommand, bundle, '--policy', wrong, '--json');
    expect(ran.exit).toBe(2);
    expect(
      (JSON.parse(ran.out) as { problems: { line: number }[] }).problems.map(({ line }) => line),
    ).toEqual([1, 2]);
    await symlink('/etc/passwd', join(bundle, 'evidence', 'passwd'));
    expect((await run(verifyCommand, bundle, '--policy', policy)).exit).toBe(2);
  });

  it('lets no control sequence of a bundle reach the terminal', async () => {
    const { files } = await home.issue(sampleCheck('v1', 'Door\u001b[2J\u202eevil'));
    await writeBundle(join(folder, 'v1'), files);
    const ran = await run(
      verifyCommand,
      join(folder, 'v1'),
      '--policy',
      await writePolicy(home.policyText),
    );
    expect(ran.exit).toBe(0);
    for (const control of ['\u001b', '\u202e']) expect(ran.out).not.toContain(control);
  });
});

describe('probity keys', () => {
  it('makes keys once, shows them, and prints a policy that trusts them', async () => {
    const data = join(folder, 'data');
    expect((await run(keysCommand, 'show', '--data', data)).exit).toBe(2);
    const first = await run(keysCommand, 'init', '--data', data, '--name', 'shop.example');
    expect(first.exit).toBe(0);
    expect(first.out).toMatch(
      /^verdict {2}shop\.example\/verdict\+[0-9a-f]{8}\+\S+\nlog {6}shop\.example\/log\+/,
    );
    expect((await run(keysCommand, 'show', '--data', data)).out).toBe(first.out);
    expect((await run(keysCommand, 'init', '--data', data, '--name', 'other.example')).out).toBe(
      first.out,
    );
    const policy = await run(keysCommand, 'policy', '--data', data);
    expect(policy.out).toContain('verdict shop.example/verdict+');
    const ran = await run(
      verifyCommand,
      await writeIssued('v1'),
      '--policy',
      await writePolicy(policy.out),
    );
    expect(ran.exit).toBe(3);
    for (const role of ['verdict', 'log', 'ledger']) {
      const file = join(data, 'keys', `${role}.key`);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(await readFile(file, 'utf8')).toMatch(/^PRIVATE\+KEY\+shop\.example\//);
      expect(first.out + policy.out).not.toContain('PRIVATE');
    }
  });

  it('exits 4 for a key that others can read, 2 for bad arguments', async () => {
    const data = join(folder, 'data');
    await run(keysCommand, 'init', '--data', data);
    await chmod(join(data, 'keys', 'log.key'), 0o644);
    const ran = await run(keysCommand, 'show', '--data', data);
    expect(ran.exit).toBe(4);
    expect(ran.err).toContain('KEY_FILE');
    expect((await run(keysCommand, 'destroy')).exit).toBe(2);
    expect((await run(keysCommand, 'show', '--nonsense')).exit).toBe(2);
  });
});
