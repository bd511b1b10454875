import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/canonical/index.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { eraseCase } from '../../src/service/caseErasure.ts';
import { stateIncident } from '../../src/service/incidents.ts';
import { ingestValues } from '../../src/service/ingest.ts';
import { StreamJudge } from '../../src/service/judge.ts';
import { createMonitor } from '../../src/service/monitors.ts';
import { requireApproval } from '../../src/service/approvals.ts';
import { approveStep, cancelPlaybook, settleStep } from '../../src/service/playbookRuns.ts';
import { answerSays, judgeOverdue, startCarryingOut } from '../../src/service/playbookSending.ts';
import { startPlaybook } from '../../src/service/playbookStart.ts';
import type { Service } from '../../src/service/service.ts';
import { createWebhook } from '../../src/service/webhooks.ts';
import { webhookSignature } from '../../src/service/webhookSecret.ts';
import type { PlaybookRunRecord, PlaybookStepRecord } from '../../src/store/index.ts';
import { repository } from '../golden.ts';
import { event, MAPPING, SHOP } from '../monitor/shop.ts';
import {
  createDatabase,
  startPostgres,
  temporaryFolder,
  until,
  type TestServer,
} from '../servers.ts';
import { ALICE, openTestService, type TestService } from './bench.ts';
import { REST, REST_TEXT, WORSE, WORSE_TEXT } from './parcelPlaybook.ts';

const ajv = new Ajv2020({ strict: true, allErrors: true, formats: { 'date-time': true } });
const isBody = ajv.compile(
  JSON.parse(readFileSync(repository('schemas/webhook.schema.json'), 'utf8')) as object,
);

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let postgres: TestServer;
let opened: TestService;
let receiver: Server;
let at: string;
let env: Record<string, string>;
let pool: pg.Pool;
let stopSending: (() => Promise<void>) | undefined;
const received: Received[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const path = request.url ?? '';
      received.push({ path, headers: request.headers, body });
      const status = Number(/\/status\/(\d+)/u.exec(path)?.[1] ?? 202);
      if (!path.includes('/silent')) response.writeHead(status).end();
    });
  });
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  at = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  postgres = await startPostgres();
  const databaseUrl = await createDatabase(postgres);
  const dataDir = await temporaryFolder();
  env = {
    PROBITY_WEBHOOK_ALLOW: `${at.slice('http://'.length)},127.0.0.1:9`,
    PROBITY_WEBHOOK_HTTP: 'yes',
    PROBITY_WEBHOOK_TIMEOUT_MS: '1500',
  };
  opened = await openTestService(databaseUrl, { dataDir, env });
  env = { ...env, DATABASE_URL: databaseUrl, PROBITY_DATA_DIR: dataDir };
  pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
}, 60_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  receiver?.closeAllConnections();
  receiver?.close();
  await pool?.end();
  await opened?.close();
  await postgres?.stop();
}, 60_000);

const sending = (): void => {
  stopSending = startCarryingOut(opened.installation);
};
beforeEach(() => {
  received.length = 0;
});
afterEach(async () => {
  await stopSending?.();
  stopSending = undefined;
});

const ADMIN = { keyId: 'key_adm', role: 'admin', owner: 'ada' };
const RESPONDER = { keyId: 'key_rsp', role: 'responder', owner: 'rob' };

/** An organisation with a case that paid too little, and a receiver at a path. */
interface Shop {
  readonly of: Service;
  readonly alert: string;
  readonly incident: string;
  readonly deviation: string;
  readonly secret: string;
}

