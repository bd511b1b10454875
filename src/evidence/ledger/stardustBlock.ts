import { concat, fromUtf8, toHex, utf8 } from '../formats/encoding.ts';
import { blake2b256Sync } from '../formats/nodeCrypto.ts';

/** A block of the Stardust protocol (TIP-24) that carries tagged data (TIP-23), as we send it. */
export interface StardustBlock {
  readonly parents: number;
  readonly tag: string;
  readonly data: string;
}

/** What our blocks are found by on a Stardust network. */
export const STARDUST_TAG = 'probity';

const PROTOCOL = 2;
const TAGGED_DATA = 5;
const PARENT_BYTES = 32;
const NONCE_BYTES = 8;

/** TIP-24: the BLAKE2b-256 of the block, in hex. */
export const stardustBlockId = (bytes: Uint8Array): string => `0x${toHex(blake2b256Sync(bytes))}`;

/**
 * Reads a block with a tagged data payload; nothing when it is anything else, or a byte too long.
 */
export function readStardustBlock(bytes: Uint8Array): StardustBlock | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parents = bytes[1] ?? 0;
  let at = 2 + parents * PARENT_BYTES;
  if (
    bytes[0] !== PROTOCOL ||
    parents < 1 ||
    parents > 8 ||
    bytes.length < at + 4 + 4 + 1 + 4 + NONCE_BYTES
  )
    return undefined;
  const payload = view.getUint32(at, true);
  if (
    bytes.length !== at + 4 + payload + NONCE_BYTES ||
    view.getUint32(at + 4, true) !== TAGGED_DATA
  )
    return undefined;
  at += 8;
  const tagLength = bytes[at] ?? 0;
  const tag = fromUtf8(bytes.subarray(at + 1, at + 1 + tagLength));
  at += 1 + tagLength;
  if (at + 4 + NONCE_BYTES > bytes.length) return undefined;
  const length = view.getUint32(at, true);
  if (at + 4 + length + NONCE_BYTES !== bytes.length) return undefined;
  const data = fromUtf8(bytes.subarray(at + 4, at + 4 + length));
  return tag === undefined || data === undefined ? undefined : { parents, tag, data };
}

/** The bytes of a block, but for the nonce: for tests of the reader. */
export function writeStardustBlock(
  { parents, tag, data }: StardustBlock,
  nonce: Uint8Array,
): Uint8Array {
  const uint32 = (value: number): Uint8Array => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    return bytes;
  };
  const payload = concat(
    uint32(TAGGED_DATA),
    Uint8Array.of(utf8(tag).length),
    utf8(tag),
    uint32(utf8(data).length),
    utf8(data),
  );
  return concat(
    Uint8Array.of(PROTOCOL, parents),
    new Uint8Array(parents * PARENT_BYTES).fill(2),
    uint32(payload.length),
    payload,
    nonce,
  );
}
