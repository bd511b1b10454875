import { createServer } from 'node:http';
import { createSecretKey } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey } from 'jose';

/** An issuer of tokens on loopback: discovery, a key set, and tokens good and bad. */
export interface TestIssuer {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** A good token, but for what is said. */
  token(claims: object, but?: { readonly [name: string]: unknown }): Promise<string>;
  /** Tokens that are wrong in one way each. */
  wrong(claims: object): Promise<Readonly<Record<string, string>>>;
  requests(): number;
  down: boolean;
  stop(): Promise<void>;
}

export const AUDIENCE = 'https://probity.example/api';

export async function startIssuer(): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const other = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  let requests = 0;
  let url = '';
  const issuer = { down: false };
  const server = createServer((request, response) => {
    requests += 1;
    if (issuer.down) return void response.destroy();
    response.setHeader('content-type', 'application/json');
    const isKeys = request.url === '/keys';
    response.end(
      JSON.stringify(isKeys ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/keys` }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const now = (): number => Math.floor(Date.now() / 1_000);
  const payloadOf = (claims: object, but: object) => ({
    iss: url,
    aud: AUDIENCE,
    sub: 'alice',
    iat: now(),
    exp: now() + 300,
    ...claims,
    ...but,
  });
  const signed = (
    claims: object,
    but: object = {},
    key: CryptoKey | ReturnType<typeof createSecretKey> = privateKey,
    header: { alg: string; kid: string } = { alg: 'ES256', kid: 'k1' },
  ) => new SignJWT(payloadOf(claims, but)).setProtectedHeader(header).sign(key);
  const base64 = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  return Object.assign(issuer, {
    url,
    env: { PROBITY_OIDC_ISSUER: url, PROBITY_OIDC_AUDIENCE: AUDIENCE },
    token: (claims: object, but: object = {}) => signed(claims, but),
    wrong: async (claims: object) => {
      const good = await signed(claims);
      const [header = '', , signature = ''] = good.split('.');
      const secret = createSecretKey(Buffer.from(await exportSPKI(publicKey)));
      return {
        'of another audience': await signed(claims, { aud: 'https://else.example' }),
        'of another issuer': await signed(claims, { iss: 'https://else.example' }),
        'that is over': await signed(claims, { exp: now() - 60 }),
        'without an end': await signed(claims, { exp: undefined }),
        'of a time to come': await signed(claims, { nbf: now() + 3_600, exp: now() + 7_200 }),
        'without a subject': await signed(claims, { sub: undefined }),
        'signed by nobody (alg: none)': `${base64({ alg: 'none' })}.${base64(payloadOf(claims, {}))}.`,
        'with the public key as a secret': await signed(claims, {}, secret, {
          alg: 'HS256',
          kid: 'k1',
        }),
        'of another key under its name': await signed(claims, {}, other.privateKey),
        'of a key that is not there': await signed(claims, {}, privateKey, {
          alg: 'ES256',
          kid: 'k2',
        }),
        'changed after it was signed': `${header}.${base64(payloadOf(claims, { sub: 'eve' }))}.${signature}`,
      };
    },
    requests: () => requests,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
}
