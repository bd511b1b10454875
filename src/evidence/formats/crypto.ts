import type { Sha2, SignatureScheme } from './timestampToken.ts';

/** A result now (`node:crypto`) or later (WebCrypto): the verifier awaits either. */
export type Eventually<T> = T | Promise<T>;

export type Hash = (data: Uint8Array) => Eventually<Uint8Array>;

/**
 * All the cryptography that verifying needs, injected, so that the verifier reaches no key and no
 * platform.
 */
export interface VerifierCrypto {
  /** FIPS 180-4. */
  readonly sha256: Hash;
  /** FIPS 180-4, with a digest of so many bits. */
  sha2(bits: Sha2, data: Uint8Array): Eventually<Uint8Array>;
  /** By the key of a certificate (SubjectPublicKeyInfo, DER); false for a key of another kind. */
  verifyBySpki(
    publicKey: Uint8Array,
    scheme: SignatureScheme,
    message: Uint8Array,
    signature: Uint8Array,
  ): Eventually<boolean>;
  /** BLAKE2b with a 32-byte digest (RFC 7693), as IOTA hashes transactions and addresses. */
  readonly blake2b256: Hash;
  /** RFC 8032, pure Ed25519; false for a key or signature of the wrong size. */
  verifyEd25519(
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): Eventually<boolean>;
}
