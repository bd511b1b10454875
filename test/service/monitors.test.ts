import { fork, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type RunningApi } from '../../src/api/server.ts';
import { canonicalJson, sha256 } from '../../src/canonical/index.ts';
import { inspect } from '../../src/checking/inspect.ts';
import type { CloudEvent } from '../../src/monitor/monitor.ts';
import { openMonitor } from '../../src/monitor/opened.ts';
import { changeAlert } from '../../src/service/alerts.ts';
import { ingestValues } from '../../src/service/ingest.ts';
import { StreamJudge } from '../../src/service/judge.ts';
import { createMonitor, type MonitorInput } from '../../src/service/monitors.ts';
import type { Service } from '../../src/service/service.ts';
import type { MonitorRecord, TenantStore } from '../../src/store/index.ts';
import { event, MAPPING, SHOP } from '../monitor/shop.ts';
import {
  createDatabase,
  startPostgres,
  temporaryFolder,
  until,
  type TestServer,
} from '../servers.ts';
import { describeShared, sharedPath } from '../shared.ts';
import { ALICE, openTestService, type TestService } from './bench.ts';

let postgres: TestServer;
let opened: TestService;
let service: Service;
let judge: StreamJudge;
const children: ChildProcess[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  opened = await openTestService(await createDatabase(postgres));
  ({ service } = opened);
  // One case is held in memory, so that the others are read again whenever they go on.
  judge = new StreamJudge((id) => opened.installation.of(id), 1);
}, 60_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await opened?.close();
  await postgres?.stop();
}, 60_000);

/** A service of an organisation of its own, with nothing in it. */
async function fresh(name: string): Promise<Service> {
  const made = await opened.installation.store.organisations.create({ name, publishes: false });
  return opened.installation.of(made!.id);
}

