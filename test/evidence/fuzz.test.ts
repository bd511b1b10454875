import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/canonical/index.ts';
import { fromUtf8, utf8 } from '../../src/evidence/formats/encoding.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { readBundle } from '../../src/evidence/bundle/read.ts';
import { parsePolicy, type TrustPolicy } from '../../src/evidence/formats/policy.ts';
import { LAYER_CODES } from '../../src/evidence/verify/report.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import { check, policyOf, rememberingCrypto } from './fixture.ts';

/**
 * Every byte of every file of an anchored bundle is changed, and everything that a structure-aware
 * hand would try. No changed bundle may verify, and none may make the verifier throw: `check` would
 * reject, and the test with it.
 */

type Files = Map<string, Uint8Array>;
const fixtures = fileURLToPath(new URL('../fixtures/bundles/v1', import.meta.url));
const policyText = readFileSync(join(fixtures, 'policy'), 'utf8');
let policy: TrustPolicy;
let bundle: Files;
let sibling: Files;

beforeAll(async () => {
  policy = await policyOf(policyText);
  const [one, two] = [
    await readBundle(join(fixtures, 'door')),
    await readBundle(join(fixtures, 'second-key.probity.zip')),
  ];
  if (!one.ok || !two.ok) throw new Error('the fixtures can be read');
  [bundle, sibling] = [one.value, two.value];
});

const crypto = rememberingCrypto();

/**
 * What the verifier says of a changed bundle; the codes are from the table, and nothing is shown as
 * a verdict.
 */
async function refused(files: Files, what: string): Promise<void> {
  const report = await verifyBundle(files, policy, { crypto });
  if (report.status === 'verified' || report.statement !== undefined)
    throw new Error(`verified after ${what}`);
  for (const { code } of report.layers)
    if (!Object.hasOwn(LAYER_CODES, code)) throw new Error(`${code} after ${what}`);
}

const with1 = (path: string, bytes: Uint8Array): Files => new Map(bundle).set(path, bytes);

/**
 * `PROBITY_FUZZ=all` changes every byte; it takes four times as long, and shows nothing else of
 * SHA-256 and Ed25519.
 */
const EVERY = process.env['PROBITY_FUZZ'] === 'all';
const BY_DIGEST = /^(README|source|model|evidence|trust)/u;

/**
 * Where a byte is changed: one in eight where only a digest looks, one in eight inside of a long
 * base64, else everywhere.
 */
function places(path: string, bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes).toString('latin1');
  const inside = new Set<number>();
  for (const { index, 0: run } of text.matchAll(/[A-Za-z0-9+/=]{80,}/gu))
    for (let at = index + 4; at < index + run.length - 4; at += 1) inside.add(at);
  return Array.from(bytes.keys()).filter(
    (at) => EVERY || at % 8 === 0 || !(BY_DIGEST.test(path) || inside.has(at)),
  );
}

