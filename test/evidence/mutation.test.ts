import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/canonical/index.ts';
import {
  formatEnvelope,
  parseEnvelope,
  preAuthEncoding,
  PAYLOAD_TYPE,
} from '../../src/evidence/formats/dsse.ts';
import { concat, fromUtf8, toBase64, utf8 } from '../../src/evidence/formats/encoding.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import {
  COSIGNATURE_ED25519,
  keyHash,
  parseNote,
  signatureLine,
} from '../../src/evidence/formats/note.ts';
import { parseReceipt, formatReceipt } from '../../src/evidence/formats/receipt.ts';
import { leafDigest } from '../../src/evidence/statements/leaf.ts';
import { MANIFEST_FILE } from '../../src/evidence/bundle/manifest.ts';
import {
  check,
  complaints,
  installation,
  policyOf,
  sampleCheck,
  type Installation,
  type Issued,
} from './fixture.ts';

let home: Installation;
let issued: Issued;
beforeAll(async () => {
  home = await installation('honest');
  for (let at = 0; at < 5; at += 1) await home.issue(sampleCheck(`earlier-${at}`));
  issued = await home.issue(sampleCheck('verdict-1'));
});

const textOf = (path: string): string =>
  fromUtf8(issued.files.get(path) ?? new Uint8Array(0)) ?? '';
const changed = (path: string, bytes: Uint8Array | string): Map<string, Uint8Array> =>
  new Map(issued.files).set(path, typeof bytes === 'string' ? utf8(bytes) : bytes);

async function codesAfter(path: string, bytes: Uint8Array | string): Promise<string[]> {
  const report = await check(changed(path, bytes), home.policy);
  expect(report.status).not.toBe('verified');
  expect(report.statement).toBeUndefined();
  return complaints(report);
}

/**
 * A bundle whose payload is changed and signed again by the real key, logged by the real log: only
 * the content is bad.
 */
async function resigned(
  change: (statement: Record<string, unknown>) => unknown,
  spell = canonicalJson,
): Promise<string[]> {
  const parsed = parseEnvelope(issued.files.get('envelope.json') ?? new Uint8Array(0));
  if (!parsed.ok) throw new Error(parsed.reason);
  const statement = JSON.parse(fromUtf8(parsed.envelope.payload) ?? '') as Record<string, unknown>;
  const payload = utf8(spell(change(statement)));
  const sig = await home.keys.verdict.sign(preAuthEncoding(PAYLOAD_TYPE, payload));
  const envelope = formatEnvelope({
    payloadType: PAYLOAD_TYPE,
    payload,
    signatures: [{ keyid: home.keys.verdict.keyId, sig }],
  });
  return codesAfter('envelope.json', envelope);
}

