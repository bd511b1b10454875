import { createHmac, createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { JWTPayload } from 'jose';
import { madeOnce, secretIn } from '../secretFile.ts';
import type { SharedService } from '../service.ts';

/** The one algorithm that every platform has (LTI Security Framework 1.0, 6.1). */
export const LTI_ALGORITHM = 'RS256';
const MODULUS_BITS = 3_072;

type Keys = Pick<SharedService, 'notary'>;

/** Our key as a tool: it signs what we tell platforms, and nothing else. */
const signingKey = async ({ notary }: Keys) => {
  const pem = await madeOnce(join(notary.keysFolder, 'lti.pem'), {
    make: async () => {
      const { privateKey } = await promisify(generateKeyPair)('rsa', {
        modulusLength: MODULUS_BITS,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      return Buffer.from(privateKey);
    },
    isOne: (bytes) => Buffer.from(bytes).includes('PRIVATE KEY'),
  });
  return createPrivateKey(Buffer.from(pem));
};

/** Its public half, as platforms fetch it (RFC 7517); its name is its thumbprint (RFC 7638). */
export async function toolKeySet(service: Keys): Promise<{ readonly keys: readonly object[] }> {
  const { calculateJwkThumbprint } = await import('jose');
  const jwk = createPublicKey(await signingKey(service)).export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint(jwk as { kty: string });
  return { keys: [{ ...jwk, kid, alg: LTI_ALGORITHM, use: 'sig' }] };
}

/** What we tell a platform, signed; good for so many seconds. */
export async function signedByTool(
  service: Keys,
  claims: JWTPayload,
  seconds: number,
): Promise<string> {
  const { calculateJwkThumbprint, SignJWT } = await import('jose');
  const key = await signingKey(service);
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint(jwk as { kty: string });
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ ...claims, iat: now, exp: now + seconds })
    .setProtectedHeader({ alg: LTI_ALGORITHM, kid, typ: 'JWT' })
    .sign(key);
}

/**
 * A key for one purpose, of 32 bytes, out of the one that lies beside the signing keys: a copy of
 * the database alone shows of nobody who he is.
 */
export async function ltiSecret(
  { notary }: Keys,
  purpose: 'state' | 'pseudonym' | 'user',
): Promise<Uint8Array> {
  const secret = await secretIn(join(notary.keysFolder, 'lti.key'));
  return createHmac('sha256', secret).update(`lti ${purpose}`).digest();
}
