import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Client } from '../../src/store/client.ts';
import {
  FIRST_ORGANISATION,
  isSealed,
  migrate,
  newId,
  Store,
  verdictIdOf,
  type TenantStore,
} from '../../src/store/index.ts';
import { readMigrations } from '../../src/store/migrate.ts';
import { createDatabase, startPostgres, type TestServer } from '../servers.ts';

/**
 * The two walls between organisations, each with the other taken away: what the store asks for, and
 * what the database shows. Once as the account of the embedded server, which may do anything, and
 * once as an account that owns its database and may make no roles.
 */

/** Tables without rows of an organisation, and why they need none. */
const SHARED_TABLES: Readonly<Record<string, string>> = {
  _prisma_migrations: 'what was applied',
  log_leaves: 'the one log: salted digests, public',
  log_nodes: 'the one log: hashes, public',
  log_checkpoint: 'the one log: public',
  cosigned_checkpoints: 'of the one log: public',
  anchors: 'of the one log: checkpoints, public',
  tallies: 'sums over all organisations, by engine and outcome',
};

let postgres: TestServer;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres?.stop(), 60_000);

/** A database that belongs to an account without rights beyond it. */
async function ownedDatabase(name: string): Promise<string> {
  const url = await createDatabase(postgres);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE ROLE "${name}" LOGIN PASSWORD 'x'`);
  const { pathname } = new URL(url);
  await client.query(`ALTER DATABASE "${pathname.slice(1)}" OWNER TO "${name}"`);
  await client.query(`ALTER SCHEMA public OWNER TO "${name}"`);
  await client.end();
  return Object.assign(new URL(url), { username: name, password: 'x' }).href;
}

/** A row of every kind in one organisation; the ids of them. */
async function filled(store: TenantStore, leaf: number) {
  const source = { source: 'secret', document: { secret: true } as never };
  const digests = { owner: 'o', digest: 'd', sourceDigest: 's', name: 'm', format: 'native' };
  const model = await store.models.put({ ...digests, ...source });
  const id = newId('run');
  const run = { id, owner: 'o', modelId: model.id, options: {}, cacheKey: 'same' };
  await store.runs.create(run);
  const claim = (await store.runs.claim(id, 'w', 60_000))!;
  const artifact = { name: 'a', mediaType: 't', text: 'secret', digest: 'd' };
  const report = { properties: [{ name: 'p', outcome: 'holds' }] } as never;
  await store.runs.check(claim, { report, artifacts: [artifact], cacheable: true });
  const verdict = verdictIdOf(id);
  const signed = { statementDigest: 'd', issuedAt: '2026-01-01T00:00:00.000Z', envelope: '{}' };
  await store.verdicts.keep({
    ...signed,
    id: verdict,
    runId: id,
    owner: 'o',
    salt: 's',
    leaf: 'l',
    information: {},
  });
  await store.verdicts.seal(verdict, { index: leaf, receipt: 'r' });
  const said = { kind: 'revocation', subject: verdict, state: 'revoked', actor: 'k' } as const;
  const statement = { statementDigest: 'd', envelope: '{}', salt: 's', leaf: 'l' };
  const { id: revocation } = await store.statements.keep({
    ...said,
    ...statement,
    id: newId('rev'),
  });
  await store.statements.log(revocation, { index: leaf + 1, receipt: 'r' });
  await store.idempotency.remember('o', 'op', 'key', { inputDigest: 'i', resultId: id });
  await store.audit.add({ actor: 'k', role: 'admin', operation: 'op', subject: id });
  const { key, record } = await store.keys.create({ name: 'k', role: 'admin', owner: 'o' });
  const approval = await store.approvals.keep({
    operation: 'op',
    input: '{"secret":true}',
    inputDigest: 'd',
    requestedBy: record.id,
    owner: 'o',
    role: 'admin',
    expiresAt: new Date(Date.now() + 60_000),
  });
  await store.approvals.require(true);
  const { platform, launch } = await launchedIn(store);
  const watched = await watchedIn(store, model.id);
  const ids = { model: model.id, run: id, verdict, keyId: record.id, platform, launch };
  return { ...ids, claim, key, approval, ...watched };
}

/** A learning platform, somebody who came from it, and his score. */
async function launchedIn({ lti }: TenantStore) {
  const { id: platformId } = await lti.setPlatform({
    issuer: 'https://secret.example',
    clientId: 'c',
    deploymentIds: ['1'],
    authorizationUrl: 'a',
    tokenUrl: 't',
    tokenAudience: 't',
    jwksUrl: 'j',
  });
  const launch = await lti.addLaunch({
    platformId,
    nonce: 'n',
    tokenHash: platformId,
    learner: 'lti_l',
    className: 'c',
    role: 'learner',
    lesson: 'l',
    user: 'u',
    lineItem: 'https://secret.example/1',
    deepLink: null,
    expiresAt: new Date(Date.now() + 60_000),
  });
  await lti.keepScore({ platformId, learner: 'lti_l', user: 'u', lineItem: 'x', score: 1 });
  return { platform: platformId, launch: launch!.id };
}

/** A monitor with all that it can have. */
async function watchedIn(store: TenantStore, modelId: string) {
  const event = { source: 's', eventId: 'e', digest: 'd', body: '{"secret":true}' };
  await store.events.keep([event], new Date());
  const named = { owner: 'o', name: 'w', modelId, mapping: 'secret', settings: {} };
  const { id: monitor } = await store.monitors.create(named);
  const at = new Date();
  const told = { kind: 'late', source: 's', eventId: 'e', property: '', cause: 'c' };
  const raised = { ...told, position: 0, standing: 'stands' as const, told: {}, explainedBy: [] };
  await store.monitors.keep(monitor, 0n, {
    arrival: 1n,
    clock: at,
    cases: [{ caseKey: 'k', status: 'open', answer: {} }],
    alerts: [{ ...raised, caseKey: 'k', raisedAt: at, settlesAt: at }],
    at,
    owner: 'o',
  });
  const page = { limit: 1 };
  const [alert] = (await store.alerts.list(page, {})).rows;
  const [found] = (await store.alerts.cases(page, {})).rows;
  const by = { actor: 'k', role: 'admin' };
  await store.alerts.change(alert!.id, by, { action: 'comment', text: 'secret' });
  const gone = { caseKey: 'g', keyPath: '["g"]', monitorIds: [], holds: 'nothing has this' };
  await store.erasedCases.erase({ ...gone, isOf: () => 'no', left: () => '{}' });
  const about = { monitorId: monitor, alertId: alert!.id, incidentId: alert!.incidentId };
  const run = await store.playbookRuns.start(
    {
      ...about,
      subject: alert!.id,
      playbookId: 'p',
      name: 'p',
      digest: 'd',
      content: {},
      verified: true,
      reason: 'secret',
      startedBy: 'k',
      owner: 'o',
    },
    { place: 0, state: 'waiting' },
    { actor: 'k', role: 'admin', action: 'start', text: 'secret' },
  );
  const [step] = await store.playbookRuns.steps(run!.id);
  const incident = alert!.incidentId;
  return {
    monitor,
    alert: alert!.id,
    watchedCase: found!.id,
    incident,
    playbookRun: run!.id,
    playbookStep: step!.id,
  };
}

type Filled = Awaited<ReturnType<typeof filled>>;

/** All that a handle can be asked, of ids that are another organisation's; what it says. */
const asked = (mine: TenantStore, theirs: Filled): Promise<unknown[]> =>
  Promise.all([
    mine.models.get(theirs.model),
    mine.approvals.get(theirs.approval),
    mine.lti.platform(theirs.platform),
    mine.lti.launch(theirs.launch),
    mine.lti.removePlatform(theirs.platform),
    mine.lti.erase('lti_l'),
    mine.models.head(theirs.model),
    mine.models.texts(theirs.model),
    mine.runs.get(theirs.run),
    mine.runs.head(theirs.run),
    mine.runs.risk(theirs.run),
    mine.runs.artifacts(theirs.run),
    mine.runs.findCached('same', 'o'),
    mine.runs.holds(theirs.claim),
    mine.runs.cancel(theirs.run),
    mine.runs.fail(theirs.run, { code: 'X', message: 'x' }),
    mine.runs.release(theirs.run, 'w'),
    mine.runs.claim(theirs.run, 'w', 1),
    mine.shownReports.get(theirs.run, 1_000),
    mine.shownReports.trace(theirs.run, 'p'),
    mine.verdicts.get(theirs.verdict),
    mine.verdicts.ofRun(theirs.run),
    mine.verdicts.erase(theirs.verdict),
    mine.statements.withdrawals(theirs.verdict),
    mine.keys.revoke(theirs.keyId),
    mine.idempotency.find('o', 'op', 'key'),
    mine.monitors.get(theirs.monitor),
    mine.monitors.retire(theirs.monitor),
    mine.alerts.get(theirs.alert),
    mine.alerts.case(theirs.watchedCase),
    mine.alerts.incident(theirs.incident),
    mine.alerts.ofCase(theirs.monitor, 'k'),
    mine.alerts.notes(theirs.alert),
    mine.alerts.curve(theirs.incident),
    mine.playbookRuns.get(theirs.playbookRun),
    mine.playbookRuns.step(theirs.playbookStep),
    mine.playbookRuns.steps(theirs.playbookRun),
    mine.playbookRuns.notes(theirs.playbookRun),
    mine.playbookRuns.move(theirs.playbookStep, () => ({
      note: { actor: 'k', role: 'admin', action: 'cancel', text: '' },
      ends: 'cancelled',
    })),
    mine.alerts.change(theirs.alert, { actor: 'k', role: 'admin' }, { action: 'close', text: '' }),
  ]);

/** All lists of a handle. */
async function listed(mine: TenantStore): Promise<string[]> {
  const page = { limit: 100 } as const;
  const wide = { from: new Date(0), to: new Date('2100-01-01') };
  const rows = [
    ...(await mine.models.list(page)).rows,
    ...(await mine.runs.list(page)).rows,
    ...(await mine.verdicts.list(page)).rows,
    ...(await mine.verdicts.sealedBetween(wide.from, wide.to)),
    ...(await mine.statements.list()),
    ...(await mine.statements.unlogged()),
    ...(await mine.keys.list()),
    ...(await mine.lti.platforms()),
    ...(await mine.audit.list(page)).rows,
    ...(await mine.audit.between(wide.from, wide.to)),
    ...(await mine.monitors.list(page)).rows,
    ...(await mine.alerts.list(page, {})).rows,
    ...(await mine.alerts.cases(page, {})).rows,
    ...(await mine.alerts.incidents(page, undefined)).rows,
    ...(await mine.playbookRuns.list(page, {})).rows,
    ...(await mine.events.after(0n, 100)).map(({ arrival }) => ({ id: arrival })),
  ];
  return rows.map(({ id }) => String(id));
}

const NOTHING = (answers: unknown[]): boolean =>
  answers.every(
    (each) =>
      each === undefined ||
      each === null ||
      each === false ||
      (Array.isArray(each) && each.length === 0),
  );

describe.each([
  // First: the role is one of the whole server, and there is none yet.
  ['an account that may make no roles', () => ownedDatabase('plain_owner'), 'plain_owner'],
  ['the account of the embedded server', () => createDatabase(postgres), 'probity_tenant'],
] as const)('as %s', (_name, database, heldAs) => {
  let url: string;
  let store: Store;
  let client: Client;
  let admin: pg.Client;
  let other: string;
  let theirs: Filled;
  let mine: TenantStore;

  beforeAll(async () => {
    url = await database();
    await migrate(url);
    store = new Store(url, 4);
    client = connect(url, 2);
    admin = new pg.Client({ connectionString: url });
    await admin.connect();
    other = (await store.organisations.create({ name: 'other', publishes: false }))!.id;
    mine = store.of(other);
    theirs = await filled(store.of(FIRST_ORGANISATION), 0);
  }, 60_000);
  afterAll(async () => {
    await admin?.end();
    await client?.close();
    await store?.close();
  });

  it('has row-level security forced on every table with rows of an organisation, and no table that nobody thought of', async () => {
    const { rows } = await admin.query<{ name: string; own: boolean; forced: boolean }>(`
      SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
             EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organisation_id')
               OR c.relname = 'organisations' AS own
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')`);
    const shared = rows.filter(({ own }) => !own).map(({ name }) => name);
    expect(shared.sort()).toEqual(Object.keys(SHARED_TABLES).sort());
    const own = rows.filter(({ own: its }) => its);
    expect(own.length).toBeGreaterThan(8);
    expect(own.filter(({ forced }) => !forced)).toEqual([]);
  });

  it('shows a handle of one organisation nothing of another, whatever it is asked', async () => {
    const answers = await asked(mine, theirs);
    expect(answers.filter((answer) => !NOTHING([answer]))).toEqual([]);
    expect(await listed(mine)).toEqual([]);
    const [runs, verdicts] = [
      store.of(FIRST_ORGANISATION).runs,
      store.of(FIRST_ORGANISATION).verdicts,
    ];
    // Nothing was changed either.
    expect(await runs.get(theirs.run)).toMatchObject({ state: 'sealed', cacheable: true });
    expect((await verdicts.get(theirs.verdict))?.erasedAt).toBeNull();
    const { lti } = store.of(FIRST_ORGANISATION);
    expect(await lti.launch(theirs.launch)).toMatchObject({ learner: 'lti_l' });
    expect(await lti.standing(theirs.platform)).toMatchObject({ pending: 1 });
    expect(await store.all.keys.find(theirs.key)).toMatchObject({ id: theirs.keyId });
  });

  it('keeps the same model, owner and idempotency key apart', async () => {
    const own = await filled(mine, 10);
    expect(own.model).not.toBe(theirs.model);
    expect((await mine.idempotency.find('o', 'op', 'key'))?.resultId).toBe(own.run);
    expect((await mine.runs.findCached('same', 'o'))?.id).toBe(own.run);
    const seen = await listed(mine);
    expect(seen).toEqual(expect.arrayContaining([own.model, own.run, own.verdict]));
    for (const id of Object.values(theirs)) expect(seen).not.toContain(id);
  });

  it('the second wall alone: SQL without a tenant in it, in a transaction of a tenant, leaks nothing', async () => {
    const tables = ['api_keys', 'models', 'runs', 'artifacts', 'verdicts', 'idempotency'];
    const { rows } = await admin.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relforcerowsecurity AND relname <> 'organisations'`,
    );
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(tables));
    for (const { name } of rows) {
      const leaked = await client
        .of(other)
        .in((tx) =>
          tx.$queryRawUnsafe(
            `SELECT * FROM "${name}" WHERE "organisation_id" IS DISTINCT FROM '${other}'`,
          ),
        );
      expect([name, leaked]).toEqual([name, []]);
    }
    const written = await client
      .of(other)
      .in(async (tx) => [
        await tx.$executeRawUnsafe(
          `UPDATE "runs" SET "cacheable" = false WHERE "id" = '${theirs.run}'`,
        ),
        await tx.$executeRawUnsafe(`DELETE FROM "artifacts" WHERE "run_id" = '${theirs.run}'`),
        await tx.$executeRawUnsafe(
          `UPDATE "models" SET "owner" = 'x' WHERE "organisation_id" <> '${other}'`,
        ),
      ]);
    expect(written).toEqual([0, 0, 0]);
  });

  it('a row cannot be put into another organisation, nor moved there, nor hang on a row of one', async () => {
    const insert = (organisation: string, model: string): Promise<unknown> =>
      client.of(other).in((tx) =>
        tx.$executeRawUnsafe(
          `INSERT INTO "runs" ("id", "organisation_id", "owner", "model_id", "state", "options", "cache_key")
           VALUES ('${newId('run')}', '${organisation}', 'o', '${model}', 'queued', '{}', 'k')`,
        ),
      );
    await expect(insert(FIRST_ORGANISATION, theirs.model)).rejects.toThrow(/row-level security/u);
    await expect(insert(other, theirs.model)).rejects.toThrow(/foreign key/iu);
    await expect(
      client
        .of(other)
        .in((tx) =>
          tx.$executeRawUnsafe(`UPDATE "models" SET "organisation_id" = '${FIRST_ORGANISATION}'`),
        ),
    ).rejects.toThrow(/row-level security|foreign key/iu);
  });

  it(`holds the rows of a tenant as ${heldAs}, which cannot take the wall down`, async () => {
    const [{ name }] = await client
      .of(other)
      .in((tx) => tx.$queryRawUnsafe<[{ name: string }]>(`SELECT current_user::TEXT AS name`));
    expect(name).toBe(heldAs);
    if (heldAs !== 'probity_tenant') return;
    const denied = (sql: string): Promise<unknown> =>
      client.of(other).in((tx) => tx.$executeRawUnsafe(sql));
    for (const sql of [
      'ALTER TABLE "runs" DISABLE ROW LEVEL SECURITY',
      'DROP POLICY "tenant" ON "runs"',
      'DELETE FROM "audit_events"',
      'UPDATE "organisations" SET "publishes" = true',
      'SELECT * FROM "log_leaves"',
      'SELECT * FROM "anchors"',
      'TRUNCATE "runs" CASCADE',
    ])
      await expect(denied(sql)).rejects.toThrow(/permission denied|must be owner/u);
    // The installation's own view is not to be had by saying so.
    const all = await client.of(other).in(async (tx) => {
      await tx.$executeRawUnsafe(`SELECT set_config('probity.tenant', '*', true)`);
      return tx.$queryRawUnsafe<unknown[]>('SELECT * FROM "runs"');
    });
    expect(all).toEqual([]);
  });

  it('forgets whose transaction it was when that ends, also when it fails', async () => {
    const one = connect(url, 1);
    await one.of(other).in(async (tx) => tx.$queryRawUnsafe('SELECT 1'));
    await one
      .of(other)
      .in(() => Promise.reject(new Error('x')))
      .catch(() => undefined);
    const { rows } = await one.pool.query<{ tenant: string | null; same: boolean }>(
      `SELECT current_setting('probity.tenant', true) AS tenant, current_user = session_user AS same`,
    );
    expect(rows).toEqual([{ tenant: '', same: true }]);
    await one.close();
  });

  it('the first wall alone: with row-level security off, the store still asks for its own only', async () => {
    const { rows } = await admin.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relforcerowsecurity`,
    );
    for (const { name } of rows)
      await admin.query(`ALTER TABLE "${name}" DISABLE ROW LEVEL SECURITY`);
    try {
      const third = store.of(
        (await store.organisations.create({ name: 'third', publishes: true }))!.id,
      );
      expect((await asked(third, theirs)).filter((answer) => !NOTHING([answer]))).toEqual([]);
      expect(await listed(third)).toEqual([]);
    } finally {
      for (const { name } of rows)
        await admin.query(`ALTER TABLE "${name}" ENABLE ROW LEVEL SECURITY`);
    }
  });
});

