import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { sha256 } from '../../src/canonical/index.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parsePolicy, renderPolicy } from '../../src/evidence/formats/policy.ts';
import { verifyIncident } from '../../src/evidence/verify/incident.ts';
import type { CloudEvent } from '../../src/monitor/monitor.ts';
import { changeAlert, extentOf } from '../../src/service/alerts.ts';
import { eraseCase, erasureOf } from '../../src/service/caseErasure.ts';
import { stateIncident } from '../../src/service/incidents.ts';
import { ingestValues, type Ingested } from '../../src/service/ingest.ts';
import { StreamJudge } from '../../src/service/judge.ts';
import { createMonitor } from '../../src/service/monitors.ts';
import type { Service } from '../../src/service/service.ts';
import type { AlertRecord, MonitorRecord } from '../../src/store/index.ts';
import { event, MAPPING, SHOP } from '../monitor/shop.ts';
import { createDatabase, startPostgres, type TestServer } from '../servers.ts';
import { ALICE, openTestService, type TestService } from './bench.ts';

let postgres: TestServer;
let databaseUrl: string;
let opened: TestService;
const BY = { keyId: 'key_00000000000000000000000000', role: 'compliance' };

beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await createDatabase(postgres);
  opened = await openTestService(databaseUrl);
}, 60_000);
afterAll(async () => {
  await opened?.close();
  await postgres?.stop();
}, 60_000);

async function fresh(name: string): Promise<Service> {
  const made = await opened.installation.store.organisations.create({ name, publishes: false });
  return opened.installation.of(made!.id);
}

