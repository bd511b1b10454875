import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/canonical/index.ts';
import { pageOf } from '../../src/cli/print.ts';
import { bundleFiles } from '../../src/evidence/bundle/write.ts';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { addressOf } from '../../src/evidence/ledger/address.ts';
import { seedSigner } from '../../src/evidence/signing/keys.ts';
import {
  signKeyChange,
  signRevocation,
  signStatus,
} from '../../src/evidence/signing/revocation.ts';
import type {
  LoggedStatement,
  StatusFile,
  VerdictState,
  WithdrawnState,
} from '../../src/evidence/statements/revocation.ts';
import { manifestOf } from '../../src/evidence/bundle/manifest.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { seal } from '../../src/evidence/log/seal.ts';
import type { SignedStatement } from '../../src/evidence/statements/leaf.ts';
import { verifyKeyChange } from '../../src/evidence/verify/keyChange.ts';
import { conclusionOf, type VerifiedLayer } from '../../src/evidence/verify/report.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import {
  check,
  complaints,
  installation,
  policyOf,
  rememberingCrypto,
  sampleCheck,
  type Installation,
  type Issued,
} from './fixture.ts';

let home: Installation;
let issued: Issued;
beforeAll(async () => {
  home = await installation('honest');
  await home.issue(sampleCheck('before'));
  issued = await home.issue(sampleCheck('verdict-1'));
});

const issuer = () => ({
  signer: home.keys.verdict,
  issuer: 'honest.example',
  now: () => new Date('2026-02-03T04:05:06.789Z'),
});
const about = (of: Issued = issued) => ({
  verdict: of.sealed.id,
  statementDigest: of.sealed.statementDigest,
});
const leafDigestOf = (of: Issued): string =>
  (JSON.parse(of.sealed.leaf) as { digest: string }).digest;

async function logged(signed: SignedStatement, log = home.log): Promise<LoggedStatement> {
  const { receipt } = await log.append(utf8(signed.leaf));
  return { envelope: signed.envelope, leaf: signed.leaf, salt: signed.salt, receipt };
}

async function revoked(
  state: WithdrawnState,
  of = issued,
  signer = home.keys.verdict,
): Promise<LoggedStatement & { id: string }> {
  const id = `rev-${state}-${of.sealed.id}`;
  const signed = await signRevocation(
    {
      id,
      ...about(of),
      state,
      reason: 'the model left out refunds',
      leafDigest: leafDigestOf(of),
      ...(state === 'superseded' ? { by: 'verdict-9' } : {}),
    },
    { ...issuer(), signer },
  );
  return { id, ...(await logged(signed)) };
}

async function statusFile(
  state: VerdictState,
  revocation?: LoggedStatement & { id: string },
  of = issued,
  signer = home.keys.verdict,
): Promise<string> {
  const checkpoint = (await home.log.checkpoint()) ?? '';
  const consistency =
    (await home.log.consistencyProof(of.sealed.leafIndex + 1, await home.log.size())) ?? [];
  return signStatus(
    { id: 'status-1', ...about(of), state, ...(revocation === undefined ? {} : { revocation }) },
    { checkpoint, consistency },
    { ...issuer(), signer },
  );
}

const withStatus = (status: string, of = issued): Map<string, Uint8Array> =>
  bundleFiles(of.parts, of.sealed, undefined, status);
async function statusLayer(
  files: ReadonlyMap<string, Uint8Array>,
  policy = home.policy,
  now?: Date,
): Promise<VerifiedLayer & { overall: string }> {
  const { status: overall, layers } = await verifyBundle(files, policy, {
    crypto: nodeCrypto,
    ...(now === undefined ? {} : { now }),
  });
  const layer = layers.find((each) => each.layer === 'status');
  if (layer === undefined) throw new Error('a status layer');
  return { ...layer, overall };
}

describe('what came of a bundle, in words', () => {
  const conclusion = async (
    files: ReadonlyMap<string, Uint8Array>,
    policy = home.policy,
    now?: Date,
  ): Promise<string> =>
    conclusionOf(await verifyBundle(files, policy, { crypto: nodeCrypto, ...(now && { now }) }));

  it('tells a withdrawn verdict from one of a key that nobody trusts', async () => {
    const own = await home.issue(sampleCheck('ended'));
    const foreign = (await installation('forger')).policy;
    expect(await conclusion(own.files)).toBe('verified');
    for (const state of ['revoked', 'superseded'] as const) {
      const files = withStatus(await statusFile(state, await revoked(state, own), own), own);
      expect(await conclusion(files)).toMatch(new RegExp(`^${state}: its issuer `));
      expect(await conclusion(files, foreign)).toBe(
        'untrusted: signed by nobody that your policy trusts for it',
      );
      const { html: page } = await pageOf(files, 'urn:x', home.policy);
      expect(page).toMatch(/class="withdrawn">WITHDRAWN\. .*the model left out refunds/);
      expect((await pageOf(files, 'urn:x', undefined)).html).toContain(
        `WITHDRAWN. The status in this bundle says: ${state}`,
      );
      await expect(pageOf(files, 'urn:x', foreign)).rejects.toThrow('untrusted');
    }
    const changed = new Map(own.files).set('source.yaml', utf8('x'));
    expect(await conclusion(changed)).toMatch(/^not verified: something was changed/);
  });
});