describe('a bundle', () => {
  it('verifies as it was issued', async () => {
    const report = await check(issued.files, home.policy);
    expect(complaints(report)).toEqual([]);
    expect(report.status).toBe('verified');
    expect(report.statement?.predicate.id).toBe('verdict-1');
    expect(report.layers.map(({ layer, status }) => `${layer} ${status}`)).toEqual([
      'bundle proved',
      'envelope signed',
      'statement proved',
      'subject proved',
      'evidence proved',
      'leaf proved',
      'inclusion proved',
      'checkpoint signed',
      'anchor skipped',
      'status skipped',
    ]);
  });

  it('is refused after any one file is removed, emptied or cut', async () => {
    for (const [path, bytes] of issued.files) {
      const without = new Map(issued.files);
      without.delete(path);
      expect((await check(without, home.policy)).status, `without ${path}`).not.toBe('verified');
      await codesAfter(path, '');
      await codesAfter(path, bytes.subarray(0, bytes.length - 1));
    }
  });

  it('says malformed when a file that every bundle has is missing', async () => {
    const report = await check(new Map([['envelope.json', utf8('{}')]]), home.policy);
    expect(report.status).toBe('malformed');
    expect(complaints(report)).toEqual(['bundle: BUNDLE_SHAPE']);
  });

  it('is refused after any one file comes from another bundle', async () => {
    const other = await home.issue(sampleCheck('verdict-2', 'Window'));
    let swaps = 0;
    for (const [path, bytes] of other.files) {
      if (fromUtf8(bytes) === textOf(path)) continue; // the same in both: nothing is swapped
      const codes = await codesAfter(path, bytes);
      expect(codes.length, path).toBeGreaterThan(0);
      swaps += 1;
    }
    expect(swaps).toBeGreaterThanOrEqual(7);
  });

  it('is refused with a file that nothing signs', async () => {
    expect(await codesAfter('evidence/extra.txt', 'believe me')).toEqual([
      'bundle: BUNDLE_FILES',
      'evidence: EVIDENCE_UNLISTED',
    ]);
  });

  it('is refused with a list of files that is not the canonical one, or of another version', async () => {
    const list = JSON.parse(textOf(MANIFEST_FILE)) as { files: string[] };
    for (const [text, code] of [
      [JSON.stringify({ ...list, v: 1 }, null, 1), 'BUNDLE_MANIFEST'],
      [canonicalJson({ files: list.files }), 'BUNDLE_VERSION'],
      [canonicalJson({ files: list.files, v: 0 }), 'BUNDLE_VERSION'],
      [canonicalJson({ files: list.files, v: 2 }), 'BUNDLE_VERSION'],
      [canonicalJson({ files: list.files, v: '1' }), 'BUNDLE_VERSION'],
      [canonicalJson({ files: list.files, v: 1, critical: [] }), 'BUNDLE_MANIFEST'],
      [canonicalJson({ files: list.files.toReversed(), v: 1 }), 'BUNDLE_MANIFEST'],
      [canonicalJson({ files: [...list.files, list.files.at(-1)], v: 1 }), 'BUNDLE_MANIFEST'],
      [canonicalJson({ files: [MANIFEST_FILE, ...list.files].sort(), v: 1 }), 'BUNDLE_MANIFEST'],
      [canonicalJson({ files: 'all', v: 1 }), 'BUNDLE_MANIFEST'],
      [canonicalJson(null), 'BUNDLE_VERSION'],
      [canonicalJson({ files: list.files.slice(1), v: 1 }), 'BUNDLE_FILES'],
      [canonicalJson({ files: [...list.files, 'zzz'], v: 1 }), 'BUNDLE_FILES'],
    ] as const)
      expect(await codesAfter(MANIFEST_FILE, text), text).toEqual([`bundle: ${code}`]);
  });
});

