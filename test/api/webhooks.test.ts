import { fork, type ChildProcess } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { retryAfter, webhookBody } from '../../src/service/deliveries.ts';
import { requestVerification, submitModel } from '../../src/service/submit.ts';
import { openSecret, sealSecret, webhookSignature } from '../../src/service/webhookSecret.ts';
import { newId, type AnnouncementKind, type AnnouncementRecord } from '../../src/store/index.ts';
import { golden, repository } from '../golden.ts';
import { temporaryFolder, until } from '../servers.ts';
import { ALICE, openTestApi, type TestApi } from '../service/bench.ts';
import { post } from './client.ts';

const ajv = new Ajv2020({ strict: true, allErrors: true, formats: { 'date-time': true } });
const isBody = ajv.compile(
  JSON.parse(readFileSync(repository('schemas/webhook.schema.json'), 'utf8')) as object,
);

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Who receives: each path answers as the test says, or with 204. */
const received: Received[] = [];
const answers = new Map<string, (response: ServerResponse) => void>();
let receiver: Server;
let at: string;
let running: TestApi;
let pool: pg.Pool;
let admin: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      const answer = answers.get(request.url ?? '');
      if (answer) answer(response);
      else response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  at = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const dataDir = await temporaryFolder();
  running = await openTestApi('webhooks', {
    dataDir,
    env: {
      PROBITY_WEBHOOK_ALLOW: at.slice('http://'.length),
      PROBITY_WEBHOOK_HTTP: 'yes',
      PROBITY_WEBHOOK_TIMEOUT_MS: '1000',
    },
  });
  pool = new pg.Pool({ connectionString: running.opened.config.databaseUrl, max: 1 });
  admin = (await running.opened.service.store.keys.create({ name: 'a', role: 'admin' })).key;
}, 60_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  receiver?.closeAllConnections();
  receiver?.close();
  await pool?.end();
  await running?.stop();
}, 60_000);

const on = (path: string): Received[] => received.filter((each) => each.path === path);

/** A mutation's payload. */
async function mutate<T>(field: string, input: object, below: string): Promise<T> {
  const type = `${field[0]?.toUpperCase()}${field.slice(1)}`;
  const inputType = /^webhook(Disable|Enable|Delete|Ping)$/u.test(field) ? 'Webhook' : type;
  const query = `mutation ($input: ${inputType}Input!) { ${field}(input: $input) { ${below} userErrors { code field message } } }`;
  const answer = await post(running.api.url, admin, query, { input });
  expect(answer.errors).toBeUndefined();
  return answer.data?.[field] as T;
}

interface Opened {
  readonly secret: string | null;
  readonly webhook: { readonly id: string; readonly disabledReason: string | null } | null;
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
}

const OPENED = 'secret webhook { id disabledReason }';
async function open(path: string, more: object = {}): Promise<{ id: string; secret: string }> {
  const { webhook, secret } = await mutate<Opened>(
    'webhookCreate',
    { url: at + path, ...more },
    OPENED,
  );
  return { id: webhook!.id, secret: secret! };
}

interface Delivery {
  readonly id: string;
  readonly announcementId: string;
  readonly state: string;
  readonly attempts: readonly {
    number: number;
    status: number | null;
    error: string | null;
    latencyMs: number | null;
  }[];
}

async function deliveries(webhookId: string): Promise<readonly Delivery[]> {
  const query = `query ($id: ID!) { webhookDeliveries(webhookId: $id) { nodes {
    id announcementId state attempts { number status error latencyMs } } } }`;
  const answer = await post(running.api.url, admin, query, { id: webhookId });
  const { nodes } = answer.data!['webhookDeliveries'] as unknown as { nodes: readonly Delivery[] };
  return nodes;
}

const ping = async (id: string): Promise<string> =>
  (await mutate<{ delivery: { id: string } }>('webhookPing', { id }, 'delivery { id }')).delivery
    .id;

/** A delivery once so many attempts have an outcome. */
async function settled(webhookId: string, id: string, attempts: number): Promise<Delivery> {
  const find = async () => (await deliveries(webhookId)).find((each) => each.id === id);
  await until(async () => {
    const done = (await find())?.attempts.filter(({ status, error }) => status ?? error) ?? [];
    return done.length >= attempts;
  });
  // Again: the attempts were read after the row that they are of.
  return (await find())!;
}

/** As if the time had come. */
const due = (id: string): Promise<unknown> =>
  pool.query(`UPDATE "webhook_deliveries" SET "next_attempt_at" = now() WHERE "id" = $1`, [id]);

