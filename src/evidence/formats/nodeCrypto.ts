import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { blake2b } from '@noble/hashes/blake2.js';
import { concat, toHex } from './encoding.ts';
import type { VerifierCrypto } from './crypto.ts';

/** The DER head of an Ed25519 SubjectPublicKeyInfo (RFC 8410); the 32 key bytes follow. */
const SPKI_ED25519 = Uint8Array.from([
  0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
]);

export function sha256Sync(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(data).digest());
}

/**
 * OpenSSL offers BLAKE2b with 64 bytes only, and a cut digest is another function; `@noble/hashes`
 * has the right one.
 */
export function blake2b256Sync(data: Uint8Array): Uint8Array {
  return blake2b(data, { dkLen: 32 });
}

/** RFC 8032; false for a key or signature of the wrong size. */
export function verifyEd25519Sync(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return verify(null, message, keyObject(publicKey), signature);
}

/**
 * Keys that were read already: reading one takes as long as verifying by it, and the same few are
 * asked again and again.
 */
const known = new Map<string, KeyObject>();
const MAX_KNOWN = 256;

function keyObject(publicKey: Uint8Array): KeyObject {
  const name = toHex(publicKey);
  const before = known.get(name);
  if (before !== undefined) return before;
  const key = createPublicKey({
    key: Buffer.from(concat(SPKI_ED25519, publicKey)),
    format: 'der',
    type: 'spki',
  });
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, key);
  return key;
}

/** `VerifierCrypto` on Node. */
export const nodeCrypto: VerifierCrypto = {
  sha256: sha256Sync,
  sha2: (bits, data) => new Uint8Array(createHash(`sha${bits}`).update(data).digest()),
  verifyBySpki: (publicKey, { kind, bits }, message, signature) => {
    try {
      const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
      return (
        key.asymmetricKeyType === (kind === 'rsa' ? 'rsa' : 'ec') &&
        verify(`sha${bits}`, message, key, signature)
      );
    } catch {
      // Bytes that are no key, or a signature that is no DER.
      return false;
    }
  },
  blake2b256: blake2b256Sync,
  verifyEd25519: verifyEd25519Sync,
};
