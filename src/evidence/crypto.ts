/** A result now (`node:crypto`) or later (WebCrypto): the verifier awaits either. */
export type Eventually<T> = T | Promise<T>;

export type Hash = (data: Uint8Array) => Eventually<Uint8Array>;

/** All the cryptography that verifying needs, injected, so that the verifier reaches no key and no platform. */
export interface VerifierCrypto {
  /** FIPS 180-4. */
  readonly sha256: Hash;
  /** BLAKE2b with a 32-byte digest (RFC 7693), as IOTA hashes transactions and addresses. */
  readonly blake2b256: Hash;
  /** RFC 8032, pure Ed25519; false for a key or signature of the wrong size. */
  verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Eventually<boolean>;
}
