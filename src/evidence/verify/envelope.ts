import type { VerifierCrypto } from '../formats/crypto.ts';
import { type Envelope, type EnvelopeProblem, parseEnvelope } from '../formats/dsse.ts';
import type { TrustPolicy } from '../formats/policy.ts';
import type { LayerCode } from './report.ts';
import { type LayerStep, step } from './step.ts';
import { judgeSignatures } from './signatures.ts';

/**
 * The envelope as parsed once (DSSE: what was verified is what is used), and who signed it, if
 * somebody trusted did.
 */
export interface OpenEnvelope {
  readonly envelope: Envelope;
  readonly keyId: string | undefined;
}

export const ENVELOPE_CODES: Readonly<Record<EnvelopeProblem, LayerCode>> = {
  NOT_JSON: 'ENVELOPE_NOT_JSON',
  NOT_CANONICAL: 'ENVELOPE_NOT_CANONICAL',
  ENVELOPE_SHAPE: 'ENVELOPE_SHAPE',
  PAYLOAD_TYPE: 'ENVELOPE_PAYLOAD_TYPE',
};

/**
 * `index` is where in the log the leaf was proved to be: a retired key counts only for what came
 * before its end.
 */
export async function checkEnvelope(
  bytes: Uint8Array,
  index: number | undefined,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<LayerStep<OpenEnvelope>> {
  const parsed = parseEnvelope(bytes);
  if (!parsed.ok) return step('envelope', 'failed', ENVELOPE_CODES[parsed.reason]);
  const { envelope } = parsed;
  const signed = await judgeSignatures(envelope, policy.verdicts, index ?? Infinity, crypto);
  const value: OpenEnvelope = { envelope, keyId: signed.keyId };
  if (signed.status === 'broken') return step('envelope', 'failed', signed.code, signed.detail);
  if (signed.status === 'signed')
    return step('envelope', 'signed', 'ENVELOPE_SIGNED', signed.keyId, value);
  return step(
    'envelope',
    'untrusted',
    signed.status === 'retired' ? 'ENVELOPE_RETIRED' : 'ENVELOPE_UNTRUSTED',
    signed.detail,
    value,
  );
}