describe('a bundle with an anchor and a status', () => {
  it('verifies, and so does its sibling', async () => {
    for (const files of [bundle, sibling]) {
      const { status, layers } = await check(files, policy);
      expect(status).toBe('verified');
      expect(layers.every((layer) => layer.status === 'proved' || layer.status === 'signed')).toBe(
        true,
      );
    }
  });

  it('is refused with any one byte changed: each one that says something, some of each digest and of each long base64', async () => {
    let changes = 0;
    for (const [path, bytes] of bundle) {
      for (const at of places(path, bytes)) {
        const copy = Uint8Array.from(bytes);
        // A bit each, a different one from byte to byte; and where text is read, the other case of
        // a letter.
        copy[at] = (copy[at] ?? 0) ^ (at % 3 === 0 ? 0x20 : 1 << (at % 8));
        await refused(with1(path, copy), `${path}: byte ${at}`);
        changes += 1;
      }
    }
    expect(changes).toBeGreaterThan(EVERY ? 9_000 : 2_000);
  });

  it('is refused cut, grown, doubled, emptied, reversed, lost, and with a file of its sibling', async () => {
    for (const [path, bytes] of bundle) {
      const cuts = new Set([
        0,
        1,
        Math.floor(bytes.length / 2),
        bytes.length - 1,
        ...[...bytes.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at),
      ]);
      for (const length of cuts)
        if (length < bytes.length)
          await refused(with1(path, bytes.subarray(0, length)), `${path}: cut at ${length}`);
      for (const added of ['\n', ' ', '\0', '{}', '\ufeff']) {
        await refused(
          with1(path, Uint8Array.from([...bytes, ...utf8(added)])),
          `${path}: ${JSON.stringify(added)} behind`,
        );
        await refused(
          with1(path, Uint8Array.from([...utf8(added), ...bytes])),
          `${path}: ${JSON.stringify(added)} before`,
        );
      }
      await refused(with1(path, Uint8Array.from([...bytes, ...bytes])), `${path}: doubled`);
      await refused(with1(path, Uint8Array.from(bytes).reverse()), `${path}: reversed`);
      const lost = new Map(bundle);
      lost.delete(path);
      await refused(lost, `${path}: lost`);
      const other = sibling.get(path);
      if (other !== undefined && fromUtf8(other) !== fromUtf8(bytes))
        await refused(with1(path, other), `${path}: of the sibling`);
    }
  });

  it('is refused with lines swapped, doubled or left out', async () => {
    for (const path of ['receipt.tlog-proof', 'README.md', 'trust/policy', 'source.yaml']) {
      const lines = (fromUtf8(bundle.get(path) ?? new Uint8Array(0)) ?? '').split('\n');
      for (let at = 0; at < lines.length; at += 1) {
        const variants = [
          lines.toSpliced(at, 1),
          lines.toSpliced(at, 0, lines[at] ?? ''),
          lines.toSpliced(at, 2, lines[at + 1] ?? '', lines[at] ?? ''),
        ];
        for (const variant of variants) {
          if (variant.join('\n') !== lines.join('\n'))
            await refused(with1(path, utf8(variant.join('\n'))), `${path}: line ${at}`);
        }
      }
    }
  });

  it('is refused with any value of its JSON of another type, left out, doubled or beside a stranger', async () => {
    let changes = 0;
    for (const path of [
      'bundle.json',
      'envelope.json',
      'leaf.bin',
      'anchor.json',
      'status.json',
      'model.json',
      'evidence/model-card.json',
      'evidence/traces/001-shut.json',
    ]) {
      const text = fromUtf8(bundle.get(path) ?? new Uint8Array(0)) ?? '';
      for (const mutant of mutants(JSON.parse(text))) {
        if (canonicalJson(mutant) === text) continue;
        await refused(
          with1(path, utf8(canonicalJson(mutant))),
          `${path}: ${canonicalJson(mutant).slice(0, 200)}`,
        );
        changes += 1;
      }
    }
    expect(changes).toBeGreaterThan(400);
  });

  it('is refused with base64 of another spelling, wherever base64 stands', async () => {
    let changes = 0;
    for (const path of [
      'envelope.json',
      'anchor.json',
      'status.json',
      'receipt.tlog-proof',
      'trust/policy',
    ]) {
      const text = fromUtf8(bundle.get(path) ?? new Uint8Array(0)) ?? '';
      for (const [value] of text.matchAll(/[A-Za-z0-9+/]{40,}={0,2}/g)) {
        for (const spelling of respelled(value)) {
          await refused(
            with1(path, utf8(text.replace(value, () => spelling))),
            `${path}: ${value.slice(0, 8)} respelled`,
          );
          changes += 1;
        }
      }
    }
    expect(changes).toBeGreaterThan(25);
  });

  it('is refused with an Ed25519 signature to which the order of the group was added', async () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const malleable = (sig: Uint8Array): Uint8Array => {
      const copy = Uint8Array.from(sig);
      let s = copy.subarray(32).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + order;
      for (let at = 32; at < 64; at += 1, s /= 256n) copy[at] = Number(s % 256n);
      return copy;
    };
    const text = fromUtf8(bundle.get('envelope.json') ?? new Uint8Array(0)) ?? '';
    const { sig } = (JSON.parse(text) as { signatures: { sig: string }[] }).signatures[0] as {
      sig: string;
    };
    await refused(
      with1(
        'envelope.json',
        utf8(
          text.replace(sig, Buffer.from(malleable(Buffer.from(sig, 'base64'))).toString('base64')),
        ),
      ),
      'S + L in the envelope',
    );
    const receipt = fromUtf8(bundle.get('receipt.tlog-proof') ?? new Uint8Array(0)) ?? '';
    const line = receipt.trimEnd().split(' ').at(-1) ?? '';
    const raw = Buffer.from(line, 'base64');
    const changed = Buffer.concat([raw.subarray(0, 4), malleable(raw.subarray(4))]).toString(
      'base64',
    );
    await refused(
      with1('receipt.tlog-proof', utf8(receipt.replace(line, () => changed))),
      'S + L in the checkpoint',
    );
  });

  it('is refused whatever bytes stand for a file', async () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48271) % 0x7fffffff) & 0xff;
    const hostile = [
      utf8('['.repeat(100_000)),
      utf8(`{"a":${'{"a":'.repeat(70)}1${'}'.repeat(70)}}`),
      utf8('1e999'),
      utf8('-0'),
      utf8('"\\ud800"'),
      utf8('{"__proto__":{"v":1}}'),
      Uint8Array.from([0xff, 0xfe]),
      Uint8Array.from({ length: 300 }, random),
      Uint8Array.from({ length: 32 }, random),
      utf8('null'),
      utf8('9007199254740993'),
      utf8(
        'c2sp.org/tlog-proof@v1\nindex 9007199254740991\n\no\n9007199254740991\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— a AAAAAAAA\n',
      ),
      utf8(
        `c2sp.org/tlog-proof@v1\nindex 0\n${'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n'.repeat(65)}\no\n1\nAAAA\n\n— a AAAAAAAA\n`,
      ),
    ];
    for (const path of bundle.keys())
      for (const [at, bytes] of hostile.entries())
        await refused(with1(path, bytes), `${path}: hostile ${at}`);
  });
});

