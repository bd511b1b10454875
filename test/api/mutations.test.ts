import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema, isNonNullType, isObjectType } from 'graphql';
import { read } from '../printed.ts';
import { until } from '../servers.ts';
import { openTestApi, type TestApi } from '../service/bench.ts';
import { post } from './client.ts';

/** Mutations with a payload, each thing made once however often it is asked for, and keys that end. */

let running: TestApi;
let pool: pg.Pool;
let url: string;
let admin: string;

beforeAll(async () => {
  running = await openTestApi('mutations');
  url = running.api.url;
  pool = new pg.Pool({ connectionString: running.opened.config.databaseUrl, max: 1 });
  const { keys } = running.opened.service.store;
  admin = (await keys.create({ name: 'a', role: 'admin' })).key;
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await running?.stop();
}, 60_000);

interface UserError {
  readonly code: string;
  readonly field: readonly string[];
  readonly message: string;
}
interface Payload {
  readonly [name: string]: unknown;
  readonly userErrors: readonly UserError[];
}

/** What a mutation gave; one that fails as a whole is a failed test. */
async function mutate(name: string, type: string, input: object, shown: string, key = admin) {
  const { data, errors } = await post(
    url,
    key,
    `mutation ($input: ${type}!) { ${name}(input: $input) { ${shown} userErrors { code field message } } }`,
    { input },
  );
  if (!data) throw new Error(JSON.stringify(errors));
  return (data as unknown as Record<string, Payload>)[name]!;
}

/** Those of lessons: a grade says itself what is wrong with an attempt. */
const OF_LESSONS = ['gradeAttempt', 'generateExercise', 'eraseLearner'];

const count = async (table: string): Promise<number> =>
  Number((await pool.query<{ n: string }>(`SELECT count(*) AS n FROM "${table}"`)).rows[0]?.n);

it('each mutation that is not deprecated has one input, and a payload with userErrors', () => {
  const schema = buildSchema(read('schema.graphql'));
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    if (field.deprecationReason !== undefined && field.deprecationReason !== null) {
      expect(field.deprecationReason).toMatch(/^\d{4}-\d\d-\d\d: use \w+$/u);
      continue;
    }
    if (OF_LESSONS.includes(field.name)) continue;
    expect([field.name, field.args.map(({ name }) => name)]).toEqual([field.name, ['input']]);
    const payload = isNonNullType(field.type) ? field.type.ofType : field.type;
    const fields = isObjectType(payload) ? payload.getFields() : {};
    expect(String(fields['userErrors']?.type), field.name).toBe('[UserError!]!');
  }
});

describe('a payload', () => {
  it('has what was done, or all that is wrong with the input, with its place', async () => {
    const input = { source: 'sleep 1', format: 'native', name: 'payload' };
    const { model, userErrors } = await mutate(
      'modelSubmit',
      'SubmitModelInput',
      input,
      'model { id }',
    );
    expect(userErrors).toEqual([]);
    const { id } = model as { id: string };
    const asked = { modelId: id, limits: { timeoutMs: 1, memoryMb: 1 } };
    expect(
      await mutate('verificationRequest', 'RequestVerificationInput', asked, 'run { id }'),
    ).toMatchObject({
      run: null,
      userErrors: [
        { code: 'OPTION_INVALID', field: ['input', 'limits', 'timeoutMs'] },
        { code: 'OPTION_INVALID', field: ['input', 'limits', 'memoryMb'] },
      ],
    });
    const none = { id: 'ver_0', reason: 'r' };
    expect(await mutate('verdictRevoke', 'VerdictRevokeInput', none, 'verdict { id }')).toEqual({
      verdict: null,
      userErrors: [
        { code: 'NOT_FOUND', field: ['input', 'id'], message: 'there is no such verdict' },
      ],
    });
  });

  it('of organisations: a name is had once', async () => {
    const { key, organisation } = await mutate(
      'organisationCreate',
      'OrganisationCreateInput',
      { name: 'Shop Ltd' },
      'organisation { id name publishes } key',
    );
    expect(organisation).toMatchObject({ name: 'Shop Ltd', publishes: false });
    const viewer = await post(
      url,
      key as string,
      '{ viewer { role organisation { name } operations } }',
    );
    expect(viewer.data).toMatchObject({
      viewer: { role: 'admin', organisation: { name: 'Shop Ltd' } },
    });
    expect(JSON.stringify(viewer.data)).not.toContain('organisationCreate');
    const again = { name: 'Shop Ltd' };
    const shown = 'organisation { id }';
    expect(
      await mutate('organisationCreate', 'OrganisationCreateInput', again, shown),
    ).toMatchObject({ userErrors: [{ code: 'OPTION_INVALID', field: ['input', 'name'] }] });
    const forbidden = await post(url, key as string, '{ organisations { id } }');
    expect(forbidden.codes).toEqual(['FORBIDDEN']);
  });
});