let shops = 0;
async function shopWith(path: string | undefined, isSettled = true): Promise<Shop> {
  shops += 1;
  const name = `shop ${shops}`;
  const made = await opened.installation.store.organisations.create({ name, publishes: false });
  const of = opened.installation.of(made!.id);
  const read = await inspect({ source: SHOP, format: 'native', name: 'model' });
  if (!read.ok) throw new Error('it is read');
  const { document, digest } = read.value;
  const named = { owner: ALICE.owner, digest, sourceDigest: sha256(SHOP), name: document.name };
  const model = await of.store.models.put({ ...named, format: 'native', source: SHOP, document });
  const monitor = await createMonitor(of, ALICE, {
    name: 'shop',
    modelId: model.id,
    mapping: MAPPING,
    playbooks: [REST_TEXT, WORSE_TEXT],
  });
  if (!monitor.ok) throw new Error(JSON.stringify(monitor.problems));
  const events = [
    event('weighed', 0, { kg: 3 }),
    event('paid', 10, { cents: 100 }),
    event('sent', 20),
    ...(isSettled ? [event('weighed', 180, { kg: 1 }, 'Q')] : []),
  ];
  await send(of, events);
  await new StreamJudge(() => of).advance(of.store.organisationId, monitor.value.id);
  const alerts = (await of.store.alerts.list({ limit: 10 }, {})).rows;
  const [broken, deviation] = ['broken', 'deviation'].map((kind) =>
    alerts.find((each) => each.kind === kind && each.caseKey === 'P'),
  );
  const hook =
    path !== undefined &&
    (await createWebhook(of, ADMIN, { url: `${at}${path}`, carriesOut: true }));
  if (hook && !hook.ok) throw new Error(JSON.stringify(hook.problems));
  return {
    of,
    alert: broken!.id,
    incident: broken!.incidentId,
    deviation: deviation!.id,
    secret: hook ? (hook.value.secret ?? '') : '',
  };
}

async function send(of: Service, events: readonly object[]) {
  const stored = await ingestValues(
    of,
    events.map((each) => ({ specversion: '1.0', ...each })),
  );
  if (!stored.ok) throw new Error(JSON.stringify(stored.problems));
  return stored.value;
}

let told = 0;
const outcome = (step: string, result: string, text = ''): object => {
  told += 1;
  const data = { step, outcome: result, text };
  return { id: `o${told}`, source: '/erp', type: 'probity.playbook.outcome', subject: 'P', data };
};

async function started({ of, alert }: Shop): Promise<PlaybookRunRecord> {
  const run = await startPlaybook(of, RESPONDER, { subject: alert, playbook: REST });
  if (!run.ok) throw new Error(JSON.stringify(run.problems));
  return run.value;
}
const last = async ({ of }: Shop, run: PlaybookRunRecord): Promise<PlaybookStepRecord> =>
  (await of.store.playbookRuns.steps(run.id)).at(-1)!;
const stateOf = async ({ of }: Shop, { id }: PlaybookRunRecord): Promise<string> =>
  (await of.store.playbookRuns.get(id))!.state;
const actions = async ({ of }: Shop, { id }: PlaybookRunRecord): Promise<string[]> =>
  (await of.store.playbookRuns.notes(id)).map(({ action }) => action);
const codes = (answer: { ok: boolean; problems?: readonly { code: string }[] }): string[] =>
  answer.ok ? [] : (answer.problems ?? []).map(({ code }) => code);
/** Until the step that came up last stands so. */
const comesTo = (shop: Shop, run: PlaybookRunRecord, state: string) =>
  until(async () => {
    const step = await last(shop, run);
    return step.state === state ? step : undefined;
  });

/** How often a step was sent. */
const sentOf = ({ id }: PlaybookStepRecord): number =>
  received.filter(({ headers }) => headers['webhook-id'] === id).length;

