import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalJson } from '../../src/canonical/index.ts';
import { bundleFiles, writeBundle } from '../../src/evidence/bundle/write.ts';
import {
  formatEnvelope,
  parseEnvelope,
  PAYLOAD_TYPE,
  preAuthEncoding,
} from '../../src/evidence/formats/dsse.ts';
import { fromUtf8, toBase64, utf8 } from '../../src/evidence/formats/encoding.ts';
import { NETWORK_PRESETS } from '../../src/evidence/statements/networks.ts';
import { leafDigest } from '../../src/evidence/statements/leaf.ts';
import { signRevocation, signStatus } from '../../src/evidence/signing/revocation.ts';
import { manifestOf } from '../../src/evidence/bundle/manifest.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { readBundle } from '../../src/evidence/bundle/read.ts';
import { parseReceipt } from '../../src/evidence/formats/receipt.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import type { BundleFiles } from '../../src/evidence/verify/step.ts';
import { cosignerFromSeed } from '../../src/evidence/witness/cosigner.ts';
import { buildGo, describeGo } from '../go.ts';
import { repository } from '../golden.ts';
import {
  installation,
  type Installation,
  type Issued,
  policyOf,
  rememberingCrypto,
  sampleCheck,
} from './fixture.ts';

/**
 * A verifier in Go, of the standard library alone, that reads docs/evidence.md and the published
 * schemas and nothing of ours. It must say of every bundle, and of every layer of it, what ours
 * says: of what is issued, and of changes of it by the hundred.
 */

const FIXTURES = repository('test/fixtures/bundles');

const NOW = new Date('2026-12-01T00:00:00.000Z');

