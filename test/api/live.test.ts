import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  requestVerification,
  submitModel,
  cancelRun,
  type Asker,
} from '../../src/service/submit.ts';
import { withdrawVerdict } from '../../src/service/withdraw.ts';
import { FIRST_ORGANISATION, verdictIdOf } from '../../src/store/index.ts';
import { until } from '../servers.ts';
import { ALICE, openTestApi, type TestApi } from '../service/bench.ts';
import { post } from './client.ts';
import { openStream, type Streamed } from './stream.ts';

let running: TestApi;
const keys: Record<string, string> = {};
let clients: Client[] = [];

beforeAll(async () => {
  running = await openTestApi('live');
  const make = async (name: string, role: string, owner: string): Promise<void> => {
    keys[name] = (await running.opened.service.store.keys.create({ name, role, owner })).key;
  };
  await make('alice', 'architect', 'alice');
  await make('bob', 'architect', 'bob');
  await make('officer', 'compliance', 'carol');
  await make('learner', 'learner', 'lea');
}, 60_000);
afterAll(async () => {
  for (const client of clients) await client.dispose();
  await running?.stop();
}, 60_000);

const ANNOUNCED = `subscription ($after: ID, $kinds: [AnnouncementKind!]) {
  announced(after: $after, kinds: $kinds) { cursor kind subject data run { id state } verdict { id } }
}`;

interface Announced {
  readonly cursor: string;
  readonly kind: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly run: { readonly id: string; readonly state: string } | null;
  readonly verdict: { readonly id: string } | null;
}

const announcedIn = (results: readonly Streamed[]): Announced[] =>
  results.flatMap(({ data }) => (data ? [data['announced'] as Announced] : []));

/** The id of a run of alice's, once it has ended. */
async function ended(source: string, name = source): Promise<string> {
  const { service } = running.opened;
  const model = await submitModel(service, ALICE, { source, format: 'native', name });
  if (!model.ok) throw new Error(JSON.stringify(model.problems));
  const run = await requestVerification(service, ALICE, { modelId: model.value.id });
  if (!run.ok) throw new Error(JSON.stringify(run.problems));
  await until(async () => (await service.store.runs.head(run.value.id))?.finishedAt ?? false);
  return run.value.id;
}

/** So many announcements over WebSocket. */
async function overWebSocket(
  key: string,
  variables: Record<string, unknown>,
  count: number,
): Promise<Announced[]> {
  const client = createClient({
    url: `${running.api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${key}` },
  });
  clients.push(client);
  const seen: Announced[] = [];
  for await (const result of client.iterate({ query: ANNOUNCED, variables })) {
    seen.push(...announcedIn([result as Streamed]));
    if (seen.length === count) break;
  }
  return seen;
}

