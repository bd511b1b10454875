import { toHex } from '../formats/encoding.ts';
import { blake2b256Sync } from '../formats/nodeCrypto.ts';

/** The IOTA address of an Ed25519 key: BLAKE2b-256 of the 32 key bytes, without a flag. */
export function addressOf(publicKey: Uint8Array): string {
  return `0x${toHex(blake2b256Sync(publicKey))}`;
}