describe('one idempotency key', () => {
  it('a hundred times at once: one model, one run, one verdict, one leaf', async () => {
    const [models, runs] = [await count('models'), await count('runs')];
    const leaves = await running.opened.service.notary.log.size();
    const hundred = <T>(ask: () => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: 100 }, ask));
    const source = { source: 'sleep 5', format: 'native', name: 'once', idempotencyKey: 'm' };
    const submitted = await hundred(() =>
      mutate('modelSubmit', 'SubmitModelInput', source, 'model { id }'),
    );
    const ids = new Set(submitted.map(({ model }) => (model as { id: string }).id));
    expect([ids.size, await count('models')]).toEqual([1, models + 1]);
    const asked = { modelId: [...ids][0], idempotencyKey: 'r' };
    const requested = await hundred(() =>
      mutate('verificationRequest', 'RequestVerificationInput', asked, 'run { id }'),
    );
    const [run, ...others] = new Set(requested.map(({ run: one }) => (one as { id: string }).id));
    expect([others, await count('runs')]).toEqual([[], runs + 1]);
    const { store, notary } = running.opened.service;
    await until(async () => (await store.runs.head(run!))?.state === 'sealed');
    expect(await notary.log.size()).toBe(leaves + 1);
    const another = { ...asked, limits: { maxStates: 7 } };
    expect(
      await mutate('verificationRequest', 'RequestVerificationInput', another, 'run { id }'),
    ).toMatchObject({ userErrors: [{ code: 'IDEMPOTENCY_CONFLICT' }] });
  }, 120_000);

  it('of a known answer: one copy of it', async () => {
    const source = { source: 'sleep 6', format: 'native', name: 'known' };
    const { store } = running.opened.service;
    const two = [0, 1].map((each) => ({ name: `o${each}`, role: 'architect', owner: `o${each}` }));
    const [first, second] = await Promise.all(
      two.map(async (each) => (await store.keys.create(each)).key),
    );
    const submit = async (key: string): Promise<string> => {
      const made = await mutate('modelSubmit', 'SubmitModelInput', source, 'model { id }', key);
      return (made['model'] as { id: string }).id;
    };
    const request = async (key: string, modelId: string): Promise<string> => {
      const input = { modelId, idempotencyKey: 'k' };
      const type = 'RequestVerificationInput';
      const made = await mutate('verificationRequest', type, input, 'run { id }', key);
      return (made['run'] as { id: string }).id;
    };
    const run = await request(first!, await submit(first!));
    await until(async () => (await store.runs.head(run))?.state === 'sealed');
    const before = await count('runs');
    const modelId = await submit(second!);
    const copies = await Promise.all(Array.from({ length: 20 }, () => request(second!, modelId)));
    expect([new Set(copies).size, await count('runs')]).toEqual([1, before + 1]);
  }, 60_000);

  it('of an API key: one key, whose text is had once', async () => {
    const before = await count('api_keys');
    const input = { name: 'once', role: 'trainer', idempotencyKey: 'k' };
    const made = await Promise.all(
      Array.from({ length: 20 }, () =>
        mutate('apiKeyCreate', 'CreateApiKeyInput', input, 'key apiKey { id }'),
      ),
    );
    expect(new Set(made.map(({ apiKey }) => (apiKey as { id: string }).id)).size).toBe(1);
    expect(made.filter(({ key }) => key !== null)).toHaveLength(1);
    expect(await count('api_keys')).toBe(before + 1);
    const old = await post(
      url,
      admin,
      'mutation { createApiKey(input: { name: "once", role: trainer, idempotencyKey: "k" }) { key } }',
    );
    expect(old.codes).toEqual(['IDEMPOTENCY_CONFLICT']);
  });
});

