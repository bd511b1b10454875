import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyBudget, WrongKeys } from '../../src/api/budget.ts';
import { METER } from '../../src/api/operations.ts';
import { requestVerification, submitModel } from '../../src/service/submit.ts';
import type { Service } from '../../src/service/service.ts';
import { isFinished } from '../../src/store/index.ts';
import { until } from '../servers.ts';
import { ALICE, openTestApi, type TestApi } from '../service/bench.ts';
import { post, raw } from './client.ts';

/** What one key, address or organisation may take, and what it leaves to others. */

describe('a budget', () => {
  it('holds ten seconds of the rate, fills up with time, and never above', () => {
    const budget = new KeyBudget(100);
    expect(budget.take('a', 900, 0)).toEqual({ limit: 1_000, left: 100, waitS: 0 });
    expect(budget.take('a', 301, 0)).toEqual({ limit: 1_000, left: 100, waitS: 3 });
    // What was refused took nothing.
    expect(budget.take('a', 300, 2_000)).toMatchObject({ left: 0, waitS: 0 });
    expect(budget.giveBack('a', 40, 2_000)).toBe(40);
    expect(budget.take('b', 1, 2_000)).toMatchObject({ left: 999 });
    expect(budget.take('a', 0, 1_000_000)).toMatchObject({ left: 1_000 });
    expect(new KeyBudget(0).take('a', 1e9, 0).waitS).toBe(0);
  });
});

describe('wrong keys', () => {
  it('lock their address for a minute, others not, and loopback never', () => {
    const wrong = new WrongKeys();
    for (let i = 0; i < 19; i += 1) wrong.note('192.0.2.1', i);
    expect(wrong.lockedS('192.0.2.1', 20)).toBe(0);
    wrong.note('192.0.2.1', 20);
    expect(wrong.lockedS('192.0.2.1', 20)).toBe(60);
    expect(wrong.lockedS('192.0.2.2', 20)).toBe(0);
    expect(wrong.lockedS('192.0.2.1', 60_020)).toBe(0);
    for (let i = 0; i < 50; i += 1) wrong.note('::ffff:127.0.0.1', 0);
    expect(wrong.lockedS('::ffff:127.0.0.1', 1)).toBe(0);
    // Slow ones are never locked.
    for (let i = 0; i < 50; i += 1) wrong.note('192.0.2.3', i * 10_000);
    expect(wrong.lockedS('192.0.2.3', 500_000)).toBe(0);
  });
});

it('what a document costs is asked for by its lists, and counted by what came', () => {
  const source =
    'query A { runs(first: 50) { nodes { ...R } } } fragment R on Run { id verdict { envelope } }';
  const document = parse(source);
  const [operation] = document.definitions;
  if (operation?.kind !== 'OperationDefinition') throw new Error('operation');
  // runs + 50 × (nodes + id + verdict + envelope of 5)
  expect(METER.requested(document, operation)).toEqual({
    cost: 1 + 50 * (1 + 1 + 1 + 5),
    dearest: '; the dearest field is `runs.nodes.verdict.envelope`, 401',
  });
  const node = { id: 'x', verdict: { envelope: '{}' } };
  const data = { runs: { nodes: [node, { id: 'y', verdict: null }] } };
  expect(METER.actual(document, operation, data)).toBe(1 + 1 + (1 + 1 + 5) + (1 + 1));
  expect(METER.actual(document, operation, null)).toBe(0);
});

