import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkpointText, parseCheckpoint } from '../../src/evidence/formats/checkpoint.ts';
import {
  fromBase64,
  fromDecimal,
  fromHex,
  fromUtf8,
  includesBytes,
  toBase58,
  toBase64,
  toHex,
  utf8,
} from '../../src/evidence/formats/encoding.ts';
import { growTree, leafHash, NodeMap } from '../../src/evidence/log/tree.ts';
import {
  consistencyRanges,
  inclusionRanges,
  verifyConsistency,
  verifyInclusion,
} from '../../src/evidence/formats/merkle.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { keyHash, parseNote, parseVkey, signatureLine } from '../../src/evidence/formats/note.ts';
import { formatReceipt, parseReceipt } from '../../src/evidence/formats/receipt.ts';
import { parseCanonicalJson } from '../../src/evidence/formats/strictJson.ts';
import { meetsQuorum, parsePolicy } from '../../src/evidence/formats/policy.ts';
import { policyOf, testKeys } from './fixture.ts';

describe('encodings', () => {
  it('have one text per value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(toHex(fromBase64(toBase64(bytes)) ?? Uint8Array.of())).toBe(toHex(bytes));
        expect(toHex(fromHex(toHex(bytes)) ?? Uint8Array.of())).toBe(toHex(bytes));
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      }),
    );
    for (const text of ['QQ', 'QQ=', 'QR==', 'Q Q=', 'QQ==\n', 'Q-==', '=', '===='])
      expect(fromBase64(text), text).toBeUndefined();
    for (const text of ['01', '+1', '1.0', '', '9007199254740993', '1e3'])
      expect(fromDecimal(text), text).toBeUndefined();
    for (const text of ['0', '7', '9007199254740991']) expect(fromDecimal(text)).toBe(Number(text));
    for (const text of ['A0', '0', 'zz']) expect(fromHex(text)).toBeUndefined();
  });

  it('base58 as Bitcoin and IOTA write it', () => {
    expect(toBase58(utf8('Hello World!'))).toBe('2NEpo7TZRRrLZSi2U');
    expect(toBase58(Uint8Array.of(0, 0, 40, 127, 180, 205))).toBe('11233QC4');
    expect(toBase58(new Uint8Array(32))).toBe('1'.repeat(32));
  });

  it('BLAKE2b-256 of nothing and of abc (RFC 7693 with 32 bytes)', () => {
    expect(toHex(nodeCrypto.blake2b256(utf8('')) as Uint8Array)).toBe(
      '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8',
    );
    expect(toHex(nodeCrypto.blake2b256(utf8('abc')) as Uint8Array)).toBe(
      'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319',
    );
  });

  it('finds bytes in bytes', () => {
    expect(includesBytes(utf8('aab'), utf8('ab'))).toBe(true);
    expect(includesBytes(utf8('aab'), utf8('ba'))).toBe(false);
    expect(fromUtf8(Uint8Array.of(0xff))).toBeUndefined();
  });
});

describe('strict JSON', () => {
  it.each([
    ['{"a":1,"a":1}', 'NOT_CANONICAL'],
    ['{"b":1,"a":1}', 'NOT_CANONICAL'],
    ['{"a": 1}', 'NOT_CANONICAL'],
    ['1.0', 'NOT_CANONICAL'],
    ['1e2', 'NOT_CANONICAL'],
    ['"\\u0041"', 'NOT_CANONICAL'],
    ['"\\ud800"', 'NOT_CANONICAL'],
    ['{"\\ud800":1}', 'NOT_CANONICAL'],
    ['\ufeff1', 'NOT_JSON'],
    ['', 'NOT_JSON'],
    ['nul', 'NOT_JSON'],
    ['NaN', 'NOT_JSON'],
    ['['.repeat(5000) + ']'.repeat(5000), 'NOT_JSON'],
    ['{"__proto__":1,"__proto__":2}', 'NOT_CANONICAL'],
  ])('refuses %.40s', (text, reason) => {
    expect(parseCanonicalJson(utf8(text))).toEqual({ ok: false, reason });
  });

  it('accepts what JSON.stringify and JCS agree on', () => {
    expect(parseCanonicalJson(utf8('{"a":[1,"é",null],"b":{}}'))).toEqual({
      ok: true,
      value: { a: [1, 'é', null], b: {} },
    });
    expect(parseCanonicalJson(Uint8Array.of(0x22, 0xff, 0x22))).toEqual({
      ok: false,
      reason: 'NOT_JSON',
    });
  });
});

