import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditArchive } from '../../src/service/audit.ts';
import { audited, judgeTrail } from '../../src/service/auditTrail.ts';
import { requestVerification, submitModel } from '../../src/service/submit.ts';
import { readZip } from '../../src/evidence/formats/zip.ts';
import { verdictIdOf, type AuditRecord } from '../../src/store/index.ts';
import { post } from '../api/client.ts';
import { probity } from '../cli/run.ts';
import { repository } from '../golden.ts';
import { temporaryFolder, until } from '../servers.ts';
import { ALICE, openTestApi, type TestApi } from './bench.ts';

let running: TestApi;
let pool: pg.Pool;
let folder: string;
const keys: Record<string, { id: string; key: string }> = {};

beforeAll(async () => {
  running = await openTestApi('audit');
  folder = await temporaryFolder();
  pool = new pg.Pool({ connectionString: running.opened.config.databaseUrl, max: 1 });
  for (const [name, role, owner] of [
    ['admin', 'admin', 'admin'],
    ['officer', 'compliance', 'carol'],
    ['alice', 'architect', 'alice'],
  ] as const) {
    const { key, record } = await running.opened.service.store.keys.create({ name, role, owner });
    keys[name] = { id: record.id, key };
  }
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await running?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const ask = (who: string, query: string, variables: object = {}) =>
  post(running.api.url, keys[who]!.key, query, variables);

/** What came to the audit while something was done. */
async function noted(work: () => Promise<unknown>): Promise<readonly AuditRecord[]> {
  const { audit } = running.opened.service.store;
  const before = (await audit.head())?.position ?? 0;
  await work();
  return audit.chained(before, 100);
}

async function sealed(source: string): Promise<string> {
  const { service } = running.opened;
  const model = await submitModel(service, ALICE, { source, format: 'native', name: source });
  const asked = await requestVerification(service, ALICE, {
    modelId: model.ok ? model.value.id : '',
  });
  const id = asked.ok ? asked.value.id : '';
  await until(async () => (await service.store.runs.head(id))?.state === 'sealed');
  return verdictIdOf(id);
}

describe('the audit', () => {
  it('has every read of a verdict, by whom and from where, each once', async () => {
    const [one, two] = [await sealed('sleep 1'), await sealed('sleep 2')];
    const read = await noted(() =>
      ask(
        'alice',
        `{ a: verdict(id: "${one}") { leaf issuedAt } b: verdict(id: "${one}") { receipt } }`,
      ),
    );
    expect(read).toMatchObject([
      {
        operation: 'verdictRead',
        subject: one,
        detail: null,
        actor: keys['alice']!.id,
        role: 'architect',
      },
    ]);
    expect(read[0]!.address).toMatch(/127\.0\.0\.1$/u);
    const listed = await noted(() =>
      ask('officer', '{ verdicts { nodes { id leaf } } runs { nodes { verdict { leaf } } } }'),
    );
    expect(listed).toHaveLength(1);
    expect([listed[0]!.subject, listed[0]!.detail].sort()).toEqual([one, two].sort());
    expect(
      await noted(() => ask('officer', `{ node(id: "${two}") { ... on Verdict { statement } } }`)),
    ).toHaveLength(1);
    // That there is one is no reading of it; nor is asking for what one may not see.
    expect(await noted(() => ask('alice', '{ verdicts { nodes { id } } }'))).toEqual([]);
    expect(
      await noted(() => ask('alice', '{ verdict(id: "ver_00000000000000000000000000") { leaf } }')),
    ).toEqual([]);
  }, 60_000);

  it('has every write, also of what notes nothing itself, and none that was refused', async () => {
    const submit =
      'mutation ($input: SubmitModelInput!) { modelSubmit(input: $input) { model { id } userErrors { code } } }';
    const input = { source: 'sleep 3', format: 'native', name: 'x' };
    let modelId = '';
    const submitted = await noted(async () => {
      const { data } = await ask('alice', submit, { input });
      modelId = (data!['modelSubmit'] as unknown as { model: { id: string } }).model.id;
    });
    expect(submitted).toMatchObject([
      { operation: 'modelSubmit', subject: modelId, actor: keys['alice']!.id },
    ]);
    const asked = await noted(() =>
      ask(
        'alice',
        `mutation { requestVerification(input: { modelId: "${modelId}", seal: false }) { id } }`,
      ),
    );
    expect(asked).toMatchObject([
      { operation: 'requestVerification', subject: expect.stringMatching(/^run_/u) },
    ]);
    expect(await noted(() => ask('alice', submit, { input: { ...input, source: 'bad' } }))).toEqual(
      [],
    );
    expect(await noted(() => ask('alice', 'mutation { cancelRun(id: "x") { id } }'))).toEqual([]);
    const made = await noted(() =>
      ask(
        'admin',
        'mutation { apiKeyCreate(input: { name: "k", role: trainer }) { apiKey { id } } }',
      ),
    );
    expect(made.map(({ operation }) => operation)).toEqual(['createApiKey']);
  }, 30_000);

  it('is one chain, however many write at once', async () => {
    const { service } = running.opened;
    const actor = { keyId: 'key_x', role: 'admin', address: '8.8.8.8' };
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => audited(service, actor, 'op', `s${index}`)),
    );
    const judged = await judgeTrail(service);
    expect(judged.findings).toEqual([]);
    expect(judged.rows).toBe(judged.head!.position);
    const { data } = await ask(
      'officer',
      '{ auditChain { whole rows unchained head { position link } findings { fault } } }',
    );
    expect(data?.['auditChain']).toMatchObject({
      whole: true,
      unchained: 0,
      findings: [],
      head: judged.head,
    });
  }, 30_000);

  it.each([
    [
      'an operation that was another',
      `UPDATE "audit_events" SET "operation" = 'viewer' WHERE "position" = 3`,
      '3 changed',
    ],
    [
      'another actor',
      `UPDATE "audit_events" SET "actor" = 'key_y' WHERE "position" = 3`,
      '3 changed',
    ],
    [
      'another address',
      `UPDATE "audit_events" SET "address" = '1.1.1.1' WHERE "position" = 3`,
      '3 changed',
    ],
    [
      'another time',
      `UPDATE "audit_events" SET "at" = "at" - INTERVAL '1 day' WHERE "position" = 3`,
      '3 changed',
    ],
    ['a row less', `DELETE FROM "audit_events" WHERE "position" = 3`, '4 removed'],
    [
      'the last row gone',
      `DELETE FROM "audit_events" WHERE "position" = (SELECT max("position") FROM "audit_events")`,
      'removed',
    ],
    [
      'two rows exchanged',
      ['-3 WHERE "position" = 3', '3 WHERE "position" = 4', '4 WHERE "position" = -3']
        .map((each) => `UPDATE "audit_events" SET "position" = ${each}`)
        .join(';'),
      '3 changed',
    ],
  ])('shows %s to whoever asks, though the database was changed', async (_name, sql, expected) => {
    const { rows } = await pool.query<{ row: string }>(
      'SELECT a::TEXT AS row FROM "audit_events" AS a',
    );
    await pool.query('CREATE TABLE "kept" AS SELECT * FROM "audit_events"');
    try {
      await pool.query(sql);
      const { findings } = await judgeTrail(running.opened.service);
      expect(findings.map(({ position, fault }) => `${position} ${fault}`).join(', ')).toContain(
        expected,
      );
    } finally {
      await pool.query('DELETE FROM "audit_events"');
      await pool.query('INSERT INTO "audit_events" SELECT * FROM "kept"');
      await pool.query('DROP TABLE "kept"');
    }
    const restored = await pool.query<{ row: string }>(
      'SELECT a::TEXT AS row FROM "audit_events" AS a',
    );
    expect(restored.rows).toHaveLength(rows.length);
    expect((await judgeTrail(running.opened.service)).findings).toEqual([]);
  });

  it('forgets who it was where that is asked for, and stays whole', async () => {
    const erase =
      'mutation ($input: AuditActorEraseInput!) { auditActorErase(input: $input) { erased userErrors { code } } }';
    const gone = async (actor: string) =>
      (await ask('admin', erase, { input: { actor } })).data?.['auditActorErase'];
    expect(await gone('key_x')).toEqual({ erased: 20, userErrors: [] });
    expect(await gone('key_x')).toMatchObject({ userErrors: [{ code: 'NOT_FOUND' }] });
    expect(await gone(keys['admin']!.id)).toMatchObject({
      userErrors: [{ code: 'OPTION_INVALID' }],
    });
    const { rows } = await pool.query<{ row: string }>(
      'SELECT a::TEXT AS row FROM "audit_events" AS a',
    );
    expect(JSON.stringify(rows)).not.toMatch(/key_x|8\.8\.8\.8/u);
    const judged = await judgeTrail(running.opened.service);
    expect(judged).toMatchObject({ findings: [], erased: 20 });
    const { data } = await ask(
      'officer',
      '{ auditEvents(first: 100) { nodes { actor operation address } } }',
    );
    expect(JSON.stringify(data)).toContain('"actor":"erased"');
  });

  it('goes into the archive, where anybody can judge it, and an earlier one tells of both', async () => {
    const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
    const isLine = ajv.compile(
      JSON.parse(readFileSync(repository('schemas/access-log.schema.json'), 'utf8')) as object,
    );
    const exported = async (name: string): Promise<{ file: string; lines: readonly string[] }> => {
      const period = { from: new Date('2020-01-01'), to: new Date('2100-01-01') };
      const archive = await auditArchive(running.opened.service, period);
      const files = archive.ok ? readZip(archive.value) : undefined;
      const text = Buffer.from(files!.get('access-log.jsonl')!).toString('utf8');
      const file = join(folder, name);
      await writeFile(file, text);
      return { file, lines: text.trimEnd().split('\n') };
    };
    const early = await exported('early.jsonl');
    for (const line of early.lines)
      expect(isLine(JSON.parse(line)), ajv.errorsText(isLine.errors)).toBe(true);
    await ask('officer', '{ verdicts { nodes { leaf } } }');
    const late = await exported('late.jsonl');
    expect(late.lines.length).toBe(early.lines.length + 1);
    const check = (...args: string[]) => probity('access-log', ...args, '--json');
    expect(await check(early.file)).toMatchObject({ exit: 0 });
    expect(await check(late.file, '--before', early.file)).toMatchObject({ exit: 0 });
    const rewritten = join(folder, 'rewritten.jsonl');
    const faultsOf = async (lines: readonly string[], ...args: string[]): Promise<unknown> => {
      await writeFile(rewritten, `${lines.join('\n')}\n`);
      const { exit, stdout } = await check(rewritten, ...args);
      const { findings } = JSON.parse(stdout) as { findings: { fault: string }[] };
      return [exit, findings[0]?.fault];
    };
    expect(await faultsOf(late.lines.toSpliced(2, 1))).toEqual([1, 'removed']);
    expect(
      await faultsOf(late.lines.with(2, late.lines[2]!.replace('"operation":"', '"operation":"x'))),
    ).toEqual([1, 'changed']);
    expect(await faultsOf([late.lines[1]!, late.lines[0]!])).toEqual([1, 'reordered']);
    expect(await faultsOf(late.lines.slice(0, 3), '--before', early.file)).toEqual([1, 'removed']);
    expect(await faultsOf(late.lines.slice(-1), '--before', early.file)).toEqual([0, undefined]);
    await writeFile(rewritten, '{}\n');
    expect(await check(rewritten)).toMatchObject({
      exit: 2,
      stdout: expect.stringContaining('BUNDLE_SHAPE'),
    });
  }, 60_000);
});
