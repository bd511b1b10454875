import { getIntrospectionQuery } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startApi, type RunningApi } from '../../src/api/server.ts';
import { startEmbeddedPostgres } from '../../src/store/index.ts';
import { temporaryFolder, until } from '../servers.ts';
import { openTestApi, openTestService, type TestApi, type TestService } from '../service/bench.ts';
import { post, raw, subscribe } from './client.ts';

let running: TestApi;
let opened: TestService;
let api: RunningApi;
let [admin, architect] = ['', ''];

beforeAll(async () => {
  running = await openTestApi('hostile-worker');
  ({ opened, api } = running);
  const { keys } = opened.service.store;
  admin = (await keys.create({ name: 'admin', role: 'admin' })).key;
  architect = (await keys.create({ name: 'architect', role: 'architect' })).key;
}, 60_000);
afterAll(() => running?.stop(), 60_000);

const SUBMIT = 'mutation ($input: SubmitModelInput!) { submitModel(input: $input) { id } }';
const REQUEST =
  'mutation ($input: RequestVerificationInput!) { requestVerification(input: $input) { id } }';

async function submit(source: string): Promise<string> {
  const input = { source, format: 'native', name: 'hostile' };
  const { data } = await post(api.url, architect, SUBMIT, { input });
  return (data as unknown as { submitModel: { id: string } }).submitModel.id;
}

async function request(modelId: string, more: object = {}): Promise<string> {
  const answer = await post(api.url, architect, REQUEST, { input: { modelId, ...more } });
  if (answer.errors) throw new Error(answer.codes.join());
  return (answer.data as unknown as { requestVerification: { id: string } }).requestVerification.id;
}

