import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LAUNCHED_SCOPES } from '../../src/api/auth.ts';
import { OPERATIONS } from '../../src/api/operations.ts';
import { loadConfig } from '../../src/config/index.ts';
import { scenario } from '../../src/scenarios/index.ts';
import { readLaunchClaims } from '../../src/service/lti/claims.ts';
import { scoresOf } from '../../src/service/lti/grades.ts';
import { shortDigest, newState, openState } from '../../src/service/lti/state.ts';
import { FIRST_ORGANISATION } from '../../src/store/index.ts';
import { temporaryFolder, until } from '../servers.ts';
import { openTestApi, type TestApi } from '../service/bench.ts';
import { post } from './client.ts';
import { CLIENT, DEPLOYMENT, startPlatform, type TestPlatform } from './platform.ts';

/**
 * Launches by a learning platform (LTI 1.3), the forged ones first, and the scores that it is told.
 * The platform is a stand-in: it signs, gives tokens and takes scores as the specifications say.
 */

/** What browsers see; the requests of this test go to where it really is. */
const OURS = 'https://probity.example';
const TARGET = `${OURS}/lti/launch`;
const LTI = 'https://purl.imsglobal.org/spec/lti/claim';
const AGS = 'https://purl.imsglobal.org/spec/lti-ags/claim/endpoint';
const MEMBERSHIP = 'http://purl.imsglobal.org/vocab/lis/v2/membership';
const EXERCISE = 'token-of-a-cheap-order/bind-the-token';

let platform: TestPlatform;
let running: TestApi;
let pool: pg.Pool;
let admin: string;
let platformId: string;
const dataDirs: string[] = [];

const SET = `mutation ($input: LtiPlatformSetInput!) { ltiPlatformSet(input: $input) {
  platform { id loginUrl launchUrl toolKeysUrl tokenAudience deploymentIds } userErrors { code field message } } }`;

async function register(key: string, input: object): Promise<Record<string, never>> {
  const { data, errors } = await post(running.api.url, key, SET, { input });
  expect(errors).toBeUndefined();
  return data!['ltiPlatformSet'] as never;
}

beforeAll(async () => {
  platform = await startPlatform();
  const dataDir = await temporaryFolder();
  dataDirs.push(dataDir);
  running = await openTestApi('lti', {
    dataDir,
    env: {
      PROBITY_LTI_URL: `${OURS}/`,
      PROBITY_WEBHOOK_ALLOW: platform.host,
      PROBITY_WEBHOOK_HTTP: 'yes',
      PROBITY_WEBHOOK_TIMEOUT_MS: '2000',
    },
  });
  platform.toolKeys = `${running.api.url}/lti/jwks`;
  pool = new pg.Pool({ connectionString: running.opened.config.databaseUrl, max: 1 });
  admin = (await running.opened.service.store.keys.create({ name: 'a', role: 'admin' })).key;
  const { platform: registered } = (await register(admin, platform.registration)) as unknown as {
    platform: { id: string };
  };
  platformId = registered.id;
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await running?.stop();
  await platform?.stop();
}, 60_000);
beforeEach(() => {
  platform.answers.length = 0;
});

interface Login {
  readonly status: number;
  readonly cookie: string;
  readonly setCookie: string;
  readonly to: URL | undefined;
  readonly text: string;
}

const GOOD = (): Record<string, string> => ({
  iss: platform.url,
  login_hint: 'h-17',
  target_link_uri: TARGET,
  lti_message_hint: 'm 1',
  client_id: CLIENT,
  lti_deployment_id: DEPLOYMENT,
});

/** A browser begins at the platform, which sends it to us. */
async function login(sent: Record<string, string> = GOOD(), id = platformId): Promise<Login> {
  const response = await fetch(
    `${running.api.url}/lti/login/${id}?${new URLSearchParams(sent).toString()}`,
    { redirect: 'manual' },
  );
  const setCookie = response.headers.get('set-cookie') ?? '';
  const location = response.headers.get('location');
  return {
    status: response.status,
    setCookie,
    cookie: setCookie.split(';')[0] ?? '',
    to: location === null ? undefined : new URL(location),
    text: await response.text(),
  };
}

interface Came {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
  readonly policy: string | null;
}

/** And the platform sends it back with a form. */
async function launch(form: Record<string, string>, cookie: string): Promise<Came> {
  const response = await fetch(`${running.api.url}/lti/launch`, {
    method: 'POST',
    headers: { cookie },
    body: new URLSearchParams(form),
    redirect: 'manual',
  });
  return {
    status: response.status,
    text: await response.text(),
    location: response.headers.get('location'),
    policy: response.headers.get('content-security-policy'),
  };
}

const asked = ({ to }: Login, name: string): string => to?.searchParams.get(name) ?? '';

/** A launch from its login to its end, with other claims or another signature. */
async function launched(
  more: object = {},
  change: (claims: JWTPayload) => Promise<string> = platform.sign,
  target = TARGET,
): Promise<Came> {
  const begun = await login({ ...GOOD(), target_link_uri: target });
  expect(begun.status, begun.text).toBe(302);
  const claims = platform.claims(asked(begun, 'nonce'), target, more);
  return launch({ id_token: await change(claims), state: asked(begun, 'state') }, begun.cookie);
}

const tokenIn = ({ text, status }: Came): string => {
  expect([status, text]).toEqual([200, expect.stringContaining('Bearer ')]);
  return /Bearer (lti1\.[\w-]+\.[\w-]+)</u.exec(text)?.[1] ?? '';
};

