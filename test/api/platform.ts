import { createSecretKey } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createRemoteJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type JWTPayload,
} from 'jose';

const LTI = 'https://purl.imsglobal.org/spec/lti/claim';
const AGS = 'https://purl.imsglobal.org/spec/lti-ags';

export const CLIENT = 'probity-client';
export const DEPLOYMENT = '7';

/** A score that the platform was told, and by which request. */
export interface TestScore {
  readonly path: string;
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A learning platform on loopback: it signs whatever launch a test thinks of, gives tokens for
 * assertions that the tool's key has signed, and takes scores as Assignment and Grade Services 2.0
 * says: none that is not newer than the one before.
 */
export interface TestPlatform {
  readonly url: string;
  /** `host:port`. */
  readonly host: string;
  /** What an admin registers. */
  readonly registration: Readonly<Record<string, unknown>>;
  /** The claims of a good launch. */
  claims(nonce: string, target: string, more?: object): JWTPayload;
  sign(claims: JWTPayload): Promise<string>;
  /** Signatures that are wrong in one way each. */
  wrong(claims: JWTPayload): Promise<Readonly<Record<string, string>>>;
  /** Where the tool's own key is: it is asked for, as a platform does. */
  toolKeys: string;
  readonly scores: TestScore[];
  readonly tokenRequests: { readonly assertion: JWTPayload; readonly scope: string | null }[];
  /** How often the keys were asked for. */
  keyRequests: number;
  /** In place of the next answers to scores. */
  readonly answers: ((response: ServerResponse) => void)[];
  stop(): Promise<void>;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

export async function startPlatform(): Promise<TestPlatform> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const other = await generateKeyPair('RS256');
  const elliptic = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'p1', alg: 'RS256', use: 'sig' };
  // In the set under its own name, so that only the algorithm is wrong.
  const second = { ...(await exportJWK(elliptic.publicKey)), kid: 'p2', use: 'sig' };
  const given = new Set<string>();
  const newest = new Map<string, string>();
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `http://${host}`;
  const now = (): number => Math.floor(Date.now() / 1_000);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const { pathname, search } = new URL(request.url ?? '/', url);
    response.setHeader('content-type', 'application/json');
    if (pathname === '/keys') {
      platform.keyRequests += 1;
      return void response.end(JSON.stringify({ keys: [jwk, second] }));
    }
    if (pathname === '/token') return giveToken(new URLSearchParams(body), response);
    const token = /^Bearer (.+)$/u.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const said = JSON.parse(body) as { userId: string; timestamp: string };
    const custom = platform.answers.shift();
    const key = `${pathname}${search} ${said.userId}`;
    const isNew = said.timestamp > (newest.get(key) ?? '');
    const status = given.has(token) ? (isNew ? 200 : 409) : 401;
    const isType = request.headers['content-type'] === 'application/vnd.ims.lis.v1.score+json';
    if (custom) {
      custom(response);
      platform.scores.push({
        path: pathname + search,
        status: response.statusCode,
        body: { ...said },
      });
      return;
    }
    if (status === 200) newest.set(key, said.timestamp);
    platform.scores.push({ path: pathname + search, status, body: { ...said } });
    response.writeHead(isType ? status : 415).end();
  }

  /** RFC 7523: an assertion of the client's, signed by the key that its set has, for us, once. */
  async function giveToken(form: URLSearchParams, response: ServerResponse): Promise<void> {
    const { payload } = await jwtVerify(
      form.get('client_assertion') ?? '',
      createRemoteJWKSet(new URL(platform.toolKeys)),
      { issuer: CLIENT, subject: CLIENT, audience: `${url}/token`, algorithms: ['RS256'] },
    );
    platform.tokenRequests.push({ assertion: payload, scope: form.get('scope') });
    const token = `token-${platform.tokenRequests.length}`;
    given.add(token);
    response.end(JSON.stringify({ access_token: token, token_type: 'bearer', expires_in: 3_600 }));
  }

  const platform: TestPlatform = {
    url,
    host,
    registration: {
      issuer: url,
      clientId: CLIENT,
      deploymentIds: [DEPLOYMENT],
      authorizationUrl: `${url}/authorize?tenant=a`,
      tokenUrl: `${url}/token`,
      jwksUrl: `${url}/keys`,
    },
    claims: (nonce, target, more = {}) => ({
      iss: url,
      aud: CLIENT,
      sub: 'user-17',
      name: 'Erika Mustermann',
      email: 'erika@school.example',
      iat: now(),
      exp: now() + 300,
      nonce,
      [`${LTI}/message_type`]: 'LtiResourceLinkRequest',
      [`${LTI}/version`]: '1.3.0',
      [`${LTI}/deployment_id`]: DEPLOYMENT,
      [`${LTI}/target_link_uri`]: target,
      [`${LTI}/resource_link`]: { id: 'link-1', title: 'A lesson' },
      [`${LTI}/context`]: { id: 'course-3', title: 'Secure shops' },
      [`${LTI}/roles`]: ['http://purl.imsglobal.org/vocab/lis/v2/membership#Learner'],
      [`${LTI}/custom`]: { lesson: 'token-of-a-cheap-order/bind-the-token' },
      [`${AGS}/claim/endpoint`]: {
        scope: [`${AGS}/scope/lineitem.readonly`, `${AGS}/scope/score`],
        lineitem: `${url}/lineitems/5?type_id=1`,
      },
      ...more,
    }),
    sign: (claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'p1' }).sign(privateKey),
    wrong: async (claims) => {
      const good = await platform.sign(claims);
      const [header = '', , signature = ''] = good.split('.');
      const base64 = (value: object): string =>
        Buffer.from(JSON.stringify(value)).toString('base64url');
      const secret = createSecretKey(Buffer.from(await exportSPKI(publicKey)));
      const by = (alg: string, kid: string, key: Parameters<SignJWT['sign']>[0]) =>
        new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key);
      return {
        'signed by nobody (alg: none)': `${base64({ alg: 'none' })}.${base64(claims)}.`,
        'with the public key as a secret': await by('HS256', 'p1', secret),
        'of another key under its name': await by('RS256', 'p1', other.privateKey),
        'of a key that is not there': await by('RS256', 'p9', privateKey),
        'under an algorithm that is not pinned': await by('ES256', 'p2', elliptic.privateKey),
        'changed after it was signed': `${header}.${base64({ ...claims, sub: 'eve' })}.${signature}`,
        'no token at all': 'x',
        nothing: '',
      };
    },
    toolKeys: '',
    scores: [],
    tokenRequests: [],
    keyRequests: 0,
    answers: [],
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return platform;
}