describe('notes, checkpoints and receipts', () => {
  it('a note deviates in nothing', async () => {
    const { log } = await testKeys('notes');
    const line = signatureLine(log, new Uint8Array(64));
    expect(parseNote(`a\n\nb\n\n${line}`)?.text).toBe('a\n\nb\n');
    for (const bad of [
      '',
      'a\n',
      `a\n${line}`,
      `a\n\n${line.trimEnd()}`,
      `a\t\n\n${line}`,
      `a\r\n\n${line}`,
      `a\n\n- ${line.slice(2)}`,
      `a\n\n${line}x\n`,
      `a\n\n— x+y ${toBase64(new Uint8Array(68))}\n`,
      `a\n\n— x AAAA\n`,
    ]) {
      expect(parseNote(bad), JSON.stringify(bad)).toBeUndefined();
    }
    expect(parseNote(`a\n\n${line.repeat(64)}`)?.signatures).toHaveLength(64);
    expect(parseNote(`a\n\n${line.repeat(65)}`)).toBeUndefined();
  });

  it('a vkey is of its name and key', async () => {
    const { log } = await testKeys('notes');
    expect(await parseVkey(log.vkey, nodeCrypto.sha256)).toMatchObject({
      name: log.name,
      hash: log.hash,
    });
    for (const bad of [
      '',
      'x',
      log.vkey.replace('notes', 'other'),
      `${log.vkey}A`,
      log.vkey.replace('+', ' +'),
      log.keyId,
    ]) {
      expect(await parseVkey(bad, nodeCrypto.sha256), bad).toBeUndefined();
    }
  });

  it('a checkpoint is origin, size and root', () => {
    const checkpoint = { origin: 'example.com/log', size: 7, root: new Uint8Array(32).fill(1) };
    expect(parseCheckpoint(checkpointText(checkpoint))).toEqual(checkpoint);
    expect(parseCheckpoint(`${checkpointText(checkpoint)}extension\n`)).toEqual(checkpoint);
    const root = toBase64(checkpoint.root);
    for (const bad of [
      '',
      `\n7\n${root}\n`,
      `o\n07\n${root}\n`,
      `o\n-1\n${root}\n`,
      'o\n7\nAAAA\n',
      `o\n7\n${root}`,
      `o\n7\n${root}\n\n`,
    ]) {
      expect(parseCheckpoint(bad), JSON.stringify(bad)).toBeUndefined();
    }
  });

  it('a receipt is read back, and deviates in nothing', () => {
    const receipt = {
      index: 3,
      proof: [new Uint8Array(32), new Uint8Array(32).fill(2)],
      checkpoint: 'o\n4\nroot\n\n— k s\n',
    };
    const text = formatReceipt(receipt);
    expect(parseReceipt(text)).toEqual(receipt);
    expect(parseReceipt(formatReceipt({ ...receipt, extra: utf8('x') }))?.extra).toEqual(utf8('x'));
    expect(parseReceipt(formatReceipt({ ...receipt, proof: [] }))).toEqual({
      ...receipt,
      proof: [],
    });
    for (const bad of [
      '',
      text.replace('v1', 'v2'),
      text.replace('index 3', 'index 03'),
      text.replace('index 3', 'index  3'),
      text.replace('index 3\n', ''),
      text.replace('index 3\n', 'index 3\nAAAA\n'),
      text.replace('\n', '\r\n'),
      text.split('\n\n')[0] ?? '',
    ]) {
      expect(parseReceipt(bad), JSON.stringify(bad)).toBeUndefined();
    }
  });
});