async function modelIn(store: TenantStore, source: string): Promise<string> {
  const format = 'native';
  const read = await inspect({ source, format, name: 'model' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { document, digest } = read.value;
  const { id } = await store.models.put({
    owner: ALICE.owner,
    digest,
    sourceDigest: sha256(source),
    name: document.name,
    format,
    source,
    document,
  });
  return id;
}

async function monitorIn(
  of: Service,
  source: string,
  mapping: string,
  more: Partial<MonitorInput> = {},
): Promise<MonitorRecord> {
  const modelId = await modelIn(of.store, source);
  const made = await createMonitor(of, ALICE, { name: 'shop', modelId, mapping, ...more });
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.value;
}

const sent = (each: CloudEvent): object => ({ specversion: '1.0', ...each });
const send = async (of: Service, events: readonly CloudEvent[]): Promise<void> => {
  const stored = await ingestValues(of, events.map(sent));
  if (!stored.ok) throw new Error(JSON.stringify(stored.problems));
};
const advance = ({ store }: Service, { id }: MonitorRecord): Promise<number> =>
  judge.advance(store.organisationId, id);

/** What is compared of alerts: as the cases with answers say. */
const shown = (alerts: readonly { told: unknown; standing: string; caseKey: string }[]): string[] =>
  alerts.map(({ told, standing, caseKey }) => {
    const { kind, at, property, explainedBy } = told as Record<string, unknown>;
    return canonicalJson({ caseKey, kind, at, standing, property, explainedBy } as never);
  });

const allAlerts = async ({ store }: Service, monitorId: string) => {
  const page = { limit: 1_000, oldestFirst: true };
  return (await store.alerts.list(page, { monitorId })).rows;
};

async function alertsByCase(of: Service, { id }: MonitorRecord): Promise<string[]> {
  const cases = (
    await of.store.alerts.cases({ limit: 1_000, oldestFirst: true }, { monitorId: id })
  ).rows;
  const found = await Promise.all(
    cases
      .toSorted((a, b) => (a.caseKey < b.caseKey ? -1 : 1))
      .map(({ caseKey }) => of.store.alerts.ofCase(id, caseKey)),
  );
  return found.flatMap(shown);
}

/** The same by the monitor that runs over files, in one go. */
async function alertsOfFile(
  source: string,
  mapping: string,
  events: readonly CloudEvent[],
): Promise<string[]> {
  const read = await inspect({ source, format: 'native', name: 'model' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const ready = openMonitor(read.value.semantics.model, { mapping, threats: 'all', budget: 2 });
  if (!ready.ok) throw new Error(JSON.stringify(ready.problems));
  for (const each of events) ready.value.monitor.take(each);
  return ready.value.monitor
    .answers()
    .toSorted((a, b) => (a.case < b.case ? -1 : 1))
    .flatMap(({ case: caseKey, alerts }) =>
      alerts.map(({ kind, at, property, explainedBy, withdrawn, resolved }) => {
        const over = resolved === undefined ? 'stands' : 'resolved';
        const standing = withdrawn === undefined ? over : 'withdrawn';
        return canonicalJson({ caseKey, kind, at, standing, property, explainedBy } as never);
      }),
    );
}

const PAID_LITTLE = (key: string): readonly CloudEvent[] =>
  [event('weighed', 0, { kg: 3 }), event('paid', 10, { cents: 100 }), event('sent', 20)].map(
    (each) => ({ ...each, id: `${key}-${each.type}`, subject: key }),
  );

describe('a stream that is stored', () => {
  it('is judged as the file would be, whole or in parts, and once more from its start', async () => {
    const of = await fresh('parts');
    const monitor = await monitorIn(of, SHOP, MAPPING);
    const events = ['A', 'B', 'C'].flatMap(PAID_LITTLE);
    for (const each of events) {
      await send(of, [each]);
      await advance(of, monitor);
    }
    const wanted = await alertsOfFile(SHOP, MAPPING, events);
    expect(wanted.length).toBeGreaterThanOrEqual(6);
    expect(await alertsByCase(of, monitor)).toEqual(wanted);
    // Another version judges all that is stored, at once; another process goes on from the rows.
    const next = await monitorIn(of, SHOP, MAPPING);
    expect(next.version).toBe(2);
    await advance(of, next);
    expect(await alertsByCase(of, next)).toEqual(wanted);
    const other = new StreamJudge((id) => opened.installation.of(id));
    const [late] = PAID_LITTLE('D');
    await send(of, [late!]);
    expect(await other.advance(of.store.organisationId, next.id)).toBe(1);
    expect(await alertsByCase(of, next)).toEqual(wanted);
    expect((await of.store.monitors.get(monitor.id))?.retiredAt).not.toBeNull();
  });

  it('tells of an alert what was known, and groups those of one cause', async () => {
    const of = await fresh('causes');
    const monitor = await monitorIn(of, SHOP, MAPPING);
    await send(of, ['A', 'B'].flatMap(PAID_LITTLE));
    await advance(of, monitor);
    const alerts = await allAlerts(of, monitor.id);
    const deviation = alerts.find(({ kind, caseKey }) => kind === 'deviation' && caseKey === 'A')!;
    expect(deviation.detail).toMatchObject({
      event: { id: 'A-paid', data: { cents: 100 } },
      beliefSize: 1,
      hypotheses: [['tamper.bill.amount']],
      prefix: { steps: expect.arrayContaining([]) as unknown[] },
    });
    const { prefix } = deviation.detail as unknown as {
      prefix: { steps: { action: string; threats?: string[] }[] };
    };
    expect(prefix.steps.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['tamper.bill.amount', 'pay']),
    );
    const incidents = (await of.store.alerts.incidents({ limit: 10 }, monitor.id)).rows;
    expect(incidents.map(({ kind, explainedBy }) => [kind, explainedBy])).toEqual(
      expect.arrayContaining([['deviation', [['tamper.bill.amount']]]]),
    );
    const cause = incidents.find(({ kind }) => kind === 'deviation')!;
    expect(await of.store.alerts.extent(cause.id)).toEqual({ alerts: 2, cases: 2 });
    expect(await of.store.alerts.curve(cause.id)).toEqual([
      { at: expect.any(Date) as Date, count: 2 },
    ]);
    const said = await of.store.announcements.after(0, { kinds: ['monitor.alert'] }, 100);
    expect(said.map(({ subject }) => subject).sort()).toEqual(alerts.map(({ id }) => id).sort());
  });

  it('takes nothing twice, and flags another content under a known id', async () => {
    const of = await fresh('twice');
    const monitor = await monitorIn(of, SHOP, MAPPING);
    const [weighed, paid] = PAID_LITTLE('A');
    const once = await ingestValues(of, [sent(weighed!), sent(paid!), sent(weighed!)]);
    expect(once).toMatchObject({ value: { stored: 2, duplicates: 1, conflicts: 0 } });
    const other = { ...paid!, data: { cents: 200 } };
    const again = await ingestValues(of, [sent(paid!), sent(other), sent(other)]);
    expect(again).toMatchObject({ value: { stored: 0, duplicates: 2, conflicts: 1 } });
    await advance(of, monitor);
    const [found] = (await of.store.alerts.cases({ limit: 1 }, {})).rows;
    expect(found?.answer).toMatchObject({
      flagged: [{ id: 'A-paid', why: 'conflictingDuplicate' }],
    });
    expect((await allAlerts(of, monitor.id)).map(({ kind }) => kind)).toContain('deviation');
    expect(await of.store.events.last()).toBe(3n);
  });

  it('keeps an alert that a late event takes back, as withdrawn', async () => {
    const of = await fresh('late');
    const monitor = await monitorIn(of, SHOP, MAPPING);
    const given = event('given', 30);
    await send(of, [event('weighed', 0, { kg: 3 }), event('sent', 20)]);
    await advance(of, monitor);
    const before = await allAlerts(of, monitor.id);
    expect(before.map(({ kind, standing }) => `${kind} ${standing}`)).toContain('deviation stands');
    await send(of, [event('paid', 10, { cents: 200 }), given]);
    await advance(of, monitor);
    const after = await allAlerts(of, monitor.id);
    expect(after.find(({ id }) => id === before[0]?.id)?.standing).toBe('withdrawn');
    const said = await of.store.announcements.after(0, { kinds: ['monitor.alert'] }, 100);
    expect(said.length).toBe(after.length);
  });

  it('is stored whole or not at all, with what is wrong at its place', async () => {
    const of = await fresh('wrong');
    const good = sent(PAID_LITTLE('A')[0]!);
    const refused = async (each: object): Promise<unknown> => {
      const answer = await ingestValues(of, [good, each]);
      return answer.ok ? answer.value : answer.problems.map(({ code, path }) => `${code} ${path}`);
    };
    expect(await refused({ ...good, id: '' })).toEqual(['EVENTS_SHAPE events.1.id']);
    expect(await refused({ ...good, specversion: '0.3' })).toEqual([
      'EVENTS_SHAPE events.1.specversion',
    ]);
    expect(await refused({ ...good, data: '\0' })).toEqual(['EVENTS_SHAPE 1']);
    expect(await refused({ ...good, data: 'x'.repeat(70_000) })).toEqual(['INPUT_TOO_LARGE 1']);
    expect(await of.store.events.last()).toBe(0n);
  });

  it('goes on after a time in 2099, and what no entry names', async () => {
    const of = await fresh('odd');
    const monitor = await monitorIn(of, SHOP, MAPPING);
    const [weighed, ...rest] = PAID_LITTLE('A');
    const odd = [
      { ...weighed!, id: 'object', subject: 'x', data: {}, type: 'noted' },
      { ...weighed!, id: 'far', type: 'noted', time: '2099-01-01T00:00:00Z' },
    ] as CloudEvent[];
    await send(of, [weighed!, ...odd, ...rest]);
    await advance(of, monitor);
    const [found] = (await of.store.alerts.cases({ limit: 1 }, { caseKey: 'A' })).rows;
    expect(found?.answer).toMatchObject({
      events: expect.arrayContaining(['A-weighed', 'A-paid', 'A-sent']) as string[],
      flagged: expect.arrayContaining([{ id: 'far', why: 'ahead' }]) as object[],
    });
    expect((await of.store.monitors.get(monitor.id))?.clock?.getFullYear()).toBe(2026);
    expect((await allAlerts(of, monitor.id)).map(({ kind }) => kind)).toContain('deviation');
  });
});

describe('a monitor', () => {
  it('is refused with all that is wrong with it, by place', async () => {
    const of = await fresh('refused');
    const modelId = await modelIn(of.store, SHOP);
    const made = async (more: Partial<MonitorInput>): Promise<unknown> => {
      const answer = await createMonitor(of, ALICE, {
        name: 'shop',
        modelId,
        mapping: MAPPING,
        ...more,
      });
      return answer.ok ? 'made' : answer.problems.map(({ code, path }) => `${code} ${path}`);
    };
    expect(await made({ mapping: MAPPING.replace('action: send', 'action: sned') })).toEqual([
      'MAPPING_SHAPE input.mapping.events.2.action',
    ]);
    expect(await made({ threats: ['forge.nothing'] })).toEqual([
      'THREAT_UNKNOWN input.threats.forge.nothing',
    ]);
    expect(await made({ modelId: 'mdl_00000000000000000000000000' })).toEqual([
      'NOT_FOUND input.modelId',
    ]);
    expect(await made({ name: '', budget: 9 })).toEqual([
      'OPTION_INVALID input.name',
      'OPTION_INVALID input.budget',
    ]);
    expect(await made({ playbooks: ['{}'] })).toEqual(
      expect.arrayContaining(['MISSING_KEY input.playbooks.0']),
    );
    const any = SHOP.replace('int 1..3, init: 1', 'int, init: any');
    expect(await made({ modelId: await modelIn(of.store, any) })).toEqual([
      'MONITOR_MODEL input.modelId.weight',
    ]);
    const raw = { specification: 1, format: 'smt', source: '', files: [] } as never;
    const { id } = await of.store.models.put({
      owner: ALICE.owner,
      digest: 'd',
      sourceDigest: 's',
      name: 'x',
      format: 'smt',
      source: '(check-sat)',
      document: raw,
    });
    expect(await made({ modelId: id })).toEqual(['MONITOR_MODEL input.modelId']);
  });

  it('is followed by people: acknowledged, assigned, commented on, closed, with who did', async () => {
    const of = await fresh('people');
    const monitor = await monitorIn(of, SHOP, MAPPING);
    await send(of, PAID_LITTLE('A'));
    await advance(of, monitor);
    const [alert] = await allAlerts(of, monitor.id);
    const by = { keyId: 'key_00000000000000000000000000', role: 'responder' };
    const change = (request: Parameters<typeof changeAlert>[3]) =>
      changeAlert(of, by, alert!.id, request);
    expect(await change({ action: 'acknowledge' })).toMatchObject({
      value: { state: 'acknowledged' },
    });
    expect(await change({ action: 'assign', assignee: 'ruth' })).toMatchObject({
      value: { assignee: 'ruth' },
    });
    expect(await change({ action: 'comment', text: ' ' })).toMatchObject({
      problems: [{ code: 'OPTION_INVALID', path: 'input.text' }],
    });
    expect(await change({ action: 'close', assignee: 'x' })).toMatchObject({
      problems: [{ path: 'input.assignee' }],
    });
    expect(await change({ action: 'close', text: 'the amount was changed' })).toMatchObject({
      value: { state: 'closed', assignee: 'ruth' },
    });
    expect(await changeAlert(of, by, 'alr_x', { action: 'close' })).toMatchObject({
      problems: [{ code: 'NOT_FOUND' }],
    });
    const notes = await of.store.alerts.notes(alert!.id);
    expect(notes.map(({ action, text }) => [action, text])).toEqual([
      ['acknowledge', ''],
      ['assign', ''],
      ['close', 'the amount was changed'],
    ]);
    // What the monitor tells later leaves what people said.
    await send(of, [{ ...event('given', 30), id: 'A-given', subject: 'A' }]);
    await advance(of, monitor);
    expect((await of.store.alerts.get(alert!.id))?.state).toBe('closed');
  });

  it('recommends playbooks that it has verified for its model', async () => {
    const of = await fresh('responses');
    const scenario = (name: string): string =>
      readFileSync(
        new URL(`../../specs/scenarios/${name}/vulnerable.yaml`, import.meta.url),
        'utf8',
      );
    const mapping = `probityMapping: 1
case: $.subject
events:
  - { type: paid, action: pay, for: { o: $.data.order } }
  - { type: believed, action: believe, receive: { callback: { order: $.data.order } } }
`;
    const monitor = await monitorIn(of, scenario('unauthenticated-callback'), mapping);
    await send(of, [
      {
        id: '1',
        source: 's',
        type: 'believed',
        time: '2026-03-01T09:00:00Z',
        subject: 'A',
        data: { order: '7' },
      },
    ]);
    await advance(of, monitor);
    const alert = (await allAlerts(of, monitor.id)).find(({ kind }) => kind === 'deviation');
    expect(alert?.told).toMatchObject({
      explainedBy: [['forge.callback']],
      playbooks: [{ name: 'Rotate the webhook key', coversAll: true }],
    });
    expect((await of.store.monitors.get(monitor.id))?.responses).toMatchObject([
      { verified: true, playbook: { name: 'Rotate the webhook key' } },
    ]);
  });
});

describeShared('the cases with answers, sent to the service', () => {
  for (const name of readdirSync(sharedPath('cases', 'monitor'), { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map((each) => each.name))
    it(`${name}: the same alerts as from the file`, async () => {
      const of = await fresh(name);
      const text = (file: string): string =>
        readFileSync(sharedPath('cases', 'monitor', name, file), 'utf8');
      const [source, mapping] = [text('model.yaml'), text('mapping.yaml')];
      const events = JSON.parse(text('events.json')) as CloudEvent[];
      const monitor = await monitorIn(of, source, mapping);
      for (const each of events) await send(of, [each]);
      await advance(of, monitor);
      expect(await alertsByCase(of, monitor)).toEqual(await alertsOfFile(source, mapping, events));
    });
});

describe('POST /events', () => {
  let api: RunningApi;
  let keys: Record<'admin' | 'learner' | 'scoped', string>;
  beforeAll(async () => {
    api = await startApi({ ...opened.installation, config: { ...opened.config, port: 0 } });
    const create = async (role: string, scopes?: readonly string[]): Promise<string> =>
      (
        await service.store.keys.create({
          name: role,
          role,
          owner: 'o',
          ...(scopes && { scopes: scopes.join(' ') }),
        } as never)
      ).key;
    keys = {
      admin: await create('admin'),
      learner: await create('learner'),
      scoped: await create('responder', ['postEvents']),
    };
  }, 60_000);
  afterAll(() => api?.stop());

  const post = async (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
    key?: string,
  ): Promise<{ status: number; said: Record<string, unknown> }> => {
    const response = await fetch(`${api.url}/events`, {
      method: 'POST',
      body,
      headers: { ...headers, ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    });
    return { status: response.status, said: (await response.json()) as Record<string, unknown> };
  };
  const codes = ({ said }: { said: Record<string, unknown> }): unknown =>
    (said as { errors: { extensions: { code: string } }[] }).errors[0]?.extensions.code;
  const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
  const batch = { 'content-type': 'application/cloudevents-batch+json' };
  const [weighed, paid] = PAID_LITTLE('http') as [CloudEvent, CloudEvent];

  it('takes one in structured mode, and it is the same in binary mode', async () => {
    const one = { ...sent(weighed), datacontenttype: 'application/json' };
    expect(await post(JSON.stringify(one), structured, keys.scoped)).toMatchObject({
      status: 202,
      said: { stored: 1, duplicates: 0, conflicts: 0 },
    });
    const binary = {
      'ce-specversion': '1.0',
      'ce-id': weighed.id,
      'ce-source': weighed.source,
      'ce-type': weighed.type,
      'ce-time': weighed.time,
      'ce-subject': 'h%74tp',
      'content-type': 'application/json',
    };
    expect(await post(JSON.stringify(weighed.data), binary, keys.admin)).toMatchObject({
      status: 202,
      said: { stored: 0, duplicates: 1, conflicts: 0 },
    });
  });

  it('takes a batch, and judges it', async () => {
    const monitor = await monitorIn(service, SHOP, MAPPING);
    const events = JSON.stringify([sent(weighed), sent(paid)]);
    expect(await post(events, batch, keys.admin)).toMatchObject({ status: 202 });
    await advance(service, monitor);
    expect((await allAlerts(service, monitor.id)).map(({ kind }) => kind)).toContain('deviation');
  });

  it('refuses what is no event, too many, too large, and who may not send', async () => {
    const none = await post('[{}]', batch, keys.admin);
    expect([none.status, codes(none)]).toEqual([400, 'EVENTS_SHAPE']);
    const many = await post(
      JSON.stringify(Array.from({ length: 1_001 }, () => ({}))),
      batch,
      keys.admin,
    );
    expect([many.status, codes(many)]).toEqual([400, 'EVENTS_SHAPE']);
    expect((await post('{', structured, keys.admin)).status).toBe(400);
    expect((await post('{}', { 'content-type': 'text/plain' }, keys.admin)).status).toBe(400);
    const large = await post('x'.repeat(5 * 1024 * 1024), batch, keys.admin);
    expect([large.status, codes(large)]).toEqual([413, 'INPUT_TOO_LARGE']);
    expect((await post('[]', batch)).status).toBe(401);
    expect((await post('[]', batch, keys.learner)).status).toBe(403);
  });
});

describe('kill -9', () => {
  it('loses no event that was acknowledged, and repeats no alert', async () => {
    const databaseUrl = await createDatabase(postgres);
    const dataDir = await temporaryFolder();
    const mine = await openTestService(databaseUrl, { dataDir });
    try {
      const monitor = await monitorIn(mine.service, SHOP, MAPPING);
      const events: CloudEvent[] = [];
      for (let round = 0; round < 2; round += 1) {
        const child = await startJudge(databaseUrl, dataDir);
        for (let i = 0; i < 60; i += 1) {
          const more = PAID_LITTLE(`${round}.${i}`);
          await send(mine.service, more);
          events.push(...more);
        }
        // In the midst of it, wherever that is.
        await until(async () => {
          const now = await mine.service.store.monitors.get(monitor.id);
          return Number(now?.arrival) > round * 180 ? now : undefined;
        });
        child.kill('SIGKILL');
      }
      await startJudge(databaseUrl, dataDir);
      await until(async () => {
        const now = await mine.service.store.monitors.get(monitor.id);
        return Number(now?.arrival) === events.length ? now : undefined;
      });
      expect(await alertsByCase(mine.service, monitor)).toEqual(
        await alertsOfFile(SHOP, MAPPING, events),
      );
      const said = await mine.service.store.announcements.after(0, {}, 10_000);
      const subjects = said.map(({ subject }) => subject);
      expect(new Set(subjects).size).toBe(subjects.length);
      expect(subjects.length).toBe((await allAlerts(mine.service, monitor.id)).length);
    } finally {
      await mine.close();
    }
  }, 120_000);
});

async function startJudge(databaseUrl: string, dataDir: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('judgeWorker.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      PROBITY_DATA_DIR: dataDir,
      PROBITY_IOTA_NETWORK: 'none',
      PROBITY_ORIGIN: 'test.probity',
    },
  });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`the judge ended with ${code}`)));
  });
  return child;
}
