import { randomBytes } from 'node:crypto';
import { Fault } from '../../errors/index.ts';
import { limitedBody } from '../../processes/limitedBody.ts';
import { INTEGER, OCTET_STRING, SEQUENCE } from '../formats/der.ts';
import { concat, equalBytes, toHex } from '../formats/encoding.ts';
import { nodeCrypto, sha256Sync } from '../formats/nodeCrypto.ts';
import { parseTimestamp } from '../formats/timestampToken.ts';
import { NO_TRUST } from '../formats/policy.ts';
import { verifyTimestamp } from '../verify/timestamp.ts';

/**
 * RFC 3161: a time-stamping authority signs that it saw the SHA-256 of some bytes at a time. What
 * it answers is read in `timestampToken.ts` and judged in `verify/timestamp.ts`; here it is asked.
 */

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 64 * 1024;
/** id-sha256 with absent parameters' usual NULL, as a DER AlgorithmIdentifier. */
const SHA256 = Uint8Array.from([
  0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
]);

/** DER: tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  if (content.length > 0x7f) throw new Error('a request has short fields only');
  return concat(Uint8Array.of(tag, content.length), content);
}

/** TimeStampReq (section 2.4.1): version 1, the imprint, a nonce, and the certificate asked for. */
export function timestampRequest(data: Uint8Array, nonce: Uint8Array): Uint8Array {
  const positive = concat(Uint8Array.of(0x01), nonce);
  return der(
    SEQUENCE,
    der(INTEGER, Uint8Array.of(1)),
    der(SEQUENCE, SHA256, der(OCTET_STRING, sha256Sync(data))),
    der(INTEGER, positive),
    der(0x01, Uint8Array.of(0xff)),
  );
}

/**
 * Asks an authority to stamp some bytes: the response, DER. Throws TIMESTAMP_UNAVAILABLE when it
 * gives none for them.
 */
export async function requestTimestamp(url: string, data: Uint8Array): Promise<Uint8Array> {
  const nonce = new Uint8Array(randomBytes(8));
  let response: Uint8Array;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query' },
      body: Buffer.from(timestampRequest(data, nonce)),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    response = await limitedBody(answer, MAX_BYTES);
  } catch (cause) {
    throw new Fault('TIMESTAMP_UNAVAILABLE', 'the time-stamping authority does not answer', {
      retryable: true,
      cause,
    });
  }
  const stamp = parseTimestamp(response);
  const ours =
    stamp !== undefined &&
    equalBytes(stamp.imprint, sha256Sync(data)) &&
    stamp.nonce !== undefined &&
    toHex(stamp.nonce) === `01${toHex(nonce)}`;
  // One that a verifier would refuse must not get into a bundle. Whom to trust is the reader's to
  // say.
  const judged = ours ? await verifyTimestamp(response, data, NO_TRUST, nodeCrypto) : undefined;
  if (judged?.status !== 'skipped')
    throw new Fault(
      'TIMESTAMP_UNAVAILABLE',
      'the time-stamping authority gave no timestamp of what was asked',
      { retryable: true },
    );
  return response;
}
