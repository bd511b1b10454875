import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.ts';
import { openTestApi, type TestApi } from '../service/bench.ts';

const CONSOLE = 'https://console.example';
let running: TestApi;
let key: string;

beforeAll(async () => {
  running = await openTestApi('headers', {
    env: { PROBITY_CORS_ORIGINS: `${CONSOLE}, http://localhost:3000`, PROBITY_TRUST_PROXY: '1' },
  });
  ({ key } = await running.opened.service.store.keys.create({ name: 'a', role: 'admin' }));
}, 60_000);
afterAll(() => running?.stop(), 60_000);

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(running.api.url + path, init);
const query = (headers: Record<string, string>): Promise<Response> =>
  ask('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: '{"query":"{ viewer { name } }"}',
  });

describe('every answer', () => {
  it.each([
    '/',
    '/healthz',
    '/nothing',
    '/graphql',
    '/verify.html',
    '/log/checkpoint',
    '/audit.zip',
  ])('of %s forbids frames, sniffing and loading', async (path) => {
    const { headers } = await ask(path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('strict-transport-security')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('to a key is not kept, and says over TLS that there is TLS', async () => {
    const { headers } = await query({ 'x-forwarded-proto': 'https' });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  });
});

describe('scripts of other origins', () => {
  it('may ask where they are named, each by its name and without cookies', async () => {
    for (const origin of [CONSOLE, 'http://localhost:3000']) {
      const answer = await query({ origin });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
      expect(answer.headers.get('vary')).toContain('Origin');
    }
    const before = await ask('/graphql', {
      method: 'OPTIONS',
      headers: { origin: CONSOLE, 'access-control-request-method': 'POST' },
    });
    expect(before.status).toBe(204);
    expect(before.headers.get('access-control-allow-headers')).toContain('Authorization');
  });

  it('are told nothing where they are not', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      `${CONSOLE}.evil.example`,
      'https://CONSOLE.example',
    ])
      expect(
        (await query({ origin })).headers.get('access-control-allow-origin'),
        origin,
      ).toBeNull();
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const before = await ask('/graphql', { method: 'OPTIONS', headers });
    expect(before.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('are named as browsers name them', () => {
    for (const each of [
      '*',
      'console.example',
      'https://a.example/',
      'https://a.example/x',
      'null',
    ])
      expect(loadConfig({ HOME: '/tmp', PROBITY_CORS_ORIGINS: each }), each).toMatchObject({
        ok: false,
        problems: [{ code: 'OPTION_INVALID', path: 'PROBITY_CORS_ORIGINS' }],
      });
  });
});
