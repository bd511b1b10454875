import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toBase64, utf8 } from '../../src/evidence/formats/encoding.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import {
  COSIGNATURE_ED25519,
  ED25519,
  keyHash,
  parseNote,
  parseVkey,
  signatureLine,
} from '../../src/evidence/formats/note.ts';
import { isSoundPublicKey } from '../../src/evidence/formats/soundKey.ts';
import { parsePolicy } from '../../src/evidence/formats/policy.ts';
import { judgeCheckpoint } from '../../src/evidence/verify/checkpoint.ts';
import { parseCheckpoint } from '../../src/evidence/formats/checkpoint.ts';
import { cosignerFromSeed } from '../../src/evidence/witness/cosigner.ts';
import { installation } from './fixture.ts';

const hex = (text: string): Uint8Array => fromHex(text) as Uint8Array;
const bytes = (first: number, middle: number, last: number): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? first : at === 31 ? last : middle));

/** All encodings that decode to one of the eight points of small order, the non-canonical ones too. */
const WEAK = [
  bytes(0, 0, 0),
  bytes(1, 0, 0),
  bytes(0, 0, 0x80),
  bytes(1, 0, 0x80),
  bytes(0xec, 0xff, 0x7f),
  bytes(0xec, 0xff, 0xff),
  bytes(0xed, 0xff, 0x7f),
  bytes(0xed, 0xff, 0xff),
  bytes(0xee, 0xff, 0x7f),
  bytes(0xee, 0xff, 0xff),
  ...['05', '85'].map((end) =>
    hex(`26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc${end}`),
  ),
  ...['7a', 'fa'].map((end) =>
    hex(`c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03${end}`),
  ),
];
const NON_CANONICAL = [bytes(0xff, 0xff, 0x7f), bytes(0xf0, 0xff, 0xff)];

async function vkeyOf(name: string, publicKey: Uint8Array, type: number): Promise<string> {
  const hash = await keyHash(name, type, publicKey, nodeCrypto.sha256);
  return `${name}+${hash}+${toBase64(concat(Uint8Array.of(type), publicKey))}`;
}

/** A signature that anybody can write down under the identity: R the identity, S nought. */
const ANYBODYS = concat(bytes(1, 0, 0), new Uint8Array(32));

describe('keys that nobody may have', () => {
  it('are refused wherever a key is read: all of small order, all that are not canonical', async () => {
    for (const weak of [...WEAK, ...NON_CANONICAL]) {
      expect(isSoundPublicKey(weak)).toBe(false);
      for (const type of [ED25519, COSIGNATURE_ED25519])
        expect(await parseVkey(await vkeyOf('w', weak, type), nodeCrypto.sha256)).toBeUndefined();
    }
    // Beside the bounds: these are somebody's, or could be.
    for (const sound of [bytes(2, 0, 0), bytes(0xeb, 0xff, 0x7f), bytes(0xec, 0xff, 0x7e)])
      expect(isSoundPublicKey(sound)).toBe(true);
    for (let seed = 0; seed < 50; seed += 1) {
      const { vkey } = await cosignerFromSeed('w', createHash('sha256').update(`${seed}`).digest());
      expect(await parseVkey(vkey, nodeCrypto.sha256)).toBeDefined();
    }
  });

  it('would let anybody cosign: a policy that names one is no policy', async () => {
    const weak = await vkeyOf('w.example', bytes(1, 0, 0), COSIGNATURE_ED25519);
    expect(nodeCrypto.verifyEd25519(bytes(1, 0, 0), utf8('anything'), ANYBODYS)).toBe(true);
    const home = await installation('soundKey');
    const text = home.policyText.replace('quorum none', `witness W ${weak}\nquorum W`);
    const read = await parsePolicy(text, nodeCrypto.sha256);
    expect(read.ok).toBe(false);
  });
});

describe('cosignatures count for a quorum', () => {
  it('only with a time that is not to come; one witness is one witness', async () => {
    const home = await installation('timely');
    const cosigner = await cosignerFromSeed('w.example', new Uint8Array(32).fill(3));
    const policyWith = (lines: string) =>
      parsePolicy(home.policyText.replace('quorum none', lines), nodeCrypto.sha256);
    const policy = await policyWith(`witness W ${cosigner.vkey}\nquorum W`);
    if (!policy.ok) throw new Error(JSON.stringify(policy));
    const text = `${home.keys.log.name}\n1\n${toBase64(new Uint8Array(32))}\n`;
    const own = signatureLine(home.keys.log, await home.keys.log.sign(utf8(text)));
    const now = new Date('2026-01-01T00:00:00Z');
    const seconds = now.getTime() / 1000;
    const judged = async (time: number) => {
      const note = parseNote(`${text}\n${own}${await cosigner.cosign(text, time)}`);
      const checkpoint = parseCheckpoint(text);
      if (note === undefined || checkpoint === undefined) throw new Error('a checkpoint');
      return (await judgeCheckpoint(note, checkpoint, policy.value, nodeCrypto, now)).code;
    };
    expect(await judged(0)).toBe('CHECKPOINT_QUORUM');
    expect(await judged(1)).toBe('CHECKPOINT_SIGNED');
    expect(await judged(seconds + 300)).toBe('CHECKPOINT_SIGNED');
    expect(await judged(seconds + 301)).toBe('CHECKPOINT_QUORUM');
    for (const wrong of [
      `witness W ${cosigner.vkey}\ngroup g 2 W W\nquorum g`,
      `witness W ${cosigner.vkey}\nwitness V ${cosigner.vkey}\ngroup g 2 W V\nquorum g`,
    ])
      expect((await policyWith(wrong)).ok).toBe(false);
  });
});
