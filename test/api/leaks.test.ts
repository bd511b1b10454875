import {
  getNamedType,
  graphql,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  parse,
  subscribe,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextOf } from '../../src/api/context.ts';
import type { Authenticator } from '../../src/api/auth.ts';
import { OPERATIONS } from '../../src/api/operations.ts';
import { ROLES, type Role } from '../../src/api/roles.ts';
import { buildApi } from '../../src/api/server.ts';
import { requestVerification, submitModel } from '../../src/service/submit.ts';
import { withdrawVerdict } from '../../src/service/withdraw.ts';
import { keepApproval } from '../../src/service/approvals.ts';
import { audited } from '../../src/service/auditTrail.ts';
import type { Service } from '../../src/service/service.ts';
import { FIRST_ORGANISATION, newId, verdictIdOf } from '../../src/store/index.ts';
import { until } from '../servers.ts';
import { openTestApi, type TestApi } from '../service/bench.ts';
import { startIssuer, type TestIssuer } from './issuer.ts';

/**
 * Each root field of the schema, with all that it can show, asked by everybody who may not see it:
 * other organisations, lower roles, nobody, keys that were revoked. What is asked is made from the
 * schema, so that a new field is asked too.
 */

let running: TestApi;
let schema: GraphQLSchema;
let authenticator: Authenticator;
let pool: pg.Pool;
let issuer: TestIssuer;
/** Keys and tokens that were good, or look as if they were. */
let bad: readonly (string | undefined)[];

interface Victim {
  readonly organisationId: string;
  readonly service: Service;
  readonly admin: string;
  readonly revoked: string;
  readonly keys: Readonly<Record<Role, string>>;
  /** Words that stand in its rows and nowhere else. */
  readonly canaries: readonly string[];
  readonly ids: readonly string[];
  readonly modelId: string;
  readonly runId: string;
  readonly verdictId: string;
}

/** What of a row has a word of its own. */
const CANARIES = [
  'key',
  'owner',
  'source',
  'name',
  'reason',
  'detail',
  'url',
  'hook',
  'disabled',
  'watch',
  'case',
  'event',
  'note',
  'playbook',
  'step',
  'asked',
  'platform',
];
const asAdmin = { keyId: 'key_00000000000000000000000000', role: 'admin' } as const;

