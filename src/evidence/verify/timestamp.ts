import type { VerifierCrypto } from '../formats/crypto.ts';
import { equalBytes, toHex } from '../formats/encoding.ts';
import {
  parseCertificate,
  parseTimestamp,
  type TimestampToken,
} from '../formats/timestampToken.ts';
import type { TrustPolicy } from '../formats/policy.ts';
import type { VerifiedLayer, LayerCode, LayerStatus } from './report.ts';

const answer = (status: LayerStatus, code: LayerCode, detail?: string): VerifiedLayer => ({
  layer: 'timestamp',
  status,
  code,
  ...(detail === undefined ? {} : { detail }),
});

/**
 * Whether an authority that the policy pins by its certificate signed that the bytes of
 * `envelope.json` were there at a time (RFC 3161). A pinned certificate is trusted by itself: no
 * chain is built and no revocation asked for, which is what `openssl ts -verify` is for. Nothing
 * when the bundle has no timestamp: one may come later, and takes nothing away.
 */
export async function verifyTimestamp(
  bytes: Uint8Array | undefined,
  envelope: Uint8Array,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<VerifiedLayer | undefined> {
  if (bytes === undefined) return undefined;
  const token = parseTimestamp(bytes);
  if (token === undefined) return answer('failed', 'TIMESTAMP_SHAPE');
  if (!equalBytes(token.imprint, await crypto.sha256(envelope)))
    return answer('failed', 'TIMESTAMP_IMPRINT');
  const { digestBits, scheme, time } = token;
  if (digestBits === undefined || scheme === undefined)
    return answer('skipped', 'TIMESTAMP_ALGORITHM', time);
  if (!equalBytes(token.messageDigest, await crypto.sha2(digestBits, token.info)))
    return answer('failed', 'TIMESTAMP_SIGNATURE', time);
  const signer = await signerOf(token, crypto);
  if (signer === undefined) return answer('failed', 'TIMESTAMP_SIGNATURE', time);
  const pin = toHex(await crypto.sha256(signer));
  const where = `${time}, certificate ${pin}`;
  if (policy.authorities.length === 0) return answer('skipped', 'TIMESTAMP_UNLISTED', where);
  if (!policy.authorities.includes(pin)) return answer('untrusted', 'TIMESTAMP_UNTRUSTED', where);
  const { notBefore, notAfter } = parseCertificate(signer) ?? {
    notBefore: Infinity,
    notAfter: -Infinity,
  };
  const valid = notBefore <= Date.parse(time) && Date.parse(time) <= notAfter;
  return valid
    ? answer('signed', 'TIMESTAMP_SIGNED', where)
    : answer('untrusted', 'TIMESTAMP_CERTIFICATE', where);
}

/**
 * The certificate whose key signed, of those that came along; who is meant stands in fields that
 * nobody need believe.
 */
async function signerOf(
  { certificates, scheme, signedAttributes, signature }: TimestampToken,
  crypto: VerifierCrypto,
): Promise<Uint8Array | undefined> {
  for (const certificate of certificates) {
    const publicKey = parseCertificate(certificate)?.publicKey;
    if (
      publicKey !== undefined &&
      scheme !== undefined &&
      (await crypto.verifyBySpki(publicKey, scheme, signedAttributes, signature))
    )
      return certificate;
  }
  return undefined;
}
