import { createHash } from 'node:crypto';
import type { JWTVerifyGetKey } from 'jose';
import type { OidcConfig } from '../config/index.ts';
import { isId } from '../store/index.ts';
import { claimsIn, KEYS_TIMEOUT_MS, noKeys, remoteKeys, TOLERANCE_S } from './remoteKeys.ts';
import type { Installation } from './service.ts';

/** Who a token is about, as far as it says. */
export interface TokenBearer {
  /** Stays the same for one subject of one issuer, and names nobody. */
  readonly id: string;
  /** The words of its role claim. */
  readonly roles: readonly string[];
  readonly organisationId: string;
  readonly expiresAt: Date;
}

/**
 * Reads tokens (RFC 9068, RFC 7519) of one issuer: signature under a key of its own and an
 * algorithm that was pinned, issuer, audience, time. What is not good is undefined, whatever is
 * wrong with it. Throws `IDENTITY_UNAVAILABLE` where the issuer's keys cannot be had. The packages
 * are loaded by the first token.
 */
export class TokenReader {
  private readonly config: OidcConfig;
  private keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(config: OidcConfig) {
    this.config = config;
  }

  async read(token: string): Promise<TokenBearer | undefined> {
    this.keys ??= this.open();
    this.keys.catch(() => {
      this.keys = undefined;
    });
    const { issuer, audience, algorithms } = this.config;
    const claims = await claimsIn(token, await this.keys, {
      issuer,
      audience,
      algorithms: [...algorithms],
      requiredClaims: ['sub', 'exp'],
    });
    return claims && this.bearer(claims);
  }

  private bearer(claims: Readonly<Record<string, unknown>>): TokenBearer | undefined {
    const { issuer, roleClaim, organisationClaim } = this.config;
    const organisationId = claims[organisationClaim];
    const { sub, exp } = claims;
    if (typeof organisationId !== 'string' || typeof sub !== 'string') return undefined;
    return {
      id: `sub_${createHash('sha256').update(`${issuer}\0${sub}`).digest('hex').slice(0, 26)}`,
      roles: [claims[roleClaim]].flat().filter((each) => typeof each === 'string'),
      organisationId,
      expiresAt: new Date((Number(exp) + TOLERANCE_S) * 1_000),
    };
  }

  /** OpenID Connect Discovery 1.0, 4: the metadata must name the issuer that it was asked of. */
  private async open(): Promise<JWTVerifyGetKey> {
    const { issuer } = this.config;
    const address = `${issuer.replace(/\/$/u, '')}/.well-known/openid-configuration`;
    const metadata = await fetch(address, {
      redirect: 'error',
      signal: AbortSignal.timeout(KEYS_TIMEOUT_MS),
    })
      .then(async (response) => (await response.json()) as Readonly<Record<string, unknown>>)
      .catch((cause: unknown) => {
        throw noKeys(issuer, cause);
      });
    const uri = metadata['jwks_uri'];
    if (metadata['issuer'] !== issuer || typeof uri !== 'string' || !URL.canParse(uri))
      throw noKeys(issuer, new Error(`${address} is about another issuer`));
    return remoteKeys(new URL(uri));
  }
}

/** Whom a token is about, if its organisation is one of this installation. */
export async function findBearer(
  { store }: Pick<Installation, 'store'>,
  reader: TokenReader,
  token: string,
): Promise<TokenBearer | undefined> {
  const bearer = await reader.read(token);
  if (!bearer || !isId(bearer.organisationId)) return undefined;
  return (await store.organisations.get(bearer.organisationId)) && bearer;
}
