import type { VerifierCrypto } from '../formats/crypto.ts';
import { preAuthEncoding, type Envelope } from '../formats/dsse.ts';
import { keyIdOf } from '../formats/note.ts';
import type { TrustedKey } from '../formats/policy.ts';

export type Signatures =
  | { readonly status: 'signed'; readonly keyId: string; readonly detail: string }
  /** By a trusted key whose trust had ended by then, or by nobody trusted. */
  | { readonly status: 'retired' | 'unknown'; readonly keyId: undefined; readonly detail: string }
  | {
      readonly status: 'broken';
      readonly code: 'ENVELOPE_SIGNATURE' | 'ENVELOPE_KEYID';
      readonly keyId: undefined;
      readonly detail: string;
    };

/**
 * Which trusted key signed an envelope. The keyid is not signed: every key is tried, and the hint
 * only tells a broken signature from a stranger's. `place` is the index of the leaf, or the size of
 * the log, that the envelope belongs to.
 */
export async function judgeSignatures(
  envelope: Envelope,
  keys: readonly TrustedKey[],
  place: number,
  crypto: VerifierCrypto,
): Promise<Signatures> {
  const message = preAuthEncoding(envelope.payloadType, envelope.payload);
  let signed: TrustedKey | undefined;
  let retired: TrustedKey | undefined;
  for (const { keyid, sig } of envelope.signatures) {
    for (const key of keys) {
      const verified = await crypto.verifyEd25519(key.publicKey, message, sig);
      const named = keyid === keyIdOf(key);
      if (named && !verified)
        return { status: 'broken', code: 'ENVELOPE_SIGNATURE', keyId: undefined, detail: keyid };
      if (verified && !named)
        return { status: 'broken', code: 'ENVELOPE_KEYID', keyId: undefined, detail: keyid };
      if (verified && (key.until === undefined || place < key.until)) signed ??= key;
      else if (verified) retired ??= key;
    }
  }
  if (signed !== undefined)
    return { status: 'signed', keyId: keyIdOf(signed), detail: keyIdOf(signed) };
  if (retired !== undefined)
    return {
      status: 'retired',
      keyId: undefined,
      detail: `${keyIdOf(retired)} until ${retired.until}`,
    };
  return {
    status: 'unknown',
    keyId: undefined,
    detail: envelope.signatures.map(({ keyid }) => keyid).join(', '),
  };
}
