import { blake2b } from '@noble/hashes/blake2.js';
import type { VerifierCrypto } from '../crypto.ts';

/** Bytes over a plain ArrayBuffer, as WebCrypto's types ask. */
const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/** `VerifierCrypto` by WebCrypto; Ed25519 is in all current browsers. BLAKE2b, which WebCrypto lacks, is `@noble/hashes`. */
export const webCrypto: VerifierCrypto = {
  sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', plain(data))),
  blake2b256: (data) => blake2b(data, { dkLen: 32 }),
  verifyEd25519: async (publicKey, message, signature) => {
    if (publicKey.length !== 32 || signature.length !== 64) return false;
    // Some browsers refuse what is no point of the curve when it is imported, others when it is used.
    const key = await crypto.subtle.importKey('raw', plain(publicKey), 'Ed25519', false, ['verify']).catch(() => undefined);
    return key !== undefined && crypto.subtle.verify('Ed25519', key, plain(signature), plain(message)).catch(() => false);
  },
};

/** Whether this browser can do what is needed: RFC 8032, section 7.1, test 1. */
export async function canVerify(): Promise<boolean> {
  try {
    const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const key = hex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    const signature = hex('e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b');
    return (await webCrypto.verifyEd25519(key, new Uint8Array(0), signature)) && !(await webCrypto.verifyEd25519(key, new Uint8Array(1), signature));
  } catch {
    return false;
  }
}