describe('each layer refuses with its own code', () => {
  it.each([
    ['source.yaml', 'probity: 1\n', 'subject: SUBJECT_DIGEST'],
    ['model.json', '{}', 'subject: SUBJECT_DIGEST'],
    ['evidence/traces/001-shut.json', '{}', 'evidence: EVIDENCE_DIGEST'],
    ['README.md', 'All holds.', 'evidence: EVIDENCE_DIGEST'],
    ['salt.bin', 'short', 'leaf: LEAF_DIGEST'],
    ['leaf.bin', 'no leaf', 'leaf: LEAF_NOT_CANONICAL'],
    ['leaf.bin', '{"v":1}', 'leaf: LEAF_SHAPE'],
    ['receipt.tlog-proof', 'c2sp.org/tlog-proof@v2\n', 'inclusion: RECEIPT_SHAPE'],
    ['envelope.json', '[', 'envelope: ENVELOPE_NOT_JSON'],
    ['envelope.json', '{"payload":""}', 'envelope: ENVELOPE_SHAPE'],
    ['anchor.json', '{ }', 'anchor: ANCHOR_NOT_CANONICAL'],
    ['anchor.json', '{}', 'anchor: ANCHOR_SHAPE'],
  ])('%s = %s', async (path, text, code) => {
    expect(await codesAfter(path, text)).toContain(code);
  });

  it('another leaf kind, another id, an unknown field in the leaf', async () => {
    const leaf = JSON.parse(textOf('leaf.bin')) as object;
    expect(await codesAfter('leaf.bin', canonicalJson({ ...leaf, kind: 'key' }))).toContain(
      'leaf: LEAF_KIND',
    );
    expect(await codesAfter('leaf.bin', canonicalJson({ ...leaf, id: 'other' }))).toContain(
      'leaf: LEAF_ID',
    );
    expect(await codesAfter('leaf.bin', canonicalJson({ ...leaf, note: 'hi' }))).toContain(
      'leaf: LEAF_SHAPE',
    );
  });

  it('envelope: duplicate key, unknown field, white space, other base64, other payload type', async () => {
    const text = textOf('envelope.json');
    const envelope = JSON.parse(text) as Record<string, unknown>;
    expect(
      await codesAfter(
        'envelope.json',
        text.replace('{"payload":', '{"payload":"e30=","payload":'),
      ),
    ).toEqual(['envelope: ENVELOPE_NOT_CANONICAL']);
    expect(await codesAfter('envelope.json', canonicalJson({ ...envelope, comment: 'x' }))).toEqual(
      ['envelope: ENVELOPE_SHAPE'],
    );
    expect(await codesAfter('envelope.json', `${text}\n`)).toEqual([
      'envelope: ENVELOPE_NOT_CANONICAL',
    ]);
    expect(
      await codesAfter(
        'envelope.json',
        canonicalJson({ ...envelope, payload: `${String(envelope['payload'])} ` }),
      ),
    ).toEqual(['envelope: ENVELOPE_SHAPE']);
    expect(
      await codesAfter(
        'envelope.json',
        canonicalJson({ ...envelope, payloadType: 'application/json' }),
      ),
    ).toEqual(['envelope: ENVELOPE_PAYLOAD_TYPE']);
  });

  it("envelope: a signature of the trusted key under a stranger's name", async () => {
    const text = textOf('envelope.json').replace(
      home.keys.verdict.keyId,
      'somebody.example/verdict+00000000',
    );
    expect(await codesAfter('envelope.json', text)).toContain('envelope: ENVELOPE_KEYID');
  });

  it('statement: downgraded predicate type, unknown field, wrong type, not canonical, duplicate key, wrong issuer', async () => {
    expect(
      await resigned((s) => ({ ...s, predicateType: 'urn:probity:formal-verdict:v0' })),
    ).toContain('statement: STATEMENT_PREDICATE_TYPE');
    expect(await resigned((s) => ({ ...s, extra: true }))).toContain('statement: STATEMENT_SHAPE');
    expect(
      await resigned((s) => ({
        ...s,
        predicate: { ...(s['predicate'] as object), critical: ['x'] },
      })),
    ).toContain('statement: STATEMENT_SHAPE');
    expect(await resigned((s) => ({ ...s, subject: [] }))).toContain('statement: STATEMENT_SHAPE');
    expect(
      await resigned(
        (s) => s,
        (s) => JSON.stringify(s, null, 1),
      ),
    ).toContain('statement: STATEMENT_NOT_CANONICAL');
    expect(
      await resigned(
        (s) => s,
        (s) => canonicalJson(s).replace('{"_type":', '{"_type":"x","_type":'),
      ),
    ).toContain('statement: STATEMENT_NOT_CANONICAL');
    const issuer = {
      name: 'x',
      key: 'other+00000000',
      software: { name: 'probity', version: '1' },
    };
    expect(
      await resigned((s) => ({ ...s, predicate: { ...(s['predicate'] as object), issuer } })),
    ).toContain('statement: STATEMENT_ISSUER');
  });

  it('a statement signed again by the real key is still not the one in the log', async () => {
    expect(
      await resigned((s) => ({
        ...s,
        predicate: { ...(s['predicate'] as object), semantics: '2' },
      })),
    ).toContain('leaf: LEAF_DIGEST');
  });

  it('evidence that leads out of the bundle is refused as a shape', async () => {
    const outside = [
      { path: '../../etc/passwd', mediaType: 'text/plain', digest: { sha256: '0'.repeat(64) } },
    ];
    expect(
      await resigned((s) => ({
        ...s,
        predicate: { ...(s['predicate'] as object), evidence: outside },
      })),
    ).toContain('statement: STATEMENT_SHAPE');
  });

  it('a statement that lists a path twice, or one of the bundle, or names one that it does not list', async () => {
    type Loose = {
      predicate: { evidence: { path: string }[]; properties: { trace?: string }[]; risk: object };
    };
    const file = { path: 'README.md', mediaType: 'text/plain', digest: { sha256: '0'.repeat(64) } };
    for (const change of [
      ({ predicate }: Loose) => ({ ...predicate, evidence: [...predicate.evidence, file] }),
      ({ predicate }: Loose) => ({
        ...predicate,
        evidence: [...predicate.evidence, { ...file, path: 'envelope.json' }],
      }),
      ({ predicate }: Loose) => ({
        ...predicate,
        evidence: [...predicate.evidence, { ...file, path: 'model.json' }],
      }),
      ({ predicate }: Loose) => ({
        ...predicate,
        properties: predicate.properties.map((each) => ({
          ...each,
          trace: 'evidence/traces/999-other.json',
        })),
      }),
      ({ predicate }: Loose) => ({
        ...predicate,
        risk: { ...predicate.risk, card: 'evidence/other.json' },
      }),
    ])
      expect(await resigned((s) => ({ ...s, predicate: change(s as unknown as Loose) }))).toContain(
        'statement: STATEMENT_PATHS',
      );
  });

  it('receipt: proof cut, grown, at another index, with extra data, of an altered checkpoint', async () => {
    const receipt = parseReceipt(textOf('receipt.tlog-proof'));
    if (receipt === undefined) throw new Error('a receipt');
    expect(receipt.proof.length).toBe(2);
    const cut = formatReceipt({ ...receipt, proof: receipt.proof.slice(0, -1) });
    const grown = formatReceipt({ ...receipt, proof: [...receipt.proof, new Uint8Array(32)] });
    const elsewhere = formatReceipt({ ...receipt, index: receipt.index - 1 });
    for (const text of [cut, grown, elsewhere])
      expect(await codesAfter('receipt.tlog-proof', text)).toEqual([
        'inclusion: INCLUSION_INVALID',
      ]);
    const extra = formatReceipt({ ...receipt, extra: utf8('hi') });
    expect(await codesAfter('receipt.tlog-proof', extra)).toEqual(['inclusion: RECEIPT_SHAPE']);
    const renamed = textOf('receipt.tlog-proof').replace(
      `\n\n${home.keys.log.name}\n`,
      '\n\nother.example/log\n',
    );
    expect(await codesAfter('receipt.tlog-proof', renamed)).toEqual([
      'checkpoint: CHECKPOINT_SIGNATURE',
    ]);
    const unsigned = textOf('receipt.tlog-proof').replace(/— \S+ /, '— nobody.example ');
    expect(await codesAfter('receipt.tlog-proof', unsigned)).toEqual([
      'checkpoint: CHECKPOINT_UNTRUSTED',
    ]);
  });

  it('a checkpoint of another origin, signed all the same by the log key', async () => {
    const receipt = parseReceipt(textOf('receipt.tlog-proof'));
    const text = (parseNote(receipt?.checkpoint ?? '')?.text ?? '').replace(
      home.keys.log.name,
      'other.example/log',
    );
    const checkpoint = `${text}\n${signatureLine(home.keys.log, await home.keys.log.sign(utf8(text)))}`;
    if (receipt === undefined) throw new Error('a receipt');
    expect(
      await codesAfter('receipt.tlog-proof', formatReceipt({ ...receipt, checkpoint })),
    ).toEqual(['checkpoint: CHECKPOINT_ORIGIN']);
  });

  it('a source or evidence that is missing', async () => {
    for (const [path, code] of [
      ['source.yaml', 'subject: SUBJECT_MISSING'],
      ['README.md', 'evidence: EVIDENCE_MISSING'],
    ] as const) {
      const without = new Map(issued.files);
      without.delete(path);
      expect(complaints(await check(without, home.policy))).toEqual(['bundle: BUNDLE_FILES', code]);
    }
  });

  it('a signature that the statement does not announce, and one that it announces and that is missing', async () => {
    const envelope = JSON.parse(textOf('envelope.json')) as {
      signatures: { keyid: string; sig: string }[];
    };
    const [mine] = envelope.signatures;
    for (const signatures of [
      [mine, { keyid: 'stranger', sig: 'AAAA' }],
      [{ keyid: 'stranger', sig: 'AAAA' }, mine],
    ])
      expect(await codesAfter('envelope.json', canonicalJson({ ...envelope, signatures }))).toEqual(
        ['statement: STATEMENT_SIGNERS'],
      );
    const again = canonicalJson({
      ...envelope,
      signatures: [mine, { keyid: 'x+00000000', sig: mine?.sig }],
    });
    expect(await codesAfter('envelope.json', again)).toEqual(['envelope: ENVELOPE_KEYID']);
    const twice = canonicalJson({ ...envelope, signatures: [mine, mine] });
    expect(await codesAfter('envelope.json', twice)).toEqual(['envelope: ENVELOPE_SHAPE']);
    const announced = await resigned((s) => {
      const predicate = s['predicate'] as { issuer: object };
      return {
        ...s,
        predicate: {
          ...predicate,
          issuer: { ...predicate.issuer, also: ['future.example+00000006'] },
        },
      };
    });
    expect(announced).toContain('statement: STATEMENT_SIGNERS');
  });

  it('a second signature of a kind to come, announced: ignored where it cannot be checked', async () => {
    const parts = sampleCheck('verdict-pq');
    const sealed = await home.issue(parts);
    const parsed = parseEnvelope(sealed.files.get('envelope.json') ?? new Uint8Array(0));
    if (!parsed.ok) throw new Error(parsed.reason);
    const statement = JSON.parse(fromUtf8(parsed.envelope.payload) ?? '') as {
      predicate: { issuer: object };
    };
    const also = ['honest.example/verdict+00000006'];
    const payload = utf8(
      canonicalJson({
        ...statement,
        predicate: { ...statement.predicate, issuer: { ...statement.predicate.issuer, also } },
      }),
    );
    const sig = await home.keys.verdict.sign(preAuthEncoding(PAYLOAD_TYPE, payload));
    const both = [
      { keyid: home.keys.verdict.keyId, sig },
      { keyid: also[0] as string, sig: new Uint8Array(2420) },
    ];
    const salt = sealed.files.get('salt.bin') ?? new Uint8Array(0);
    const leaf = canonicalJson({
      v: 1,
      kind: 'verdict',
      id: 'verdict-pq',
      digest: await leafDigest(salt, payload, nodeCrypto.sha256),
    });
    const { receipt } = await home.log.append(utf8(leaf));
    const files = new Map(sealed.files)
      .set('leaf.bin', utf8(leaf))
      .set('receipt.tlog-proof', utf8(receipt));
    const with2 = (signatures: typeof both): Map<string, Uint8Array> =>
      new Map(files).set(
        'envelope.json',
        utf8(formatEnvelope({ payloadType: PAYLOAD_TYPE, payload, signatures })),
      );
    expect(complaints(await check(with2(both), home.policy))).toEqual([]);
    // Never instead of the Ed25519 signature, and in no other order.
    expect((await check(with2(both.slice(1)), home.policy)).status).toBe('untrusted');
    expect(complaints(await check(with2(both.toReversed()), home.policy))).toEqual([
      'statement: STATEMENT_SIGNERS',
    ]);
  });

  it('a checkpoint with something stuck to it; a cosignature of a stranger is ignored, as signed-note asks', async () => {
    const text = textOf('receipt.tlog-proof');
    const line = (name: string, hash: string, length: number): string =>
      signatureLine({ name, hash }, new Uint8Array(length));
    const own = text.slice(text.lastIndexOf('— '));
    for (const added of [
      own,
      line('nobody.example', '00000000', 1),
      line('nobody.example', '00000000', 64),
      line('w.example', '01020304', 72).repeat(2),
      line(home.keys.log.name, '01020304', 72),
      line('w.example', home.keys.log.hash, 72),
    ])
      expect(await codesAfter('receipt.tlog-proof', text + added), added).toEqual([
        'checkpoint: CHECKPOINT_STRAY',
      ]);
    for (const length of [72, 2428]) {
      const report = await check(
        changed('receipt.tlog-proof', text + line('w.example', '01020304', length)),
        home.policy,
      );
      expect(report.status).toBe('verified');
      expect(JSON.stringify(report)).not.toContain('w.example');
    }
  });

  it('a checkpoint without the witnesses that the policy asks for', async () => {
    const { publicKey } = home.keys.ledger;
    const hash = await keyHash('w.example', COSIGNATURE_ED25519, publicKey, nodeCrypto.sha256);
    const vkey = `w.example+${hash}+${toBase64(concat(Uint8Array.of(COSIGNATURE_ED25519), publicKey))}`;
    const strict = await policyOf(
      home.policyText.replace('quorum none', `witness W ${vkey}\nquorum W`),
    );
    const report = await check(issued.files, strict);
    expect(report.status).toBe('untrusted');
    expect(complaints(report)).toEqual(['checkpoint: CHECKPOINT_QUORUM']);
    // The same checkpoint, cosigned: "cosignature/v1", a time, the note's text
    // (c2sp.org/tlog-cosignature).
    const text = textOf('receipt.tlog-proof');
    const noteText = `${text.slice(text.indexOf('\n\n') + 2).split('\n\n')[0]}\n`;
    const sig = await home.keys.ledger.sign(utf8(`cosignature/v1\ntime 1700000000\n${noteText}`));
    const time = new Uint8Array(8);
    new DataView(time.buffer).setBigUint64(0, 1700000000n);
    const cosigned = text + signatureLine({ name: 'w.example', hash }, concat(time, sig));
    expect((await check(changed('receipt.tlog-proof', cosigned), strict)).status).toBe('verified');
  });
});