const codeIn = ({ text }: { readonly text: string }): string =>
  /<p>(LTI_[A-Z]+)<\/p>/u.exec(text)?.[1] ?? '';

const VIEWER = '{ viewer { keyId role owner organisation { id } operations } }';
const GRADE = `mutation ($input: GradeAttemptInput!) { gradeAttempt(input: $input) { verdict score xapi } }`;
const solved = (): string => scenario('token-of-a-cheap-order')!.fixed.source;
const grade = (key: string, more: object = {}) =>
  post(running.api.url, key, GRADE, { input: { exerciseId: EXERCISE, model: solved(), ...more } });

describe('a forged launch', () => {
  it('counts for nothing, whatever is wrong with its signature', async () => {
    const before = await pool.query('SELECT count(*) FROM "lti_launches"');
    const names = Object.keys(await platform.wrong(platform.claims('n', TARGET)));
    expect(names).toHaveLength(8);
    for (const name of names) {
      const came = await launched({}, async (claims) => (await platform.wrong(claims))[name]!);
      expect([name, came.status, codeIn(came)]).toEqual([name, 400, 'LTI_LAUNCH']);
    }
    const after = await pool.query('SELECT count(*) FROM "lti_launches"');
    expect(after.rows).toEqual(before.rows);
  });

  const seconds = (offset: number): number => Math.floor(Date.now() / 1_000) + offset;
  it.each<readonly [string, () => object]>([
    ['another issuer', () => ({ iss: 'https://else.example' })],
    ['another client', () => ({ aud: 'other-client' })],
    ['several audiences and nobody who asked', () => ({ aud: [CLIENT, 'other-client'] })],
    ['another who asked', () => ({ azp: 'other-client' })],
    ['another deployment', () => ({ [`${LTI}/deployment_id`]: '8' })],
    ['no deployment', () => ({ [`${LTI}/deployment_id`]: undefined })],
    ['an end that is past', () => ({ exp: seconds(-60) })],
    ['no end', () => ({ exp: undefined })],
    ['a beginning long ago', () => ({ iat: seconds(-3_600) })],
    ['a beginning to come', () => ({ iat: seconds(3_600) })],
    ['no beginning', () => ({ iat: undefined })],
    ['another nonce', () => ({ nonce: 'n' })],
    ['no nonce', () => ({ nonce: undefined })],
    ['nobody', () => ({ sub: undefined })],
    ['nobody, said', () => ({ sub: '' })],
    ['another version', () => ({ [`${LTI}/version`]: '1.1.0' })],
    ['no version', () => ({ [`${LTI}/version`]: undefined })],
    ['another message', () => ({ [`${LTI}/message_type`]: 'LtiSubmissionReviewRequest' })],
    [
      'another address than the login',
      () => ({ [`${LTI}/target_link_uri`]: `${TARGET}?lesson=x` }),
    ],
    ['no address', () => ({ [`${LTI}/target_link_uri`]: undefined })],
    ['no link', () => ({ [`${LTI}/resource_link`]: {} })],
    [
      'scores for a private address',
      () => ({
        [AGS]: {
          scope: ['https://purl.imsglobal.org/spec/lti-ags/scope/score'],
          lineitem: 'http://169.254.169.254/latest/meta-data',
        },
      }),
    ],
  ])('counts for nothing with %s', async (_what, more) => {
    const came = await launched(more());
    expect([came.status, codeIn(came)]).toEqual([400, 'LTI_LAUNCH']);
  });

  it.each<readonly [string, object, string]>([
    ['is not there', { lesson: 'no-such-lesson' }, 'there is no lesson'],
    ['is not there in its scenario', { lesson: 'token-of-a-cheap-order/none' }, 'there is no'],
    ['is a script', { lesson: '<script>alert(1)</script>' }, '&lt;script&gt;'],
    ['is not named', {}, 'names no lesson'],
  ])('is refused where its lesson %s', async (_what, custom, message) => {
    const came = await launched({ [`${LTI}/custom`]: custom });
    expect([came.status, codeIn(came)]).toEqual([404, 'LTI_LESSON']);
    expect(came.text).toContain(message);
    expect(came.text).not.toContain('<script');
  });

  it('counts once: neither its nonce nor its state is good again', async () => {
    const begun = await login();
    const state = asked(begun, 'state');
    const claims = platform.claims(asked(begun, 'nonce'), TARGET);
    const form = { id_token: await platform.sign(claims), state };
    expect((await launch(form, begun.cookie)).status).toBe(200);
    const again = await platform.sign({ ...claims, sub: 'user-18' });
    for (const each of [form, { id_token: again, state }]) {
      const came = await launch(each, begun.cookie);
      expect([came.status, codeIn(came)]).toEqual([400, 'LTI_STATE']);
    }
    // Of two at once, one.
    const other = await login();
    const both = {
      id_token: await platform.sign(platform.claims(asked(other, 'nonce'), TARGET)),
      state: asked(other, 'state'),
    };
    const came = await Promise.all([1, 2, 3].map(() => launch(both, other.cookie)));
    expect(came.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
  });

  it('is nothing in another browser, and with a state that is not ours', async () => {
    const [begun, other] = [await login(), await login()];
    const id_token = await platform.sign(platform.claims(asked(begun, 'nonce'), TARGET));
    const state = asked(begun, 'state');
    const [name = ''] = begun.cookie.split('=');
    const changed = `${state.slice(0, -8)}${state.endsWith('A') ? 'B' : 'A'}${state.slice(-7)}`;
    for (const [form, cookie] of [
      [{ id_token, state }, ''],
      [{ id_token, state }, other.cookie],
      // The value of another login under the name of this one.
      [{ id_token, state }, `${name}=${other.cookie.split('=')[1]}`],
      [{ id_token, state }, `${name}=`],
      [{ id_token, state: changed }, begun.cookie],
      [{ id_token, state: 'x' }, begun.cookie],
      [{ id_token }, begun.cookie],
    ] as const) {
      const came = await launch(form as never, cookie);
      expect([came.status, codeIn(came)]).toEqual([400, 'LTI_STATE']);
    }
    // With the state of the other login, it is the nonce that does not fit.
    const mixed = await launch({ id_token, state: asked(other, 'state') }, other.cookie);
    expect([mixed.status, codeIn(mixed)]).toEqual([400, 'LTI_LAUNCH']);
    expect((await launch({ id_token, state }, begun.cookie)).status).toBe(200);
  });

  it('is nothing where its login began too long ago', async () => {
    const { installation } = running.opened;
    const { state } = await newState(installation, platformId, TARGET);
    expect(await openState(installation, state)).toMatchObject({
      platformId,
      target: shortDigest(TARGET),
    });
    const realNow = Date.now;
    try {
      Date.now = () => realNow() + 601_000;
      expect(await openState(installation, state)).toBeUndefined();
    } finally {
      Date.now = realNow;
    }
  });

  it('is refused where the platform says that nobody signed in', async () => {
    const begun = await login();
    const came = await launch(
      { error: 'login_required', state: asked(begun, 'state') },
      begun.cookie,
    );
    expect([came.status, codeIn(came)]).toEqual([400, 'LTI_LAUNCH']);
    expect(came.text).toContain('login_required');
  });
});

describe('a login', () => {
  it('leads to the platform that is registered, with a cookie for this browser alone', async () => {
    const begun = await login();
    expect(begun.status).toBe(302);
    expect(begun.to?.origin + (begun.to?.pathname ?? '')).toBe(`${platform.url}/authorize`);
    const { state, nonce, ...sent } = Object.fromEntries(begun.to!.searchParams);
    expect(sent).toEqual({
      tenant: 'a',
      scope: 'openid',
      response_type: 'id_token',
      response_mode: 'form_post',
      prompt: 'none',
      client_id: CLIENT,
      redirect_uri: TARGET,
      login_hint: 'h-17',
      lti_message_hint: 'm 1',
    });
    expect(nonce).toMatch(/^[\w-]{32}$/u);
    expect(state).not.toContain(nonce);
    expect(begun.setCookie).toMatch(
      /^__Host-probity-lti-[\w-]{16}=[\w-]{43}; Max-Age=600; Path=\/; Expires=.*; HttpOnly; Secure; SameSite=None$/u,
    );
    // What only names what it must is enough, and a form as good as a query.
    const { client_id: _c, lti_deployment_id: _d, lti_message_hint: _m, ...least } = GOOD();
    const posted = await fetch(`${running.api.url}/lti/login/${platformId}`, {
      method: 'POST',
      body: new URLSearchParams(least),
      redirect: 'manual',
    });
    expect(posted.status).toBe(302);
    expect(posted.headers.get('cache-control')).toBe('no-store');
    expect(
      await pool.query('SELECT 1 FROM "lti_launches" WHERE "nonce" = $1', [nonce]),
    ).toMatchObject({ rowCount: 0 });
  });

  it.each<readonly [string, Record<string, string | undefined>]>([
    ['another issuer', { iss: 'https://else.example' }],
    ['no issuer', { iss: undefined }],
    ['another client', { client_id: 'other-client' }],
    ['another deployment', { lti_deployment_id: '8' }],
    ['nobody', { login_hint: undefined }],
    ['an address elsewhere', { target_link_uri: 'https://else.example/lti/launch' }],
    [
      'an address that only begins like ours',
      { target_link_uri: `${OURS}.else.example/lti/launch` },
    ],
    ['another path', { target_link_uri: `${OURS}/lti/launches` }],
    ['no address', { target_link_uri: undefined }],
  ])('leads nowhere with %s', async (_what, more) => {
    const sent = Object.entries({ ...GOOD(), ...more }).filter(([, value]) => value !== undefined);
    const begun = await login(Object.fromEntries(sent) as Record<string, string>);
    expect([begun.status, codeIn(begun), begun.to]).toEqual([400, 'LTI_LOGIN', undefined]);
    expect(begun.setCookie).toBe('');
  });

  it('leads nowhere under an address that is nobody’s, and not to another’s platform', async () => {
    for (const id of ['x', 'ltp_00000000000000000000000000', FIRST_ORGANISATION])
      expect(codeIn(await login(GOOD(), id))).toBe('LTI_LOGIN');
    const { organisations } = running.opened.installation.store;
    const shop = (await organisations.create({ name: 'shop', publishes: false }))!.id;
    const { store } = running.opened.installation.of(shop);
    const theirs = (await store.keys.create({ name: 'b', role: 'admin' })).key;
    // The same platform, registered by both: its launches are of whom the address of the login is.
    const { platform: second } = (await register(theirs, platform.registration)) as never as {
      platform: { id: string; loginUrl: string };
    };
    expect(second.loginUrl).toBe(`${OURS}/lti/login/${second.id}`);
    const begun = await login(GOOD(), second.id);
    const id_token = await platform.sign(platform.claims(asked(begun, 'nonce'), TARGET));
    const token = tokenIn(await launch({ id_token, state: asked(begun, 'state') }, begun.cookie));
    const own = tokenIn(await launched());
    const viewers = [
      await post(running.api.url, token, VIEWER),
      await post(running.api.url, own, VIEWER),
    ].map(
      ({ data }) => data!['viewer'] as unknown as { keyId: string; organisation: { id: string } },
    );
    expect(viewers.map(({ organisation }) => organisation.id)).toEqual([shop, FIRST_ORGANISATION]);
    // One person, and nobody can tell.
    expect(viewers[0]!.keyId).not.toBe(viewers[1]!.keyId);
    // Removing one's own registration ends its tokens; of another's nothing is removed.
    const remove = (key: string, id: string) =>
      post(
        running.api.url,
        key,
        'mutation ($id: ID!) { ltiPlatformRemove(input: { id: $id }) { removedId userErrors { code } } }',
        { id },
      );
    expect((await remove(theirs, platformId)).data).toMatchObject({
      ltiPlatformRemove: { removedId: null, userErrors: [{ code: 'NOT_FOUND' }] },
    });
    const late = await login(GOOD(), second.id);
    expect((await remove(theirs, second.id)).data).toMatchObject({
      ltiPlatformRemove: { removedId: second.id, userErrors: [] },
    });
    const lateToken = await platform.sign(platform.claims(asked(late, 'nonce'), TARGET));
    const came = await launch({ id_token: lateToken, state: asked(late, 'state') }, late.cookie);
    expect(codeIn(came)).toBe('LTI_LAUNCH');
    await until(
      async () => (await post(running.api.url, token, VIEWER)).codes[0] === 'UNAUTHENTICATED',
    );
    expect((await post(running.api.url, own, VIEWER)).codes).toEqual([]);
  }, 30_000);
});

describe('whoever was launched', () => {
  it('is a learner under a pseudonym, and nothing that is kept says who', async () => {
    const came = await launched();
    expect(came.policy).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(came.text).not.toMatch(/<script|Mustermann|school\.example|user-17/u);
    const token = tokenIn(came);
    const { data } = await post(running.api.url, token, VIEWER);
    const viewer = data!['viewer'] as never as { keyId: string; operations: string[] };
    expect(viewer).toMatchObject({ role: 'learner', organisation: { id: FIRST_ORGANISATION } });
    expect(viewer.keyId).toMatch(/^lti_[0-9a-f]{26}$/u);
    expect([...viewer.operations].sort()).toEqual(
      [...LAUNCHED_SCOPES].filter((each) => OPERATIONS[each]!.roles.includes('learner')).sort(),
    );
    for (const scope of LAUNCHED_SCOPES) expect(OPERATIONS).toHaveProperty(scope);
    const again = await post(running.api.url, tokenIn(await launched()), VIEWER);
    expect(again.data).toMatchObject({ viewer: { keyId: viewer.keyId } });
    const other = await post(running.api.url, tokenIn(await launched({ sub: 'u2' })), VIEWER);
    expect(other.data).not.toMatchObject({ viewer: { keyId: viewer.keyId } });
    const rows = await pool.query<{ row: string }>(
      'SELECT to_jsonb(t)::TEXT AS row FROM "lti_launches" AS t',
    );
    const kept = rows.rows.map(({ row }) => row).join('\n');
    expect(kept).not.toMatch(/user-17|Mustermann|school\.example/u);
    expect(kept).not.toContain(token.slice(5));
    // The keys for that lie beside the signing keys, not in the database.
    const { keysFolder } = running.opened.installation.notary;
    const keys = await (await fetch(platform.toolKeys)).json();
    expect(keys).toEqual({
      keys: [expect.objectContaining({ kty: 'RSA', alg: 'RS256', use: 'sig', e: 'AQAB' })],
    });
    expect(JSON.stringify(keys)).not.toMatch(/"[dpq]"/u);
    expect(readFileSync(join(keysFolder, 'lti.key'))).toHaveLength(32);
    expect(readFileSync(join(keysFolder, 'lti.pem'), 'utf8')).toContain('PRIVATE KEY');
  });

  it('takes the lesson, in his own name and class alone', async () => {
    const token = tokenIn(await launched({ sub: 'pupil-1' }));
    const { keyId } = (await post(running.api.url, token, VIEWER)).data!['viewer'] as never as {
      keyId: string;
    };
    const right = await grade(token);
    expect(right.data).toMatchObject({ gradeAttempt: { verdict: 'right', score: 1 } });
    expect(JSON.stringify(right.data)).toContain(keyId);
    for (const [name, more] of [
      ['learner', { learner: 'pupil-18' }],
      ['class', { class: 'other' }],
    ] as const) {
      const refused = await grade(token, more);
      expect(refused.codes).toEqual(['FORBIDDEN']);
      expect(refused.errors?.[0]?.extensions.problems[0]?.path).toBe(`input.${name}`);
    }
    expect((await grade(token, { learner: keyId })).codes).toEqual([]);
    for (const query of [
      '{ models { totalCount } }',
      '{ learnerProgress { csv } }',
      `{ exerciseSolution(id: "${EXERCISE}") { explanation } }`,
      'mutation { eraseLearner(learner: "x") }',
      '{ ltiPlatforms { id } }',
    ])
      expect([query, (await post(running.api.url, token, query)).codes]).toEqual([
        query,
        ['FORBIDDEN'],
      ]);
  }, 60_000);

  it.each<readonly [string, unknown, string]>([
    ['an instructor of the course', [`${MEMBERSHIP}#Instructor`], 'trainer'],
    ['learner and instructor', [`${MEMBERSHIP}#Learner`, `${MEMBERSHIP}#Instructor`], 'trainer'],
    ['nobody', [], 'learner'],
    ['no list', 'x', 'learner'],
    ['an assistant', [`${MEMBERSHIP}/Instructor#TeachingAssistant`], 'learner'],
    [
      'who teaches elsewhere at the school',
      ['http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor'],
      'learner',
    ],
    [
      'an administrator of the platform',
      ['http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator'],
      'learner',
    ],
    ['one that ends like it', [`https://else.example/${MEMBERSHIP}#Instructor`], 'learner'],
  ])('has the role of the course: %s', async (_who, roles, role) => {
    const token = tokenIn(await launched({ [`${LTI}/roles`]: roles }));
    expect((await post(running.api.url, token, VIEWER)).data).toMatchObject({ viewer: { role } });
  });

  it('sees as a trainer how far his own class is, and no other', async () => {
    const pupil = tokenIn(await launched({ sub: 'pupil-2' }));
    const elsewhere = { sub: 'pupil-3', [`${LTI}/context`]: { id: 'course 4/ö' } };
    const stranger = tokenIn(await launched(elsewhere));
    await grade(pupil, { model: 'x' });
    await grade(stranger, { model: 'x' });
    const teaches = { sub: 't', [`${LTI}/roles`]: [`${MEMBERSHIP}#Instructor`] };
    const trainer = tokenIn(await launched(teaches));
    const query = '{ learnerProgress { rows { learner class } } }';
    const { data } = await post(running.api.url, trainer, query);
    const { rows } = data!['learnerProgress'] as never as {
      rows: { learner: string; class: string }[];
    };
    const names = await Promise.all(
      [pupil, stranger].map(
        async (key) =>
          ((await post(running.api.url, key, VIEWER)).data!['viewer'] as never as { keyId: string })
            .keyId,
      ),
    );
    const learners = rows.map(({ learner }) => learner);
    expect(learners).toContain(names[0]);
    expect(learners).not.toContain(names[1]);
    expect(new Set(rows.map((row) => row.class))).toEqual(new Set([`${platformId}:course-3`]));
    const other = `{ learnerProgress(class: "${platformId}:course-4") { csv } }`;
    expect((await post(running.api.url, trainer, other)).codes).toEqual(['FORBIDDEN']);
    const solution = `{ exerciseSolution(id: "${EXERCISE}") { model { format } } }`;
    expect((await post(running.api.url, trainer, solution)).codes).toEqual([]);
    for (const forbidden of [
      '{ models { totalCount } }',
      'mutation { eraseLearner(learner: "x") }',
    ])
      expect((await post(running.api.url, trainer, forbidden)).codes).toEqual(['FORBIDDEN']);
  }, 60_000);

  it('may do nothing more when his time is over, and is forgotten when he is erased', async () => {
    const token = tokenIn(await launched({ sub: 'pupil-4' }));
    const { keyId } = (await post(running.api.url, token, VIEWER)).data!['viewer'] as never as {
      keyId: string;
    };
    await grade(token);
    const actors = () => pool.query('SELECT 1 FROM "audit_events" WHERE "actor" = $1', [keyId]);
    expect((await actors()).rowCount).toBeGreaterThan(0);
    const trainer = (await running.opened.service.store.keys.create({ name: 't', role: 'trainer' }))
      .key;
    const erased = await post(
      running.api.url,
      trainer,
      'mutation ($learner: String!) { eraseLearner(learner: $learner) }',
      { learner: keyId },
    );
    expect(erased.data).toEqual({ eraseLearner: 1 });
    for (const table of ['attempts', 'lti_launches', 'lti_scores'])
      expect(
        await pool.query(`SELECT 1 FROM "${table}" WHERE "learner" = $1`, [keyId]),
      ).toMatchObject({ rowCount: 0 });
    expect(await actors()).toMatchObject({ rowCount: 0 });
    await until(
      async () => (await post(running.api.url, token, VIEWER)).codes[0] === 'UNAUTHENTICATED',
    );
    const late = tokenIn(await launched({ sub: 'pupil-5' }));
    await pool.query(
      `UPDATE "lti_launches" SET "expires_at" = CURRENT_TIMESTAMP - INTERVAL '1 second'`,
    );
    expect((await post(running.api.url, late, VIEWER)).codes).toEqual(['UNAUTHENTICATED']);
    await launched();
    expect(await pool.query('SELECT 1 FROM "lti_launches"')).toMatchObject({ rowCount: 1 });
  }, 60_000);
});

describe('the score', () => {
  const scoresAt = (path: string) => platform.scores.filter((score) => score.path === path);
  /** A line item of this test's own. */
  const lineItem = (path: string, scope = 'score') => ({
    [AGS]: {
      scope: [`https://purl.imsglobal.org/spec/lti-ags/scope/${scope}`],
      lineitem: platform.url + path,
    },
  });
  const rowOf = async (path: string) =>
    (
      await pool.query<{ state: string; status: number; error: string; attempts: number }>(
        'SELECT "state", "status", "error", "attempts" FROM "lti_scores" WHERE "line_item" = $1',
        [platform.url + path],
      )
    ).rows[0];

  it('is told to the platform under its own name for him, with a token for our signature', async () => {
    const token = tokenIn(
      await launched({ sub: 'pupil-6', ...lineItem('/lineitems/6?type_id=1') }),
    );
    await grade(token);
    const path = '/lineitems/6/scores?type_id=1';
    await until(async () => scoresAt(path).length > 0);
    expect(scoresAt(path)).toEqual([
      {
        path,
        status: 200,
        body: {
          userId: 'pupil-6',
          scoreGiven: 100,
          scoreMaximum: 100,
          activityProgress: 'Completed',
          gradingProgress: 'FullyGraded',
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u),
        },
      },
    ]);
    const [{ assertion, scope }] = platform.tokenRequests as [(typeof platform.tokenRequests)[0]];
    expect(scope).toBe('https://purl.imsglobal.org/spec/lti-ags/scope/score');
    expect(assertion.exp! - assertion.iat!).toBe(300);
    expect(assertion.jti).toMatch(/^[\w-]{36}$/u);
    await until(async () => (await rowOf('/lineitems/6?type_id=1'))?.state === 'delivered');
    // One token is enough for the next one, which is newer and counts.
    const before = platform.tokenRequests.length;
    await grade(token, { model: scenario('token-of-a-cheap-order')!.vulnerable.source });
    await until(async () => scoresAt(path).length > 1);
    const [first, second] = scoresAt(path);
    expect(second).toMatchObject({ status: 200, body: { scoreGiven: 0 } });
    expect(String(second?.body['timestamp']) > String(first?.body['timestamp'])).toBe(true);
    expect(platform.tokenRequests).toHaveLength(before);
  }, 60_000);

  it('is told again where it did not arrive, and not where an answer points', async () => {
    const path = '/lineitems/7';
    platform.answers.push(
      (response) => void response.writeHead(503, { 'retry-after': '1' }).end(),
      (response) =>
        void response.writeHead(307, { location: `${platform.url}/elsewhere/scores` }).end(),
    );
    const token = tokenIn(await launched({ sub: 'pupil-7', ...lineItem(path) }));
    await grade(token);
    const due = () =>
      pool.query(
        `UPDATE "lti_scores" SET "next_attempt_at" = CURRENT_TIMESTAMP WHERE "line_item" = $1 AND "lease_until" IS NULL`,
        [platform.url + path],
      );
    for (const [count, status] of [
      [1, 503],
      [2, 307],
    ] as const) {
      await until(async () => (await rowOf(path))?.status === status);
      expect(await rowOf(path)).toMatchObject({ state: 'pending', attempts: count });
      await due();
    }
    await until(async () => (await rowOf(path))?.state === 'delivered');
    expect(scoresAt(`${path}/scores`).map(({ status }) => status)).toEqual([503, 307, 200]);
    const times = scoresAt(`${path}/scores`).map(({ body }) => body['timestamp']);
    // The same score every time: a platform that had it takes it once.
    expect(new Set(times).size).toBe(1);
    expect(scoresAt('/elsewhere/scores')).toEqual([]);
  }, 60_000);

  it('is nothing that is lost with a process, and once where two tell it', async () => {
    const { lti } = running.opened.service.store;
    const { all } = running.opened.installation.store;
    const path = '/lineitems/8';
    const launch = { platformId, learner: 'lti_8', user: 'x', lineItem: platform.url + path };
    await lti.keepScore({ ...launch, score: 0.5 });
    const row = async () =>
      (
        await pool.query<{ scored_at: Date; score: number }>(
          'SELECT "scored_at", "score" FROM "lti_scores" WHERE "learner" = \'lti_8\'',
        )
      ).rows[0]!;
    const first = await row();
    await lti.keepScore({ ...launch, score: 0.25 });
    const second = await row();
    expect(second.score).toBe(0.25);
    expect(second.scored_at > first.scored_at).toBe(true);
    // Also where another machine's clock was ahead.
    await pool.query(
      `UPDATE "lti_scores" SET "scored_at" = "scored_at" + INTERVAL '1 hour' WHERE "learner" = 'lti_8'`,
    );
    const ahead = await row();
    await lti.keepScore({ ...launch, score: 0.25 });
    expect((await row()).scored_at > ahead.scored_at).toBe(true);
    // A user that was sealed with another key is a fault that is said, and told to nobody.
    await until(async () => (await rowOf(path))?.error === 'KEY_FILE');
    expect(scoresAt(`${path}/scores`)).toEqual([]);
    // Whoever has an older score notes nothing about the newer one.
    await running.stopWorker();
    await pool.query(
      `UPDATE "lti_scores" SET "next_attempt_at" = CURRENT_TIMESTAMP WHERE "learner" = 'lti_8'`,
    );
    const claim = (await all.lti.claimScore(60_000))!;
    expect(claim).toMatchObject({
      learner: 'lti_8',
      score: 0.25,
      scoredAt: (await row()).scored_at,
    });
    // While somebody has it, nobody else does.
    expect(await all.lti.claimScore(60_000)).toBeUndefined();
    await lti.keepScore({ ...launch, score: 1 });
    await lti.noteScore(claim, { status: 200, error: null }, { state: 'delivered' });
    expect(await rowOf(path)).toMatchObject({ state: 'pending' });
    expect(await all.lti.claimScore(60_000)).toMatchObject({ score: 1 });
    expect(await lti.standing(platformId)).toMatchObject({ pending: 1, failed: 0 });
    await pool.query(`DELETE FROM "lti_scores" WHERE "learner" = 'lti_8'`);
  }, 60_000);

  it('is kept for the exercise of the launch alone, where the platform takes scores, and counts', async () => {
    const kept = async (more: object, asked: object = {}) => {
      await grade(tokenIn(await launched({ sub: 'pupil-9', ...more })), asked);
      const { rows } = await pool.query<{ line_item: string }>(
        `DELETE FROM "lti_scores" RETURNING "line_item"`,
      );
      return rows.map(({ line_item: name }) => name.slice(platform.url.length));
    };
    const at = lineItem('/lineitems/9');
    await pool.query('DELETE FROM "lti_scores"');
    expect(await kept(at)).toEqual(['/lineitems/9']);
    const other = { exerciseId: 'paid-token-replayed/show-it-again', model: undefined, steps: [] };
    expect(await kept(at, other)).toEqual([]);
    expect(await kept(at, { model: 'no model' })).toEqual([]);
    expect(await kept({ [AGS]: undefined })).toEqual([]);
    expect(await kept(lineItem('/lineitems/9', 'lineitem'))).toEqual([]);
    expect(await kept({ ...at, [`${LTI}/roles`]: [`${MEMBERSHIP}#Instructor`] })).toEqual([]);
    expect(await kept({ ...at, [`${LTI}/custom`]: { lesson: 'token-of-a-cheap-order' } })).toEqual(
      [],
    );
  }, 60_000);

  it('goes below the path of its line item, whatever query that has', () => {
    expect(scoresOf('https://a.example/li/5?type_id=1&b=2')).toBe(
      'https://a.example/li/5/scores?type_id=1&b=2',
    );
    expect(scoresOf('https://a.example/li/5/')).toBe('https://a.example/li/5/scores');
  });
});