describe('a playbook that is carried out', () => {
  it('step by step: approved, sent once and signed, its outcome an event, to the end', async () => {
    const shop = await shopWith('/erp');
    const { of } = shop;
    const run = await started(shop);
    expect(run).toMatchObject({
      verified: true,
      reason: '',
      state: 'running',
      name: 'Ask for the rest',
    });
    const first = await last(shop, run);
    expect(first).toMatchObject({ number: 1, state: 'waiting' });
    sending();
    expect(await approveStep(of, ADMIN, first.id, false)).toMatchObject({
      value: { state: 'approved', approvedBy: 'key_adm' },
    });
    await comesTo(shop, run, 'underWay');
    const [message] = received;
    expect(received).toHaveLength(1);
    const { 'webhook-id': id, 'webhook-timestamp': time } = message!.headers;
    expect(id).toBe(first.id);
    expect(message!.headers['webhook-signature']).toBe(
      webhookSignature(shop.secret, first.id, Number(time), message!.body),
    );
    expect(JSON.parse(message!.body)).toMatchObject({
      type: 'playbook.step',
      id: first.id,
      data: {
        run: run.id,
        playbook: { id: REST },
        step: 'action--close',
        does: { name: 'Sign the bills', commands: [{ type: 'manual', command: 'sign' }] },
        alert: shop.alert,
        case: 'P',
        kind: 'broken',
        property: 'paidInFull',
        outcome: 'probity.playbook.outcome',
      },
    });
    expect(message!.body).not.toContain('extension-definition');
    expect(isBody(JSON.parse(message!.body)), JSON.stringify(isBody.errors)).toBe(true);
    const said = outcome(first.id, 'succeeded', 'done');
    expect(await send(of, [said])).toMatchObject({ stored: 1, outcomes: 1 });
    // Sent again it is the same, and moves nothing.
    expect(await send(of, [said])).toMatchObject({ duplicates: 1, outcomes: 0 });
    const asked = await last(shop, run);
    expect(asked).toMatchObject({ number: 2, state: 'open' });
    expect(codes(await settleStep(of, RESPONDER, asked.id, 'succeeded', ''))).toEqual([
      'PLAYBOOK_STEP_CLOSED',
    ]);
    expect(await settleStep(of, RESPONDER, asked.id, 'yes', 'one is missing')).toMatchObject({
      value: { state: 'yes' },
    });
    const rest = await last(shop, run);
    expect(await approveStep(of, RESPONDER, rest.id, true)).toMatchObject({
      value: { state: 'underWay', byHand: true },
    });
    expect(await settleStep(of, RESPONDER, rest.id, 'succeeded', 'paid')).toMatchObject({
      ok: true,
    });
    expect(await stateOf(shop, run)).toBe('completed');
    expect(received).toHaveLength(1);
    expect(await actions(shop, run)).toEqual([
      'start',
      'approve',
      'send',
      'taken',
      'succeeded',
      'yes',
      'approveByHand',
      'succeeded',
    ]);
    const moves = await of.store.announcements.after(0, { kinds: ['playbook.moved'] }, 100);
    expect(moves.at(-1)?.data).toMatchObject({
      run: run.id,
      state: 'completed',
      step: 'succeeded',
    });
    const trail = (await of.store.audit.list({ limit: 20 })).rows.map(({ operation }) => operation);
    expect(trail).toEqual(
      expect.arrayContaining(['playbookStart', 'playbookStepApprove', 'playbookStepSettle']),
    );
  });

  it('goes the way of failure where a step fails, is refused, or runs out of time', async () => {
    const shop = await shopWith('/erp');
    const { of } = shop;
    const run = await started(shop);
    sending();
    const first = await last(shop, run);
    await approveStep(of, ADMIN, first.id, false);
    const taken = await comesTo(shop, run, 'underWay');
    expect(taken.dueAt!.getTime() - taken.sentAt!.getTime()).toBe(60_000);
    await pool.query(`SELECT set_config('probity.tenant', '*', false)`);
    await pool.query(`UPDATE "playbook_steps" SET "due_at" = now() WHERE "id" = $1`, [first.id]);
    await until(async () => (await last(shop, run)).number === 2);
    expect(await of.store.playbookRuns.step(first.id)).toMatchObject({ state: 'timedOut' });
    // Too late: noted, and nothing moves.
    expect(await send(of, [outcome(first.id, 'succeeded')])).toMatchObject({ outcomes: 0 });
    expect(await last(shop, run)).toMatchObject({ number: 2, state: 'open', place: 3 });
    expect((await actions(shop, run)).at(-1)).toBe('succeededUnheard');
    // This one fails, and nothing says what then.
    const call = await last(shop, run);
    expect(await settleStep(of, RESPONDER, call.id, 'failed', 'nobody')).toMatchObject({
      ok: true,
    });
    expect(await stateOf(shop, run)).toBe('failed');
    expect(codes(await settleStep(of, RESPONDER, call.id, 'succeeded', ''))).toEqual([
      'PLAYBOOK_STEP_CLOSED',
    ]);
  });

  it('is passed over where there is nothing to do', async () => {
    const shop = await shopWith('/erp');
    const { of } = shop;
    const run = await started(shop);
    const first = await last(shop, run);
    // Nothing in the playbook says when this one is not needed.
    expect(codes(await settleStep(of, RESPONDER, first.id, 'notNeeded', ''))).toEqual([
      'PLAYBOOK_STEP_CLOSED',
    ]);
    await approveStep(of, ADMIN, first.id, true);
    await settleStep(of, RESPONDER, first.id, 'succeeded', '');
    await settleStep(of, RESPONDER, (await last(shop, run)).id, 'yes', '');
    const rest = await last(shop, run);
    expect(await settleStep(of, RESPONDER, rest.id, 'notNeeded', 'paid at last')).toMatchObject({
      ok: true,
    });
    expect(await stateOf(shop, run)).toBe('completed');
  });
});

