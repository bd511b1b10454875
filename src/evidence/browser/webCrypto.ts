import { blake2b } from '@noble/hashes/blake2.js';
import type { VerifierCrypto } from '../formats/crypto.ts';
import { derChildren, derElements, objectId, SEQUENCE } from '../formats/der.ts';
import type { SignatureScheme } from '../formats/timestampToken.ts';

/** Bytes over a plain ArrayBuffer, as WebCrypto's types ask. */
const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/**
 * `VerifierCrypto` by WebCrypto; Ed25519 is in all current browsers. BLAKE2b, which WebCrypto
 * lacks, is `@noble/hashes`.
 */
export const webCrypto: VerifierCrypto = {
  sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', plain(data))),
  sha2: async (bits, data) =>
    new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, plain(data))),
  verifyBySpki: async (publicKey, scheme, message, signature) => {
    const algorithm = algorithmOf(publicKey, scheme);
    const raw = algorithm?.name === 'ECDSA' ? rawSignature(signature, algorithm.bytes) : signature;
    if (algorithm === undefined || raw === undefined) return false;
    try {
      const key = await crypto.subtle.importKey('spki', plain(publicKey), algorithm, false, [
        'verify',
      ]);
      return await crypto.subtle.verify(algorithm, key, plain(raw), plain(message));
    } catch {
      return false;
    }
  },
  blake2b256: (data) => blake2b(data, { dkLen: 32 }),
  verifyEd25519: async (publicKey, message, signature) => {
    if (publicKey.length !== 32 || signature.length !== 64) return false;
    // Some browsers refuse what is no point of the curve when it is imported, others when it is
    // used.
    const key = await crypto.subtle
      .importKey('raw', plain(publicKey), 'Ed25519', false, ['verify'])
      .catch(() => undefined);
    return (
      key !== undefined &&
      crypto.subtle.verify('Ed25519', key, plain(signature), plain(message)).catch(() => false)
    );
  },
};

/** Curves by their object ids (RFC 5480, section 2.1.1.1), with the bytes of a coordinate. */
const CURVES: Readonly<Record<string, readonly [namedCurve: string, bytes: number]>> = {
  '1.2.840.10045.3.1.7': ['P-256', 32],
  '1.3.132.0.34': ['P-384', 48],
  '1.3.132.0.35': ['P-521', 66],
};

function algorithmOf(publicKey: Uint8Array, { kind, bits }: SignatureScheme) {
  const hash = `SHA-${bits}`;
  if (kind === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash } as const;
  const [, curve] = derElements(derChildren(publicKey, SEQUENCE)[0]?.content);
  const [namedCurve, bytes] = CURVES[objectId(curve)] ?? [];
  return namedCurve === undefined || bytes === undefined
    ? undefined
    : ({ name: 'ECDSA', hash, namedCurve, bytes } as const);
}

/**
 * WebCrypto wants the two numbers of an ECDSA signature side by side; certificates have them in
 * DER.
 */
function rawSignature(signature: Uint8Array, bytes: number): Uint8Array | undefined {
  const numbers = derChildren(signature, SEQUENCE).map(({ content }) =>
    content[0] === 0 ? content.subarray(1) : content,
  );
  if (numbers.length !== 2 || numbers.some(({ length }) => length > bytes)) return undefined;
  const raw = new Uint8Array(2 * bytes);
  numbers.forEach((number, at) => raw.set(number, (at + 1) * bytes - number.length));
  return raw;
}

/** Whether this browser can do what is needed: RFC 8032, section 7.1, test 1. */
export async function canVerify(): Promise<boolean> {
  try {
    const hex = (text: string): Uint8Array =>
      Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const key = hex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    const signature = hex(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
    return (
      (await webCrypto.verifyEd25519(key, new Uint8Array(0), signature)) &&
      !(await webCrypto.verifyEd25519(key, new Uint8Array(1), signature))
    );
  } catch {
    return false;
  }
}
