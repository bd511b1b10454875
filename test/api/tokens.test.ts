import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.ts';
import { TokenReader } from '../../src/service/tokens.ts';
import { FIRST_ORGANISATION, newId } from '../../src/store/index.ts';
import { openTestApi, type TestApi } from '../service/bench.ts';
import { post } from './client.ts';
import { AUDIENCE, startIssuer, type TestIssuer } from './issuer.ts';

/** Tokens of an issuer in place of keys: which count, and for what. */

let issuer: TestIssuer;
let running: TestApi;
let url: string;
beforeAll(async () => {
  issuer = await startIssuer();
  running = await openTestApi('tokens', { env: issuer.env });
  url = running.api.url;
}, 60_000);
afterAll(async () => {
  await running?.stop();
  await issuer?.stop();
}, 60_000);

const claims = { probity_role: 'architect', probity_organisation: FIRST_ORGANISATION };
const VIEWER = '{ viewer { keyId role owner organisation { id } } }';

describe('a token', () => {
  it('is a key of its role and organisation, under a name that names nobody', async () => {
    const { data } = await post(url, await issuer.token(claims), VIEWER);
    const { viewer } = data as unknown as { viewer: { keyId: string; owner: string } };
    expect(viewer).toMatchObject({ role: 'architect', organisation: { id: FIRST_ORGANISATION } });
    expect(viewer.keyId).toMatch(/^sub_[0-9a-f]{26}$/u);
    expect(viewer.owner).toBe(viewer.keyId);
    const same = await post(url, await issuer.token(claims), VIEWER);
    expect(same.data).toEqual(data);
    const other = await post(url, await issuer.token(claims, { sub: 'bob' }), VIEWER);
    expect(other.data).not.toEqual(data);
    // The issuer's keys were asked for once.
    expect(issuer.requests()).toBe(2);
  });

  it('may do what its role may, in its organisation', async () => {
    const architect = await issuer.token(claims);
    expect((await post(url, architect, '{ apiKeys { id } }')).codes).toEqual(['FORBIDDEN']);
    const { organisations } = running.opened.installation.store;
    const shop = (await organisations.create({ name: 'shop', publishes: false }))!.id;
    const admin = await issuer.token({
      probity_role: ['offline_access', 'admin'],
      probity_organisation: shop,
    });
    const { data } = await post(url, admin, VIEWER);
    expect(data).toMatchObject({ viewer: { role: 'admin', organisation: { id: shop } } });
    expect((await post(url, admin, '{ organisations { id } }')).codes).toEqual(['FORBIDDEN']);
  });

  it('counts for nothing in any of these ways', async () => {
    const wrong = {
      ...(await issuer.wrong(claims)),
      'without a role': await issuer.token({ ...claims, probity_role: undefined }),
      'of a role that is none': await issuer.token({ ...claims, probity_role: 'root' }),
      'without an organisation': await issuer.token({ ...claims, probity_organisation: undefined }),
      'of an organisation that is not there': await issuer.token({
        ...claims,
        probity_organisation: newId('org'),
      }),
      'of all organisations': await issuer.token({ ...claims, probity_organisation: '*' }),
    };
    for (const [what, token] of Object.entries(wrong))
      expect([what, (await post(url, token, VIEWER)).codes]).toEqual([what, ['UNAUTHENTICATED']]);
    expect(Object.keys(wrong)).toHaveLength(16);
  });
});

it('an issuer that is away is a fault that says so, and is asked again', async () => {
  const config = loadConfig({ ...issuer.env, PROBITY_DATA_DIR: '/tmp' });
  if (!config.ok || !config.value.oidc) throw new Error('refused');
  const reader = new TokenReader(config.value.oidc);
  const token = await issuer.token(claims);
  issuer.down = true;
  await expect(reader.read(token)).rejects.toMatchObject({
    code: 'IDENTITY_UNAVAILABLE',
    retryable: true,
  });
  issuer.down = false;
  expect(await reader.read(token)).toMatchObject({ roles: ['architect'] });
  const other = new TokenReader({ ...config.value.oidc, issuer: `${issuer.url}/else` });
  await expect(other.read(token)).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
});

it('the settings: an audience is needed, and no symmetric signature is accepted', () => {
  expect(loadConfig({ ...issuer.env, PROBITY_OIDC_AUDIENCE: '' })).toMatchObject({
    problems: [{ path: 'PROBITY_OIDC_AUDIENCE' }],
  });
  for (const algorithms of ['HS256', 'none', 'ES256 HS512'])
    expect(loadConfig({ ...issuer.env, PROBITY_OIDC_ALGORITHMS: algorithms })).toMatchObject({
      problems: [{ path: 'PROBITY_OIDC_ALGORITHMS' }],
    });
  expect(loadConfig(issuer.env)).toMatchObject({ value: { oidc: { audience: AUDIENCE } } });
});