describe('over HTTP', () => {
  let running: TestApi;
  let url: string;
  let key: string;
  beforeAll(async () => {
    running = await openTestApi('fair', {
      env: {
        PROBITY_COST_PER_SECOND: '30',
        PROBITY_TRUST_PROXY: '1',
        PROBITY_QUOTA_OPEN_RUNS: '12',
        PROBITY_MAX_STATES: '5000',
      },
    });
    url = running.api.url;
    const { keys } = running.opened.service.store;
    key = (await keys.create({ name: 'a', role: 'admin' })).key;
  }, 60_000);
  afterAll(() => running?.stop(), 60_000);

  const send = async (query: string, headers: Record<string, string>) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
    return { response, body: (await response.json()) as Record<string, never> };
  };

  it('an answer says what it cost and what is left; too much is 429, with when to come again', async () => {
    const { key: own } = await running.opened.service.store.keys.create({
      name: 'b',
      role: 'admin',
    });
    const authorization = `Bearer ${own}`;
    const first = await send('{ runs(first: 50) { nodes { id } } }', { authorization });
    expect(first.body['extensions']).toMatchObject({ cost: { requested: 101, actual: 2 } });
    expect(first.response.headers.get('x-ratelimit-limit')).toBe('2000');
    expect(Number(first.response.headers.get('x-ratelimit-remaining'))).toBeGreaterThan(1_990);
    // Costs as much as it asked for, and comes again faster than the budget fills up.
    const dearDocument = `{ ${'abcdef'
      .split('')
      .map((each) => `${each}: scenarios { id sector level story }`)
      .join(' ')} }`;
    const dear = await until(async () => {
      const again = await send(dearDocument, { authorization });
      return again.response.status === 200 ? undefined : again;
    });
    expect(dear.response.status).toBe(429);
    expect(dear.body['errors']).toMatchObject([
      {
        message: expect.stringContaining('the dearest field is `scenarios'),
        extensions: { code: 'RATE_LIMITED' },
      },
    ]);
    expect(Number(dear.response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(dear.response.headers.get('x-ratelimit-reset')).not.toBeNull();
    // Another key has a budget of its own.
    expect((await post(url, key, '{ viewer { name } }')).codes).toEqual([]);
  });

  it('a document that is too dear says which field makes it so', async () => {
    const { errors } = await post(
      url,
      key,
      '{ viewer { name } runs(first: 100) { nodes { id report { properties { trace } } report2: report { properties { trace evidence } } } } }',
    );
    expect(errors?.[0]?.message).toMatch(/^cost: \d+, .*; the dearest field is `runs\.nodes/u);
  });

  it('an address that sends too many wrong keys is not listened to for a while, others are', async () => {
    const from = (address: string, text: string) =>
      raw(url, JSON.stringify({ query: '{ viewer { name } }' }), {
        'content-type': 'application/json',
        authorization: `Bearer ${text}`,
        'x-forwarded-for': address,
      });
    for (let i = 0; i < 20; i += 1)
      expect((await from('192.0.2.7', `pk_${i}`)).codes).toEqual(['UNAUTHENTICATED']);
    expect(await from('192.0.2.7', 'pk_x')).toMatchObject({ status: 429, codes: ['RATE_LIMITED'] });
    expect((await from('192.0.2.8', 'pk_x')).codes).toEqual(['UNAUTHENTICATED']);
    expect((await from('192.0.2.8', key)).codes).toEqual([]);
    const file = await fetch(`${url}/audit.zip`, {
      headers: { authorization: 'Bearer pk_y', 'x-forwarded-for': '192.0.2.7' },
    });
    expect(file.status).toBe(429);
  });

  async function ask(service: Service, source: string): Promise<string> {
    const model = await submitModel(service, ALICE, { source, format: 'native', name: 'fair' });
    if (!model.ok) throw new Error(JSON.stringify(model.problems));
    const run = await requestVerification(service, ALICE, { modelId: model.value.id });
    if (!run.ok) throw new Error(JSON.stringify(run.problems));
    return run.value.id;
  }

  it('ten runs of one organisation keep a run of another waiting for one of them; then for no quota', async () => {
    const { installation, service: hostile } = running.opened;
    const { organisations } = installation.store;
    const small = installation.of(
      (await organisations.create({ name: 's', publishes: false }))!.id,
    );
    const many: string[] = [];
    for (let i = 0; i < 10; i += 1) many.push(await ask(hostile, `sleep ${400 + i}`));
    await until(async () => (await hostile.store.runs.head(many[0]!))?.state !== 'queued');
    const startedBefore = async (): Promise<number> => {
      const all = await Promise.all(many.map((id) => hostile.store.runs.head(id)));
      return all.filter((run) => run!.startedAt !== null).length;
    };
    const already = await startedBefore();
    const one = await ask(small, 'sleep 1');
    const done = await until(async () => {
      const run = await small.store.runs.head(one);
      return run && isFinished(run.state) ? run : undefined;
    });
    const started = await Promise.all(many.map((id) => hostile.store.runs.head(id)));
    const meanwhile = started.filter(
      (run) => run!.startedAt !== null && run!.startedAt < done.startedAt!,
    );
    expect(meanwhile.length).toBeLessThanOrEqual(already + 1);
    expect(done.state).toBe('sealed');
    // The quota is the organisation's own.
    const refused = await until(async () => {
      const model = await submitModel(hostile, ALICE, {
        source: `sleep 9${Math.random()}`,
        format: 'native',
        name: 'fair',
      });
      if (!model.ok) throw new Error('refused');
      const run = await requestVerification(hostile, ALICE, { modelId: model.value.id });
      return run.ok ? undefined : run.problems;
    });
    expect(refused).toMatchObject([{ code: 'QUOTA_EXCEEDED' }]);
    await ask(small, 'sleep 2');
  }, 60_000);

  it('no run asks for more than the installation gives', async () => {
    const { service } = running.opened;
    const model = await submitModel(service, ALICE, {
      source: 'sleep 3',
      format: 'native',
      name: 'x',
    });
    if (!model.ok) throw new Error('refused');
    const asked = { modelId: model.value.id, limits: { maxStates: 5_001 } };
    expect(await requestVerification(service, ALICE, asked)).toMatchObject({
      problems: [{ code: 'OPTION_INVALID', message: expect.stringContaining('to 5000') }],
    });
  });
});

it('an organisation stores no more than it may', async () => {
  const running = await openTestApi('stored', { env: { PROBITY_QUOTA_STORED_MB: '1' } });
  try {
    const { service } = running.opened;
    const { models } = service.store;
    const noise = Array.from({ length: 300_000 }, () => Math.random().toString(36).slice(2, 8));
    const digests = { owner: 'o', digest: 'd', sourceDigest: 's', name: 'm', format: 'native' };
    await models.put({ ...digests, source: noise.join(''), document: {} as never });
    expect(await models.storedBytes()).toBeGreaterThan(1024 * 1024);
    expect(
      await submitModel(service, ALICE, { source: 'sleep 1', format: 'native', name: 'x' }),
    ).toMatchObject({ problems: [{ code: 'QUOTA_EXCEEDED', path: 'input.source' }] });
    const { organisations } = running.opened.installation.store;
    const other = (await organisations.create({ name: 'o', publishes: false }))!.id;
    const small = running.opened.installation.of(other);
    expect(
      (await submitModel(small, ALICE, { source: 'sleep 1', format: 'native', name: 'x' })).ok,
    ).toBe(true);
  } finally {
    await running.stop();
  }
}, 60_000);