async function monitorIn(of: Service, mapping = MAPPING, name = 'shop'): Promise<MonitorRecord> {
  const read = await inspect({ source: SHOP, format: 'native', name: 'model' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { document, digest } = read.value;
  const { id } = await of.store.models.put({
    owner: ALICE.owner,
    digest,
    sourceDigest: sha256(SHOP),
    name: document.name,
    format: 'native',
    source: SHOP,
    document,
  });
  const made = await createMonitor(of, ALICE, { name, modelId: id, mapping });
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.value;
}

/** A case that pays too little, with a word that stands nowhere else. */
const paidLittle = (key: string, minutes = 0): CloudEvent[] =>
  [
    event('weighed', minutes, { kg: 3, who: `${key} Sesame Street` }, key),
    event('paid', minutes + 10, { cents: 100, who: `${key} Sesame Street` }, key),
    event('sent', minutes + 20, {}, key),
  ].map((each) => ({ ...each, id: `${key}-${each.type}` }));

async function send(of: Service, events: readonly CloudEvent[]): Promise<Ingested> {
  const said = await ingestValues(
    of,
    events.map((each) => ({ specversion: '1.0', ...each })),
  );
  if (!said.ok) throw new Error(JSON.stringify(said.problems));
  return said.value;
}

const page = { limit: 1_000, oldestFirst: true };
const judgeOf = (): StreamJudge => new StreamJudge((id) => opened.installation.of(id));
const alertsOf = async ({ store }: Service, monitorId: string): Promise<readonly AlertRecord[]> =>
  (await store.alerts.list(page, { monitorId })).rows;
const caseNamed = async ({ store }: Service, caseKey: string) =>
  (await store.alerts.cases(page, { caseKey })).rows[0];

/** All that is kept of an organisation's stream and what came of it, as text. */
async function kept(of: Service): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const tables = [
    'stored_events',
    'monitored_cases',
    'raised_alerts',
    'alert_notes',
    'announcements',
    'incidents',
    'erased_cases',
  ];
  const found = [];
  for (const table of tables) {
    await client.query(`SELECT set_config('probity.tenant', '*', false)`);
    const where = 'WHERE organisation_id = $1';
    found.push(
      (await client.query(`SELECT * FROM ${table} ${where}`, [of.store.organisationId])).rows,
    );
  }
  await client.end();
  return JSON.stringify(found, (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

describe('a case that is erased', () => {
  it('leaves times, kinds, causes and counts, and no word of what was said', async () => {
    const of = await fresh('words');
    const monitor = await monitorIn(of);
    await send(of, [...paidLittle('Oscar'), ...paidLittle('Ernie')]);
    await judgeOf().advance(of.store.organisationId, monitor.id);
    const before = await alertsOf(of, monitor.id);
    const ofOscar = before.filter(({ caseKey }) => caseKey === 'Oscar');
    expect(ofOscar.length).toBeGreaterThan(0);
    await changeAlert(of, BY, ofOscar[0]!.id, { action: 'comment', text: 'Oscar was called' });
    const incident = (await of.store.alerts.incident(ofOscar[0]!.incidentId))!;
    const extent = await extentOf(of, incident);
    const id = (await caseNamed(of, 'Oscar'))!.id;
    expect(await kept(of)).toContain('Oscar');

    const erased = await eraseCase(of, BY, id, 'asked for');
    expect(erased).toMatchObject({ ok: true, value: { id, status: 'open' } });
    const text = await kept(of);
    expect(text).not.toContain('Oscar');
    expect(text).toContain('Ernie Sesame Street');
    expect(await extentOf(of, incident)).toEqual(extent);
    const after = await alertsOf(of, monitor.id);
    expect(after.map(({ id: each, kind, raisedAt }) => ({ each, kind, raisedAt }))).toEqual(
      before.map(({ id: each, kind, raisedAt }) => ({ each, kind, raisedAt })),
    );
    expect(after.find(({ id: each }) => each === ofOscar[0]!.id)?.told).toMatchObject({
      kind: ofOscar[0]!.kind,
    });
    // Asked again it is the same, and is noted once.
    expect(await eraseCase(of, BY, id, 'asked for')).toEqual(erased);
    const trail = (await of.store.audit.list(page)).rows;
    expect(trail.filter(({ operation }) => operation === 'caseErase')).toMatchObject([
      { subject: id, detail: 'asked for', actor: BY.keyId },
    ]);
  });

  it('has events that come later counted and shown, and neither kept nor judged', async () => {
    const of = await fresh('later');
    const monitor = await monitorIn(of);
    await send(of, paidLittle('Oscar'));
    const judge = judgeOf();
    await judge.advance(of.store.organisationId, monitor.id);
    const { id } = (await caseNamed(of, 'Oscar'))!;
    expect((await eraseCase(of, BY, id, 'asked for')).ok).toBe(true);
    const given = { ...event('given', 60, {}, 'Oscar'), id: 'later' };
    // What was known before, and what is new; the rest of the batch goes on.
    const said = await send(of, [...paidLittle('Oscar'), given, ...paidLittle('Bert')]);
    expect(said).toEqual({ stored: 3, duplicates: 0, conflicts: 0, afterErasure: 4, outcomes: 0 });
    await judge.advance(of.store.organisationId, monitor.id);
    expect(await caseNamed(of, 'Oscar')).toBeUndefined();
    const erased = (await of.store.alerts.case(id))!;
    expect(await erasureOf(of, erased)).toMatchObject({ events: 3, later: 4 });
    expect(await kept(of)).not.toContain('Oscar');
    // The next version of the monitor does not know it either.
    const next = await monitorIn(of);
    await judge.advance(of.store.organisationId, next.id);
    const cases = (await of.store.alerts.cases(page, { monitorId: next.id })).rows;
    expect(cases.map(({ caseKey }) => caseKey)).toEqual(['Bert']);
  });

  it('leaves all other cases as they are judged, by who goes on and by who begins anew', async () => {
    const [of, control] = [await fresh('others'), await fresh('control')];
    const [mine, theirs] = [await monitorIn(of), await monitorIn(control)];
    const first = [...paidLittle('Bert'), ...paidLittle('Oscar', 2 * 24 * 60)];
    const second = [...paidLittle('Ernie', 3 * 24 * 60), event('given', 4 * 24 * 60, {}, 'Bert')];
    for (const each of [of, control]) await send(each, first);
    const [goesOn, reference] = [judgeOf(), judgeOf()];
    await goesOn.advance(of.store.organisationId, mine.id);
    await reference.advance(control.store.organisationId, theirs.id);
    const { id } = (await caseNamed(of, 'Oscar'))!;
    expect((await eraseCase(of, BY, id, 'asked for')).ok).toBe(true);
    for (const each of [of, control]) await send(each, second);
    // One that was judging before, then one that has the stored events alone.
    await goesOn.advance(of.store.organisationId, mine.id);
    await reference.advance(control.store.organisationId, theirs.id);
    const again = await monitorIn(of, MAPPING, 'again');
    await judgeOf().advance(of.store.organisationId, again.id);
    const told = async (from: Service, monitorId: string): Promise<readonly unknown[]> =>
      (await alertsOf(from, monitorId))
        .filter(({ caseKey }) => ['Bert', 'Ernie'].includes(caseKey))
        .map(({ caseKey, kind, eventId, standing }) => [caseKey, kind, eventId, standing].join())
        .toSorted();
    const wanted = await told(control, theirs.id);
    // Bert's deadline is past by the time of an event of the case that is erased.
    expect(wanted.join(' ')).toContain('Bert,late');
    expect(await told(of, mine.id)).toEqual(wanted);
    expect(await told(of, again.id)).toEqual(wanted);
  });

  it('leaves what was signed as it was signed', async () => {
    const of = await fresh('signed');
    const monitor = await monitorIn(of);
    await send(of, paidLittle('Oscar'));
    await judgeOf().advance(of.store.organisationId, monitor.id);
    const [alert] = await alertsOf(of, monitor.id);
    const signed = await stateIncident(of, BY, alert!.id);
    if (!signed.ok) throw new Error(JSON.stringify(signed.problems));
    expect((await eraseCase(of, BY, (await caseNamed(of, 'Oscar'))!.id, 'asked for')).ok).toBe(
      true,
    );
    const { notary } = of;
    const policy = await parsePolicy(
      renderPolicy({
        verdicts: [notary.keys.verdict.vkey],
        logs: [notary.log.vkey],
        ledgers: [],
      }),
      nodeCrypto.sha256,
    );
    if (!policy.ok) throw new Error(JSON.stringify(policy.problems));
    const codeOf = async (file: string): Promise<string> =>
      (await verifyIncident(Buffer.from(file), policy.value, nodeCrypto)).code;
    expect(await codeOf(signed.value.file)).toBe('INCIDENT_VERIFIED');
    // What is signed from now on has nothing of it.
    const after = await stateIncident(of, BY, alert!.id);
    if (!after.ok) throw new Error(JSON.stringify(after.problems));
    expect(await codeOf(after.value.file)).toBe('INCIDENT_VERIFIED');
    const { payload } = JSON.parse(
      (JSON.parse(after.value.file) as { envelope: string }).envelope,
    ) as { payload: string };
    expect(Buffer.from(payload, 'base64').toString()).not.toContain('Oscar');
  });

  it('is refused where its events are of other cases too, and where there is none', async () => {
    const of = await fresh('shared');
    const monitor = await monitorIn(of, MAPPING.replace('$.subject', '$.data.of'));
    await send(of, [event('weighed', 0, { kg: 3, of: ['A', 'B'] })]);
    await judgeOf().advance(of.store.organisationId, monitor.id);
    const { id } = (await caseNamed(of, 'A'))!;
    expect(await eraseCase(of, BY, id, 'asked for')).toMatchObject({
      ok: false,
      problems: [{ code: 'CASE_SHARED', path: 'input.id' }],
    });
    expect(await caseNamed(of, 'A')).toBeDefined();
    expect(await eraseCase(of, BY, 'cas_x', 'asked for')).toMatchObject({
      problems: [{ code: 'NOT_FOUND' }],
    });
    expect(await eraseCase(of, BY, id, ' ')).toMatchObject({
      problems: [{ code: 'REQUEST_SHAPE', path: 'input.reason' }],
    });
  });
});