describe('status.json', () => {
  it('is not needed: a bundle without one is as of its receipt', async () => {
    expect(await statusLayer(issued.files)).toMatchObject({
      status: 'skipped',
      code: 'STATUS_ABSENT',
      detail: 'as of 2 leaves',
      overall: 'verified',
    });
  });

  it('says that a verdict stands, as of a checkpoint', async () => {
    await home.issue(sampleCheck('after'));
    expect(await statusLayer(withStatus(await statusFile('valid')))).toMatchObject({
      status: 'signed',
      code: 'STATUS_VALID',
      overall: 'verified',
      detail: expect.stringContaining('as of '),
    });
  });

  it('proves a revocation and a supersession, and such a verdict does not verify', async () => {
    const revocation = await revoked('revoked');
    expect(await statusLayer(withStatus(await statusFile('revoked', revocation)))).toMatchObject({
      status: 'untrusted',
      code: 'STATUS_REVOKED',
      overall: 'untrusted',
      detail: '2026-02-03T04:05:06.789Z: the model left out refunds',
    });
    const superseded = await revoked('superseded');
    expect(await statusLayer(withStatus(await statusFile('superseded', superseded)))).toMatchObject(
      {
        code: 'STATUS_SUPERSEDED',
        overall: 'untrusted',
        detail: expect.stringContaining('by verdict-9'),
      },
    );
  });

  it('is refused when it was changed in any one of every fifth byte, or is of another verdict', async () => {
    const text = await statusFile('revoked', await revoked('revoked'));
    const crypto = rememberingCrypto();
    for (let at = 0; at < text.length; at += 5) {
      const bytes = utf8(text);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 7));
      const report = await verifyBundle(
        new Map(withStatus(text)).set('status.json', bytes),
        home.policy,
        { crypto },
      );
      expect(report.status, `byte ${at}`).not.toBe('verified');
    }
    const other = await home.issue(sampleCheck('verdict-2'));
    expect(
      await statusLayer(withStatus(await statusFile('valid', undefined, other))),
    ).toMatchObject({ code: 'STATUS_SHAPE', overall: 'failed' });
  });

  it('cannot hide a revocation, invent one, or take that of another verdict', async () => {
    const revocation = await revoked('revoked');
    const other = await home.issue(sampleCheck('verdict-3'));
    const ofOther = await revoked('revoked', other);
    const forger = await installation('forger');
    const invented = await signRevocation(
      {
        id: 'rev-x',
        ...about(),
        state: 'revoked',
        reason: 'because',
        leafDigest: leafDigestOf(issued),
      },
      { ...issuer(), signer: forger.keys.verdict },
    );
    const unlogged = await signRevocation(
      {
        id: 'rev-y',
        ...about(),
        state: 'revoked',
        reason: 'because',
        leafDigest: leafDigestOf(issued),
      },
      issuer(),
    );
    const file = (text: string): StatusFile => JSON.parse(text) as StatusFile;
    const valid = file(await statusFile('valid'));
    const cases: [string, string, string][] = [
      [
        'left out',
        canonicalJson({ ...file(await statusFile('revoked', revocation)), revocation: undefined }),
        'STATUS_REVOCATION',
      ],
      [
        'of another verdict',
        await statusFile('revoked', { ...ofOther, id: ofOther.id }),
        'STATUS_REVOCATION',
      ],
      [
        'signed by a forger',
        await statusFile('revoked', { id: 'rev-x', ...(await logged(invented)) }),
        'STATUS_UNTRUSTED',
      ],
      [
        'in a log of the forger',
        await statusFile('revoked', { id: 'rev-y', ...(await logged(unlogged, forger.log)) }),
        'STATUS_UNTRUSTED',
      ],
      [
        'in no log',
        await statusFile('revoked', {
          ...revocation,
          id: 'rev-y',
          leaf: unlogged.leaf,
          salt: unlogged.salt,
          envelope: unlogged.envelope,
        }),
        'STATUS_REVOCATION',
      ],
      [
        'beside a status that says valid',
        canonicalJson({
          ...valid,
          revocation: file(await statusFile('revoked', revocation)).revocation,
        }),
        'STATUS_REVOCATION',
      ],
      ['of another state', await statusFile('superseded', revocation), 'STATUS_REVOCATION'],
      [
        'status by a forger',
        await statusFile('valid', undefined, issued, forger.keys.verdict),
        'STATUS_UNTRUSTED',
      ],
      [
        'status with a broken signature',
        await statusFile('valid').then((text) => {
          const each = file(text);
          const envelope = JSON.parse(each.envelope) as { signatures: { sig: string }[] };
          return canonicalJson({
            ...each,
            envelope: canonicalJson({
              ...envelope,
              signatures: [{ ...envelope.signatures[0], sig: Buffer.alloc(64).toString('base64') }],
            }),
          });
        }),
        'STATUS_SIGNATURE',
      ],
      [
        'status of a fork',
        canonicalJson({ ...valid, checkpoint: (await forger.log.checkpoint()) ?? '' }),
        'STATUS_CHECKPOINT',
      ],
      [
        'status without its proof',
        canonicalJson({ ...valid, consistency: [] }),
        'STATUS_CHECKPOINT',
      ],
    ];
    for (const [what, text, code] of cases) {
      const layer = await statusLayer(withStatus(text));
      expect(`${what}: ${layer.code}`).toBe(`${what}: ${code}`);
      expect(layer.overall, what).not.toBe('verified');
    }
  });

  it('does not save a verdict whose time has ended, or that is older than the policy allows', async () => {
    const parts = sampleCheck('verdict-4');
    const sealed = await seal(
      parts,
      {
        signer: home.keys.verdict,
        issuer: 'honest.example',
        software: { name: 'probity', version: '0.1.0' },
        validDays: 30,
        now: () => new Date('2026-01-01T00:00:00.000Z'),
      },
      home.log,
    );
    const files = bundleFiles(parts, sealed);
    const at = (text: string): Date => new Date(text);
    expect(await statusLayer(files, home.policy, at('2026-01-31T00:00:00.000Z'))).toMatchObject({
      code: 'STATUS_ABSENT',
      overall: 'verified',
    });
    expect(await statusLayer(files, home.policy, at('2026-01-31T00:00:00.001Z'))).toMatchObject({
      code: 'STATUS_EXPIRED',
      overall: 'untrusted',
    });
    const young = await policyOf(`${home.policyText}max-age 7\n`);
    expect(await statusLayer(files, young, at('2026-01-08T00:00:00.000Z'))).toMatchObject({
      overall: 'verified',
    });
    expect(await statusLayer(files, young, at('2026-01-08T00:00:00.001Z'))).toMatchObject({
      code: 'STATUS_TOO_OLD',
      overall: 'untrusted',
    });
    expect(await statusLayer(files, young)).toMatchObject({ overall: 'verified' });
  });
});

