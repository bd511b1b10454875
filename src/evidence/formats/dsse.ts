import { concat, fromBase64, toBase64, utf8 } from './encoding.ts';
import { parseCanonicalJson } from './strictJson.ts';

/**
 * DSSE v1 (https://github.com/secure-systems-lab/dsse): what is signed is the PAE of type and
 * payload, never JSON.
 */

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

export interface EnvelopeSignature {
  /** A hint, not signed: which key to try. Ours is `name+hash` of the key's vkey. */
  readonly keyid: string;
  readonly sig: Uint8Array;
}

export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
}

/**
 * Pre-authentication encoding: `DSSEv1 LEN(type) type LEN(body) body`, lengths in bytes as ASCII
 * decimal.
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  return concat(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload);
}

/**
 * The JSON form of an envelope with sorted keys, which is its RFC 8785 form: every string in it is
 * plain ASCII.
 */
export function formatEnvelope({ payloadType, payload, signatures }: Envelope): string {
  return JSON.stringify({
    payload: toBase64(payload),
    payloadType,
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: toBase64(sig) })),
  });
}

export type EnvelopeProblem = 'NOT_JSON' | 'NOT_CANONICAL' | 'ENVELOPE_SHAPE' | 'PAYLOAD_TYPE';
export type EnvelopeResult =
  | { readonly ok: true; readonly envelope: Envelope }
  | { readonly ok: false; readonly reason: EnvelopeProblem };

/**
 * Reads an envelope of ours, stricter than DSSE asks: canonical JSON, standard base64, our payload
 * type, 1 to 16 signatures each with a `keyid`, and nothing else, since what is not signed must not
 * be there to be believed.
 */
export function parseEnvelope(bytes: Uint8Array): EnvelopeResult {
  const json = parseCanonicalJson(bytes);
  if (!json.ok) return json;
  const shape = exactObject(json.value, ['payload', 'payloadType', 'signatures']);
  if (shape === undefined) return { ok: false, reason: 'ENVELOPE_SHAPE' };
  const payload = typeof shape['payload'] === 'string' ? fromBase64(shape['payload']) : undefined;
  const signatures = parseSignatures(shape['signatures']);
  if (payload === undefined || signatures === undefined)
    return { ok: false, reason: 'ENVELOPE_SHAPE' };
  if (shape['payloadType'] !== PAYLOAD_TYPE) return { ok: false, reason: 'PAYLOAD_TYPE' };
  return { ok: true, envelope: { payloadType: PAYLOAD_TYPE, payload, signatures } };
}

function parseSignatures(value: unknown): EnvelopeSignature[] | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 16) return undefined;
  const signatures: EnvelopeSignature[] = [];
  for (const item of value) {
    const shape = exactObject(item, ['keyid', 'sig']);
    if (typeof shape?.['keyid'] !== 'string' || typeof shape['sig'] !== 'string') return undefined;
    const sig = fromBase64(shape['sig']);
    if (
      sig === undefined ||
      shape['keyid'] === '' ||
      signatures.some(({ keyid }) => keyid === shape['keyid'])
    )
      return undefined;
    signatures.push({ keyid: shape['keyid'], sig });
  }
  return signatures;
}

/**
 * What a text of our own says as JSON, or nothing. What comes from others goes through
 * `parseCanonicalJson`.
 */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An object with exactly these keys, or nothing. */
export function exactObject(
  value: unknown,
  keys: readonly string[],
): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const present = Object.keys(value);
  const exact = present.length === keys.length && present.every((key) => keys.includes(key));
  return exact ? (value as Record<string, unknown>) : undefined;
}