describe('a key', () => {
  const create = async (input: object, key = admin) =>
    (await mutate(
      'apiKeyCreate',
      'CreateApiKeyInput',
      input,
      'key apiKey { id prefix scopes }',
      key,
    )) as {
      key: string;
      apiKey: { id: string; prefix: string; scopes: string[] };
      userErrors: readonly UserError[];
    };
  const viewer = async (key: string) => (await post(url, key, '{ viewer { name } }')).codes;

  it('is told by its prefix, and says when it was last used', async () => {
    const { key, apiKey } = await create({ name: 'seen', role: 'architect' });
    expect(key.startsWith(apiKey.prefix)).toBe(true);
    expect(apiKey.prefix).toHaveLength(9);
    const used = async (): Promise<unknown> =>
      (await running.opened.service.store.keys.get(apiKey.id))?.lastUsedAt;
    expect(await used()).toBeNull();
    expect(await viewer(key)).toEqual([]);
    expect(await used()).toBeInstanceOf(Date);
  });

  it('ends when it was to end, also for who is remembered', async () => {
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    const { key } = await create({ name: 'short', role: 'architect', expiresAt });
    expect(await viewer(key)).toEqual([]);
    await until(async () => (await viewer(key)).includes('UNAUTHENTICATED'));
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    const { userErrors } = await create({
      name: 'late',
      role: 'architect',
      expiresAt: '2020-01-01T00:00:00Z',
    });
    expect(userErrors).toMatchObject([{ code: 'OPTION_INVALID', field: ['input', 'expiresAt'] }]);
  });

  it('is for its scopes and nothing else, and makes no key for more', async () => {
    const { key, apiKey } = await create({
      name: 's',
      role: 'admin',
      scopes: ['read', 'apiKeyCreate', 'apiKeyRotate'],
    });
    expect(apiKey.scopes).toEqual(['apiKeyCreate', 'apiKeyRotate', 'read']);
    expect((await post(url, key, '{ runs { totalCount } }')).codes).toEqual([]);
    const submit =
      'mutation { modelSubmit(input: { source: "x", format: native, name: "x" }) { userErrors { code } } }';
    const refused = await post(url, key, submit);
    expect([refused.codes, refused.errors?.[0]?.message]).toEqual([
      ['FORBIDDEN'],
      'the key is not for modelSubmit: its scopes are apiKeyCreate, apiKeyRotate, read',
    ]);
    for (const scopes of [undefined, ['read', 'modelSubmit']]) {
      const asked = { input: { name: 'x', role: 'admin', scopes } };
      const beyond = await post(
        url,
        key,
        'mutation ($input: CreateApiKeyInput!) { apiKeyCreate(input: $input) { key } }',
        asked,
      );
      expect(beyond.codes).toEqual(['FORBIDDEN']);
    }
    expect((await create({ name: 'x', role: 'admin', scopes: ['read'] }, key)).userErrors).toEqual(
      [],
    );
    const all = await create({ name: 'all', role: 'admin' });
    const taken = await post(
      url,
      key,
      `mutation { apiKeyRotate(input: { id: "${all.apiKey.id}" }) { key } }`,
    );
    expect(taken.codes).toEqual(['FORBIDDEN']);
    expect(
      (await create({ name: 'x', role: 'admin', scopes: ['write'] })).userErrors,
    ).toMatchObject([
      { code: 'OPTION_INVALID', message: expect.stringContaining('unknown scope `write`') },
    ]);
  });

  it('makes no key for more in any organisation, its own among them', async () => {
    const { key } = await create({
      name: 'provisions',
      role: 'admin',
      scopes: ['read', 'organisationKeyCreate'],
    });
    const own = await post(url, key, '{ viewer { organisation { id } } }');
    const { organisation } = (own.data as unknown as { viewer: { organisation: { id: string } } })
      .viewer;
    const ask = (scopes: readonly string[] | undefined) =>
      post(
        url,
        key,
        'mutation ($input: OrganisationKeyCreateInput!) { organisationKeyCreate(input: $input) { key apiKey { scopes } userErrors { code } } }',
        { input: { organisationId: organisation.id, name: 'x', role: 'admin', scopes } },
      );
    for (const scopes of [undefined, [], ['modelSubmit']])
      expect((await ask(scopes)).codes).toEqual(['FORBIDDEN']);
    expect((await ask(['read'])).data).toMatchObject({
      organisationKeyCreate: { apiKey: { scopes: ['read'] }, userErrors: [] },
    });
  });

  it('is replaced by one that may do the same, and both are good for a while', async () => {
    const before = await create({ name: 'r', role: 'architect', owner: 'team', scopes: ['read'] });
    const rotate = (graceSeconds: number) =>
      mutate(
        'apiKeyRotate',
        'ApiKeyRotateInput',
        { id: before.apiKey.id, graceSeconds },
        'key apiKey { id owner scopes }',
      );
    const after = await rotate(3_600);
    expect(after['apiKey']).toMatchObject({ owner: 'team', scopes: ['read'] });
    expect(await viewer(before.key)).toEqual([]);
    expect(await viewer(after['key'] as string)).toEqual([]);
    expect((await rotate(0)).userErrors).toEqual([]);
    await until(async () => (await viewer(before.key)).includes('UNAUTHENTICATED'));
    expect(await viewer(after['key'] as string)).toEqual([]);
    expect((await rotate(-1)).userErrors).toMatchObject([
      { code: 'OPTION_INVALID', field: ['input', 'graceSeconds'] },
    ]);
  });
});