/** What a receiver does, from the text of Standard Webhooks and with other cryptography than ours. */
async function verifies({ headers, body }: Received, secret: string): Promise<boolean> {
  const bytes = Uint8Array.from(atob(secret.slice('whsec_'.length)), (each) => each.charCodeAt(0));
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const key = await webcrypto.subtle.importKey('raw', bytes, hmac, false, ['verify']);
  const said = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const isNow = Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1_000) < 300;
  for (const each of String(headers['webhook-signature']).split(' ')) {
    const [version, text = ''] = each.split(',');
    const signature = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const isGood = await webcrypto.subtle.verify(
      'HMAC',
      key,
      signature,
      new TextEncoder().encode(said),
    );
    if (version === 'v1' && isGood) return isNow;
  }
  return false;
}

describe('what is signed', () => {
  it('is signed as the published vector of Standard Webhooks is', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const body = '{"test": 2432232314}';
    expect(webhookSignature(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, body)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('has a secret that only its webhook opens', async () => {
    const { service } = running.opened;
    const sealed = await sealSecret(service, 'whk_a', 'whsec_secret');
    expect(sealed).not.toContain('secret');
    expect(await openSecret(service, 'whk_a', sealed)).toBe('whsec_secret');
    await expect(openSecret(service, 'whk_b', sealed)).rejects.toMatchObject({ code: 'KEY_FILE' });
  });

  it('has the shape of the schema, for each kind', () => {
    const ids = '01m8m5gzzg4tt7v5ydvxqh5y0g';
    const data: Readonly<Record<AnnouncementKind, AnnouncementRecord['data']>> = {
      'run.finished': {
        run: `run_${ids}`,
        model: `mdl_${ids}`,
        state: 'failed',
        failure: 'TIMEOUT',
      },
      'verdict.issued': { verdict: `ver_${ids}`, run: `run_${ids}`, leaf: 7 },
      'verdict.revoked': { verdict: `ver_${ids}`, state: 'superseded', leaf: 8 },
      'monitor.alert': { case: 'order 4711' },
      'playbook.moved': {
        run: `pbr_${ids}`,
        monitor: `mon_${ids}`,
        subject: `alr_${ids}`,
        state: 'running',
        step: 'waiting',
      },
      'webhook.ping': { webhook: `whk_${ids}` },
    };
    const bodies = Object.entries(data).map(([kind, each]) =>
      JSON.parse(
        webhookBody({
          id: `ann_${ids}`,
          position: 1,
          at: new Date('2026-07-01T10:00:00Z'),
          kind: kind as AnnouncementKind,
          owner: 'alice',
          subject: 'x',
          data: each,
        }),
      ),
    );
    golden('test/golden/webhook/bodies.json', bodies);
    for (const each of bodies) expect(isBody(each), ajv.errorsText(isBody.errors)).toBe(true);
    expect(isBody({ ...bodies[0], data: { ...bodies[0].data, report: {} } })).toBe(false);
  });

  it('is tried for three days, ever later, a little apart, and as late as is asked for', () => {
    const waits = Array.from({ length: 10 }, (_, index) => retryAfter(index + 1, 0));
    expect(waits).toEqual([
      5,
      300,
      1_800,
      7_200,
      18_000,
      36_000,
      50_400,
      72_000,
      86_400,
      undefined,
    ]);
    expect(retryAfter(2, 1)).toBe(360);
    expect(retryAfter(1, 0.5, 60)).toBe(60);
    expect(retryAfter(1, 0, 10_000_000)).toBe(86_400);
  });
});

describe('a webhook', () => {
  it('is told what happens, signed, once, with its secret shown once', async () => {
    const wanted = { kinds: ['verdictIssued', 'runFinished'], idempotencyKey: 'one' };
    const { id, secret } = await open('/all', wanted);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/u);
    const again = await mutate<Opened>('webhookCreate', { url: `${at}/all`, ...wanted }, OPENED);
    expect(again).toMatchObject({ secret: null, webhook: { id } });
    const { service } = running.opened;
    const source = { source: 'sleep 1', format: 'native', name: 'told' } as const;
    const model = await submitModel(service, ALICE, source);
    await requestVerification(service, ALICE, { modelId: model.ok ? model.value.id : '' });
    await until(async () => on('/all').length === 2);
    for (const each of on('/all')) {
      expect(await verifies(each, secret)).toBe(true);
      expect(await verifies(each, `whsec_${btoa('another secret')}`)).toBe(false);
      expect(each.headers).toMatchObject({ 'content-type': 'application/json' });
      const body = JSON.parse(each.body) as { id: string };
      expect(isBody(body), ajv.errorsText(isBody.errors)).toBe(true);
      expect(each.headers['webhook-id']).toBe(body.id);
    }
    const types = on('/all').map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(types.sort()).toEqual(['run.finished', 'verdict.issued']);
    const log = await until(async () => {
      const all = await deliveries(id);
      return all.every(({ state }) => state === 'delivered') && all;
    });
    expect(log).toHaveLength(2);
    for (const { attempts } of log)
      expect(attempts).toMatchObject([
        { number: 1, status: 204, error: null, latencyMs: expect.any(Number) },
      ]);
    // Neither the database nor any answer has it.
    const { rows } = await pool.query<{ row: string }>(
      'SELECT w::TEXT AS row FROM "webhooks" AS w',
    );
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6));
    expect(
      JSON.stringify(await post(running.api.url, admin, '{ webhooks { id url kinds } }')),
    ).not.toContain(secret);
  }, 30_000);

  it('is sent what failed again, under one id, until it answers with 2xx', async () => {
    let left = 2;
    answers.set(
      '/flaky',
      (response) => void response.writeHead((left -= 1) >= 0 ? 500 : 200).end(),
    );
    const { id, secret } = await open('/flaky', { kinds: ['monitorAlert'] });
    const delivery = await ping(id);
    await settled(id, delivery, 1);
    await due(delivery);
    await settled(id, delivery, 2);
    await due(delivery);
    const { state, attempts, announcementId } = await settled(id, delivery, 3);
    expect(state).toBe('delivered');
    expect(attempts.map(({ number, status }) => [number, status])).toEqual([
      [3, 200],
      [2, 500],
      [1, 500],
    ]);
    const ids = new Set(on('/flaky').map(({ headers }) => headers['webhook-id']));
    expect([...ids]).toEqual([announcementId]);
    for (const each of on('/flaky')) expect(await verifies(each, secret)).toBe(true);
    // And once more, because somebody asks for it.
    await mutate('webhookRedeliver', { id: delivery }, 'delivery { state }');
    expect((await settled(id, delivery, 4)).attempts[0]).toMatchObject({ number: 4, status: 200 });
    expect(on('/flaky')).toHaveLength(4);
  }, 30_000);

  it('follows nobody elsewhere, and waits for nobody for long', async () => {
    answers.set(
      '/moved',
      (response) => void response.writeHead(302, { location: '/secret' }).end(),
    );
    answers.set('/silent', () => undefined);
    for (const [path, outcome] of [
      ['/moved', { status: 302, error: null }],
      ['/silent', { status: null, error: 'TIMEOUT' }],
    ] as const) {
      const { id } = await open(path);
      const { state, attempts } = await settled(id, await ping(id), 1);
      expect(state).toBe('pending');
      expect(attempts[0]).toMatchObject(outcome);
      await mutate('webhookDelete', { id }, 'deletedId');
    }
    expect(on('/secret')).toEqual([]);
  }, 30_000);

  it('that is gone is disabled, and sent what waits once it is enabled', async () => {
    answers.set('/gone', (response) => void response.writeHead(410).end());
    const { id } = await open('/gone', { kinds: ['webhookPing'] });
    expect(await settled(id, await ping(id), 1)).toMatchObject({ state: 'failed' });
    const shown = await until(async () => {
      const { data } = await post(running.api.url, admin, '{ webhooks { id disabledReason } }');
      const all = data?.['webhooks'] as unknown as { id: string; disabledReason: string | null }[];
      return all.find((each) => each.id === id && each.disabledReason);
    });
    expect(shown.disabledReason).toBe('it answered 410 Gone');
    const refused = await mutate<Opened>('webhookPing', { id }, 'delivery { id }');
    expect(refused.userErrors.map(({ code }) => code)).toEqual(['OPTION_INVALID']);
    answers.delete('/gone');
    const [failed] = await deliveries(id);
    await mutate('webhookRedeliver', { id: failed!.id }, 'delivery { id }');
    expect(on('/gone')).toHaveLength(1);
    await mutate('webhookEnable', { id }, 'webhook { id }');
    expect(await settled(id, failed!.id, 2)).toMatchObject({ state: 'delivered' });
  }, 30_000);

  it('that has taken nothing for three days is disabled with its last try', async () => {
    answers.set('/dead', (response) => void response.writeHead(503).end());
    const { id } = await open('/dead');
    const delivery = await ping(id);
    await settled(id, delivery, 1);
    await pool.query(`UPDATE "webhook_deliveries" SET "tries" = 9 WHERE "id" = $1`, [delivery]);
    await due(delivery);
    expect(await settled(id, delivery, 2)).toMatchObject({ state: 'failed' });
    const { webhooks } = running.opened.service.store;
    const { disabledReason } = await until(async () => {
      const now = await webhooks.get(id);
      return (now?.disabledAt ?? undefined) && now;
    });
    expect(disabledReason).toContain('took nothing');
  }, 30_000);

  it('has two secrets for a while when one is replaced, and then the new one', async () => {
    const { id, secret } = await open('/rotated');
    const rotate = async (graceSeconds: number): Promise<string> =>
      (await mutate<Opened>('webhookSecretRotate', { id, graceSeconds }, OPENED)).secret!;
    const next = await rotate(60);
    await settled(id, await ping(id), 1);
    expect(await verifies(on('/rotated')[0]!, secret)).toBe(true);
    expect(await verifies(on('/rotated')[0]!, next)).toBe(true);
    const last = await rotate(0);
    await settled(id, await ping(id), 1);
    expect(await verifies(on('/rotated')[1]!, next)).toBe(false);
    expect(await verifies(on('/rotated')[1]!, last)).toBe(true);
    const wrong = await mutate<Opened>('webhookSecretRotate', { id, graceSeconds: -1 }, OPENED);
    expect(wrong.userErrors.map(({ code }) => code)).toEqual(['OPTION_INVALID']);
  }, 30_000);

  it('is not made for what nothing is sent to, nor beyond twenty', async () => {
    const codes = async (input: object): Promise<readonly string[]> =>
      (await mutate<Opened>('webhookCreate', input, OPENED)).userErrors.map(({ code }) => code);
    for (const url of [
      'https://10.0.0.1/',
      'https://[::1]/',
      'http://127.0.0.1:1/',
      'x',
      'ftp://a/',
    ])
      expect(await codes({ url }), url).toEqual(['WEBHOOK_URL']);
    expect(await codes({ url: 'x', description: '\u0007', idempotencyKey: '' })).toEqual([
      'WEBHOOK_URL',
      'REQUEST_SHAPE',
      'REQUEST_SHAPE',
    ]);
    const { webhooks } = running.opened.service.store;
    for (const { id } of await webhooks.list()) await webhooks.delete(id);
    for (let made = 0; made < 20; made += 1) await open(`/n${made}`);
    expect(await codes({ url: `${at}/n20` })).toEqual(['QUOTA_EXCEEDED']);
    for (const { id } of await webhooks.list()) await webhooks.delete(id);
    for (const [field, input] of [
      ['webhookPing', { id: newId('whk') }],
      ['webhookRedeliver', { id: newId('dlv') }],
      ['webhookDelete', { id: 'x' }],
      ['webhookDisable', { id: 'x' }],
    ] as const) {
      const below = { webhookDelete: 'deletedId', webhookDisable: 'webhook { id }' }[
        field as string
      ];
      const { userErrors } = await mutate<Opened>(field, input, below ?? 'delivery { id }');
      expect(
        userErrors.map(({ code }) => code),
        field,
      ).toEqual(['NOT_FOUND']);
    }
  }, 60_000);

  it('is in the audit with all that is done to it', async () => {
    const { rows } = await running.opened.service.store.audit.list({ limit: 100 });
    const seen = new Set(rows.map(({ operation }) => operation));
    for (const each of ['Create', 'SecretRotate', 'Enable', 'Delete', 'Ping', 'Redeliver'])
      expect([...seen]).toContain(`webhook${each}`);
  });
});