describeGo('a verifier in Go, written from docs/evidence.md', () => {
  let folder: string;
  let program: string;
  let home: Installation;
  let issued: Issued;
  const remembering = rememberingCrypto();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probity-go-'));
    program = buildGo(repository('test/evidence/independent/go'), folder);
    home = await installation('honest');
    for (let at = 0; at < 5; at += 1) await home.issue(sampleCheck(`earlier-${at}`));
    issued = await home.issue(sampleCheck('verdict-1', 'Tür\u2028 "zu" \\ 門 \u{1F6AA}'));
  }, 180_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = (
    args: readonly string[],
    input?: string,
  ): { status: number | null; stdout: string } => {
    const { status, stdout, stderr } = spawnSync(program, ['-now', NOW.toISOString(), ...args], {
      encoding: 'utf8',
      input: input ?? '',
      maxBuffer: 1 << 28,
    });
    expect(stderr).toBe('');
    return { status, stdout };
  };
  const said = ({
    status,
    layers,
  }: {
    status: string;
    layers: readonly { layer: string; status: string }[];
  }): unknown => ({
    status,
    layers: Object.fromEntries(layers.map((each) => [each.layer, each.status])),
  });

  /** Both judge all of them; gives how often each status came out. */
  async function agree(
    bundles: readonly (readonly [what: string, files: BundleFiles])[],
    policyText: string,
    compliance = false,
  ): Promise<Record<string, number>> {
    await writeFile(join(folder, 'policy'), policyText);
    const policy = await policyOf(policyText);
    const lines = bundles.map(
      ([, files]) =>
        `${JSON.stringify(Object.fromEntries([...files].map(([path, bytes]) => [path, toBase64(bytes)])))}\n`,
    );
    const { stdout } = run(
      [...(compliance ? ['-compliance'] : []), repository('schemas'), join(folder, 'policy'), '-'],
      lines.join(''),
    );
    const theirs = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { status: string });
    expect(theirs).toHaveLength(bundles.length);
    const counts: Record<string, number> = {};
    for (const [at, [what, files]] of bundles.entries()) {
      expect(theirs[at], what).toEqual(
        said(await verifyBundle(files, policy, { crypto: remembering, now: NOW, compliance })),
      );
      counts[theirs[at]?.status ?? ''] = (counts[theirs[at]?.status ?? ''] ?? 0) + 1;
    }
    return counts;
  }

  const textOf = (files: BundleFiles, path: string): string =>
    fromUtf8(files.get(path) ?? new Uint8Array(0)) ?? '';
  const withFile = (
    files: BundleFiles,
    path: string,
    content: string | Uint8Array,
  ): Map<string, Uint8Array> =>
    new Map(files).set(path, typeof content === 'string' ? utf8(content) : content);

  /**
   * Every file lost, cut, emptied, and with bytes flipped; one every `stride` bytes where the
   * layers are, few where only a digest is.
   */
  function changes(name: string, files: BundleFiles, stride: number): [string, BundleFiles][] {
    const all: [string, BundleFiles][] = [];
    for (const [path, bytes] of files) {
      const without = new Map(files);
      without.delete(path);
      all.push(
        [`${name} without ${path}`, without],
        [
          `${name} without ${path}, and not listed`,
          new Map(without).set('bundle.json', manifestOf(without.keys())),
        ],
      );
      all.push(
        [`${name} ${path} empty`, withFile(files, path, '')],
        [`${name} ${path} cut`, withFile(files, path, bytes.subarray(0, -1))],
      );
      const step = /^(evidence|source|model|README|trust)/u.test(path) ? bytes.length : stride;
      for (let at = 0; at < bytes.length; at += step) {
        const flipped = Uint8Array.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 7));
        all.push([`${name} ${path} byte ${at}`, withFile(files, path, flipped)]);
      }
    }
    return all;
  }

  async function statusOf(state: 'valid' | 'revoked', of: Issued): Promise<string> {
    const about = { verdict: of.sealed.id, statementDigest: of.sealed.statementDigest };
    const issuer = { signer: home.keys.verdict, issuer: 'honest.example' };
    let revocation;
    if (state === 'revoked') {
      const signed = await signRevocation(
        {
          id: 'rev-1',
          ...about,
          state,
          reason: 'wrong',
          leafDigest: (JSON.parse(of.sealed.leaf) as { digest: string }).digest,
        },
        issuer,
      );
      revocation = {
        id: 'rev-1',
        envelope: signed.envelope,
        leaf: signed.leaf,
        salt: signed.salt,
        receipt: (await home.log.append(utf8(signed.leaf))).receipt,
      };
    }
    const consistency =
      (await home.log.consistencyProof(of.sealed.leafIndex + 1, await home.log.size())) ?? [];
    return signStatus(
      { id: 'status-1', ...about, state, ...(revocation === undefined ? {} : { revocation }) },
      { checkpoint: (await home.log.checkpoint()) ?? '', consistency },
      issuer,
    );
  }

  it('finds the networks of anchors in the page, as we know them', () => {
    // Cells of a table are padded to one width.
    const page = readFileSync(repository('docs/evidence.md'), 'utf8').replaceAll(/ +/gu, ' ');
    for (const [network, { chainId, packageId }] of Object.entries(NETWORK_PRESETS))
      expect(page).toContain(`| \`${network}\` | \`${chainId}\` | \`${packageId}\` |`);
  });

  it('reads a folder, and ends as probity verify does', async () => {
    await writeFile(join(folder, 'policy'), home.policyText);
    await writeBundle(join(folder, 'bundle'), issued.files);
    expect(
      run([repository('schemas'), join(folder, 'policy'), join(folder, 'bundle')]),
    ).toMatchObject({ status: 0, stdout: expect.stringContaining('"verified"') });
    await writeFile(join(folder, 'bundle', 'salt.bin'), 'x');
    expect(
      run([repository('schemas'), join(folder, 'policy'), join(folder, 'bundle')]).status,
    ).toBe(1);
  });

  it('agrees on bundles of every version of the format, and on changes of them', async () => {
    for (const version of readdirSync(FIXTURES).filter((name) => /^v\d+$/u.test(name))) {
      const names = Object.keys(
        JSON.parse(readFileSync(join(FIXTURES, version, 'expected.json'), 'utf8')) as object,
      );
      const bundles: [string, BundleFiles][] = [];
      for (const name of names) {
        const read = await readBundle(join(FIXTURES, version, name));
        if (!read.ok) throw new Error(name);
        bundles.push(
          [name, read.value],
          ...(/revoked|second-key/u.test(name) ? changes(name, read.value, 997) : []),
        );
      }
      const policy = readFileSync(join(FIXTURES, version, 'policy'), 'utf8');
      const counts = await agree(bundles, policy);
      expect(counts).toMatchObject({
        verified: expect.any(Number),
        failed: expect.any(Number),
        untrusted: expect.any(Number),
        malformed: expect.any(Number),
      });
      const anchored = bundles.filter(
        ([what, files]) =>
          files.has('anchor.json') && (names.includes(what) || what.includes('anchor.json')),
      );
      await agree(anchored, policy, true);
      for (const line of [
        '',
        'ledger emulated $1 until 2',
        'ledger emulated $1 until 99',
        'ledger mainnet $1',
        `ledger emulated 0x${'1'.repeat(64)}`,
      ]) {
        await agree(anchored.slice(0, 10), policy.replace(/^ledger \S+ (\S+)$/mu, line));
      }
    }
  }, 60_000);

  it('agrees on what a tool alone has said, and on more being claimed of it', async () => {
    const sample = sampleCheck('raw');
    const [first] = sample.report.properties as [(typeof sample.report.properties)[number]];
    const script = {
      answers: ['sat'],
      results: [{ command: 'check-sat', line: 1, answer: 'sat' }],
      engines: [{ name: 'z3', version: 'Z3', durationMs: 1 }],
      assurance: [],
    } as const;
    const bundle = async (
      id: string,
      format: string,
      report: Partial<typeof sample.report>,
    ): Promise<[string, BundleFiles]> => {
      const parts = {
        ...sample,
        id,
        source: { text: '', format },
        report: { ...sample.report, model: { ...sample.report.model, format }, ...report },
      };
      return [id, (await home.issue(parts)).files];
    };
    const word = [{ ...first, assurance: [] }];
    const counts = await agree(
      [
        await bundle('tla', 'tla', { properties: word }),
        await bundle('smt', 'smt', { properties: [], script }),
        await bundle('tla-assured', 'tla', { properties: [first] }),
        await bundle('smt-without-answers', 'smt', { properties: [] }),
        await bundle('smt-with-properties', 'smt', { properties: word, script }),
        await bundle('answers-of-a-model', 'native', { properties: [], script }),
      ],
      home.policyText,
    );
    expect(counts).toEqual({ verified: 2, failed: 4 });
  }, 60_000);

  it('agrees on what is issued now, with a status, revoked, cosigned, and on changes of it', async () => {
    const files = bundleFiles(
      issued.parts,
      issued.sealed,
      undefined,
      await statusOf('valid', issued),
    );
    const revoked = bundleFiles(
      issued.parts,
      issued.sealed,
      undefined,
      await statusOf('revoked', issued),
    );
    const other = await home.issue(sampleCheck('verdict-2', 'Window'));
    const forger = await (await installation('forger')).issue(sampleCheck('verdict-1'));
    const swapped = [...other.files].map(([path, bytes]): [string, BundleFiles] => [
      `${path} of another verdict`,
      withFile(files, path, bytes),
    ]);
    const counts = await agree(
      [
        ['issued', files],
        ['revoked', revoked],
        ['a forger', forger.files],
        ...swapped,
        ...changes('issued', files, 199),
        ...changes('revoked', revoked, 797),
      ],
      home.policyText,
    );
    expect(counts['verified']).toBeGreaterThanOrEqual(2);
    expect(counts['failed']).toBeGreaterThan(100);

    const [a, b] = [
      await cosignerFromSeed('a.example', new Uint8Array(32).fill(1)),
      await cosignerFromSeed('b.example', new Uint8Array(32).fill(2)),
    ];
    const receipt = textOf(files, 'receipt.tlog-proof');
    const note = parseReceipt(receipt)?.checkpoint ?? '';
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    const [lineA, lineB] = await Promise.all(
      [a, b].map((each) => each.cosign(text, 1_700_000_000)),
    );
    const [timeless, tomorrows] = await Promise.all(
      [0, 4_000_000_000].map((time) => a.cosign(text, time)),
    );
    const receipts = [
      receipt,
      `${receipt}${timeless}`,
      `${receipt}${tomorrows}${lineB}`,
      `${receipt}${lineA}`,
      `${receipt}${lineA}${lineB}`,
      `${receipt}${lineA}${lineA}`,
      `${receipt}${lineB?.replace('b.example', 'a.example')}`,
      `${receipt}— nobody AAAAAAAA\n`,
      `${receipt}${lineA?.replace(/.{4}\n$/u, 'AAA=\n')}`,
    ];
    const cosigned = receipts.map((text, at): [string, BundleFiles] => [
      `receipt ${at}`,
      withFile(files, 'receipt.tlog-proof', text),
    ]);
    for (const quorum of [
      'quorum none',
      'quorum a',
      'group both all a b\nquorum both',
      'group one any a b\nquorum one',
      'group two 2 a b\nquorum two',
    ]) {
      await agree(
        cosigned,
        home.policyText.replace(
          'quorum none',
          `witness a ${a.vkey}\nwitness b ${b.vkey}\n${quorum}`,
        ),
      );
    }
    const { leafIndex } = issued.sealed;
    for (const [key, until] of [
      [home.keys.verdict, leafIndex],
      [home.keys.verdict, leafIndex + 1],
      [home.keys.log, leafIndex],
      [home.keys.log, leafIndex + 1],
    ] as const) {
      await agree(
        [
          ['until', files],
          ['until, revoked', revoked],
          ['until, without a status', issued.files],
        ],
        home.policyText.replace(key.vkey, `${key.vkey} until ${until}`),
      );
    }
    await agree(
      [
        ['old', files],
        ['old, revoked', revoked],
      ],
      `${home.policyText}max-age 1\n`,
    );
    await agree([['nobody', files]], 'quorum none\n');
  }, 60_000);

  it('agrees on statements that the real key signed and that are not of the published shape', async () => {
    const parsed = parseEnvelope(issued.files.get('envelope.json') ?? new Uint8Array(0));
    if (!parsed.ok) throw new Error(parsed.reason);
    type Statement = {
      predicate: Record<string, unknown> & {
        properties: Record<string, unknown>[];
        evidence: { path: string }[];
      };
    } & Record<string, unknown>;
    const statement = (): Statement =>
      JSON.parse(fromUtf8(parsed.envelope.payload) ?? '') as Statement;
    const predicate = (change: object): Statement => ({
      ...statement(),
      predicate: { ...statement().predicate, ...change },
    });
    const variants: [string, string][] = [
      ['as it is', canonicalJson(statement())],
      ['other white space', JSON.stringify(statement(), null, 1)],
      ['a key twice', canonicalJson(statement()).replace('{"_type"', '{"_type":"x","_type"')],
      [
        'a number otherwise',
        canonicalJson(predicate({ options: { n: 1 } })).replace('"n":1', '"n":1.0'),
      ],
      [
        'numbers at the edges',
        canonicalJson(
          predicate({
            options: {
              a: 1e21,
              b: 1e-7,
              c: 123456789012345680000,
              d: 5e-324,
              e: -0.000001,
              f: 0.1,
              g: 1.7976931348623157e308,
            },
          }),
        ),
      ],
      [
        'a number too large',
        canonicalJson(predicate({ options: { n: 1 } })).replace('"n":1', '"n":1e999'),
      ],
      [
        'a lone surrogate',
        canonicalJson(predicate({ options: { n: 'x' } })).replace('"n":"x"', '"n":"\\ud800"'),
      ],
      [
        'control characters',
        canonicalJson(
          predicate({ options: { '\u0001': '\u001f\u007f\b\f', '\u{1F600}': 1, '\uFB33': 2 } }),
        ),
      ],
      [
        'too deep',
        canonicalJson(predicate({ options: { n: 1 } })).replace(
          '"n":1',
          `"n":${'['.repeat(70)}${']'.repeat(70)}`,
        ),
      ],
      [
        '64 deep',
        canonicalJson(predicate({ options: { n: 1 } })).replace(
          '"n":1',
          `"n":${'['.repeat(61)}${']'.repeat(61)}`,
        ),
      ],
      [
        '65 deep',
        canonicalJson(predicate({ options: { n: 1 } })).replace(
          '"n":1',
          `"n":${'['.repeat(62)}${']'.repeat(62)}`,
        ),
      ],
      ['an unknown field', canonicalJson(predicate({ critical: true }))],
      [
        'another type',
        canonicalJson({ ...statement(), predicateType: 'urn:probity:formal-verdict:v2' }),
      ],
      [
        'another outcome',
        canonicalJson(
          predicate({
            properties: [{ ...statement().predicate.properties[0], outcome: 'proved' }],
          }),
        ),
      ],
      [
        'a trace that is not listed',
        canonicalJson(
          predicate({
            properties: [{ ...statement().predicate.properties[0], trace: 'evidence/none.json' }],
          }),
        ),
      ],
      [
        'evidence twice',
        canonicalJson(
          predicate({
            evidence: [...statement().predicate.evidence, statement().predicate.evidence[0]],
          }),
        ),
      ],
      [
        'its own file as evidence',
        canonicalJson(
          predicate({ evidence: [{ ...statement().predicate.evidence[0], path: 'salt.bin' }] }),
        ),
      ],
      [
        'another issuer',
        canonicalJson(
          predicate({
            issuer: { ...(statement().predicate['issuer'] as object), key: home.keys.log.keyId },
          }),
        ),
      ],
      [
        'a second signer announced',
        canonicalJson(
          predicate({
            issuer: { ...(statement().predicate['issuer'] as object), also: ['x+00000000'] },
          }),
        ),
      ],
      [
        'a time that has ended',
        canonicalJson(predicate({ validUntil: '2026-11-30T23:59:59.999Z' })),
      ],
      [
        'a time that ends now',
        canonicalJson(predicate({ validUntil: '2026-12-01T00:00:00.000Z' })),
      ],
      [
        'a specification with an assurance',
        canonicalJson(predicate({ model: { name: 'x', format: 'tla' } })),
      ],
      [
        'a specification without one',
        canonicalJson(
          predicate({
            model: { name: 'x', format: 'tla' },
            properties: statement().predicate.properties.map((each) => ({
              ...each,
              assurance: [],
            })),
          }),
        ),
      ],
      [
        'a script without its answers',
        canonicalJson(predicate({ model: { name: 'x', format: 'smt' }, properties: [] })),
      ],
      ['not JSON', '{'],
    ];
    const salt = issued.files.get('salt.bin') ?? new Uint8Array(0);
    const bundles: [string, BundleFiles][] = [];
    for (const [what, text] of variants) {
      const payload = utf8(text);
      const sig = await home.keys.verdict.sign(preAuthEncoding(PAYLOAD_TYPE, payload));
      const leaf = utf8(
        canonicalJson({
          v: 1,
          kind: 'verdict',
          id: 'verdict-1',
          digest: await leafDigest(salt, payload, nodeCrypto.sha256),
        }),
      );
      const { receipt } = await home.log.append(leaf);
      const signature = { keyid: home.keys.verdict.keyId, sig };
      const made = (signatures: readonly { keyid: string; sig: Uint8Array }[]): BundleFiles =>
        new Map(issued.files)
          .set(
            'envelope.json',
            utf8(formatEnvelope({ payloadType: PAYLOAD_TYPE, payload, signatures })),
          )
          .set('leaf.bin', leaf)
          .set('receipt.tlog-proof', utf8(receipt));
      bundles.push(
        [what, made([signature])],
        [
          `${what}, a second signature`,
          made([signature, { keyid: 'x+00000000', sig: new Uint8Array(64) }]),
        ],
      );
      bundles.push(
        [`${what}, under another id`, made([{ ...signature, keyid: 'x' }])],
        [`${what}, by a stranger`, made([{ keyid: 'x', sig: new Uint8Array(64) }])],
      );
    }
    expect((await agree(bundles, home.policyText))['verified']).toBeGreaterThanOrEqual(4);
  }, 60_000);
});