describe('conditions at the root of a subscription', () => {
  const documents: readonly (readonly [string, string])[] = [
    ['a variable', 'subscription ($x: Boolean!) { runUpdated(id: "r") @include(if: $x) { id } }'],
    ['a constant', 'subscription { runUpdated(id: "r") @skip(if: true) { id } }'],
    [
      'inline',
      'subscription ($x: Boolean!) { ... { ... @skip(if: $x) { runUpdated(id: "r") { id } } } }',
    ],
    [
      'in a fragment',
      'subscription ($x: Boolean!) { ...a } fragment a on Subscription { runUpdated(id: "r") @include(if: $x) { id } }',
    ],
  ];

  it.each(documents)('%s: no fault over HTTP, with a key or without', async (_, query) => {
    for (const key of [undefined, architect])
      expect(await post(api.url, key, query)).toMatchObject({
        status: 400,
        codes: ['REQUEST_SHAPE'],
      });
  });

  it('over WebSocket the operation is refused, and the socket carries others', async () => {
    const client = createClient({
      url: `${api.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      lazy: false,
      retryAttempts: 0,
      onNonLazyError: () => undefined,
      connectionParams: { authorization: `Bearer ${architect}` },
    });
    let closed = false;
    client.on('closed', () => (closed = true));
    for (const [name, query] of documents) {
      const refused = client.iterate({ query }).next();
      await expect(refused, name).rejects.toMatchObject([
        { extensions: { code: 'REQUEST_SHAPE' } },
      ]);
    }
    expect(closed).toBe(false);
    const { value } = (await client.iterate({ query: '{ viewer { role } }' }).next()) as {
      value: object;
    };
    expect(value).toMatchObject({ data: { viewer: { role: 'architect' } } });
    await client.dispose();
  }, 30_000);
});

describe('sockets without a key', () => {
  /** A socket that is open, and the code that it will be closed with. */
  const open = (): Promise<{ readonly socket: WebSocket; readonly closed: Promise<number> }> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(
        `${api.url.replace('http', 'ws')}/graphql`,
        'graphql-transport-ws',
      );
      const closed = new Promise<number>((end) => socket.once('close', end));
      socket.once('open', () => resolve({ socket, closed }));
      socket.once('error', reject);
    });

  it('keep nobody out who has one, and are ended soon', async () => {
    const silent = await Promise.all(Array.from({ length: 60 }, open));
    const [seen] = await subscribe(api.url, architect, '{ viewer { role } }');
    expect(seen).toMatchObject({ data: { viewer: { role: 'architect' } } });
    expect(new Set(await Promise.all(silent.map(({ closed }) => closed)))).toEqual(
      new Set([1013, 4408]),
    );
  }, 30_000);

  it('may send little before they say who they are', async () => {
    const { socket, closed } = await open();
    socket.on('error', () => undefined);
    socket.send(JSON.stringify({ type: 'connection_init', payload: { x: 'x'.repeat(1_000_000) } }));
    expect([1006, 1009]).toContain(await closed);
  }, 30_000);
});

describe('a key that is revoked', () => {
  it('ends what it has begun', async () => {
    const { key, record } = await opened.service.store.keys.create({
      name: 'short',
      role: 'architect',
      owner: 'short',
    });
    const input = { source: 'forever', format: 'native', name: 'x' };
    const model = (await post(api.url, key, SUBMIT, { input })).data as unknown as {
      submitModel: { id: string };
    };
    const run = (await post(api.url, key, REQUEST, { input: { modelId: model.submitModel.id } }))
      .data as unknown as { requestVerification: { id: string } };
    const { id } = run.requestVerification;
    const watching = subscribe(
      api.url,
      key,
      'subscription ($id: ID!) { runUpdated(id: $id) { state } }',
      { id },
    );
    const ended = expect(watching).rejects.toMatchObject({ code: 4403 });
    await until(async () => (await opened.service.store.runs.head(id))?.state === 'running');
    await post(api.url, admin, 'mutation ($id: ID!) { revokeApiKey(id: $id) { id } }', {
      id: record.id,
    });
    await ended;
    await opened.service.store.runs.cancel(id);
  }, 30_000);
});

describe('documents', () => {
  it('introspection has a depth of its own, and the usual one passes', async () => {
    const deep = `{ __type(name: "Run") { ${'ofType { '.repeat(200)} name ${'} '.repeat(200)} } }`;
    expect((await post(api.url, admin, deep)).codes).toEqual(['QUERY_TOO_COMPLEX']);
    expect((await post(api.url, admin, getIntrospectionQuery())).codes).toEqual([]);
  });

  it('a document of megabytes is refused before it is read, over both transports', async () => {
    const long = `{ viewer { name } } # ${'x'.repeat(5_000_000)}`;
    expect((await post(api.url, admin, long)).codes).toEqual(['QUERY_TOO_COMPLEX']);
    await expect(subscribe(api.url, admin, long)).rejects.toMatchObject([
      { extensions: { code: 'QUERY_TOO_COMPLEX' } },
    ]);
  });

  it('a body that is not UTF-8 is refused, not repaired', async () => {
    const body = Buffer.from(
      JSON.stringify({ query: SUBMIT, variables: { input: { source: 'sleep 1 # é' } } }),
      'latin1',
    );
    const headers = { authorization: `Bearer ${architect}` };
    for (const type of ['application/json', 'application/json; charset=utf-16'])
      expect(
        await raw(api.url, new Uint8Array(body), { ...headers, 'content-type': type }),
      ).toMatchObject({ status: 400, codes: ['INPUT_NOT_UTF8'] });
  });
});

describe('a request that is repeated', () => {
  it('with its key is the same run, however many come at once', async () => {
    // What is not known in the end is never answered from memory.
    const modelId = await submit('unknown repeated');
    const idempotencyKey = 'once';
    const ids = await Promise.all(
      Array.from({ length: 5 }, () => request(modelId, { idempotencyKey })),
    );
    expect(new Set(ids).size).toBe(1);
    await until(
      async () => (await opened.service.store.runs.head(ids[0] ?? ''))?.state === 'sealed',
    );
    expect(await request(modelId, { idempotencyKey })).toBe(ids[0]);
    expect(await request(modelId)).not.toBe(ids[0]);
    await expect(
      request(modelId, { idempotencyKey, limits: { timeoutMs: 5_000 } }),
    ).rejects.toThrow('IDEMPOTENCY_CONFLICT');
    await expect(request(modelId, { idempotencyKey: '' })).rejects.toThrow('REQUEST_SHAPE');
  }, 30_000);
});

describe('a database that is away', () => {
  it('is said by its code, as something that may pass', async () => {
    const folder = await temporaryFolder();
    const server = await startEmbeddedPostgres(folder);
    const alone = await openTestService(server.url);
    const { key } = await alone.service.store.keys.create({ name: 'x', role: 'admin' });
    const away = await startApi({ ...alone.installation, config: { ...alone.config, port: 0 } });
    await alone.service.queues.depth();
    await server.stop();
    const answer = await post(away.url, key, '{ viewer { role } }');
    expect(answer.codes).toEqual(['DATABASE_UNAVAILABLE']);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ retryable: true });
    const file = await fetch(`${away.url}/runs/run_x/trace?property=p`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(file.status).toBe(503);
    expect(await file.json()).toMatchObject({
      errors: [{ extensions: { code: 'DATABASE_UNAVAILABLE', retryable: true } }],
    });
    await away.stop();
    await alone.close();
  }, 90_000);
});