describe('a policy', () => {
  it('is read or refused with its lines, whatever it says, and never trusts more for having been damaged', async () => {
    const text = policyText.replace('quorum none', 'max-age 30\nquorum none');
    const keys = new Set([...policy.verdicts, ...policy.logs].map(({ vkey }) => vkey));
    let read = 0;
    for (let at = 0; at < text.length; at += 1) {
      for (const changed of [
        text.slice(0, at),
        text.slice(0, at) + text.slice(at + 1),
        `${text.slice(0, at)}\u0000${text.slice(at)}`,
        `${text.slice(0, at)} until ${text.slice(at)}`,
        text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1),
      ]) {
        const policy = await parsePolicy(changed, nodeCrypto.sha256);
        if (!policy.ok) {
          expect(policy.problems.length).toBeGreaterThan(0);
          continue;
        }
        read += 1;
        // Comments and names of lines may change; a key is the one that was there, or the policy is
        // refused.
        for (const { vkey } of [...policy.value.verdicts, ...policy.value.logs])
          if (!keys.has(vkey)) throw new Error(`trusts ${vkey} after ${JSON.stringify(changed)}`);
      }
    }
    expect(read).toBeGreaterThan(100);
  });
});

/**
 * Each value of a JSON tree replaced by values of other types, left out, doubled, or given a
 * sibling.
 */
function* mutants(value: unknown): Generator<unknown> {
  for (const other of [null, true, 0, -1, 2 ** 53, '', 'x', [], {}]) yield other;
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) {
      yield value.toSpliced(at, 1);
      yield value.toSpliced(at, 0, item);
      for (const mutant of mutants(item)) yield value.toSpliced(at, 1, mutant);
    }
    if (value.length > 1) yield value.toReversed();
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, critical: ['x'] };
    for (const [key, item] of Object.entries(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
      yield Object.fromEntries(
        Object.entries(value).map(([name, each]) => [name === key ? `${name} ` : name, each]),
      );
      for (const mutant of mutants(item)) yield { ...value, [key]: mutant };
    }
  } else if (typeof value === 'string') {
    yield `${value} `;
    yield value.toUpperCase();
    yield value.slice(1);
  }
}

function respelled(base64: string): string[] {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bare = base64.replace(/=+$/, '');
  const last = alphabet.indexOf(bare.at(-1) ?? '');
  const loose = base64.endsWith('=')
    ? [`${bare.slice(0, -1)}${alphabet.charAt(last ^ 1)}${base64.slice(bare.length)}`]
    : [];
  return [
    ...loose,
    ...(bare === base64 ? [] : [bare]),
    `${base64}=`,
    `${base64.slice(0, 4)}\n${base64.slice(4)}`,
    `${base64} `,
    base64.replaceAll('+', '-').replaceAll('/', '_'),
  ].filter((spelling) => spelling !== base64);
}