describe('who may start and approve what', () => {
  it('a playbook that is not verified to help needs a reason, which is kept', async () => {
    const shop = await shopWith('/erp');
    const { of, alert, deviation, incident } = shop;
    const start = (subject: string, playbook: string, unverified?: string) =>
      startPlaybook(of, RESPONDER, { subject, playbook, unverified: unverified ?? null });
    expect(codes(await start(alert, WORSE))).toEqual(['PLAYBOOK_UNVERIFIED']);
    // Of what may explain the deviation it is verified under one set alone.
    expect(codes(await start(deviation, REST))).toEqual(['PLAYBOOK_UNVERIFIED']);
    expect(codes(await start(alert, 'playbook--none'))).toEqual(['NOT_FOUND']);
    expect(codes(await start('alr_x', REST))).toEqual(['NOT_FOUND']);
    expect(codes(await start(alert, WORSE, 'x'.repeat(5_000)))).toEqual(['OPTION_INVALID']);
    expect(await start(alert, WORSE, 'the bank asks for it')).toMatchObject({
      value: { verified: false, reason: 'the bank asks for it' },
    });
    expect(await start(incident, REST)).toMatchObject({
      value: { verified: true, subject: incident, alertId: null },
    });
    expect(codes(await start(incident, REST))).toEqual(['PLAYBOOK_RUNNING']);
    expect(await start(alert, REST)).toMatchObject({ ok: true });
  });

  it('twenty who start at once are one run', async () => {
    const shop = await shopWith('/erp');
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        startPlaybook(shop.of, RESPONDER, { subject: shop.alert, playbook: REST }),
      ),
    );
    expect(all.filter(({ ok }) => ok)).toHaveLength(1);
    expect(new Set(all.flatMap(codes))).toEqual(new Set(['PLAYBOOK_RUNNING']));
  });

  it('a role too low, and with four eyes whoever started it, approves nothing', async () => {
    const shop = await shopWith('/erp');
    const { of } = shop;
    const run = await started(shop);
    const first = await last(shop, run);
    expect(codes(await approveStep(of, RESPONDER, first.id, false))).toEqual(['FORBIDDEN']);
    expect(codes(await approveStep(of, { ...ADMIN, role: 'compliance' }, first.id, false))).toEqual(
      ['FORBIDDEN'],
    );
    await requireApproval(of, true);
    const sameOwner = { ...ADMIN, owner: RESPONDER.owner };
    expect(codes(await approveStep(of, sameOwner, first.id, false))).toEqual([
      'APPROVAL_SAME_PERSON',
    ]);
    expect(await approveStep(of, ADMIN, first.id, false)).toMatchObject({ ok: true });
  });

  it('nothing acts for an alert that may be withdrawn, nor where nobody is sent it', async () => {
    const unsettled = await shopWith('/erp', false);
    const run = await started(unsettled);
    const first = await last(unsettled, run);
    expect(codes(await approveStep(unsettled.of, ADMIN, first.id, false))).toEqual([
      'ALERT_UNSETTLED',
    ]);
    const nobody = await shopWith(undefined);
    const other = await last(nobody, await started(nobody));
    expect(codes(await approveStep(nobody.of, ADMIN, other.id, false))).toEqual([
      'PLAYBOOK_NO_RECEIVER',
    ]);
    expect(await approveStep(nobody.of, ADMIN, other.id, true)).toMatchObject({ ok: true });
    expect(codes(await approveStep(nobody.of, ADMIN, first.id, true))).toEqual(['NOT_FOUND']);
  });

  it('a webhook that carries out steps is told nothing else', async () => {
    const { of } = await shopWith('/only');
    const hooks = await of.store.webhooks.list();
    expect(hooks).toMatchObject([{ carriesOut: true }]);
    await of.store.announcements.add({ kind: 'monitor.alert', owner: '', subject: 'x', data: {} });
    expect((await of.store.webhooks.deliveries(hooks[0]!.id, { limit: 10 })).rows).toEqual([]);
    const both = { url: `${at}/x`, carriesOut: true, kinds: ['monitor.alert'] };
    expect(codes(await createWebhook(of, ADMIN, both))).toEqual(['OPTION_INVALID']);
  });
});

