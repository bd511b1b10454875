import { toHex } from './encoding.ts';

/** The lowest byte of p = 2²⁵⁵ − 19; all others are 0xff, the highest 0x7f. */
const P_LOWEST = 0xed;

/**
 * The y coordinates of the eight points of small order (little-endian, without the sign of x):
 * under such a "key" one signature fits any message, or one in a few, and anybody can make it.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/**
 * Whether 32 bytes may be somebody's Ed25519 key: y is written canonically (RFC 8032, 5.1.3: below
 * p), and the point is not one of small order. Libraries differ in whether they verify under other
 * keys ("Taming the many EdDSAs", Chalkias et al. 2020), so two verifiers would differ too. No key
 * that RFC 8032, 5.1.5 generates is refused.
 */
export function isSoundPublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const y = publicKey.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return isBelowP(y) && !SMALL_ORDER.has(toHex(y));
}

function isBelowP(y: Uint8Array): boolean {
  const isTop = y[31] === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff);
  return !isTop || (y[0] ?? 0) < P_LOWEST;
}
