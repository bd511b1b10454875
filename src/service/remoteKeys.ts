import type { JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import { Fault } from '../errors/index.ts';

/** Clocks differ. */
export const TOLERANCE_S = 30;
export const KEYS_TIMEOUT_MS = 5_000;
/** A key that is not known is asked for again at most so often. */
const COOLDOWN_MS = 30_000;

/** How a set of keys is fetched, where that is not the runtime's own way. */
export type FetchKeys = (url: string) => Promise<Response>;

/** The keys at an address (RFC 7517), asked for by the first token and kept for a while. */
export async function remoteKeys(url: URL, fetchKeys?: FetchKeys): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet, customFetch } = await import('jose');
  return createRemoteJWKSet(url, {
    timeoutDuration: KEYS_TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    ...(fetchKeys && { [customFetch]: (asked: string) => fetchKeys(asked) }),
  });
}

/**
 * What a token says whose signature and claims are as they must be; nothing where they are not,
 * whatever is wrong with it. Throws `IDENTITY_UNAVAILABLE` where the keys cannot be had.
 */
export async function claimsIn(
  token: string,
  keys: JWTVerifyGetKey,
  must: JWTVerifyOptions & { readonly issuer: string },
): Promise<JWTPayload | undefined> {
  const { jwtVerify, errors } = await import('jose');
  try {
    return (await jwtVerify(token, keys, { clockTolerance: TOLERANCE_S, ...must })).payload;
  } catch (cause) {
    const isTheirs = cause instanceof errors.JOSEError && cause.code !== 'ERR_JOSE_GENERIC';
    if (!isTheirs || cause instanceof errors.JWKSTimeout) throw noKeys(must.issuer, cause);
    return undefined;
  }
}

export const noKeys = (issuer: string, cause: unknown): Fault =>
  new Fault('IDENTITY_UNAVAILABLE', `the issuer ${issuer} cannot be asked for its keys`, {
    retryable: true,
    cause,
  });