/** An organisation with a row of every kind, each of which has a word of its own. */
async function victim(organisationId: string, word: string): Promise<Victim> {
  const service = running.opened.installation.of(organisationId);
  const keys = {} as Record<Role, string>;
  for (const role of ROLES)
    keys[role] = (
      await service.store.keys.create({ name: `${word}key`, role, owner: `${word}owner` })
    ).key;
  const asker = { owner: `${word}owner`, seesAll: false };
  const source = `sleep 1 ${word}source`;
  const model = await submitModel(service, asker, {
    source,
    format: 'native',
    name: `${word}name`,
    idempotencyKey: `${word}idempotency`,
  });
  if (!model.ok) throw new Error(JSON.stringify(model.problems));
  const seal = async (maxStates: number): Promise<string> => {
    const asked = { modelId: model.value.id, limits: { maxStates } };
    const run = await requestVerification(service, asker, asked);
    if (!run.ok) throw new Error(JSON.stringify(run.problems));
    await until(async () => (await service.store.runs.head(run.value.id))?.state === 'sealed');
    return run.value.id;
  };
  const runId = await seal(1_000);
  const verdictId = verdictIdOf(runId);
  const withdrawn = verdictIdOf(await seal(2_000));
  const change = { state: 'revoked', reason: `${word}reason` } as const;
  const all = { ...asker, seesAll: true };
  const said = await withdrawVerdict(service, all, asAdmin.keyId, withdrawn, change);
  if (!said.ok) throw new Error(JSON.stringify(said.problems));
  await audited(service, asAdmin, 'eraseVerdict', verdictId, `${word}detail`);
  const gone = await service.store.keys.create({ name: `${word}gone`, role: 'admin' });
  await service.store.keys.revoke(gone.record.id);
  const [living] = await service.store.keys.list();
  const hook = newId('whk');
  const told = { id: hook, url: `https://${word}url.example/`, description: `${word}hook` };
  await service.store.webhooks.create({
    ...told,
    kinds: [],
    carriesOut: false,
    secret: `${word}secret`,
  });
  // Disabled, so that no worker sends anything to it.
  await service.store.webhooks.disable(hook, `${word}disabled`);
  const pinged = { kind: 'webhook.ping', owner: '', subject: hook, data: {} } as const;
  const delivery = await service.store.webhooks.deliveryOf(
    hook,
    await service.store.announcements.add(pinged),
  );
  const [announced] = await service.store.announcements.after(0, {}, 1);
  await keepApproval(
    service,
    { ...asAdmin, owner: `${word}owner` },
    { operation: 'eraseLearner', args: { learner: `${word}asked` } },
  );
  const platform = await service.store.lti.setPlatform({
    issuer: `https://${word}platform.example`,
    clientId: 'c',
    deploymentIds: ['1'],
    authorizationUrl: 'https://platform.example/login',
    tokenUrl: 'https://platform.example/token',
    tokenAudience: 'https://platform.example/token',
    jwksUrl: 'https://platform.example/keys',
  });
  const watched = await watchedCase(service, model.value.id, word);
  return {
    organisationId,
    service,
    admin: keys.admin,
    revoked: gone.key,
    keys,
    canaries: CANARIES.map((each) => word + each),
    ids: [
      model.value.id,
      runId,
      verdictId,
      withdrawn,
      living!.id,
      organisationId,
      announced!.id,
      ...watched,
      hook,
      delivery!.id,
      platform.id,
    ],
    modelId: model.value.id,
    runId,
    verdictId,
  };
}

/** A monitor that has told of a case, an alert, its incident, and what somebody did about it. */
async function watchedCase(
  { store }: Service,
  modelId: string,
  word: string,
): Promise<readonly string[]> {
  const event = { source: '/s', eventId: `${word}event`, digest: 'd', body: '{}' };
  await store.events.keep([event], new Date());
  const monitor = await store.monitors.create({
    owner: `${word}owner`,
    name: `${word}watch`,
    modelId,
    mapping: `${word}mapping`,
    settings: { threats: 'all', budget: 2, playbooks: [], leftOut: [] },
  });
  const at = new Date();
  const caseKey = `${word}case`;
  await store.monitors.keep(monitor.id, 0n, {
    arrival: 1n,
    clock: at,
    cases: [{ caseKey, status: 'open', answer: { events: [`${word}event`] } }],
    alerts: [
      {
        caseKey,
        kind: 'deviation',
        source: '/s',
        eventId: `${word}event`,
        property: '',
        position: 0,
        standing: 'stands',
        told: { playbooks: [] },
        detail: { event: { data: `${word}event` } },
        cause: 'c',
        explainedBy: [],
        raisedAt: at,
        settlesAt: at,
      },
    ],
    at,
    owner: `${word}owner`,
  });
  const page = { limit: 1 };
  const [alert] = (await store.alerts.list(page, {})).rows;
  const by = { actor: asAdmin.keyId, role: 'admin' };
  await store.alerts.change(alert!.id, by, { action: 'comment', text: `${word}note` });
  const playbookRun = await store.playbookRuns.start(
    {
      monitorId: monitor.id,
      subject: alert!.id,
      alertId: alert!.id,
      incidentId: alert!.incidentId,
      playbookId: `${word}playbook`,
      name: `${word}playbook`,
      digest: 'd',
      content: {
        flow: {
          start: 0,
          places: [{ kind: 'decide', id: 's', name: `${word}step`, yes: 1, no: 1 }],
        },
        steps: { s: { name: `${word}step` } },
      } as never,
      verified: false,
      reason: `${word}reason`,
      startedBy: asAdmin.keyId,
      owner: `${word}owner`,
    },
    { place: 0, state: 'open' },
    { actor: asAdmin.keyId, role: 'admin', action: 'start', text: `${word}text` },
  );
  // Each id that is asked for costs a round of all questions.
  return [monitor.id, alert!.id, playbookRun!.id];
}

