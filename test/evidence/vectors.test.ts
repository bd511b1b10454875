import { createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { webCrypto } from '../../src/evidence/browser/webCrypto.ts';
import { preAuthEncoding } from '../../src/evidence/formats/dsse.ts';
import { fromBase64, fromHex, fromUtf8, toHex, utf8 } from '../../src/evidence/formats/encoding.ts';
import { NodeMap, growTree, leafHash } from '../../src/evidence/log/tree.ts';
import {
  consistencyRanges,
  inclusionRanges,
  verifyConsistency,
  verifyInclusion,
} from '../../src/evidence/formats/merkle.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parseNote, parseVkey, verifyNote } from '../../src/evidence/formats/note.ts';
import { parseCanonicalJson } from '../../src/evidence/formats/strictJson.ts';
import { canonicalJson } from '../../src/canonical/index.ts';
import { describeShared, sharedPath } from '../shared.ts';

function jsonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name));
}

const read = (...parts: string[]): string => readFileSync(sharedPath('vectors', ...parts), 'utf8');
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

interface ProofVector {
  readonly desc: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

describeShared('Merkle proofs (transparency-dev/merkle)', () => {
  it('all 98 inclusion proofs', async () => {
    const files = jsonFiles(sharedPath('vectors', 'merkle', 'testdata', 'inclusion'));
    expect(files).toHaveLength(98);
    for (const file of files) {
      const vector = JSON.parse(readFileSync(file, 'utf8')) as ProofVector & {
        leafIdx: number;
        treeSize: number;
        root: string;
        leafHash: string;
      };
      const claim = {
        index: vector.leafIdx,
        size: vector.treeSize,
        leafHash: bytes(vector.leafHash),
        root: bytes(vector.root),
      };
      const proved = await verifyInclusion(
        claim,
        (vector.proof ?? []).map(bytes),
        nodeCrypto.sha256,
      );
      expect(proved, `${file}: ${vector.desc}`).toBe(!vector.wantErr);
    }
  });

  it('all 98 consistency proofs', async () => {
    const files = jsonFiles(sharedPath('vectors', 'merkle', 'testdata', 'consistency'));
    expect(files).toHaveLength(98);
    for (const file of files) {
      const vector = JSON.parse(readFileSync(file, 'utf8')) as ProofVector & {
        size1: number;
        size2: number;
        root1: string;
        root2: string;
      };
      const claim = {
        size1: vector.size1,
        size2: vector.size2,
        root1: bytes(vector.root1),
        root2: bytes(vector.root2),
      };
      const proved = await verifyConsistency(
        claim,
        (vector.proof ?? []).map(bytes),
        nodeCrypto.sha256,
      );
      expect(proved, `${file}: ${vector.desc}`).toBe(!vector.wantErr);
    }
  });

  it('the 9 roots of the classical leaves, and every proof between them', async () => {
    const vectors = JSON.parse(read('rfc6962-roots.json')) as {
      leaves_hex: string[];
      roots_hex: string[];
    };
    const leaves = vectors.leaves_hex.map((hex) => fromHex(hex) as Uint8Array);
    const nodes = new NodeMap();
    growTree(nodes, 0, leaves);
    const root = (size: number): Uint8Array => nodes.hashOf({ start: 0, end: size });
    expect(vectors.roots_hex.map((_, size) => toHex(root(size)))).toEqual(vectors.roots_hex);
    for (let size = 1; size <= leaves.length; size += 1) {
      for (const [index, leaf] of leaves.slice(0, size).entries()) {
        const proof = inclusionRanges(index, size).map((range) => nodes.hashOf(range));
        expect(
          await verifyInclusion(
            { index, size, leafHash: leafHash(leaf), root: root(size) },
            proof,
            nodeCrypto.sha256,
          ),
        ).toBe(true);
      }
      for (let old = 1; old <= size; old += 1) {
        const proof = consistencyRanges(old, size).map((range) => nodes.hashOf(range));
        expect(
          await verifyConsistency(
            { size1: old, size2: size, root1: root(old), root2: root(size) },
            proof,
            nodeCrypto.sha256,
          ),
        ).toBe(true);
      }
    }
  });
});

describeShared('Ed25519 (Wycheproof)', () => {
  it('all 151 signatures, by Node and by WebCrypto, as a browser has it', async () => {
    interface Group {
      readonly publicKey: { readonly pk: string };
      readonly tests: readonly {
        readonly tcId: number;
        readonly msg: string;
        readonly sig: string;
        readonly result: string;
      }[];
    }
    const folder = join('wycheproof', 'testvectors_v1');
    const { testGroups } = JSON.parse(read(folder, 'ed25519_test.json')) as { testGroups: Group[] };
    let tried = 0;
    for (const { publicKey, tests } of testGroups) {
      for (const { tcId, msg, sig, result } of tests) {
        const verified = nodeCrypto.verifyEd25519(
          fromHex(publicKey.pk) as Uint8Array,
          fromHex(msg) as Uint8Array,
          fromHex(sig) as Uint8Array,
        );
        expect(verified, `test ${tcId}`).toBe(result === 'valid');
        expect(
          await webCrypto.verifyEd25519(
            fromHex(publicKey.pk) as Uint8Array,
            fromHex(msg) as Uint8Array,
            fromHex(sig) as Uint8Array,
          ),
          `test ${tcId} by WebCrypto`,
        ).toBe(result === 'valid');
        tried += 1;
      }
    }
    expect(tried).toBe(151);
  });
});

describeShared('JCS (RFC 8785)', () => {
  it('all 6 pairs, and only the output is accepted as canonical', () => {
    const names = readdirSync(sharedPath('vectors', 'jcs', 'testdata', 'input'));
    expect(names).toHaveLength(6);
    for (const name of names) {
      const input = read('jcs', 'testdata', 'input', name);
      const hex = read('jcs', 'testdata', 'outhex', name.replace('.json', '.txt')).replaceAll(
        /\s/g,
        '',
      );
      const output = fromUtf8(fromHex(hex) as Uint8Array) ?? '';
      expect(canonicalJson(JSON.parse(input)), name).toBe(output);
      expect(parseCanonicalJson(utf8(output)).ok, name).toBe(true);
      expect(parseCanonicalJson(utf8(input)), name).toEqual({ ok: false, reason: 'NOT_CANONICAL' });
    }
  });
});

describeShared('DSSE and signed notes', () => {
  it('the DSSE example: its encoding, and its ECDSA P-256 signature over that', () => {
    interface Vector {
      readonly payload_utf8: string;
      readonly payloadType: string;
      readonly pae: string;
      readonly ecdsa_p256: { readonly x: string; readonly y: string };
      readonly envelope: { readonly signatures: readonly { readonly sig: string }[] };
    }
    // The coordinates are numbers in some editions of the file, beyond what JSON.parse keeps.
    const vector = JSON.parse(
      read('dsse', 'vector.json').replaceAll(/("[xy]"\s*:\s*)([0-9]+)/g, '$1"$2"'),
    ) as Vector;
    const pae = preAuthEncoding(vector.payloadType, utf8(vector.payload_utf8));
    expect(fromUtf8(pae)).toBe(vector.pae);
    const coordinate = (decimal: string): string =>
      Buffer.from(BigInt(decimal).toString(16).padStart(64, '0'), 'hex').toString('base64url');
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: coordinate(vector.ecdsa_p256.x),
      y: coordinate(vector.ecdsa_p256.y),
    };
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const signature = fromBase64(vector.envelope.signatures[0]?.sig ?? '') as Uint8Array;
    expect(verify('sha256', pae, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it('the signed-note example', async () => {
    const vector = JSON.parse(read('signed-note.json')) as { vkey: string; note: string };
    const key = await parseVkey(vector.vkey, nodeCrypto.sha256);
    const note = parseNote(vector.note);
    if (key === undefined || note === undefined) throw new Error('both can be read');
    expect(await verifyNote(note, [key], nodeCrypto)).toEqual({ status: 'verified', by: [key] });
    expect((await verifyNote({ ...note, text: `${note.text}\n` }, [key], nodeCrypto)).status).toBe(
      'invalid',
    );
    expect((await verifyNote(note, [], nodeCrypto)).status).toBe('unknown');
  });
});
