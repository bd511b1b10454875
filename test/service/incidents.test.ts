import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { canonicalJson, sha256 } from '../../src/canonical/index.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parsePolicy, renderPolicy, type TrustPolicy } from '../../src/evidence/formats/policy.ts';
import { signIncident, type IncidentContent } from '../../src/evidence/signing/incident.ts';
import { seedSigner } from '../../src/evidence/signing/keys.ts';
import type { Signer } from '../../src/evidence/signing/signer.ts';
import type { IncidentFile, IncidentStatement } from '../../src/evidence/statements/incident.ts';
import { INCIDENT_FILE_SCHEMA, INCIDENT_SCHEMA } from '../../src/evidence/statements/schemas.ts';
import { verifyIncident } from '../../src/evidence/verify/incident.ts';
import { changeAlert } from '../../src/service/alerts.ts';
import {
  finishIncidents,
  incidentStatements,
  stateIncident,
  type LoggedIncident,
} from '../../src/service/incidents.ts';
import { ingestValues } from '../../src/service/ingest.ts';
import { StreamJudge } from '../../src/service/judge.ts';
import { createMonitor } from '../../src/service/monitors.ts';
import type { AlertRecord } from '../../src/store/index.ts';
import { fileOf, probity } from '../cli/run.ts';
import { golden } from '../golden.ts';
import { event, MAPPING, SHOP } from '../monitor/shop.ts';
import { createDatabase, startPostgres, type TestServer } from '../servers.ts';
import { ALICE, openTestService, type TestService } from './bench.ts';

let postgres: TestServer;
let opened: TestService;
let policyText: string;
let policy: TrustPolicy;
let alert: AlertRecord;
const BY = { keyId: 'key_00000000000000000000000000', role: 'compliance' };

beforeAll(async () => {
  postgres = await startPostgres();
  opened = await openTestService(await createDatabase(postgres));
  const { store, notary } = opened.service;
  policyText = renderPolicy({
    verdicts: [notary.keys.verdict.vkey],
    logs: [notary.log.vkey],
    ledgers: [],
  });
  policy = await policyOf(policyText);
  const read = await inspect({ source: SHOP, format: 'native', name: 'shop' });
  if (!read.ok) throw new Error('it is read');
  const model = await store.models.put({
    owner: ALICE.owner,
    digest: read.value.digest,
    sourceDigest: sha256(SHOP),
    name: 'Parcel',
    format: 'native',
    source: SHOP,
    document: read.value.document,
  });
  const input = { name: 'shop', modelId: model.id, mapping: MAPPING };
  const monitor = await createMonitor(opened.service, ALICE, input);
  if (!monitor.ok) throw new Error(JSON.stringify(monitor.problems));
  const events = [
    event('weighed', 0, { kg: 3 }),
    event('paid', 10, { cents: 100, note: 'geändert' }),
    event('sent', 20),
  ].map((each) => ({ specversion: '1.0', ...each }));
  await ingestValues(opened.service, events);
  const judge = new StreamJudge((id) => opened.installation.of(id));
  await judge.advance(store.organisationId, monitor.value.id);
  const page = { limit: 100, oldestFirst: true };
  alert = (await store.alerts.list(page, { kind: 'deviation' })).rows[0]!;
  await changeAlert(opened.service, BY, alert.id, {
    action: 'comment',
    text: 'we called the bank',
  });
}, 60_000);
afterAll(async () => {
  await opened?.close();
  await postgres?.stop();
}, 60_000);

async function policyOf(text: string): Promise<TrustPolicy> {
  const read = await parsePolicy(text, nodeCrypto.sha256);
  if (!read.ok) throw new Error(JSON.stringify(read));
  return read.value;
}