describe('what happens', () => {
  it('is told over both transports, each once and in order, with a place to go on from', async () => {
    const { url } = running.api;
    const stream = await openStream(url, keys['officer'], ANNOUNCED, { after: '0' });
    const runId = await ended('sleep 1', 'first');
    const verdictId = verdictIdOf(runId);
    const change = { state: 'revoked', reason: 'because' } as const;
    await withdrawVerdict(
      running.opened.service,
      { ...ALICE, seesAll: true },
      'k',
      verdictId,
      change,
    );
    const told = announcedIn(await stream.take(3));
    expect(told.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['verdictIssued', verdictId],
      ['runFinished', runId],
      ['verdictRevoked', verdictId],
    ]);
    expect(told[0]).toMatchObject({ data: { verdict: verdictId, run: runId, leaf: 0 } });
    expect(told[1]).toMatchObject({
      data: { state: 'sealed' },
      run: { id: runId, state: 'sealed' },
    });
    expect(told[2]).toMatchObject({
      data: { state: 'revoked', leaf: 1 },
      verdict: { id: verdictId },
    });
    await stream.close();
    expect(await overWebSocket(keys['officer']!, { after: told[0]!.cursor }, 2)).toEqual(
      told.slice(1),
    );
    const kinds = ['verdictRevoked'];
    expect(await overWebSocket(keys['officer']!, { after: '0', kinds }, 1)).toEqual(told.slice(2));
    // The same as a list.
    const listed = await post(
      url,
      keys['officer'],
      '{ announcements(first: 2, order: oldestFirst) { nodes { cursor } pageInfo { endCursor hasNextPage } } }',
    );
    expect(listed.data?.['announcements']).toEqual({
      nodes: told.slice(0, 2).map(({ cursor }) => ({ cursor })),
      pageInfo: { endCursor: told[1]!.cursor, hasNextPage: true },
    });
  }, 60_000);

  it('is told of runs that fail, are cancelled, or end without a signature', async () => {
    const { service } = running.opened;
    const stream = await openStream(running.api.url, keys['officer'], ANNOUNCED);
    const failed = await ended('bug', 'failing');
    const model = await submitModel(service, ALICE, {
      source: 'forever',
      format: 'native',
      name: 'x',
    });
    const run = await requestVerification(service, ALICE, {
      modelId: model.ok ? model.value.id : '',
    });
    const cancelled = run.ok ? run.value.id : '';
    await cancelRun(service, ALICE, cancelled);
    const again = await submitModel(service, ALICE, {
      source: 'sleep 2',
      format: 'native',
      name: 'y',
    });
    const modelId = again.ok ? again.value.id : '';
    const ask = (asker: Asker) => requestVerification(service, asker, { modelId, seal: false });
    const unsigned = await ask(ALICE);
    const unsignedId = unsigned.ok ? unsigned.value.id : '';
    await until(async () => (await service.store.runs.head(unsignedId))?.finishedAt ?? false);
    // Known already to somebody else, and so ended when it is made.
    const known = await ask({ owner: 'carol', seesAll: true });
    const told = announcedIn(await stream.take(4));
    expect(told.map(({ subject, data }) => [subject, data['state'], data['failure']])).toEqual([
      [failed, 'failed', 'INTERNAL'],
      [cancelled, 'cancelled', undefined],
      [unsignedId, 'unsigned', undefined],
      [known.ok && known.value.id, 'unsigned', undefined],
    ]);
    await stream.close();
  }, 60_000);

  it('reaches a reader who is cut off again and again whole, in order and once', async () => {
    const before = await running.opened.service.store.announcements.head();
    const seen: Announced[] = [];
    const [last] = await running.opened.service.store.announcements.after(before - 1, {}, 1);
    let after = last!.id;
    const reading = (async () => {
      while (seen.length < 16) {
        const stream = await openStream(running.api.url, keys['officer'], ANNOUNCED, { after });
        const some = announcedIn(await stream.take(Math.min(3, 16 - seen.length)));
        await stream.close();
        seen.push(...some);
        after = some.at(-1)!.cursor;
      }
    })();
    const runs = await Promise.all(
      Array.from({ length: 8 }, (_, index) => ended(`sleep ${index + 10}`, `cut ${index}`)),
    );
    await reading;
    const { announcements } = running.opened.service.store;
    const kept = await announcements.after(before, {}, 100);
    expect(seen.map(({ cursor }) => cursor)).toEqual(kept.map(({ id }) => id));
    expect(new Set(seen.flatMap(({ run }) => run?.id ?? []))).toEqual(new Set(runs));
  }, 60_000);

  it('is told to its owner and to those who see all, and to no learner', async () => {
    const bob = await openStream(running.api.url, keys['bob'], ANNOUNCED, { after: '0' });
    const alice = await openStream(running.api.url, keys['alice'], ANNOUNCED, { after: '0' });
    await running.opened.service.store.announcements.add({
      kind: 'monitor.alert',
      owner: 'bob',
      subject: 'case 7',
      data: { case: 'case 7' },
    });
    expect(announcedIn(await bob.take(1))).toMatchObject([
      { kind: 'monitorAlert', subject: 'case 7', run: null, verdict: null },
    ]);
    expect(announcedIn(await alice.take(1))[0]?.kind).not.toBe('monitorAlert');
    await bob.close();
    await alice.close();
    const learner = await openStream(running.api.url, keys['learner'], ANNOUNCED);
    expect((await learner.rest())[0]?.errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
  });

  it('is refused after a cursor of something that is not kept, or was never here', async () => {
    const { store } = running.opened.installation;
    const { id } = (await store.organisations.create({ name: 'other', publishes: false }))!;
    const alert = { kind: 'monitor.alert', owner: 'x', subject: 's', data: {} } as const;
    await store.of(id).announcements.add(alert);
    const [foreign] = await store.of(id).announcements.after(0, {}, 1);
    for (const after of [foreign!.id, 'ann_00000000000000000000000000', '17', 'x'.repeat(300)]) {
      const stream = await openStream(running.api.url, keys['officer'], ANNOUNCED, { after });
      const [first] = await stream.rest();
      expect(first?.errors?.[0]?.extensions['code'], after).toBe('CURSOR_GONE');
    }
    const { store: own } = running.opened.service;
    const [oldest] = await own.announcements.after(0, {}, 1);
    await store.all.announcements.deleteBefore(new Date(oldest!.at.getTime() + 1), 100);
    const list = `{ announcements(first: 1, after: "${oldest!.id}") { nodes { id } } }`;
    expect((await post(running.api.url, keys['officer'], list)).codes).toEqual(['CURSOR_GONE']);
  });
});