describe('a step is sent at most once', () => {
  it('by twenty approvals at once', async () => {
    const shop = await shopWith('/erp');
    const run = await started(shop);
    const first = await last(shop, run);
    sending();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => approveStep(shop.of, ADMIN, first.id, false)),
    );
    expect(all.filter(({ ok }) => ok)).toHaveLength(1);
    expect(new Set(all.flatMap(codes))).toEqual(new Set(['PLAYBOOK_STEP_CLOSED']));
    await comesTo(shop, run, 'underWay');
    expect(sentOf(first)).toBe(1);
  });

  it('while an approval waits for its sender, who does not wait for the approval', async () => {
    const shop = await shopWith('/erp');
    const run = await started(shop);
    const first = await last(shop, run);
    const [sender, watcher] = [1, 2].map(
      () => new pg.Client({ connectionString: env.DATABASE_URL! }),
    ) as [pg.Client, pg.Client];
    await Promise.all([sender.connect(), watcher.connect()]);
    try {
      await sender.query('BEGIN');
      await sender.query(`SELECT set_config('probity.tenant', '*', true)`);
      const hold = `UPDATE "playbook_steps" SET "sent_at" = now() WHERE "id" = $1`;
      expect((await sender.query(hold, [first.id])).rowCount).toBe(1);
      const approval = approveStep(shop.of, ADMIN, first.id, false);
      const waiting = 'SELECT 1 FROM pg_locks WHERE NOT granted';
      await until(async () => (await watcher.query(waiting)).rowCount! > 0);
      const note = `SELECT 1 FROM "playbook_runs" WHERE "id" = $1 FOR KEY SHARE`;
      expect((await sender.query(note, [first.runId])).rowCount).toBe(1);
      await sender.query('COMMIT');
      expect(await approval).toMatchObject({ ok: true });
    } finally {
      await Promise.all([sender.end(), watcher.end()]);
    }
  });

  it('by several senders, though approved while none was there', async () => {
    const shop = await shopWith('/erp');
    const run = await started(shop);
    const first = await last(shop, run);
    await approveStep(shop.of, ADMIN, first.id, false);
    const stops = [1, 2, 3].map(() => startCarryingOut(opened.installation));
    await comesTo(shop, run, 'underWay');
    await Promise.all(stops.map((stop) => stop()));
    expect(sentOf(first)).toBe(1);
  });

  it('and by none again after a kill -9 in between: a person says what became of it', async () => {
    const shop = await shopWith('/silent');
    const { of } = shop;
    const run = await started(shop);
    const first = await last(shop, run);
    const worker = fileURLToPath(new URL('./playbookWorker.ts', import.meta.url));
    const child = fork(worker, { env: { ...process.env, ...env }, execArgv: ['--import', 'tsx'] });
    children.push(child);
    await new Promise((done) => child.once('message', done));
    await approveStep(of, ADMIN, first.id, false);
    await until(async () => sentOf(first) > 0);
    child.kill('SIGKILL');
    await until(async () => child.signalCode !== null);
    expect(await last(shop, run)).toMatchObject({ state: 'sending' });
    await pool.query(`SELECT set_config('probity.tenant', '*', false)`);
    await pool.query(`UPDATE "playbook_steps" SET "lease_until" = now() WHERE "id" = $1`, [
      first.id,
    ]);
    sending();
    await comesTo(shop, run, 'unknown');
    expect(sentOf(first)).toBe(1);
    expect(codes(await approveStep(of, ADMIN, first.id, false))).toEqual(['PLAYBOOK_STEP_CLOSED']);
    // The receiver says that it has nothing: approved once more it is sent under the same id.
    await settleStep(of, RESPONDER, first.id, 'notSent', 'the receiver has no such id');
    expect(await last(shop, run)).toMatchObject({ state: 'waiting' });
    await approveStep(of, ADMIN, first.id, false);
    await until(async () => sentOf(first) === 2);
    // Nobody answers: that too is unknown, until an outcome says that it was taken.
    await comesTo(shop, run, 'unknown');
    expect(await send(of, [outcome(first.id, 'succeeded')])).toMatchObject({ outcomes: 1 });
    expect(await last(shop, run)).toMatchObject({ number: 2 });
  });

  it('what a receiver answers says whether it has it', async () => {
    expect([200, 202, 204].map(answerSays)).toEqual(['taken', 'taken', 'taken']);
    expect([400, 401, 404, 410, 422, 429].map(answerSays)).toEqual(Array(6).fill('refused'));
    expect([100, 301, 408, 500, 502, 504].map(answerSays)).toEqual(Array(6).fill('unclear'));
    for (const [path, state] of [
      ['/status/404', 'waiting'],
      ['/status/503', 'unknown'],
    ] as const) {
      const shop = await shopWith(path);
      const run = await started(shop);
      sending();
      await approveStep(shop.of, ADMIN, (await last(shop, run)).id, false);
      const step = await comesTo(shop, run, state);
      expect(step.dueAt === null).toBe(state === 'waiting');
      await stopSending?.();
    }
    const nobody = await shopWith('/x');
    const [hook] = await nobody.of.store.webhooks.list();
    await pool.query(`SELECT set_config('probity.tenant', '*', false)`);
    await pool.query(`UPDATE "webhooks" SET "url" = 'http://127.0.0.1:9/' WHERE "id" = $1`, [
      hook!.id,
    ]);
    const run = await started(nobody);
    sending();
    await approveStep(nobody.of, ADMIN, (await last(nobody, run)).id, false);
    await until(async () => (await actions(nobody, run)).includes('refused'));
    expect(await last(nobody, run)).toMatchObject({ state: 'waiting' });
  });
});