it('where nobody said whose, an account that row-level security holds sees nothing', async () => {
  const url = await ownedDatabase('silent_owner');
  await migrate(url);
  const store = new Store(url, 2);
  await filled(store.of(FIRST_ORGANISATION), 0);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const table of ['models', 'runs', 'verdicts', 'api_keys', 'audit_events'])
    expect((await client.query(`SELECT * FROM "${table}"`)).rows).toEqual([]);
  await client.end();
  await store.close();
});

it('an account that no row-level security holds is refused where the role is missing', async () => {
  const url = await createDatabase(postgres);
  await migrate(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE ROLE "bypassing" LOGIN BYPASSRLS PASSWORD 'x'`);
  await client.end();
  const store = new Store(
    Object.assign(new URL(url), { username: 'bypassing', password: 'x' }).href,
    1,
  );
  await expect(store.of(FIRST_ORGANISATION).keys.list()).rejects.toMatchObject({
    code: 'DATABASE_SCHEMA',
    message: expect.stringContaining('probity_tenant'),
  });
  await store.close();
});

it.each([
  ['the embedded server', () => createDatabase(postgres)],
  ['an owner', () => ownedDatabase('old_owner')],
] as const)(
  'brings what %s had before organisations into the first one',
  async (_who, database) => {
    const url = await database();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`
    CREATE TABLE "_prisma_migrations" (
      "id" VARCHAR(36) PRIMARY KEY, "checksum" VARCHAR(64) NOT NULL, "finished_at" TIMESTAMPTZ,
      "migration_name" VARCHAR(255) NOT NULL, "logs" TEXT, "rolled_back_at" TIMESTAMPTZ,
      "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(), "applied_steps_count" INTEGER NOT NULL DEFAULT 0)`);
    const before = (await readMigrations()).filter(({ name }) => name < '20261129300000');
    for (const { name, sql, checksum } of before) {
      await client.query(sql);
      await client.query(
        `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at") VALUES ($1, $2, $1, now())`,
        [name.slice(0, 36), checksum],
      );
      await client.query(`UPDATE "_prisma_migrations" SET "migration_name" = $1 WHERE "id" = $2`, [
        name,
        name.slice(0, 36),
      ]);
    }
    const [model, run, verdict] = [newId('mdl'), newId('run'), newId('ver')];
    await client.query(`
    INSERT INTO "api_keys" ("id", "hash", "name", "role", "owner") VALUES ('key_1', 'h', 'n', 'admin', 'o');
    INSERT INTO "models" ("id", "owner", "digest", "source_digest", "name", "format", "source", "document")
      VALUES ('${model}', 'o', 'd', 's', 'm', 'native', 'x', '{}');
    INSERT INTO "runs" ("id", "owner", "model_id", "state", "options", "cache_key")
      VALUES ('${run}', 'o', '${model}', 'checked', '{}', 'k');
    INSERT INTO "artifacts" VALUES ('${run}', 0, 'a', 't', 'x', 'd');
    INSERT INTO "verdicts" ("id", "run_id", "owner", "statement_digest", "issued_at", "envelope", "salt", "leaf", "information")
      VALUES ('${verdict}', '${run}', 'o', 'd', 'i', '{}', 's', 'l', '{}');
    INSERT INTO "idempotency" ("owner", "operation", "key", "input_digest", "result_id") VALUES ('o', 'op', 'k', 'i', '${run}');
    INSERT INTO "statements" ("id", "kind", "subject", "state", "actor", "statement_digest", "envelope", "salt", "leaf")
      VALUES ('rev_1', 'revocation', '${verdict}', 'revoked', 'k', 'd', '{}', 's', 'l'), ('rot_1', 'key', 'v', 'log', 'k', 'd', '{}', 's', 'l');
    INSERT INTO "audit_events" ("actor", "role", "operation", "subject") VALUES ('k', 'admin', 'op', '${run}')`);
    await client.end();
    expect(await migrate(url)).toHaveLength((await readMigrations()).length - before.length);
    const store = new Store(url, 2);
    const first = store.of(FIRST_ORGANISATION);
    expect(await store.organisations.list()).toMatchObject([
      { id: FIRST_ORGANISATION, name: 'default', publishes: true },
    ]);
    expect(await first.keys.list()).toMatchObject([{ id: 'key_1' }]);
    expect(await first.models.get(model)).toMatchObject({ organisationId: FIRST_ORGANISATION });
    expect(await first.runs.get(run)).toMatchObject({ state: 'checked' });
    expect(await first.runs.artifacts(run)).toHaveLength(1);
    await first.verdicts.seal(verdict, { index: 0, receipt: 'r' });
    const sealed = await first.verdicts.get(verdict);
    expect(sealed && isSealed(sealed)).toBe(true);
    expect(await store.all.verdicts.publishedBy(verdict)).toBe(FIRST_ORGANISATION);
    expect((await first.idempotency.find('o', 'op', 'k'))?.resultId).toBe(run);
    expect(await first.statements.unlogged()).toMatchObject([{ id: 'rev_1' }]);
    expect(await store.keyChanges.unlogged()).toMatchObject([{ id: 'rot_1' }]);
    expect((await first.audit.list({ limit: 9 })).rows).toHaveLength(1);
    await store.close();
  },
);