describe('Merkle trees', () => {
  it('prove every leaf and every prefix, and nothing else (random trees)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat(), async (size, a, b) => {
        const nodes = new NodeMap();
        const leaves = Array.from({ length: size }, (_, at) => utf8(`leaf ${at}`));
        // In two steps, as a log grows.
        const firstPart = a % (size + 1);
        growTree(nodes, 0, leaves.slice(0, firstPart));
        growTree(nodes, firstPart, leaves.slice(firstPart));
        const root = nodes.hashOf({ start: 0, end: size });
        const index = b % size;
        const proof = inclusionRanges(index, size).map((range) => nodes.hashOf(range));
        const claim = { index, size, leafHash: leafHash(leaves[index] ?? utf8('')), root };
        expect(await verifyInclusion(claim, proof, nodeCrypto.sha256)).toBe(true);
        expect(
          await verifyInclusion(
            { ...claim, leafHash: leafHash(utf8('other')) },
            proof,
            nodeCrypto.sha256,
          ),
        ).toBe(false);
        if (size > 1)
          expect(
            await verifyInclusion(
              { ...claim, index: (index + 1) % size },
              proof,
              nodeCrypto.sha256,
            ),
          ).toBe(false);
        const old = (b % size) + 1;
        const growth = consistencyRanges(old, size).map((range) => nodes.hashOf(range));
        const sizes = {
          size1: old,
          size2: size,
          root1: nodes.hashOf({ start: 0, end: old }),
          root2: root,
        };
        expect(await verifyConsistency(sizes, growth, nodeCrypto.sha256)).toBe(true);
        expect(
          await verifyConsistency(
            { ...sizes, root1: leafHash(utf8('other')) },
            growth,
            nodeCrypto.sha256,
          ),
        ).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('trust policies', () => {
  it('read C2SP tlog-policy with nested groups, comments and URLs', async () => {
    const names = ['w1', 'w2', 'w3'];
    const witness = await Promise.all(
      names.map(async (name) => {
        const { log } = await testKeys(name);
        const hash = await keyHash(log.name, 4, log.publicKey, nodeCrypto.sha256);
        return `witness ${name} ${log.name}+${hash}+${toBase64(Uint8Array.of(4, ...log.publicKey))} https://${name}.example/`;
      }),
    );
    const { verdict, log } = await testKeys('home');
    const policy = await policyOf(
      `  # trust\n\nverdict ${verdict.vkey}\nlog\t${log.vkey}  https://log.example/\n${witness.join('\n')}\ngroup two 2 w1 w2\ngroup either any two w3\nquorum either\n`,
    );
    expect(meetsQuorum(policy, new Set())).toBe(false);
    expect(meetsQuorum(policy, new Set(['w1']))).toBe(false);
    expect(meetsQuorum(policy, new Set(['w1', 'w2']))).toBe(true);
    expect(meetsQuorum(policy, new Set(['w3']))).toBe(true);
  });

  it('count each witness once, and ask for no more than there are', async () => {
    const { verdict, log } = await testKeys('home');
    const witness = await Promise.all(
      ['w1', 'w2', 'w3'].map(async (name) => {
        const key = (await testKeys(name)).log;
        const hash = await keyHash(key.name, 4, key.publicKey, nodeCrypto.sha256);
        return `witness ${name} ${key.name}+${hash}+${toBase64(Uint8Array.of(4, ...key.publicKey))}`;
      }),
    );
    const base = `verdict ${verdict.vkey}\nlog ${log.vkey}\n${witness.join('\n')}\n`;
    const isRead = async (...lines: readonly string[]): Promise<boolean> =>
      (await parsePolicy(`${base}${lines.join('\n')}\n`, nodeCrypto.sha256)).ok;
    for (const count of ['1', '2', 'all', 'any'])
      expect(await isRead(`group g ${count} w1 w2`, 'quorum g'), count).toBe(true);
    for (const count of ['0', '3', '01', '-1', '1.0', 'some'])
      expect(await isRead(`group g ${count} w1 w2`, 'quorum g'), count).toBe(false);
    expect(await isRead('group g 2 w1 w1', 'quorum g')).toBe(false);
    expect(await isRead('group g 2 w1 w2', 'group h 2 w2 w3', 'quorum h')).toBe(false);
    expect(await isRead('group g 2 w1 w2', 'group h 2 g g', 'quorum h')).toBe(false);
    expect(await isRead('group g 1 g', 'quorum g')).toBe(false);
    expect(await isRead('group w1 1 w2', 'quorum w1')).toBe(false);
    expect(await isRead('quorum w1', 'quorum w2')).toBe(false);
    const all = await policyOf(`${base}group g all w1 w2 w3\nquorum g\n`);
    expect(meetsQuorum(all, new Set(['w1', 'w2']))).toBe(false);
    expect(meetsQuorum(all, new Set(['w1', 'w2', 'w3']))).toBe(true);
    const two = await policyOf(`${base}group g 2 w1 w2 w3\nquorum g\n`);
    expect(meetsQuorum(two, new Set(['w1', 'other']))).toBe(false);
    expect(meetsQuorum(two, new Set(['w3', 'w1']))).toBe(true);
    expect(meetsQuorum(await policyOf(`${base}quorum w2\n`), new Set(['w1']))).toBe(false);
  });

  it('refuse, all at once and with the line, what is not one', async () => {
    const { verdict, log } = await testKeys('home');
    const linesOf = async (text: string): Promise<(number | undefined)[]> => {
      const parsed = await parsePolicy(text, nodeCrypto.sha256);
      return parsed.ok ? [] : parsed.problems.map(({ line }) => line);
    };
    expect(await linesOf('')).toEqual([undefined]);
    expect(await linesOf(`verdict ${verdict.vkey}\nlog ${verdict.vkey}\nquorum none\n`)).toEqual([
      2,
    ]);
    expect(await linesOf(`log ${log.vkey}\nlog ${log.vkey}\nquorum none\nquorum none\n`)).toEqual([
      2, 4,
    ]);
    expect(
      await linesOf(
        'quorum W\ngroup g 1 W\ngroup none any x\nledger mainnet 0x1\ntrust me\nquorum none\n',
      ),
    ).toEqual([1, 2, 3, 4, 5]);
    expect(await linesOf('quorum none\r\n')).toEqual([undefined, 1]);
    expect(await linesOf('__proto__ x\nconstructor\nquorum none\n')).toEqual([1, 2]);
  });
});

describe('the verifier', () => {
  it('imports nothing that signs, writes or belongs to Node', () => {
    const source = fileURLToPath(new URL('../../src', import.meta.url));
    const seen = new Set<string>();
    const outside = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, target] of readFileSync(file, 'utf8').matchAll(
        /^(?:import|export) (?!type )[^;]*? from '([^']+)';$/gms,
      )) {
        if (target === undefined) continue;
        if (target.startsWith('.')) follow(join(dirname(file), target));
        else outside.add(target);
      }
    };
    follow(join(source, 'evidence', 'verify', 'verify.ts'));
    expect([...outside].sort()).toEqual(['canonicalize']);
    expect([...seen].map((file) => relative(source, file)).sort()).toMatchInlineSnapshot(`
      [
        "errors/codes.ts",
        "errors/fault.ts",
        "errors/index.ts",
        "errors/problem.ts",
        "evidence/bundle/manifest.ts",
        "evidence/formats/canonicalText.ts",
        "evidence/formats/checkpoint.ts",
        "evidence/formats/der.ts",
        "evidence/formats/dsse.ts",
        "evidence/formats/encoding.ts",
        "evidence/formats/jsonSchema.ts",
        "evidence/formats/merkle.ts",
        "evidence/formats/note.ts",
        "evidence/formats/policy.ts",
        "evidence/formats/receipt.ts",
        "evidence/formats/soundKey.ts",
        "evidence/formats/strictJson.ts",
        "evidence/formats/timestampToken.ts",
        "evidence/statements/incident.ts",
        "evidence/statements/leaf.ts",
        "evidence/statements/networks.ts",
        "evidence/statements/revocation.ts",
        "evidence/statements/schemas.ts",
        "evidence/statements/statement.ts",
        "evidence/statements/validate.ts",
        "evidence/verify/anchor.ts",
        "evidence/verify/checkpoint.ts",
        "evidence/verify/envelope.ts",
        "evidence/verify/files.ts",
        "evidence/verify/inclusion.ts",
        "evidence/verify/logged.ts",
        "evidence/verify/report.ts",
        "evidence/verify/signatures.ts",
        "evidence/verify/statement.ts",
        "evidence/verify/status.ts",
        "evidence/verify/step.ts",
        "evidence/verify/timestamp.ts",
        "evidence/verify/verify.ts",
        "model/formats.ts",
      ]
    `);
  });
});