describe('an outcome moves nothing', () => {
  it('of a step of another organisation, or that was not sent', async () => {
    const [mine, theirs] = [await shopWith('/erp'), await shopWith('/erp')];
    const run = await started(theirs);
    const first = await last(theirs, run);
    // Not sent: noted once, where it is theirs.
    const early = outcome(first.id, 'succeeded');
    expect(await send(theirs.of, [early, early])).toMatchObject({ stored: 1, outcomes: 0 });
    expect(await actions(theirs, run)).toEqual(['start', 'succeededUnheard']);
    sending();
    await approveStep(theirs.of, ADMIN, first.id, false);
    await comesTo(theirs, run, 'underWay');
    expect(await send(mine.of, [outcome(first.id, 'succeeded')])).toMatchObject({ outcomes: 0 });
    expect(await last(theirs, run)).toMatchObject({ state: 'underWay', number: 1 });
    expect(codes(await settleStep(mine.of, ADMIN, first.id, 'succeeded', ''))).toEqual([
      'NOT_FOUND',
    ]);
    expect(codes(await cancelPlaybook(mine.of, ADMIN, run.id, 'x'))).toEqual(['NOT_FOUND']);
    for (const wrong of [outcome('pst_x', 'succeeded'), outcome(first.id, 'perhaps')])
      expect(await send(theirs.of, [wrong])).toMatchObject({ stored: 1, outcomes: 0 });
    // Another content under a known source and id is used for nothing.
    const forged = { ...early, data: { step: first.id, outcome: 'failed' } };
    expect(await send(theirs.of, [forged])).toMatchObject({ conflicts: 1, outcomes: 0 });
    expect(await last(theirs, run)).toMatchObject({ state: 'underWay', number: 1 });
  });

  it('of a run that was cancelled: it is noted, and nothing is called back', async () => {
    const shop = await shopWith('/erp');
    const { of } = shop;
    const run = await started(shop);
    const first = await last(shop, run);
    expect(codes(await cancelPlaybook(of, RESPONDER, run.id, ' '))).toEqual(['OPTION_INVALID']);
    sending();
    await approveStep(of, ADMIN, first.id, false);
    await comesTo(shop, run, 'underWay');
    expect(await cancelPlaybook(of, RESPONDER, run.id, 'a false alarm')).toMatchObject({
      value: { state: 'cancelled' },
    });
    expect(codes(await cancelPlaybook(of, RESPONDER, run.id, 'again'))).toEqual([
      'PLAYBOOK_STEP_CLOSED',
    ]);
    expect(await send(of, [outcome(first.id, 'succeeded')])).toMatchObject({ outcomes: 1 });
    expect(await last(shop, run)).toMatchObject({ number: 1, state: 'succeeded' });
    expect(await stateOf(shop, run)).toBe('cancelled');
    // What was not sent yet is not sent any more, and the same can be started again.
    const again = await started(shop);
    await stopSending?.();
    await approveStep(of, ADMIN, (await last(shop, again)).id, false);
    await cancelPlaybook(of, RESPONDER, again.id, 'again');
    sending();
    await judgeOverdue(opened.installation);
    const stopped = await last(shop, again);
    expect(stopped).toMatchObject({ state: 'cancelled' });
    expect([sentOf(first), sentOf(stopped)]).toEqual([1, 0]);
  });
});