let mine: Victim;
let theirs: Victim;
let first: Victim;

beforeAll(async () => {
  issuer = await startIssuer();
  running = await openTestApi('leaks', { env: issuer.env });
  const { installation, config } = running.opened;
  pool = new pg.Pool({ connectionString: config.databaseUrl, max: 1 });
  ({ schema, authenticator } = await buildApi(installation));
  const { organisations } = installation.store;
  const create = async (name: string): Promise<string> =>
    (await organisations.create({ name, publishes: false }))!.id;
  first = await victim(FIRST_ORGANISATION, 'ochre');
  theirs = await victim(await create('theirs'), 'umber');
  mine = await victim(await create('mine'), 'azure');
  const expired = { name: 'old', role: 'admin', expiresAt: new Date(Date.now() - 1) };
  const claims = { probity_role: 'admin', probity_organisation: theirs.organisationId };
  bad = [
    undefined,
    'pk_wrong',
    theirs.revoked,
    (await theirs.service.store.keys.create(expired)).key,
    ...Object.values(await issuer.wrong(claims)),
  ];
}, 120_000);
afterAll(async () => {
  await pool?.end();
  await running?.stop();
  await issuer?.stop();
}, 60_000);

/** A value for an input; ids are all the same, for each of them is tried. */
function valueFor(type: GraphQLInputType, id: string, all: boolean): string {
  if (isNonNullType(type)) return valueFor(type.ofType, id, all);
  if (isListType(type)) return `[${valueFor(type.ofType, id, all)}]`;
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(
      (field) => all || (isNonNullType(field.type) && field.defaultValue === undefined),
    );
    return `{ ${fields.map((each) => `${each.name}: ${valueFor(each.type, id, all)}`).join(', ')} }`;
  }
  const words: Readonly<Record<string, string>> = {
    ID: JSON.stringify(id),
    String: '"sleep 1"',
    Int: '100',
    Float: '1',
    Boolean: 'true',
    DateTime: '"2026-01-01T00:00:00Z"',
    JSON: '{}',
  };
  return words[getNamedType(type).name] ?? '"x"';
}

/** Whether it is the field of a subscription. */
const isFollowed = (field: GraphQLField<unknown, unknown>): boolean =>
  schema.getSubscriptionType()?.getFields()[field.name] === field;

function argumentsFor(field: GraphQLField<unknown, unknown>, id: string, all: boolean): string {
  const asked = field.args
    .filter((arg) => all || isRequiredArgument(arg))
    // Two ways to page; one is given.
    .filter(({ name }) => !['last', 'before'].includes(name))
    // From the beginning, or a subscription would have nothing to show.
    .filter(({ name }) => name !== 'after' || isFollowed(field));
  return asked.length === 0
    ? ''
    : `(${asked.map((arg) => `${arg.name}: ${arg.name === 'after' ? '"0"' : valueFor(arg.type, id, all)}`).join(', ')})`;
}

/** Everything that can be seen of a type, down to where it would come round again. */
function selection(
  type: GraphQLNamedType,
  id: string,
  above: readonly string[] = [],
  plain = false,
): string {
  if (isInterfaceType(type))
    return `{ __typename ${schema
      .getPossibleTypes(type)
      .map((each) => `... on ${each.name} ${selection(each, id, above, plain)}`)
      .join(' ')} }`;
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).flatMap((field, index) => {
    const named = getNamedType(field.type);
    if (above.includes(named.name) || above.length > 6) return [];
    // Where such a field refuses, it may take all that is beside it along.
    if (plain && field.args.some(isRequiredArgument)) return [];
    const below = selection(named, id, [...above, type.name], plain);
    return `${field.name}_${index}_${above.length}${type.name}: ${field.name}${argumentsFor(field, id, false)} ${below}`;
  });
  return fields.length === 0 ? '{ __typename }' : `{ __typename ${fields.join(' ')} }`;
}

