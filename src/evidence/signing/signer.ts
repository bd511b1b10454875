import type { VerificationKey } from '../formats/note.ts';

/**
 * Whoever can sign under a name: a key file here, a hardware module or a key service behind the
 * same seam.
 */
export interface Signer extends VerificationKey {
  /** `name+hash`, the first two parts of the vkey: the `keyid` of a DSSE signature. */
  readonly keyId: string;
  /** Pure Ed25519 (RFC 8032): 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}
