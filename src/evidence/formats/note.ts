import { concat, equalBytes, fromBase64, fromHex, toBase64, toHex, utf8 } from './encoding.ts';
import type { Hash, VerifierCrypto } from './crypto.ts';
import { isSoundPublicKey } from './soundKey.ts';

/**
 * C2SP signed-note (https://c2sp.org/signed-note): a text, a blank line, and lines `— name
 * base64(keyHash ‖ signature)`.
 */

/** Signature types that signed-note assigns and that we use. */
export const ED25519 = 0x01;
export const COSIGNATURE_ED25519 = 0x04;
/**
 * Reserved: C2SP assigns it to cosignatures by ML-DSA-44 (FIPS 204). A line of one is ignored as
 * long as no policy can name its key.
 */
export const COSIGNATURE_ML_DSA_44 = 0x06;

/** A public key as signed-note names it: `name` and `hash` together identify key and algorithm. */
export interface VerificationKey {
  readonly name: string;
  /** Four bytes as eight hexadecimal digits. */
  readonly hash: string;
  readonly type: number;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The text that it was read from: `name+hash+base64(type ‖ publicKey)`. */
  readonly vkey: string;
}

/** What a DSSE `keyid` says: the first two parts of the vkey. */
export const keyIdOf = ({ name, hash }: { readonly name: string; readonly hash: string }): string =>
  `${name}+${hash}`;

export interface NoteSignature {
  readonly name: string;
  readonly hash: string;
  readonly signature: Uint8Array;
}

export interface Note {
  /** With its final newline: exactly the bytes that are signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/**
 * More than any log has witnesses, few enough to verify; the specification asks for at least 16.
 */
const MAX_SIGNATURES = 64;

export function isKeyName(name: string): boolean {
  return name.length > 0 && !/[\p{White_Space}\p{Cc}+]/u.test(name);
}

/** signed-note, "Signatures": SHA-256(name ‖ 0x0A ‖ type ‖ public key), the first four bytes. */
export async function keyHash(
  name: string,
  type: number,
  publicKey: Uint8Array,
  sha256: Hash,
): Promise<string> {
  const digest = await sha256(concat(utf8(name), Uint8Array.of(0x0a, type), publicKey));
  return toHex(digest.subarray(0, 4));
}

export async function verificationKey(
  name: string,
  publicKey: Uint8Array,
  sha256: Hash,
): Promise<VerificationKey> {
  const hash = await keyHash(name, ED25519, publicKey, sha256);
  const vkey = `${name}+${hash}+${toBase64(concat(Uint8Array.of(ED25519), publicKey))}`;
  return { name, hash, type: ED25519, publicKey, vkey };
}

/**
 * Reads a vkey of an Ed25519 key or cosigner; nothing when the text is not one, its hash is not
 * that of the key, or the key is one that nobody may have (`isSoundPublicKey`).
 */
export async function parseVkey(vkey: string, sha256: Hash): Promise<VerificationKey | undefined> {
  const [name, hash, ...rest] = vkey.split('+');
  // The base64 may itself contain a plus; a key name may not.
  const encoded = fromBase64(rest.join('+'));
  if (name === undefined || hash === undefined || encoded === undefined || encoded.length !== 33)
    return undefined;
  const type = encoded[0] ?? 0;
  const publicKey = encoded.subarray(1);
  if (!isKeyName(name) || (type !== ED25519 && type !== COSIGNATURE_ED25519)) return undefined;
  if (!isSoundPublicKey(publicKey)) return undefined;
  if (hash !== (await keyHash(name, type, publicKey, sha256))) return undefined;
  return { name, hash, type, publicKey, vkey };
}

/** A signature line, with its newline. */
export function signatureLine(
  key: { readonly name: string; readonly hash: string },
  signature: Uint8Array,
): string {
  return `— ${key.name} ${toBase64(concat(fromHex(key.hash) ?? new Uint8Array(4), signature))}\n`;
}

/** Reads a signed note; nothing when it is not one. */
export function parseNote(note: string): Note | undefined {
  // eslint-disable-next-line no-control-regex -- the specification forbids exactly these
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note) || !note.endsWith('\n')) return undefined;
  const blank = note.lastIndexOf('\n\n');
  if (blank < 0) return undefined;
  const lines = note.slice(blank + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (signature === undefined) return undefined;
    signatures.push(signature);
  }
  return { text: note.slice(0, blank + 1), signatures };
}

function parseSignatureLine(line: string): NoteSignature | undefined {
  const [dash, name, encoded, ...rest] = line.split(' ');
  if (
    dash !== '—' ||
    name === undefined ||
    encoded === undefined ||
    rest.length > 0 ||
    !isKeyName(name)
  )
    return undefined;
  const bytes = fromBase64(encoded);
  if (bytes === undefined || bytes.length < 5) return undefined;
  return { name, hash: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

/** `invalid`: a known key is named but did not sign this. `unknown`: no known key is named. */
export type NoteVerification =
  | { readonly status: 'verified'; readonly by: readonly VerificationKey[] }
  | { readonly status: 'invalid'; readonly key: VerificationKey }
  | { readonly status: 'unknown' };

/**
 * signed-note, "Signatures": unknown keys are ignored, a bad signature of a known key rejects the
 * whole note.
 */
export async function verifyNote(
  note: Note,
  keys: readonly VerificationKey[],
  crypto: VerifierCrypto,
): Promise<NoteVerification> {
  const by: VerificationKey[] = [];
  for (const { name, hash, signature } of note.signatures) {
    const key = keys.find((known) => known.name === name && known.hash === hash);
    if (key === undefined) continue;
    if (!(await verifySignature(note.text, key, signature, crypto)))
      return { status: 'invalid', key };
    if (!by.some((other) => equalBytes(other.publicKey, key.publicKey))) by.push(key);
  }
  return by.length > 0 ? { status: 'verified', by } : { status: 'unknown' };
}

/** Type 0x01 signs the text; type 0x04 (c2sp.org/tlog-cosignature) a time and the text. */
async function verifySignature(
  text: string,
  key: VerificationKey,
  signature: Uint8Array,
  crypto: VerifierCrypto,
): Promise<boolean> {
  if (key.type === ED25519) return crypto.verifyEd25519(key.publicKey, utf8(text), signature);
  const time = cosignedAt(signature);
  if (time === undefined) return false;
  return crypto.verifyEd25519(key.publicKey, cosignedMessage(time, text), signature.subarray(8));
}

/**
 * When a cosignature says that it was made, Unix seconds; nothing where it is not as long as one.
 */
export function cosignedAt(signature: Uint8Array): bigint | undefined {
  return signature.length === 72
    ? new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0)
    : undefined;
}

/** Clocks differ; nobody has seen a checkpoint later than this after now. */
const CLOCK_TOLERANCE_SECONDS = 300;

/**
 * Whether a cosignature can be counted: it has a time, and that is not to come. One of time 0 says
 * nothing about when, and one of the future could be made before what it is to witness.
 */
export function isTimely(signature: Uint8Array, now: Date): boolean {
  const time = cosignedAt(signature);
  const latest = BigInt(Math.floor(now.getTime() / 1000) + CLOCK_TOLERANCE_SECONDS);
  return time !== undefined && time > 0n && time <= latest;
}

/**
 * c2sp.org/tlog-cosignature, "Ed25519 signed message": when (Unix seconds), and what was seen to be
 * consistent.
 */
export function cosignedMessage(time: bigint, text: string): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${text}`);
}