/** All forms of one root field. */
function documents(name: string, id: string): readonly string[] {
  const { on } = OPERATIONS[name]!;
  const root = {
    Query: schema.getQueryType(),
    Mutation: schema.getMutationType(),
    Subscription: schema.getSubscriptionType(),
  }[on];
  const field = root!.getFields()[name]!;
  const named = getNamedType(field.type);
  const document = (all: boolean, plain: boolean): string =>
    `${on.toLowerCase()} { ${name}${argumentsFor(field, id, all)} ${selection(named, id, [], plain)} }`;
  return [...new Set([document(true, false), document(false, false), document(false, true)])];
}

/** What somebody is answered, as text, with its codes. */
async function answered(name: string, source: string, key: string | undefined): Promise<string> {
  const contextValue = await contextOf(authenticator, key && `Bearer ${key}`);
  if (OPERATIONS[name]!.on !== 'Subscription')
    return JSON.stringify(await graphql({ schema, source, contextValue }));
  const events = await subscribe({ schema, document: parse(source), contextValue });
  if (!(Symbol.asyncIterator in events)) return JSON.stringify(events);
  const seen: unknown[] = [];
  const stop = setTimeout(() => void events.return?.(), 300);
  for await (const event of events) seen.push(event);
  clearTimeout(stop);
  return JSON.stringify(seen);
}

/**
 * All that the tables have of an organisation, to see that nobody changed it; but for when a key was
 * used last.
 */
async function rowsOf(organisationId: string): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relforcerowsecurity AND relname <> 'organisations' ORDER BY 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(
      `SELECT (to_jsonb(t) - 'last_used_at')::TEXT AS row FROM "${name}" AS t WHERE "organisation_id" = $1 ORDER BY 1`,
      [organisationId],
    );
    found.push(name, ...rows.map(({ row }) => row));
  }
  return found.join('\n');
}

const names = Object.keys(OPERATIONS);
/** Whoever asks for an id finds in the own audit that it was asked for. */
const sent = (name: string, word: string, of: Victim): boolean =>
  name === 'auditEvents' && of.ids.includes(word);

/** What a key sees of a victim: the words of it that stand in the answers. */
async function leaked(name: string, of: Victim, key: string | undefined): Promise<string[]> {
  const words: string[] = [];
  // What takes no id is asked once.
  const asked = new Map(of.ids.flatMap((id) => documents(name, id).map((each) => [each, id])));
  for (const [source, id] of asked) {
    const text = await answered(name, source, key);
    expect(text, `${name} ${source}`).not.toMatch(/GRAPHQL_VALIDATION|"INTERNAL"/u);
    // What was sent comes back in messages; the rest must not.
    const shown = text.replaceAll(id, '');
    for (const word of [...of.canaries, ...of.ids])
      if (shown.includes(word) && !sent(name, word, of)) words.push(`${name}: ${word}`);
  }
  return words;
}