describe('event streams', () => {
  it('have queries and mutations too, and what is wrong with a document as an event', async () => {
    const { url } = running.api;
    const one = await openStream(url, keys['alice'], '{ viewer { name } }');
    expect(one.contentType).toBe('text/event-stream; charset=utf-8');
    expect(await one.rest()).toEqual([{ data: { viewer: { name: 'alice' } } }]);
    const wrong = await openStream(url, keys['alice'], '{ nothing }');
    expect((await wrong.rest())[0]?.errors?.[0]?.extensions['code']).toBe('REQUEST_SHAPE');
    const dear = await openStream(url, keys['alice'], `{ ${'a:viewer{name} '.repeat(40)} }`);
    expect((await dear.rest())[0]?.errors?.[0]?.extensions['code']).toBe('QUERY_TOO_COMPLEX');
    const skipped = await openStream(
      url,
      keys['alice'],
      'subscription { announced @skip(if: true) { id } }',
    );
    expect((await skipped.rest())[0]?.errors?.[0]?.extensions['code']).toBe('REQUEST_SHAPE');
    const got = (query: string): Promise<Response> =>
      fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, {
        headers: { accept: 'text/event-stream', authorization: `Bearer ${keys['alice']}` },
      });
    expect(await (await got('{ viewer { name } }')).text()).toContain('"name":"alice"');
    const mutation = 'mutation { runCancel(input: { id: "x" }) { run { id } } }';
    expect(await (await got(mutation)).text()).toContain('a mutation goes by POST');
  });

  it('are refused to nobody’s keys by a status', async () => {
    for (const key of [undefined, 'pk_wrong'])
      expect(await openStream(running.api.url, key, ANNOUNCED)).toMatchObject({
        status: 401,
        body: expect.stringContaining('UNAUTHENTICATED'),
      });
    const shapeless = await fetch(`${running.api.url}/graphql`, {
      method: 'POST',
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        authorization: `Bearer ${keys['alice']}`,
      },
      body: '{}',
    });
    expect(shapeless.status).toBe(400);
    expect(await shapeless.text()).toContain('REQUEST_SHAPE');
  });

  it('end with a code when their key is revoked, or ends, though nothing happens', async () => {
    const { store } = running.opened.installation.of(FIRST_ORGANISATION);
    const revoked = await store.keys.create({ name: 'gone', role: 'compliance' });
    const expiresAt = new Date(Date.now() + 1_500);
    const ending = await store.keys.create({ name: 'short', role: 'compliance', expiresAt });
    const streams = await Promise.all(
      [revoked.key, ending.key].map((key) => openStream(running.api.url, key, ANNOUNCED)),
    );
    await store.keys.revoke(revoked.record.id);
    for (const stream of streams) {
      const results = await stream.rest();
      expect(results.at(-1)?.errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED');
      expect(stream.isComplete()).toBe(true);
    }
  }, 30_000);
});

describe('subscriptions over WebSocket', () => {
  it('end with 4403 when their key is revoked, and show nothing that happens after', async () => {
    const { store } = running.opened.service;
    const { key, record } = await store.keys.create({ name: 'gone', role: 'compliance' });
    const code = new Promise<number>((resolve) => {
      const client = createClient({
        url: `${running.api.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { authorization: `Bearer ${key}` },
        on: { closed: (event) => resolve((event as CloseEvent).code) },
      });
      clients.push(client);
      client.subscribe(
        { query: ANNOUNCED },
        { next: () => undefined, error: () => undefined, complete: () => undefined },
      );
    });
    await until(async () => (await store.keys.get(record.id))?.lastUsedAt ?? false);
    await store.keys.revoke(record.id);
    expect(await code).toBe(4403);
    clients = [];
  }, 30_000);
});