describe('a worker that is killed while it delivers', () => {
  it('leaves the delivery to another, under the same id, and loses none', async () => {
    // No worker of this process: those of others alone.
    const { config, service } = running.opened;
    const start = async (): Promise<ChildProcess> => {
      const child = fork(fileURLToPath(new URL('../service/crashWorker.ts', import.meta.url)), {
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: {
          ...process.env,
          DATABASE_URL: config.databaseUrl,
          PROBITY_DATA_DIR: config.dataDir,
          PROBITY_IOTA_NETWORK: 'none',
          PROBITY_ORIGIN: 'test.probity',
          PROBITY_WEBHOOK_ALLOW: at.slice('http://'.length),
          PROBITY_WEBHOOK_HTTP: 'yes',
          PROBITY_WEBHOOK_TIMEOUT_MS: '1000',
        },
      });
      children.push(child);
      await new Promise((resolve) => child.once('message', resolve));
      return child;
    };
    await running.stopWorker();
    const child = await start();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // Killed while it waits for an answer, and in the moment of one.
    let kills = 2;
    answers.set('/killed', (response) => {
      kills -= 1;
      if (kills === 1) return;
      if (kills === 0) {
        child.kill('SIGKILL');
        response.writeHead(200).end();
      } else response.writeHead(200).end();
    });
    const { id } = await open('/killed');
    const { announcements } = service.store;
    const alert = { kind: 'monitor.alert', owner: 'x', subject: 's', data: {} } as const;
    const told = [await announcements.add(alert), await announcements.add(alert)];
    await ended;
    told.push(await announcements.add(alert));
    await start();
    await until(async () => (await deliveries(id)).every(({ state }) => state === 'delivered'));
    const got = new Set(on('/killed').map(({ headers }) => headers['webhook-id']));
    expect([...got].sort()).toEqual(told.sort());
    expect(on('/killed').length).toBeGreaterThanOrEqual(4);
  }, 60_000);
});
