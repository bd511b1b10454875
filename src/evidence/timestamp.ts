import { randomBytes } from 'node:crypto';
import { Fault } from '../errors/index.ts';
import { concat, equalBytes, toHex } from './encoding.ts';
import { sha256Sync } from './nodeCrypto.ts';

/**
 * RFC 3161: a time-stamping authority signs that it saw the SHA-256 of some bytes at a time. It is kept beside a verdict and
 * is no part of its bundle: the authority is checked with its certificates, by `openssl ts -verify`, not by `probity verify`.
 */

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 64 * 1024;
/** id-sha256 with absent parameters' usual NULL, as a DER AlgorithmIdentifier. */
const SHA256 = Uint8Array.from([0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00]);
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const GENERALIZED_TIME = 0x18;

/** DER: tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  if (content.length > 0x7f) throw new Error('a request has short fields only');
  return concat(Uint8Array.of(tag, content.length), content);
}

/** TimeStampReq (section 2.4.1): version 1, the imprint, a nonce, and the certificate asked for. */
export function timestampRequest(data: Uint8Array, nonce: Uint8Array): Uint8Array {
  const positive = concat(Uint8Array.of(0x01), nonce);
  return der(SEQUENCE, der(INTEGER, Uint8Array.of(1)), der(SEQUENCE, SHA256, der(OCTET_STRING, sha256Sync(data))), der(INTEGER, positive), der(0x01, Uint8Array.of(0xff)));
}

interface Node {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly rest: Uint8Array;
}

/** The first DER element of some bytes, definite lengths only; nothing when they are none. */
function read(bytes: Uint8Array): Node | undefined {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) return undefined;
  const long = first & 0x80 ? first & 0x7f : 0;
  if (first === 0x80 || long > 3 || bytes.length < 2 + long) return undefined;
  const length = long === 0 ? first : bytes.subarray(2, 2 + long).reduce((sum, byte) => sum * 256 + byte, 0);
  const start = 2 + long;
  return start + length > bytes.length ? undefined : { tag, content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}

function children(bytes: Uint8Array): Node[] {
  const nodes: Node[] = [];
  for (let node = read(bytes); node !== undefined; node = read(node.rest)) nodes.push(node);
  return nodes;
}

export interface Timestamp {
  /** ISO 8601, UTC: the authority's word. */
  readonly time: string;
  readonly imprint: Uint8Array;
  readonly nonce: Uint8Array | undefined;
}

/** What a response says (section 2.4.2); nothing when it is no granted one. Its signature is not looked at here. */
export function parseTimestamp(response: Uint8Array): Timestamp | undefined {
  const [status, token] = children(read(response)?.content ?? new Uint8Array(0));
  const granted = children(status?.content ?? new Uint8Array(0))[0]?.content;
  if (granted?.length !== 1 || (granted[0] ?? 9) > 1 || token === undefined) return undefined;
  // ContentInfo → [0] SignedData → encapContentInfo → [0] OCTET STRING → TSTInfo
  const signedData = children(children(token.content)[1]?.content ?? new Uint8Array(0))[0];
  const content = children(signedData?.content ?? new Uint8Array(0))[2];
  const octets = children(children(content?.content ?? new Uint8Array(0))[1]?.content ?? new Uint8Array(0))[0];
  const fields = children(read(octets?.content ?? new Uint8Array(0))?.content ?? new Uint8Array(0));
  const imprint = children(fields[2]?.content ?? new Uint8Array(0))[1];
  const time = fields[4]?.tag === GENERALIZED_TIME ? /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\.\d+)?Z$/.exec(new TextDecoder().decode(fields[4].content)) : null;
  if (imprint?.tag !== OCTET_STRING || time === null) return undefined;
  const [, year, month, day, hour, minute, second] = time;
  const nonce = fields.slice(5).find(({ tag }) => tag === INTEGER)?.content;
  return { time: `${year}-${month}-${day}T${hour}:${minute}:${second}Z`, imprint: imprint.content, nonce };
}

/** Asks an authority to stamp some bytes: the response, DER. Throws TIMESTAMP_UNAVAILABLE when it gives none for them. */
export async function requestTimestamp(url: string, data: Uint8Array): Promise<Uint8Array> {
  const nonce = new Uint8Array(randomBytes(8));
  let response: Uint8Array;
  try {
    const answer = await fetch(url, {
      method: 'POST', headers: { 'content-type': 'application/timestamp-query' }, body: Buffer.from(timestampRequest(data, nonce)), signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error',
    });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    response = new Uint8Array(await answer.arrayBuffer());
  } catch (cause) {
    throw new Fault('TIMESTAMP_UNAVAILABLE', 'the time-stamping authority does not answer', { retryable: true, cause });
  }
  const stamp = response.length <= MAX_BYTES ? parseTimestamp(response) : undefined;
  const ours = stamp !== undefined && equalBytes(stamp.imprint, sha256Sync(data)) && stamp.nonce !== undefined && toHex(stamp.nonce) === `01${toHex(nonce)}`;
  if (!ours) throw new Fault('TIMESTAMP_UNAVAILABLE', 'the time-stamping authority gave no timestamp of what was asked', { retryable: true });
  return response;
}