describe('deep linking', () => {
  const settings = (more: object = {}) => ({
    [`${LTI}/message_type`]: 'LtiDeepLinkingRequest',
    [`${LTI}/resource_link`]: undefined,
    [`${LTI}/custom`]: undefined,
    [`${LTI}/roles`]: [`${MEMBERSHIP}#Instructor`],
    'https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings': {
      deep_link_return_url: `${platform.url}/return`,
      accept_types: ['link', 'ltiResourceLink'],
      accept_presentation_document_targets: ['window'],
      data: 'keep <me>',
      ...more,
    },
  });
  const choose = async (token: string, lesson: string) => {
    const response = await fetch(`${running.api.url}/lti/choose`, {
      method: 'POST',
      body: new URLSearchParams({ token, lesson }),
    });
    return {
      status: response.status,
      policy: response.headers.get('content-security-policy') ?? '',
      text: await response.text(),
    };
  };

  it('gives a choice of lessons, and the one that was chosen back, signed', async () => {
    const came = await launched(settings());
    expect(came.status).toBe(200);
    expect(came.policy).toContain("form-action 'self'");
    expect(came.text).toContain(`value="${EXERCISE}"`);
    expect(came.text).not.toContain('<script');
    const token = /name="token" value="([^"]+)"/u.exec(came.text)?.[1] ?? '';
    const chosen = await choose(token, EXERCISE);
    expect(chosen.policy).toContain(`form-action ${platform.url};`);
    expect(chosen.text).toContain(`action="${platform.url}/return"`);
    const jwt = /name="JWT" value="([^"]+)"/u.exec(chosen.text)?.[1] ?? '';
    const { payload } = await jwtVerify(jwt, createRemoteJWKSet(new URL(platform.toolKeys)), {
      issuer: CLIENT,
      audience: platform.url,
      algorithms: ['RS256'],
    });
    expect(payload).toMatchObject({
      [`${LTI}/message_type`]: 'LtiDeepLinkingResponse',
      [`${LTI}/version`]: '1.3.0',
      [`${LTI}/deployment_id`]: DEPLOYMENT,
      'https://purl.imsglobal.org/spec/lti-dl/claim/data': 'keep <me>',
      'https://purl.imsglobal.org/spec/lti-dl/claim/content_items': [
        {
          type: 'ltiResourceLink',
          url: TARGET,
          custom: { lesson: EXERCISE },
          lineItem: { scoreMaximum: 100 },
        },
      ],
      nonce: expect.any(String),
    });
    // What was given back launches.
    expect((await launched({ [`${LTI}/custom`]: { lesson: EXERCISE } })).status).toBe(200);
    expect(codeIn(await choose(token, 'no-such-lesson'))).toBe('LTI_LESSON');
    expect(codeIn(await choose('lti1.x.y', EXERCISE))).toBe('LTI_STATE');
    expect(codeIn(await choose(tokenIn(await launched()), EXERCISE))).toBe('LTI_LAUNCH');
  });

  it.each<readonly [string, object]>([
    ['a script', { deep_link_return_url: 'javascript:alert(1)' }],
    ['nowhere', { deep_link_return_url: undefined }],
    ['what takes no links of LTI', { accept_types: ['file'] }],
  ])('is refused with %s to return to', async (_what, more) => {
    expect(codeIn(await launched(settings(more)))).toBe('LTI_LAUNCH');
  });
});