describe('nobody sees what is another organisation’s', () => {
  it('while its own admin sees all of it by the same questions', async () => {
    const seen = new Set<string>();
    // The audit first: what is asked fills it.
    const asking = names.filter((each) => OPERATIONS[each]!.on !== 'Mutation');
    asking.sort((a, b) => Number(b === 'auditEvents') - Number(a === 'auditEvents'));
    for (const name of asking)
      for (const word of await leaked(name, theirs, theirs.admin)) seen.add(word.split(': ')[1]!);
    for (const word of [...theirs.canaries, theirs.modelId, theirs.runId, theirs.verdictId])
      expect([...seen]).toContain(word);
  }, 120_000);

  it('and what happens is shown to those alone in whose organisation it does', async () => {
    const [source] = documents('announced', theirs.ids[0]!);
    expect(await answered('announced', source!, theirs.admin)).toContain(theirs.verdictId);
    expect(await answered('announced', source!, mine.admin)).toContain(mine.verdictId);
    expect(await answered('announced', source!, mine.admin)).not.toContain(theirs.verdictId);
    // A secret is shown to nobody, not even to those whose it is.
    for (const name of names.filter((each) => /^webhook(s|Deliveries)$/u.test(each)))
      expect(await leaked(name, { ...theirs, canaries: ['umbersecret'] }, theirs.admin)).toEqual(
        expect.not.arrayContaining([`${name}: umbersecret`]),
      );
  });

  it.each(names)(
    '%s: by no key of another organisation',
    async (name) => {
      // No role may use what an admin may not.
      expect(OPERATIONS[name]!.roles).toContain('admin');
      const before = await rowsOf(theirs.organisationId);
      expect(await leaked(name, theirs, mine.admin)).toEqual([]);
      expect(await rowsOf(theirs.organisationId)).toBe(before);
    },
    120_000,
  );

  it.each(names.filter((each) => OPERATIONS[each]!.on !== 'Mutation'))(
    '%s: nor by those who run the installation',
    async (name) => {
      const words = await leaked(name, theirs, first.admin);
      // That there is such an organisation is theirs to know.
      expect(words.filter((word) => !word.endsWith(theirs.organisationId))).toEqual([]);
    },
    60_000,
  );

  it.each(names)('%s: by nobody without a key, nor with one that is good no more', async (name) => {
    const before = await rowsOf(theirs.organisationId);
    for (const key of bad)
      for (const source of documents(name, theirs.ids[0]!)) {
        const text = await answered(name, source, key);
        expect(text).toContain('UNAUTHENTICATED');
        expect(text).not.toContain('umber');
      }
    expect(await rowsOf(theirs.organisationId)).toBe(before);
  });

  it.each(names)('%s: by no role of the same organisation that may not use it', async (name) => {
    const before = await rowsOf(theirs.organisationId);
    for (const role of ROLES.filter((each) => !OPERATIONS[name]!.roles.includes(each)))
      for (const source of documents(name, theirs.ids[0]!)) {
        const text = await answered(name, source, theirs.keys[role]);
        expect(text).toContain('FORBIDDEN');
        for (const word of theirs.canaries) expect(text).not.toContain(word);
      }
    expect(await rowsOf(theirs.organisationId)).toBe(before);
  });
});

describe('the addresses beside GraphQL', () => {
  const get = (path: string, key?: string): Promise<Response> =>
    fetch(`${running.api.url}${path}`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });

  it('show a stranger the state of a verdict only where its organisation publishes', async () => {
    expect((await get(`/verdicts/${first.verdictId}`)).status).toBe(200);
    expect((await get(`/verdicts/${theirs.verdictId}`)).status).toBe(404);
    const { installation } = running.opened;
    await installation.store.organisations.update(theirs.organisationId, { publishes: true });
    const shown = await (await get(`/verdicts/${theirs.verdictId}`)).text();
    expect(shown).toContain('valid');
    for (const word of theirs.canaries) expect(shown).not.toContain(word);
    await installation.store.organisations.update(theirs.organisationId, { publishes: false });
  });

  it('hand bundles, traces and archives to their own organisation alone', async () => {
    const paths = [
      `/verdicts/${theirs.verdictId}/bundle.zip`,
      `/runs/${theirs.runId}/trace?property=finishes`,
    ];
    for (const path of paths) {
      expect((await get(path, theirs.admin)).status, path).toBe(200);
      for (const key of [mine.admin, first.admin])
        expect((await get(path, key)).status, path).toBe(404);
      for (const key of [undefined, theirs.revoked])
        expect((await get(path, key)).status, path).toBe(401);
    }
    const archive = '/audit.zip?from=2020-01-01&to=2100-01-01';
    const text = async (key: string): Promise<string> =>
      Buffer.from(await (await get(archive, key)).arrayBuffer()).toString('latin1');
    expect(await text(theirs.admin)).toContain(`verdicts/${theirs.verdictId}`);
    for (const key of [mine.admin, first.admin])
      expect(await text(key)).not.toContain(`verdicts/${theirs.verdictId}`);
  });
});