async function stated(subject: string): Promise<LoggedIncident> {
  const made = await stateIncident(opened.service, BY, subject);
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.value;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const fileIn = (text: string): IncidentFile => JSON.parse(text) as IncidentFile;
const payloadIn = ({ envelope }: IncidentFile): IncidentStatement =>
  JSON.parse(
    Buffer.from((JSON.parse(envelope) as { payload: string }).payload, 'base64').toString(),
  ) as IncidentStatement;
const contentIn = (file: IncidentFile): IncidentContent => {
  const { id: _id, issuer: _issuer, issuedAt: _at, ...content } = payloadIn(file).predicate;
  return content;
};
const codeOf = async (text: string, trust = policy): Promise<string> =>
  (await verifyIncident(bytes(text), trust, nodeCrypto)).code;

describe('an incident statement', () => {
  it('has all that was told of an alert and done about it, and verifies offline', async () => {
    const { file, logIndex } = await stated(alert.id);
    expect(logIndex).toBeGreaterThanOrEqual(0);
    const report = await verifyIncident(bytes(file), policy, nodeCrypto);
    expect(report).toMatchObject({ status: 'verified', code: 'INCIDENT_VERIFIED' });
    const { predicate, subject } = report.statement!;
    expect(subject[0].name).toBe(alert.id);
    expect(predicate).toMatchObject({
      about: 'alert',
      monitor: { name: 'shop', version: 1, mapping: sha256(MAPPING) },
      model: { name: 'Parcel' },
      extent: { alerts: 1, cases: 1 },
      alerts: [
        {
          kind: 'deviation',
          standing: 'stands',
          told: { explainedBy: expect.arrayContaining([['tamper.bill.amount']]) as unknown[] },
          detail: {
            event: expect.stringContaining('"cents":100') as string,
            prefix: { steps: expect.any(Array) as unknown[] },
          },
          history: [{ action: 'comment', text: 'we called the bank', role: 'compliance' }],
        },
      ],
    });
  });

  it('is the same as long as nothing changes, and a new one after that', async () => {
    const [first, again] = [await stated(alert.id), await stated(alert.id)];
    expect(again).toEqual(first);
    await changeAlert(opened.service, BY, alert.id, { action: 'close', text: 'refunded' });
    const after = await stated(alert.id);
    expect(after.id).not.toBe(first.id);
    const known = await incidentStatements(opened.service, alert.id);
    expect(known.map(({ id }) => id)).toEqual([after.id, first.id]);
  });

  it('about an incident has the alerts of one cause', async () => {
    const { file } = await stated(alert.incidentId);
    const { predicate } = payloadIn(fileIn(file));
    expect(predicate).toMatchObject({ about: 'incident', extent: { alerts: 1, cases: 1 } });
    expect(await stateIncident(opened.service, BY, 'alr_x')).toMatchObject({
      problems: [{ code: 'NOT_FOUND' }],
    });
  });

  it('that a process signed and did not log is logged by the next sweep', async () => {
    await changeAlert(opened.service, BY, alert.id, { action: 'reopen' });
    const { log } = opened.service.notary;
    const append = vi.spyOn(log, 'append').mockRejectedValueOnce(new Error('killed'));
    await expect(stateIncident(opened.service, BY, alert.id)).rejects.toThrow('killed');
    append.mockRestore();
    const { store } = opened.service;
    expect(await store.incidentStatements.unlogged()).toHaveLength(1);
    expect(await opened.installation.store.all.statements.unlogged('incident')).toEqual([
      store.organisationId,
    ]);
    await finishIncidents(opened.service);
    expect(await store.incidentStatements.unlogged()).toEqual([]);
    const [latest] = await incidentStatements(opened.service, alert.id);
    expect(await codeOf(latest!.file)).toBe('INCIDENT_VERIFIED');
  });

  it('has published shapes', () => {
    golden('schemas/incident.schema.json', INCIDENT_SCHEMA);
    golden('schemas/incident-file.schema.json', INCIDENT_FILE_SCHEMA);
  });
});

describe('a forger of incident statements', () => {
  const forged = async (
    change: (content: IncidentContent, file: IncidentFile) => Promise<string> | string,
  ): Promise<string> => {
    const { file } = await stated(alert.id);
    return change(contentIn(fileIn(file)), fileIn(file));
  };
  const mallory = async (): Promise<Signer> =>
    (await seedSigner('mallory.example', new Uint8Array(32).fill(7))).signer;

  it('cannot change a word of what was signed', async () => {
    const text = await forged((_content, file) => {
      const envelope = JSON.parse(file.envelope) as { payload: string };
      const payload = Buffer.from(envelope.payload, 'base64').toString();
      const changed = payload.replace('we called the bank', 'nothing happened..');
      expect(changed).not.toBe(payload);
      const put = { ...envelope, payload: Buffer.from(changed).toString('base64') };
      return canonicalJson({ ...file, envelope: canonicalJson(put) });
    });
    expect(await codeOf(text)).toBe('INCIDENT_LEAF');
  });

  it('cannot sign it with another key, nor put another leaf behind it', async () => {
    const signer = await mallory();
    const other = await forged(async (content, file) => {
      const made = await signIncident(
        { id: payloadIn(file).predicate.id, subject: alert.id, content },
        { signer, issuer: 'mallory' },
      );
      const { envelope, salt, leaf } = made;
      return canonicalJson({ ...file, envelope, salt, leaf });
    });
    expect(await codeOf(other)).toBe('INCIDENT_INCLUSION');
    const swapped = await forged(async (content, file) => {
      const made = await signIncident(
        { id: payloadIn(file).predicate.id, subject: alert.id, content },
        { signer, issuer: 'mallory' },
      );
      return canonicalJson({ ...file, envelope: made.envelope });
    });
    expect(await codeOf(swapped)).toBe('INCIDENT_LEAF');
  });

  it('cannot have our own key name other alerts, or another issuer', async () => {
    const { notary } = opened.service;
    const logged = async (
      content: IncidentContent,
      change: (statement: IncidentStatement) => IncidentStatement,
    ): Promise<string> => {
      const { signForLog } = await import('../../src/evidence/signing/sign.ts');
      const id = 'ist_00000000000000000000000000';
      const made = await signIncident(
        { id, subject: alert.id, content },
        { signer: notary.keys.verdict, issuer: notary.issuer },
      );
      const file = { v: 1, kind: 'incident', ...made } as unknown as IncidentFile;
      const statement = change(payloadIn(file));
      const { envelope, salt, leaf } = await signForLog(statement, [notary.keys.verdict], {
        kind: 'incident',
        id,
      });
      const { receipt } = await notary.log.append(bytes(leaf));
      return canonicalJson({ v: 1, kind: 'incident', envelope, salt, leaf, receipt });
    };
    const content = contentIn(fileIn((await stated(alert.id)).file));
    const renamed = await logged(content, (statement) => ({
      ...statement,
      predicate: { ...statement.predicate, issuer: { name: 'x', key: 'other' } },
    }));
    expect(await codeOf(renamed)).toBe('INCIDENT_ISSUER');
    const other = await logged(content, (statement) => ({
      ...statement,
      subject: [{ name: alert.id, digest: { sha256: 'a'.repeat(64) } }],
    }));
    expect(await codeOf(other)).toBe('INCIDENT_SUBJECT');
    const open = await logged(content, (statement) => ({
      ...statement,
      predicate: { ...statement.predicate, more: 1 } as never,
    }));
    expect(await codeOf(open)).toBe('INCIDENT_SHAPE');
  });

  it('is not believed by whoever trusts other keys, and neither is a damaged file', async () => {
    const { file } = await stated(alert.id);
    const signer = await mallory();
    const log = opened.service.notary.log.vkey;
    const stranger = await policyOf(
      renderPolicy({ verdicts: [signer.vkey], logs: [log], ledgers: [] }),
    );
    expect(await codeOf(file, stranger)).toBe('INCIDENT_UNTRUSTED');
    for (const text of ['', '{}', file.replace('"v":1', '"v":2'), ` ${file}`])
      expect(await codeOf(text)).toBe('INCIDENT_SHAPE');
  });
});

describe('probity verify incident.json', () => {
  it('tells who said what of which case, and refuses what is forged', async () => {
    const { file } = await stated(alert.id);
    const trust = ['--policy', fileOf('policy', policyText)];
    const fine = await probity('verify', fileOf('incident.json', file), ...trust);
    expect(fine).toMatchObject({ exit: 0 });
    expect(fine.stdout).toContain('incident statement · verified');
    expect(fine.stdout).toContain('monitor shop (version 1) along Parcel');
    expect(fine.stdout).toContain('not that the events happened');
    const json = await probity('verify', fileOf('i.json', file), ...trust, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 'verified', exit: 0 });
    const cut = fileOf('forged.json', file.replace('"kind":"incident"', '"kind":"incidenT"'));
    expect((await probity('verify', cut, ...trust)).exit).toBe(2);
    expect((await probity('verify', fileOf('j.json', file))).exit).toBe(3);
  });
});