describe('a registration', () => {
  it('says what the platform must be told, changes what it registered, and is audited', async () => {
    const again = await register(admin, {
      ...platform.registration,
      deploymentIds: [DEPLOYMENT, '9', '9'],
      tokenAudience: 'https://audience.example',
    });
    expect(again).toEqual({
      platform: {
        id: platformId,
        loginUrl: `${OURS}/lti/login/${platformId}`,
        launchUrl: TARGET,
        toolKeysUrl: `${OURS}/lti/jwks`,
        tokenAudience: 'https://audience.example',
        deploymentIds: [DEPLOYMENT, '9'],
      },
      userErrors: [],
    });
    await register(admin, platform.registration);
    const query =
      '{ ltiPlatforms { id issuer tokenAudience scores { pending failed lastStatus lastError } } }';
    expect((await post(running.api.url, admin, query)).data).toEqual({
      ltiPlatforms: [
        {
          id: platformId,
          issuer: platform.url,
          tokenAudience: `${platform.url}/token`,
          scores: { pending: 0, failed: 0, lastStatus: null, lastError: null },
        },
      ],
    });
    const { rows } = await pool.query(
      `SELECT "subject" FROM "audit_events" WHERE "operation" = 'ltiPlatformSet' AND "organisation_id" = $1`,
      [FIRST_ORGANISATION],
    );
    expect(rows).toContainEqual({ subject: platformId });
  });

  it.each<readonly [string, object]>([
    ['issuer', { issuer: 'no address' }],
    ['clientId', { clientId: '' }],
    ['deploymentIds', { deploymentIds: [] }],
    ['deploymentIds', { deploymentIds: ['a b'] }],
    ['authorizationUrl', { authorizationUrl: 'javascript:alert(1)' }],
    ['tokenUrl', { tokenUrl: 'https://10.0.0.1/token' }],
    ['tokenUrl', { tokenUrl: 'http://169.254.169.254/token' }],
    ['jwksUrl', { jwksUrl: 'https://localhost:6379/keys' }],
    ['jwksUrl', { jwksUrl: 'file:///etc/passwd' }],
    ['tokenAudience', { tokenAudience: '' }],
  ])('with a wrong %s is refused', async (field, more) => {
    const refused = await register(admin, { ...platform.registration, ...more });
    expect(refused).toMatchObject({
      platform: null,
      userErrors: [{ code: 'LTI_PLATFORM', field: ['input', field] }],
    });
  });

  it('asks a platform for its keys once, through what judges addresses', async () => {
    const before = platform.keyRequests;
    await launched();
    await launched();
    expect(platform.keyRequests).toBe(before);
    const elsewhere = { issuer: 'https://away.example', jwksUrl: 'http://away.invalid/keys' };
    const { platform: away } = (await register(admin, {
      ...platform.registration,
      ...elsewhere,
    })) as never as { platform: { id: string } };
    const begun = await login({ ...GOOD(), iss: 'https://away.example' }, away.id);
    const claims = platform.claims(asked(begun, 'nonce'), TARGET, { iss: 'https://away.example' });
    const form = { id_token: await platform.sign(claims), state: asked(begun, 'state') };
    const came = await launch(form, begun.cookie);
    expect(came.status).toBe(503);
    expect(came.text).toContain('IDENTITY_UNAVAILABLE');
  });
});

