import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../errors/index.ts';
import { concat, fromBase64, toBase64 } from '../formats/encoding.ts';
import { seedSigner } from '../signing/keys.ts';
import { openFolder, durableFiles, publishFile } from '../log/files.ts';
import { nodeCrypto } from '../formats/nodeCrypto.ts';
import {
  COSIGNATURE_ED25519,
  cosignedMessage,
  isKeyName,
  keyHash,
  signatureLine,
} from '../formats/note.ts';

/** A key that cosigns checkpoints and nothing else (https://c2sp.org/tlog-cosignature, Ed25519). */
export interface Cosigner {
  readonly name: string;
  /** Signature type 0x04. */
  readonly vkey: string;
  /**
   * A signature line over the text of a checkpoint: that nothing larger or other was seen until
   * `time` (Unix seconds).
   */
  cosign(text: string, time: number): Promise<string>;
}

export async function cosignerFromSeed(name: string, seed: Uint8Array): Promise<Cosigner> {
  const { signer } = await seedSigner(name, seed);
  const hash = await keyHash(name, COSIGNATURE_ED25519, signer.publicKey, nodeCrypto.sha256);
  return {
    name,
    vkey: `${name}+${hash}+${toBase64(concat(Uint8Array.of(COSIGNATURE_ED25519), signer.publicKey))}`,
    cosign: async (text, time) => {
      const stamp = new Uint8Array(8);
      new DataView(stamp.buffer).setBigUint64(0, BigInt(time));
      const signature = await signer.sign(cosignedMessage(BigInt(time), text));
      return signatureLine({ name, hash }, concat(stamp, signature));
    },
  };
}

const FILE = 'witness.key';

/**
 * The key in a folder, made there (0600) when there is none. Its text is a note signing key of type
 * 0x04.
 */
export async function openCosigner(folder: string, name: string): Promise<Cosigner> {
  await openFolder(folder);
  const file = join(folder, FILE);
  const known = await readCosigner(file);
  if (known !== undefined) return known;
  if (!isKeyName(name))
    throw new Fault('KEY_FILE', `"${name}" cannot name a key: no spaces, no plus sign`);
  const seed = randomBytes(32);
  const [, hash = ''] = (await cosignerFromSeed(name, seed)).vkey.split('+');
  await publishFile(
    durableFiles,
    folder,
    FILE,
    `PRIVATE+KEY+${name}+${hash}+${toBase64(concat(Uint8Array.of(COSIGNATURE_ED25519), seed))}\n`,
  );
  return (await readCosigner(file)) ?? Promise.reject(new Fault('KEY_FILE', `${file} is gone`));
}

async function readCosigner(file: string): Promise<Cosigner | undefined> {
  let text: string;
  try {
    if (process.platform !== 'win32' && ((await stat(file)).mode & 0o077) !== 0)
      throw new Fault(
        'KEY_FILE',
        `${file} can be read by others: chmod 600 it, and replace the key if it was exposed`,
      );
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Fault('KEY_FILE', `${file} cannot be read`, { cause });
  }
  const [, , name = '', hash, ...rest] = text.trimEnd().split('+');
  const encoded = fromBase64(rest.join('+'));
  if (
    !text.startsWith('PRIVATE+KEY+') ||
    !isKeyName(name) ||
    encoded?.length !== 33 ||
    encoded[0] !== COSIGNATURE_ED25519
  ) {
    throw new Fault('KEY_FILE', `${file} is not the key of a witness`);
  }
  const cosigner = await cosignerFromSeed(name, encoded.subarray(1));
  if (cosigner.vkey.split('+')[1] !== hash) throw new Fault('KEY_FILE', `${file} is damaged`);
  return cosigner;
}