describe('a key that was replaced', () => {
  const byte = (value: number): Uint8Array => new Uint8Array(32).fill(value);
  const successorOf = async (role: string) =>
    (await seedSigner(`honest.example/${role}`, byte(77))).signer;

  it('verifies what was logged before its end, and nothing after', async () => {
    const before = issued.sealed.leafIndex;
    const until = async (index: number) =>
      policyOf(
        home.policyText.replace(home.keys.verdict.vkey, `${home.keys.verdict.vkey} until ${index}`),
      );
    expect((await check(issued.files, await until(before + 1))).status).toBe('verified');
    for (const index of [before, 0]) {
      const report = await check(issued.files, await until(index));
      expect(report.status).toBe('untrusted');
      expect(complaints(report)).toEqual(['envelope: ENVELOPE_RETIRED']);
    }
  });

  it('signs no status and no revocation after its end', async () => {
    await home.issue(sampleCheck('after-the-end'));
    const retired = await policyOf(
      home.policyText.replace(
        home.keys.verdict.vkey,
        `${home.keys.verdict.vkey} until ${issued.sealed.leafIndex + 1}`,
      ),
    );
    expect(await statusLayer(withStatus(await statusFile('valid')), retired)).toMatchObject({
      code: 'STATUS_UNTRUSTED',
      overall: 'untrusted',
    });
  });

  it('of a log, verifies checkpoints up to its last one', async () => {
    const until = async (size: number) =>
      policyOf(home.policyText.replace(home.keys.log.vkey, `${home.keys.log.vkey} until ${size}`));
    expect((await check(issued.files, await until(2))).status).toBe('verified');
    expect(complaints(await check(issued.files, await until(1)))).toEqual([
      'checkpoint: CHECKPOINT_RETIRED',
    ]);
  });

  it('has its end in the policy, and nowhere else', async () => {
    await expect(
      policyOf(home.policyText.replace(home.keys.verdict.vkey, `${home.keys.verdict.vkey} until`)),
    ).rejects.toThrow('until');
    await expect(
      policyOf(
        home.policyText.replace(home.keys.verdict.vkey, `${home.keys.verdict.vkey} until -1`),
      ),
    ).rejects.toThrow('until');
    await expect(
      policyOf(
        home.policyText.replace(
          home.keys.log.vkey,
          `${home.keys.log.vkey} https://log.example until 1 2`,
        ),
      ),
    ).rejects.toThrow('until');
    const policy = await policyOf(
      home.policyText.replace(
        home.keys.log.vkey,
        `${home.keys.log.vkey} https://log.example until 3`,
      ),
    );
    expect(policy.logs[0]?.until).toBe(3);
    await expect(policyOf('max-age 0\nquorum none\n')).rejects.toThrow('max-age');
    await expect(policyOf('max-age 1\nmax-age 1\nquorum none\n')).rejects.toThrow('max-age');
  });

  it.each(['verdict', 'log', 'ledger'] as const)(
    'is replaced by a statement of the %s key that both signed and the log has',
    async (role) => {
      const [retired, successor] = [home.keys[role], await successorOf(role)];
      const change = { id: 'key-1', role, retired, successor, reason: 'a year has passed' };
      const entry = await logged(await signKeyChange(change, 'honest.example'));
      const policy = await policyOf(
        `${home.policyText}ledger emulated ${addressOf(home.keys.ledger.publicKey)}\n`,
      );
      const checked = await verifyKeyChange(entry, policy, nodeCrypto);
      expect(checked).toMatchObject({
        ok: true,
        change: { role, retired: retired.vkey, successor: successor.vkey },
      });

      if (role === 'ledger')
        expect(await verifyKeyChange(entry, home.policy, nodeCrypto)).toEqual({
          ok: false,
          reason: 'untrusted',
        });
      const renamed = await logged(
        await signKeyChange(
          {
            ...change,
            id: 'key-2',
            successor: (await seedSigner('other.example/log', byte(79))).signer,
          },
          'honest.example',
        ),
      );
      expect((await verifyKeyChange(renamed, policy, nodeCrypto)).ok).toBe(role !== 'log');
      const alone = await logged(
        await signKeyChange({ ...change, retired: successor }, 'honest.example'),
      );
      expect(await verifyKeyChange(alone, home.policy, nodeCrypto)).toMatchObject({
        ok: false,
        reason: 'shape',
      });
      const thief = (await seedSigner(successor.name, byte(78))).signer;
      const stolen = await logged(
        await signKeyChange({ ...change, retired: thief }, 'honest.example'),
      );
      expect(await verifyKeyChange(stolen, home.policy, nodeCrypto)).toEqual({
        ok: false,
        reason: 'untrusted',
      });
      const envelope = JSON.parse(entry.envelope) as {
        signatures: { keyid: string; sig: string }[];
      };
      const unsigned = canonicalJson({
        ...envelope,
        signatures: [
          envelope.signatures[0],
          { ...envelope.signatures[1], sig: envelope.signatures[0]?.sig },
        ],
      });
      expect(await verifyKeyChange({ ...entry, envelope: unsigned }, policy, nodeCrypto)).toEqual({
        ok: false,
        reason: 'signature',
      });
      const half = canonicalJson({ ...envelope, signatures: envelope.signatures.slice(0, 1) });
      expect(await verifyKeyChange({ ...entry, envelope: half }, policy, nodeCrypto)).toEqual({
        ok: false,
        reason: 'shape',
      });
      // The same statement under a leaf that names another one, or is of another kind.
      const signed = await signKeyChange(change, 'honest.example');
      for (const lie of [{ id: 'key-9' }, { kind: 'verdict' }]) {
        const leaf = canonicalJson({ ...(JSON.parse(signed.leaf) as object), ...lie });
        const misnamed = await logged({ ...signed, leaf });
        expect(await verifyKeyChange(misnamed, policy, nodeCrypto)).toEqual({
          ok: false,
          reason: 'leaf',
        });
      }
      const receipt = entry.receipt.replace('\nindex ', '\nextra aGk=\nindex ');
      expect(receipt).not.toBe(entry.receipt);
      expect(await verifyKeyChange({ ...entry, receipt }, policy, nodeCrypto)).toEqual({
        ok: false,
        reason: 'shape',
      });
      const salted = { ...entry, salt: Buffer.alloc(32).toString('base64') };
      expect(await verifyKeyChange(salted, policy, nodeCrypto)).toEqual({
        ok: false,
        reason: 'leaf',
      });
    },
  );
});

it('a manifest lists the status, so that it cannot be taken off unnoticed', async () => {
  const files = withStatus(await statusFile('valid'));
  files.delete('status.json');
  expect(complaints(await check(files, home.policy))).toEqual(['bundle: BUNDLE_FILES']);
  files.set('bundle.json', manifestOf(files.keys()));
  expect((await check(files, home.policy)).status).toBe('verified');
});