describe('the settings', () => {
  it('say where we are, and where a launch leads', () => {
    expect(loadConfig({ PROBITY_LTI_PORTAL: 'https://portal.example/' })).toMatchObject({
      problems: [{ path: 'PROBITY_LTI_URL' }],
    });
    for (const url of ['https://a.example/?x', 'https://a.example/#x', 'ftp://a.example'])
      expect(loadConfig({ PROBITY_LTI_URL: url })).toMatchObject({
        problems: [{ path: 'PROBITY_LTI_URL' }],
      });
    expect(
      loadConfig({
        PROBITY_LTI_URL: 'https://a.example/x/',
        PROBITY_LTI_PORTAL: 'https://p.example',
      }),
    ).toMatchObject({
      value: { lti: { url: 'https://a.example/x', portal: 'https://p.example' } },
    });
  });

  it('without them there is nothing, and nothing is registered', async () => {
    const off = await openTestApi('lti-off');
    try {
      const { key } = await off.opened.service.store.keys.create({ name: 'a', role: 'admin' });
      const { data } = await post(off.api.url, key, SET, { input: platform.registration });
      expect(data).toMatchObject({ ltiPlatformSet: { userErrors: [{ code: 'OPTION_INVALID' }] } });
      for (const path of ['/lti/jwks', `/lti/login/${platformId}`])
        expect((await fetch(off.api.url + path)).status).toBe(404);
    } finally {
      await off.stop();
    }
  }, 60_000);

  it('with a portal, a launch leads there, its token in the fragment', async () => {
    const env = {
      PROBITY_LTI_URL: OURS,
      PROBITY_LTI_PORTAL: 'https://portal.example/learn',
      PROBITY_WEBHOOK_ALLOW: platform.host,
      PROBITY_WEBHOOK_HTTP: 'yes',
    };
    const own = running;
    const portal = await openTestApi('lti-portal', { env });
    const before = platformId;
    try {
      running = portal;
      const { key } = await portal.opened.service.store.keys.create({ name: 'a', role: 'admin' });
      const { platform: there } = (await register(key, platform.registration)) as never as {
        platform: { id: string };
      };
      platformId = there.id;
      const target = `${TARGET}?lesson=${encodeURIComponent(EXERCISE)}`;
      const came = await launched({ [`${LTI}/custom`]: undefined }, platform.sign, target);
      expect(came.status).toBe(303);
      const to = new URL(came.location ?? '');
      expect(to.origin + to.pathname + to.search).toBe('https://portal.example/learn');
      const { token = '', ...said } = Object.fromEntries(new URLSearchParams(to.hash.slice(1)));
      expect(said).toEqual({ lesson: EXERCISE, role: 'learner', expires: expect.any(String) });
      expect(came.text).not.toContain('<script');
      expect((await post(portal.api.url, token, VIEWER)).codes).toEqual([]);
    } finally {
      running = own;
      platformId = before;
      await portal.stop();
    }
  }, 60_000);
});

it('the class of a launch is the platform’s, however it calls it', () => {
  const registered = { clientId: CLIENT, deploymentIds: [DEPLOYMENT] };
  const claims = { ...platform.claims('n', TARGET), aud: [CLIENT], azp: CLIENT };
  expect(readLaunchClaims(claims, registered, 'n')).toMatchObject({
    ok: true,
    value: { contextId: 'course-3', role: 'learner', user: 'user-17' },
  });
});
