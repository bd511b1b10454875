import { concat, toHex } from '../formats/encoding.ts';
import { preAuthEncoding, PAYLOAD_TYPE } from '../formats/dsse.ts';
import type { Hash } from '../formats/crypto.ts';

export const LEAF_KINDS = ['verdict', 'revocation', 'key', 'incident'] as const;
export type LeafKind = (typeof LEAF_KINDS)[number];

/**
 * What the log shows to everybody (`leaf.schema.json`): never model text, never personal data.
 * `digest` commits to the signed content through a salt, so that without the salt nobody can tell
 * even a guessed content from another.
 */
export interface Leaf {
  readonly v: 1;
  readonly kind: LeafKind;
  readonly id: string;
  /** `sha256:<hex>` of salt ‖ PAE of the envelope. */
  readonly digest: string;
  /** The `digest` of the leaf that this one revokes or supersedes. */
  readonly prev?: string;
}

export const SALT_BYTES = 32;

/** `sha256:<hex>` of salt ‖ PAE(payload). */
export async function leafDigest(
  salt: Uint8Array,
  payload: Uint8Array,
  sha256: Hash,
): Promise<string> {
  return `sha256:${toHex(await sha256(concat(salt, preAuthEncoding(PAYLOAD_TYPE, payload))))}`;
}

/**
 * A signed statement and the leaf that commits to it: plain JSON, to be stored before the leaf is
 * appended.
 */
export interface SignedStatement {
  /** `sha256:<hex>` of the statement's canonical text. */
  readonly statementDigest: string;
  /** DSSE, as its canonical JSON text. */
  readonly envelope: string;
  /**
   * 32 bytes as base64. Deleting it and the envelope erases the statement: the leaf alone says
   * nothing.
   */
  readonly salt: string;
  /** The JCS text that is the leaf. */
  readonly leaf: string;
}