describe('what is kept of a run', () => {
  it('stands in the incident statement: who approved what, and when', async () => {
    const shop = await shopWith('/erp');
    const { of } = shop;
    const run = await started(shop);
    await approveStep(of, ADMIN, (await last(shop, run)).id, true);
    const by = { keyId: 'key_cmp', role: 'compliance' };
    for (const subject of [shop.alert, shop.incident]) {
      const stated = await stateIncident(of, by, subject);
      if (!stated.ok) throw new Error(JSON.stringify(stated.problems));
      const { envelope } = JSON.parse(stated.value.file) as { envelope: string };
      const { payload } = JSON.parse(envelope) as { payload: string };
      const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
        predicate: object;
      };
      expect(predicate).toMatchObject({
        responses: [
          {
            id: run.id,
            subject: shop.alert,
            playbook: { id: REST, name: 'Ask for the rest' },
            verified: true,
            state: 'running',
            history: [
              { action: 'start', actor: 'key_rsp', role: 'responder' },
              { action: 'approveByHand', actor: 'key_adm', role: 'admin', step: 'Sign the bills' },
            ],
          },
        ],
      });
    }
  });

  it('loses what people wrote when the case is erased, and goes no further', async () => {
    const shop = await shopWith('/erp');
    const { of } = shop;
    const run = await startPlaybook(of, RESPONDER, {
      subject: shop.alert,
      playbook: WORSE,
      unverified: 'Oscar asked for it',
    });
    if (!run.ok) throw new Error('it starts');
    const [found] = (await of.store.alerts.cases({ limit: 1 }, { caseKey: 'P' })).rows;
    expect(await eraseCase(of, { keyId: 'k', role: 'compliance' }, found!.id, 'x')).toMatchObject({
      ok: true,
    });
    expect(await of.store.playbookRuns.get(run.value.id)).toMatchObject({
      state: 'cancelled',
      reason: '',
    });
    expect(await last(shop, run.value)).toMatchObject({ state: 'cancelled' });
    expect(JSON.stringify(await of.store.playbookRuns.notes(run.value.id))).not.toContain('Oscar');
    const again = await startPlaybook(of, RESPONDER, { subject: shop.alert, playbook: REST });
    expect(codes(again)).toContain('NOT_FOUND');
  });
});
