import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDeepStrictEqual } from 'node:util';
import { OPERATIONS } from '../../src/api/operations.ts';
import { ROLES, type Role } from '../../src/api/roles.ts';
import { startApi, type RunningApi } from '../../src/api/server.ts';
import pg from 'pg';
import { verifyKeyChange } from '../../src/evidence/verify/keyChange.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import { parsePolicy } from '../../src/evidence/formats/policy.ts';
import { packageRoot } from '../../src/config/packageRoot.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { until } from '../servers.ts';
import { openTestApi, type TestApi, type TestService } from '../service/bench.ts';
import { post, raw, subscribe } from './client.ts';

let running: TestApi;
let opened: TestService;
let api: RunningApi;
const keys = {} as Record<Role, string>;

beforeAll(async () => {
  running = await openTestApi('api-worker');
  ({ opened, api } = running);
  for (const role of ROLES)
    keys[role] = (await opened.service.store.keys.create({ name: role, role })).key;
}, 60_000);

afterAll(async () => {
  await running?.stop();
}, 60_000);

const SUBMIT =
  'mutation ($input: SubmitModelInput!) { submitModel(input: $input) { id name digest sourceDigest } }';
const REQUEST =
  'mutation ($input: RequestVerificationInput!) { requestVerification(input: $input) { id state } }';

async function submit(source: string, key = keys.architect): Promise<string> {
  const { data } = await post(api.url, key, SUBMIT, {
    input: { source, format: 'native', name: 'api' },
  });
  return (data as unknown as { submitModel: { id: string } }).submitModel.id;
}

async function start(source: string, key = keys.architect): Promise<string> {
  const { data } = await post(api.url, key, REQUEST, {
    input: { modelId: await submit(source, key) },
  });
  return (data as unknown as { requestVerification: { id: string } }).requestVerification.id;
}

describe('the core operations', () => {
  it('from submitModel over runUpdated to a verdict whose bundle a stranger accepts', async () => {
    const id = await start('sleep 300');
    const updates = await subscribe(
      api.url,
      keys.architect,
      'subscription ($id: ID!) { runUpdated(id: $id) { state version verdict { id } } }',
      { id },
    );
    const states = updates.map(
      (update) =>
        (
          update['data'] as unknown as {
            runUpdated: { state: string; version: number; verdict: { id: string } | null };
          }
        ).runUpdated,
    );
    expect(states.at(-1)?.state).toBe('sealed');
    expect(states.map(({ version }) => version)).toEqual(
      states.map(({ version }) => version).sort((a, b) => a - b),
    );
    const { data } = await post(
      api.url,
      keys.architect,
      `query ($id: ID!) {
      verdict(id: $id) { id logIndex receipt checkpoint leaf statement statementDigest anchor { state } run { id report { properties { name outcome trace } } } files { path base64 } }
      trustPolicy
    }`,
      { id: states.at(-1)?.verdict?.id },
    );
    const { verdict, trustPolicy } = data as unknown as {
      verdict: {
        receipt: string;
        checkpoint: string;
        anchor: unknown;
        run: { id: string; report: { properties: { trace: { steps: unknown[] } }[] } };
        files: { path: string; base64: string }[];
      };
      trustPolicy: string;
    };
    expect(verdict.run.id).toBe(id);
    expect(verdict.receipt.endsWith(verdict.checkpoint)).toBe(true);
    expect(verdict.anchor).toBeNull();
    expect(verdict.run.report.properties[0]?.trace.steps).toHaveLength(1);
    const policy = await parsePolicy(trustPolicy, nodeCrypto.sha256);
    const bundle = new Map(
      verdict.files.map(({ path, base64 }) => [
        path,
        new Uint8Array(Buffer.from(base64, 'base64')),
      ]),
    );
    if (!policy.ok) throw new Error('policy');
    expect(
      await verifyBundle(bundle, policy.value, { crypto: nodeCrypto, compliance: false }),
    ).toMatchObject({ status: 'verified' });
  }, 60_000);

  it('finds anything by node, and pages newest first', async () => {
    const modelId = await submit('sleep 1');
    for (const limits of [{ maxStates: 1 }, { maxStates: 2 }, { maxStates: 3 }])
      await post(api.url, keys.architect, REQUEST, { input: { modelId, limits } });
    const { data } = await post(
      api.url,
      keys.architect,
      'query ($id: ID!) { node(id: $id) { __typename id ... on Model { name } } runs(first: 2, modelId: $id) { nodes { id options } endCursor } }',
      { id: modelId },
    );
    const { node, runs } = data as unknown as {
      node: object;
      runs: { nodes: { id: string; options: { maxStates: number } }[]; endCursor: string };
    };
    expect(node).toEqual({ __typename: 'Model', id: modelId, name: 'api' });
    expect(runs.nodes.map(({ options }) => options.maxStates)).toEqual([3, 2]);
    const next = await post(
      api.url,
      keys.architect,
      'query ($id: ID!, $after: ID) { runs(first: 2, modelId: $id, after: $after) { nodes { id } endCursor } }',
      { id: modelId, after: runs.endCursor },
    );
    expect(
      (next.data as unknown as { runs: { nodes: unknown[]; endCursor: null } }).runs,
    ).toMatchObject({ nodes: [{}], endCursor: null });
    const back = await post(
      api.url,
      keys.architect,
      `query ($id: ID!, $before: ID) {
        runs(last: 1, before: $before, filter: { modelId: $id }) {
          totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
        models(filter: { period: { from: "2026-01-01" }, modelName: "API" }, last: 1) { nodes { name } }
      }`,
      { id: modelId, before: runs.endCursor },
    );
    const cursor = runs.nodes[0]?.id;
    expect(back.data).toMatchObject({
      runs: {
        totalCount: 3,
        edges: [{ cursor, node: { id: cursor } }],
        pageInfo: {
          hasNextPage: true,
          hasPreviousPage: false,
          startCursor: cursor,
          endCursor: cursor,
        },
      },
      models: { nodes: [{ name: 'api' }] },
    });
    for (const id of [runs.nodes[0]?.id, 'tampered-payment-redirect']) {
      const found = await post(
        api.url,
        keys.architect,
        'query ($id: ID!) { node(id: $id) { __typename id } }',
        { id },
      );
      expect((found.data as unknown as { node: { id: string } }).node.id).toBe(id);
    }
    expect(
      (await post(api.url, keys.architect, '{ node(id: "run_nothing") { id } }')).data,
    ).toEqual({ node: null });
  }, 60_000);

  it('tells the trainer of scenarios', async () => {
    const { data } = await post(
      api.url,
      keys.trainer,
      '{ scenarios(language: "de", sector: payment) { id language languages title story asset goals level topics threats references vulnerable { source format } } scenarioSolution(id: "payee-not-checked") { explanation fixed { source } proof { source } expected { vulnerable fixed } } }',
    );
    const { scenarios, scenarioSolution } = data as unknown as {
      scenarios: { id: string; title: string; vulnerable: { source: string } }[];
      scenarioSolution: { expected: { vulnerable: { attacks: unknown } } };
    };
    expect(scenarios.length).toBeGreaterThanOrEqual(3);
    expect(scenarios.find(({ id }) => id === 'payee-not-checked')?.title).toBe(
      'Bezahlt, aber an wen',
    );
    expect(scenarios.every(({ vulnerable }) => vulnerable.source.length > 100)).toBe(true);
    expect(scenarioSolution.expected.vulnerable.attacks).toMatchObject({
      shopIsPaid: [['forge.redirect'], ['tamper.redirect.payee']],
    });
  });

  it('tells a learner of lessons, and of no solution', async () => {
    const { data } = await post(
      api.url,
      keys.learner,
      '{ scenario(id: "payee-not-checked", language: "fr") { id language title vulnerable { source } } }',
    );
    expect(data).toMatchObject({ scenario: { language: 'en', title: 'Paid, but to whom' } });
    for (const query of [
      '{ scenarioSolution(id: "payee-not-checked") { explanation } }',
      '{ node(id: "payee-not-checked") { id } }',
    ])
      expect((await post(api.url, keys.learner, query)).codes).toEqual(['FORBIDDEN']);
    const fixed = '{ scenario(id: "payee-not-checked") { fixed { source } } }';
    expect((await post(api.url, keys.learner, fixed)).data).toBeUndefined();
  });

  it('cancels a run, once', async () => {
    const id = await start('forever');
    const cancel = 'mutation ($id: ID!) { cancelRun(id: $id) { state } }';
    expect((await post(api.url, keys.architect, cancel, { id })).data).toEqual({
      cancelRun: { state: 'cancelled' },
    });
    expect((await post(api.url, keys.architect, cancel, { id: await sealed() })).codes).toEqual([
      'RUN_FINISHED',
    ]);
  }, 60_000);
});

async function sealed(): Promise<string> {
  const id = await start('sleep 2');
  await until(async () => (await opened.service.store.runs.get(id))?.state === 'sealed');
  return id;
}

describe('after a verdict', () => {
  const REVOKE =
    'mutation ($id: ID!, $reason: String!) { revokeVerdict(id: $id, reason: $reason) { status { state reason by at asOf } } }';
  const BUNDLE =
    'query ($id: ID!) { verdict(id: $id) { status { state proof } files { path base64 } } trustPolicy }';
  const verdictOf = async (run: string): Promise<string> =>
    (await opened.service.store.verdicts.ofRun(run))?.id ?? '';

  async function judged(id: string): Promise<{ status: string; layer: unknown }> {
    const { data } = await post(api.url, keys.compliance, BUNDLE, { id });
    const { verdict, trustPolicy } = data as unknown as {
      verdict: { files: { path: string; base64: string }[] };
      trustPolicy: string;
    };
    const policy = await parsePolicy(trustPolicy, nodeCrypto.sha256);
    if (!policy.ok) throw new Error('policy');
    const report = await verifyBundle(
      new Map(
        verdict.files.map(({ path, base64 }) => [
          path,
          new Uint8Array(Buffer.from(base64, 'base64')),
        ]),
      ),
      policy.value,
      { crypto: nodeCrypto },
    );
    return {
      status: report.status,
      layer: report.layers.find(({ layer }) => layer === 'status')?.code,
    };
  }

  it('a compliance officer revokes it; the bundle from then on proves it; asked again it answers the same', async () => {
    const id = await verdictOf(await sealed());
    expect(await judged(id)).toEqual({ status: 'verified', layer: 'STATUS_VALID' });
    const first = await post(api.url, keys.compliance, REVOKE, {
      id,
      reason: 'the model left out refunds',
    });
    expect(first.data).toMatchObject({
      revokeVerdict: {
        status: { state: 'revoked', reason: 'the model left out refunds', by: null },
      },
    });
    const again = await post(api.url, keys.admin, REVOKE, { id, reason: 'another reason' });
    expect(again.data).toMatchObject({
      revokeVerdict: { status: { state: 'revoked', reason: 'the model left out refunds' } },
    });
    expect(await judged(id)).toEqual({ status: 'untrusted', layer: 'STATUS_REVOKED' });
  }, 60_000);

  it('another one stands in its place, and may be revoked all the same', async () => {
    const [id, by] = [
      await verdictOf(await sealed()),
      await verdictOf(
        await start('sleep 4').then(async (run) => {
          await until(async () => (await opened.service.store.runs.get(run))?.state === 'sealed');
          return run;
        }),
      ),
    ];
    const supersede =
      'mutation ($id: ID!, $by: ID!) { supersedeVerdict(id: $id, by: $by, reason: "newer rules") { status { state by } } }';
    expect((await post(api.url, keys.compliance, supersede, { id: by, by })).codes).toEqual([
      'NOT_FOUND',
    ]);
    expect(
      (await post(api.url, keys.compliance, supersede, { id: by, by: 'ver_nothing' })).codes,
    ).toEqual(['NOT_FOUND']);
    const replaced = await start('sleep 5');
    await until(async () => (await opened.service.store.runs.get(replaced))?.state === 'sealed');
    const old = await verdictOf(replaced);
    expect((await post(api.url, keys.compliance, supersede, { id: old, by })).data).toEqual({
      supersedeVerdict: { status: { state: 'superseded', by } },
    });
    expect((await judged(old)).layer).toBe('STATUS_SUPERSEDED');
    await post(api.url, keys.compliance, REVOKE, { id: old, reason: 'it was wrong as well' });
    expect((await judged(old)).layer).toBe('STATUS_REVOKED');
    expect((await judged(by)).status).toBe('verified');
    expect(id).not.toBe(by);
  }, 60_000);

  it('it is erased: nothing is left in any row, and the log is as it was', async () => {
    const secret = 'sleep 6';
    const run = await start(secret);
    await until(async () => (await opened.service.store.runs.get(run))?.state === 'sealed');
    const id = await verdictOf(run);
    const before = await opened.service.store.verdicts.get(id);
    await post(api.url, keys.compliance, REVOKE, { id, reason: 'a name was in the model' });
    const erase =
      'mutation ($id: ID!) { eraseVerdict(id: $id, reason: "asked for by the person") { id erasedAt statement envelope leaf logIndex receipt status { state } files { path } run { report { model { name } } model { source name } } } }';
    const { data } = await post(api.url, keys.compliance, erase, { id });
    expect(data).toMatchObject({
      eraseVerdict: {
        id,
        statement: null,
        envelope: null,
        status: null,
        files: [],
        leaf: before?.leaf,
        logIndex: before?.logIndex,
        receipt: before?.receipt,
        run: { report: null, model: { source: '', name: '' } },
      },
    });
    const client = new pg.Client({ connectionString: opened.config.databaseUrl });
    await client.connect();
    const { rows: tables } = await client.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT LIKE 'bullmq%'",
    );
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(
        `SELECT row_to_json(t)::text AS text FROM "${name}" t`,
      );
      for (const what of [
        before?.salt ?? '?',
        before?.envelope ?? '?',
        before?.statementDigest ?? '?',
        'a name was in the model',
      ]) {
        const kept = rows.filter(({ text }) => text.includes(JSON.stringify(what).slice(1, -1)));
        // Why it was revoked stays in the audit, which is the officer's own words.
        expect(`${name}: ${kept.length}`).toBe(
          `${name}: ${name === 'audit_events' && what.startsWith('a name') ? 1 : 0}`,
        );
      }
    }
    await client.end();
    expect((await post(api.url, keys.compliance, REVOKE, { id, reason: 'x' })).codes).toEqual([
      'VERDICT_ERASED',
    ]);
    const other = await verdictOf(await sealed());
    expect((await judged(other)).status).toBe('verified');
    const again = await start(secret);
    expect(again).not.toBe(run);
  }, 60_000);

  it('the key is replaced: what came before verifies, what comes after is signed by the new one', async () => {
    const before = await verdictOf(await sealed());
    const rotate =
      'mutation { rotateKey(role: verdict, reason: "a year has passed") { retired successor index policy } }';
    const { data } = await post(api.url, keys.admin, rotate);
    const { retired, successor, index, policy } = (
      data as unknown as {
        rotateKey: { retired: string; successor: string; index: number; policy: string };
      }
    ).rotateKey;
    expect(policy).toContain(`verdict ${retired} until ${index}
`);
    expect(policy).toContain(`verdict ${successor}
`);
    const run = await start('sleep 7');
    await until(async () => (await opened.service.store.runs.get(run))?.state === 'sealed');
    const after = await verdictOf(run);
    for (const id of [before, after]) expect((await judged(id)).status).toBe('verified');
    expect((await opened.service.store.verdicts.get(after))?.envelope).toContain(
      successor.split('+').slice(0, 2).join('+'),
    );
    const [change] = await opened.service.store.keyChanges.list();
    const old = await parsePolicy(policy, nodeCrypto.sha256);
    if (!old.ok || !change) throw new Error('policy');
    expect(
      await verifyKeyChange({ ...change, receipt: change.receipt ?? '' }, old.value, nodeCrypto),
    ).toMatchObject({ ok: true, index, change: { retired, successor } });
  }, 60_000);

  it('all of it is in the audit, newest first, with who did it', async () => {
    const { data } = await post(
      api.url,
      keys.compliance,
      '{ auditEvents(first: 100) { nodes { id at actor role operation subject detail } endCursor } }',
    );
    const { nodes } = (
      data as unknown as {
        auditEvents: {
          nodes: { id: string; operation: string; role: string; detail: string | null }[];
        };
      }
    ).auditEvents;
    const operations = new Set(nodes.map(({ operation }) => operation));
    for (const each of [
      'certificate',
      'revokeVerdict',
      'supersedeVerdict',
      'eraseVerdict',
      'rotateKey',
    ])
      expect(operations).toContain(each);
    expect(nodes.find(({ operation }) => operation === 'rotateKey')).toMatchObject({
      role: 'admin',
      detail: 'a year has passed',
    });
    const next = await post(
      api.url,
      keys.compliance,
      `{ auditEvents(first: 1, after: "${nodes[0]?.id}") { nodes { id } endCursor } }`,
    );
    expect(next.data).toEqual({
      auditEvents: { nodes: [{ id: nodes[1]?.id }], endCursor: nodes[1]?.id },
    });
  });
});

describe('who may do what', () => {
  const probes: Readonly<Record<string, string>> = {
    viewer: '{ viewer { role operations } }',
    node: '{ node(id: "x") { id } }',
    model: '{ model(id: "x") { id } }',
    run: '{ run(id: "x") { id } }',
    runs: '{ runs { endCursor } }',
    models: '{ models { totalCount } }',
    verdict: '{ verdict(id: "x") { id } }',
    verdicts: '{ verdicts { endCursor } }',
    scenarios: '{ scenarios { id } }',
    scenario: '{ scenario(id: "x") { id } }',
    scenarioSolution: '{ scenarioSolution(id: "x") { id } }',
    exercise: '{ exercise(id: "x") { id } }',
    exerciseSolution: '{ exerciseSolution(id: "x") { id } }',
    play: '{ play(input: { scenarioId: "x" }) { token } }',
    enabledSteps: '{ enabledSteps(token: "x") { token } }',
    takeStep: '{ takeStep(token: "x", choice: 0) { token } }',
    undoStep: '{ undoStep(token: "x") { token } }',
    simulate: '{ simulate(input: { scenarioId: "x" }) { token } }',
    gradeAttempt: 'mutation { gradeAttempt(input: { exerciseId: "x" }) { verdict } }',
    generateExercise: 'mutation { generateExercise(input: { scenarioId: "x", seed: 1 }) { id } }',
    learnerProgress: '{ learnerProgress { csv } }',
    eraseLearner: 'mutation { eraseLearner(learner: "x") }',
    ltiPlatforms: '{ ltiPlatforms { id } }',
    ltiPlatformSet: `mutation { ltiPlatformSet(input: { issuer: "x", clientId: "x", deploymentIds: [],
      authorizationUrl: "x", tokenUrl: "x", jwksUrl: "x" }) { userErrors { code } } }`,
    ltiPlatformRemove: 'mutation { ltiPlatformRemove(input: { id: "x" }) { userErrors { code } } }',
    trustPolicy: '{ trustPolicy }',
    submitModel:
      'mutation { submitModel(input: { source: "sleep 1", format: native, name: "x" }) { id } }',
    requestVerification: 'mutation { requestVerification(input: { modelId: "x" }) { id } }',
    cancelRun: 'mutation { cancelRun(id: "x") { id } }',
    apiKeys: '{ apiKeys { id } }',
    createApiKey: 'mutation { createApiKey(input: { name: "x", role: trainer }) { key } }',
    revokeVerdict: 'mutation { revokeVerdict(id: "x", reason: "y") { id } }',
    supersedeVerdict: 'mutation { supersedeVerdict(id: "x", by: "z", reason: "y") { id } }',
    eraseVerdict: 'mutation { eraseVerdict(id: "x", reason: "y") { id } }',
    auditEvents: '{ auditEvents { endCursor } }',
    rotateKey: 'mutation { rotateKey(role: log, reason: "y") { index } }',
    revokeApiKey: 'mutation { revokeApiKey(id: "x") { id } }',
    organisations: '{ organisations { id } }',
    organisationCreate:
      'mutation { organisationCreate(input: { name: "" }) { userErrors { code } } }',
    organisationUpdate:
      'mutation { organisationUpdate(input: { organisationId: "x" }) { userErrors { code } } }',
    organisationKeyCreate:
      'mutation { organisationKeyCreate(input: { organisationId: "x", name: "x", role: admin }) { userErrors { code } } }',
    modelSubmit:
      'mutation { modelSubmit(input: { source: "sleep 1", format: native, name: "x" }) { userErrors { code } } }',
    verificationRequest:
      'mutation { verificationRequest(input: { modelId: "x" }) { userErrors { code } } }',
    runCancel: 'mutation { runCancel(input: { id: "x" }) { userErrors { code } } }',
    verdictRevoke:
      'mutation { verdictRevoke(input: { id: "x", reason: "y" }) { userErrors { code } } }',
    verdictSupersede:
      'mutation { verdictSupersede(input: { id: "x", by: "z", reason: "y" }) { userErrors { code } } }',
    verdictErase:
      'mutation { verdictErase(input: { id: "x", reason: "y" }) { userErrors { code } } }',
    apiKeyCreate:
      'mutation { apiKeyCreate(input: { name: "x", role: trainer }) { userErrors { code } } }',
    apiKeyRotate: 'mutation { apiKeyRotate(input: { id: "x" }) { userErrors { code } } }',
    apiKeyRevoke: 'mutation { apiKeyRevoke(input: { id: "x" }) { userErrors { code } } }',
    signingKeyRotate:
      'mutation { signingKeyRotate(input: { role: log, reason: "" }) { userErrors { code } } }',
    uploads: '{ uploads { digest } }',
    uploadErase: 'mutation { uploadErase(input: { digest: "x" }) { erased } }',
    monitor: '{ monitor(id: "x") { id } }',
    monitors: '{ monitors { nodes { id } } }',
    monitoredCase: '{ monitoredCase(id: "x") { id } }',
    monitoredCases: '{ monitoredCases { nodes { id } } }',
    alert: '{ alert(id: "x") { id } }',
    alerts: '{ alerts { nodes { id } } }',
    incident: '{ incident(id: "x") { id } }',
    incidents: '{ incidents { nodes { id } } }',
    incidentStatements: '{ incidentStatements(id: "x") { __typename } }',
    monitorCreate:
      'mutation { monitorCreate(input: { name: "x", modelId: "x", mapping: "x" }) { userErrors { code } } }',
    monitorRetire: 'mutation { monitorRetire(input: { id: "x" }) { monitor { id } } }',
    postEvents: 'mutation { postEvents(input: { events: [] }) { __typename } }',
    alertChange:
      'mutation { alertChange(input: { id: "x", action: comment }) { userErrors { code } } }',
    playbookRun: '{ playbookRun(id: "x") { id } }',
    playbookRuns: '{ playbookRuns { nodes { id } } }',
    playbookStart:
      'mutation { playbookStart(input: { subject: "x", playbook: "x" }) { userErrors { code } } }',
    playbookStepApprove:
      'mutation { playbookStepApprove(input: { id: "x" }) { userErrors { code } } }',
    playbookStepSettle:
      'mutation { playbookStepSettle(input: { id: "x", outcome: failed }) { userErrors { code } } }',
    playbookCancel:
      'mutation { playbookCancel(input: { id: "x", reason: "x" }) { userErrors { code } } }',
    playbookMoved: 'subscription { playbookMoved(after: "x") { __typename } }',
    incidentState: 'mutation { incidentState(input: { id: "x" }) { __typename } }',
    alertRaised: 'subscription { alertRaised(after: "x") { __typename } }',
    attackChanges: '{ attackChanges(run: "x", against: "x") { __typename } }',
    lossFromAttacks: '{ lossFromAttacks(input: { question: "{}", runId: "x" }) { __typename } }',
    fourEyes: '{ fourEyes }',
    approvalRequests: '{ approvalRequests { nodes { id } } }',
    fourEyesSet: 'mutation { fourEyesSet(input: { required: false }) { userErrors { code } } }',
    approvalApprove: 'mutation { approvalApprove(input: { id: "x" }) { userErrors { code } } }',
    approvalDecline: 'mutation { approvalDecline(input: { id: "x" }) { userErrors { code } } }',
    caseErase: 'mutation { caseErase(input: { id: "x", reason: "x" }) { userErrors { code } } }',
    announcements: '{ announcements { nodes { id } } }',
    auditChain: '{ auditChain { whole } }',
    auditActorErase: 'mutation { auditActorErase(input: { actor: "x" }) { userErrors { code } } }',
    announced: 'subscription { announced(after: "x") { id } }',
    webhooks: '{ webhooks { id } }',
    webhookDeliveries: '{ webhookDeliveries(webhookId: "x") { nodes { id } } }',
    webhookCreate: 'mutation { webhookCreate(input: { url: "x" }) { userErrors { code } } }',
    webhookSecretRotate:
      'mutation { webhookSecretRotate(input: { id: "x" }) { userErrors { code } } }',
    webhookDisable: 'mutation { webhookDisable(input: { id: "x" }) { userErrors { code } } }',
    webhookEnable: 'mutation { webhookEnable(input: { id: "x" }) { userErrors { code } } }',
    webhookDelete: 'mutation { webhookDelete(input: { id: "x" }) { userErrors { code } } }',
    webhookPing: 'mutation { webhookPing(input: { id: "x" }) { userErrors { code } } }',
    webhookRedeliver: 'mutation { webhookRedeliver(input: { id: "x" }) { userErrors { code } } }',
    runUpdated: 'subscription { runUpdated(id: "x") { id } }',
  };

  it('the table names exactly the root fields of the schema', () => {
    const schema = buildSchema(
      readFileSync(fileURLToPath(new URL('../../schema.graphql', import.meta.url)), 'utf8'),
    );
    const fields = [
      schema.getQueryType(),
      schema.getMutationType(),
      schema.getSubscriptionType(),
    ].flatMap((type) => Object.keys(type?.getFields() ?? {}));
    expect(Object.keys(OPERATIONS).sort()).toEqual(fields.sort());
    expect(Object.keys(probes).sort()).toEqual(fields.sort());
  });

  it('holds for each role and operation, over HTTP and WebSocket', async () => {
    for (const [operation, query] of Object.entries(probes)) {
      for (const role of ROLES) {
        const codes = query.startsWith('subscription')
          ? (await subscribe(api.url, keys[role], query)).flatMap((result) =>
              (result['errors'] as unknown as { extensions: { code: string } }[]).map(
                ({ extensions }) => extensions.code,
              ),
            )
          : (await post(api.url, keys[role], query)).codes;
        expect(codes.includes('FORBIDDEN'), `${role} ${operation} ${codes}`).toBe(
          !OPERATIONS[operation]?.roles.includes(role),
        );
        expect(codes).not.toContain('UNAUTHENTICATED');
      }
    }
  }, 60_000);

  it('nobody without a key, with a wrong one, or with a revoked one', async () => {
    for (const [operation, query] of Object.entries(probes)) {
      if (query.startsWith('subscription')) continue;
      expect(await post(api.url, undefined, query), operation).toMatchObject({
        status: 401,
        codes: ['UNAUTHENTICATED'],
      });
      expect((await post(api.url, 'pk_wrong', query)).codes, operation).toEqual([
        'UNAUTHENTICATED',
      ]);
    }
    await expect(subscribe(api.url, 'pk_wrong', probes['runUpdated'] ?? '')).rejects.toMatchObject({
      code: 4403,
    });
    const { data } = await post(
      api.url,
      keys.admin,
      'mutation { createApiKey(input: { name: "short", role: architect }) { key apiKey { id } } }',
    );
    const { key, apiKey } = (
      data as unknown as { createApiKey: { key: string; apiKey: { id: string } } }
    ).createApiKey;
    expect((await post(api.url, key, '{ viewer { name } }')).data).toEqual({
      viewer: { name: 'short' },
    });
    await post(api.url, keys.admin, 'mutation ($id: ID!) { revokeApiKey(id: $id) { revokedAt } }', {
      id: apiKey.id,
    });
    expect((await post(api.url, key, '{ viewer { name } }')).codes).toEqual(['UNAUTHENTICATED']);
  }, 60_000);

  it('an architect sees his own, compliance and admin see all', async () => {
    const other = (await opened.service.store.keys.create({ name: 'other', role: 'architect' }))
      .key;
    const run = await sealed();
    const verdict = (await opened.service.store.verdicts.ofRun(run))?.id;
    const query =
      'query ($run: ID!, $verdict: ID!) { run(id: $run) { id } verdict(id: $verdict) { id } verdicts(first: 100) { nodes { id } } runs(first: 100) { nodes { id } } }';
    const seen = async (key: string) => {
      const { data } = await post(api.url, key, query, { run, verdict });
      const all = data as unknown as {
        run: object | null;
        verdict: object | null;
        verdicts: { nodes: { id: string }[] };
        runs: { nodes: { id: string }[] };
      };
      return [
        all.run !== null,
        all.verdict !== null,
        all.verdicts.nodes.some(({ id }) => id === verdict),
        all.runs.nodes.some(({ id }) => id === run),
      ];
    };
    expect(await seen(other)).toEqual([false, false, false, false]);
    for (const role of ['architect', 'compliance', 'admin'] as const)
      expect(await seen(keys[role]), role).toEqual([true, true, true, true]);
    const [foreign] = await subscribe(
      api.url,
      other,
      'subscription ($id: ID!) { runUpdated(id: $id) { id } }',
      { id: run },
    );
    expect(JSON.stringify(foreign)).toContain('NOT_FOUND');
  }, 60_000);
});

describe('bad input is answered with a code, and the service stays up', () => {
  const deep = (depth: number): string =>
    `{ runs { nodes { ${'verdict { run { '.repeat(depth)} id ${'} } '.repeat(depth)} } } }`;
  const cases: readonly (readonly [name: string, query: string, code: string])[] = [
    ['syntax', '{ viewer {', 'REQUEST_SHAPE'],
    ['an unknown field', '{ viewer { password } }', 'REQUEST_SHAPE'],
    ['a missing argument', '{ run { id } }', 'REQUEST_SHAPE'],
    ['too deep', deep(8), 'QUERY_TOO_COMPLEX'],
    [
      'too many aliases',
      `{ ${Array.from({ length: 40 }, (_, at) => `a${at}: viewer { name }`).join(' ')} }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'too many directives',
      `{ viewer { name ${'@skip(if: false) '.repeat(40)} } }`,
      'QUERY_TOO_COMPLEX',
    ],
    ['too many tokens', `{ viewer { ${'name '.repeat(5_000)} } }`, 'QUERY_TOO_COMPLEX'],
    [
      'too costly',
      '{ verdicts(first: 100) { nodes { files { path base64 } } } }',
      'QUERY_TOO_COMPLEX',
    ],
    [
      'costly behind fragments',
      `{ ...f0 } ${Array.from({ length: 20 }, (_, at) => `fragment f${at} on Query { ...f${at + 1} ...f${at + 1} }`).join(' ')} fragment f20 on Query { viewer { name } }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'a circle of fragments',
      '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }',
      'REQUEST_SHAPE',
    ],
    [
      'introspection without end',
      `{ __schema { types { ${'fields { type { '.repeat(8)} name ${'} } '.repeat(8)} } } }`,
      'REQUEST_SHAPE',
    ],
    ['a page that is too long', '{ runs(first: 1000) { endCursor } }', 'OPTION_INVALID'],
    ['a negative page', '{ runs(first: -1) { endCursor } }', 'OPTION_INVALID'],
    ['a last page that is too long', '{ runs(last: 101) { endCursor } }', 'OPTION_INVALID'],
    ['both ways at once', '{ verdicts(first: 1, last: 1) { totalCount } }', 'OPTION_INVALID'],
    ['first before', '{ verdicts(first: 1, before: "x") { totalCount } }', 'OPTION_INVALID'],
    [
      'a model that is no id',
      '{ runs(filter: { modelId: "x" }) { totalCount } }',
      'OPTION_INVALID',
    ],
    ['a text of nothing', '{ models(filter: { text: "" }) { totalCount } }', 'OPTION_INVALID'],
    [
      '30 February',
      '{ verdicts(filter: { period: { from: "2026-02-30T00:00:00Z" } }) { totalCount } }',
      'REQUEST_SHAPE',
    ],
    [
      'a time without an offset',
      '{ runs(filter: { period: { until: "2026-02-20T00:00:00" } }) { totalCount } }',
      'REQUEST_SHAPE',
    ],
    [
      'a role that is none',
      'mutation { createApiKey(input: { name: "x", role: root }) { key } }',
      'OPTION_INVALID',
    ],
    [
      'a format that is none',
      'mutation { submitModel(input: { source: "x", format: visio, name: "x" }) { id } }',
      'FORMAT_UNKNOWN',
    ],
    [
      'a model that is refused',
      'mutation { submitModel(input: { source: "bad", format: native, name: "x" }) { id } }',
      'MODEL_SHAPE',
    ],
    [
      'a model that is not there',
      'mutation { requestVerification(input: { modelId: "mdl_x" }) { id } }',
      'NOT_FOUND',
    ],
    [
      'a verdict that is not there',
      'mutation { revokeVerdict(id: "ver_\\u0000", reason: "x") { id } }',
      'NOT_FOUND',
    ],
    [
      'a revocation without a reason',
      'mutation { revokeVerdict(id: "x", reason: " ") { id } }',
      'REQUEST_SHAPE',
    ],
    [
      'a key that is not replaced',
      'mutation { rotateKey(role: witness, reason: "x") { index } }',
      'OPTION_INVALID',
    ],
    [
      'a page of the audit behind no id',
      '{ auditEvents(after: "x") { endCursor } }',
      'OPTION_INVALID',
    ],
    ['an id with a NUL', '{ run(id: "run_\\u0000") { id } }', 'NONE'],
  ];

  it.each(cases)('%s', async (_name, query, code) => {
    const answer = await post(api.url, keys.admin, query);
    if (code === 'NONE') expect(answer.codes).not.toContain('INTERNAL');
    else {
      expect(answer.codes[0], JSON.stringify(answer.errors)).toBe(code);
      expect(answer.errors?.[0]?.extensions.problems[0]).toMatchObject({
        code,
        message: expect.any(String),
        path: expect.any(String),
      });
      const [first] = await subscribe(api.url, keys.admin, query).catch(() => []);
      if (first) expect(JSON.stringify(first)).toContain(code);
    }
  });

  it('limits hold on the WebSocket', async () => {
    const failures = await Promise.all(
      cases.slice(3, 9).map(([, query]) =>
        subscribe(api.url, keys.admin, query).then(
          () => 'passed',
          (errors: { extensions: { code: string } }[]) => errors[0]?.extensions.code,
        ),
      ),
    );
    expect(failures).toEqual(Array.from({ length: 6 }, () => 'QUERY_TOO_COMPLEX'));
  });

  it('a body of 50 MB, one that is no JSON, an encoded one, a simple request of another site', async () => {
    expect(
      await raw(api.url, `{"query":"${' '.repeat(50 * 1024 * 1024)}"}`, {
        'content-type': 'application/json',
      }),
    ).toMatchObject({ status: 413, codes: ['INPUT_TOO_LARGE'] });
    expect(await raw(api.url, '{"query":', { 'content-type': 'application/json' })).toMatchObject({
      status: 400,
      codes: ['REQUEST_SHAPE'],
    });
    expect(
      await raw(api.url, '{}', { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
    ).toMatchObject({ status: 415, codes: ['REQUEST_SHAPE'] });
    expect(
      (await raw(api.url, '{ viewer { name } }', { 'content-type': 'text/plain' })).status,
    ).toBeGreaterThanOrEqual(400);
    const source = 'x'.repeat(5 * 1024 * 1024);
    expect(
      (
        await post(api.url, keys.architect, SUBMIT, {
          input: { source, format: 'native', name: 'x' },
        })
      ).codes,
    ).toEqual(['INPUT_TOO_LARGE']);
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(
      (
        await raw(api.url, `{"query":"{ viewer { name } }","variables":{"a":${nested}}}`, {
          'content-type': 'application/json',
          authorization: `Bearer ${keys.admin}`,
        })
      ).status,
    ).toBeLessThan(600);
    expect((await post(api.url, keys.admin, '{ viewer { role } }')).data).toEqual({
      viewer: { role: 'admin' },
    });
  }, 60_000);

  it('keys of JSON that mean something to JavaScript', async () => {
    const answer = await raw(
      api.url,
      `{"query":"${SUBMIT}","variables":{"input":{"source":"sleep 1","format":"native","name":"x","__proto__":{"a":1}}}}`,
      { 'content-type': 'application/json', authorization: `Bearer ${keys.architect}` },
    );
    expect(answer.codes.includes('INTERNAL')).toBe(false);
    expect(isDeepStrictEqual(({} as { a?: number }).a, undefined)).toBe(true);
  });
});

describe('probes', () => {
  it('health, readiness, metrics and the public checkpoint', async () => {
    await sealed();
    expect(await (await fetch(`${api.url}/healthz`)).json()).toEqual({ ok: true });
    expect(await (await fetch(`${api.url}/readyz`)).json()).toMatchObject({
      ready: true,
      checks: {
        database: { ok: true },
        queue: { ok: true },
        log: { ok: true },
        ledger: { ok: true },
      },
    });
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toMatch(/^probity_runs\{state="sealed"\} [1-9]\d*$/mu);
    expect(await (await fetch(`${api.url}/log/checkpoint`)).text()).toMatch(
      /^test\.probity\/log\n\d+\n/u,
    );
    expect((await fetch(`${api.url}/nothing`)).status).toBe(404);
  });

  it('how long answers took, and how long the oldest run waits', async () => {
    await post(api.url, keys.admin, '{ viewer { name } }');
    const text = await (await fetch(`${api.url}/metrics`)).text();
    const count = (le: string): number =>
      Number(
        new RegExp(
          `^probity_http_request_duration_seconds_bucket\\{le="${le}",route="graphql"\\} (\\d+)$`,
          'mu',
        ).exec(text)?.[1],
      );
    expect(count('\\+Inf')).toBeGreaterThan(0);
    expect(count('10')).toBeLessThanOrEqual(count('\\+Inf'));
    expect(count('0\\.005')).toBeLessThanOrEqual(count('10'));
    expect(text).toMatch(/^probity_queue_age_seconds [\d.]+$/mu);
  });

  it('what engines answered and how long runs took, of all processes together', async () => {
    const read = async () => (await fetch(`${api.url}/metrics`)).text();
    const of = (text: string, line: string): number =>
      Number(new RegExp(`^${line} ([\\d.e-]+)$`, 'mu').exec(text)?.[1] ?? 0);
    const before = await read();
    // Nobody else asked for this one: it is not answered from what is known.
    const id = await start('name tallied');
    await until(async () => (await opened.service.store.runs.get(id))?.state === 'sealed');
    const after = await read();
    const grown = (line: string): number => of(after, line) - of(before, line);
    expect(grown('probity_run_duration_seconds_count')).toBe(1);
    expect(grown('probity_run_duration_seconds_bucket\\{le="\\+Inf"\\}')).toBe(1);
    expect(of(after, 'probity_run_duration_seconds_sum')).toBeGreaterThan(0);
    expect(grown('probity_run_wait_seconds_count')).toBe(1);
    expect(after).toMatch(/^# TYPE probity_engine_answers_total counter$/mu);
    expect(after).toMatch(/^nodejs_eventloop_lag_seconds /mu);
  });

  it('a verdict as a page for a person, as lines for a script', async () => {
    const id = (await opened.service.store.verdicts.ofRun(await sealed()))?.id ?? '';
    const address = `${api.url}/verdicts/${id}`;
    const page = await fetch(address, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await page.text();
    expect(html).toMatch(/<h1 class="(valid|revoked|superseded)">This verdict is /);
    expect(html).toContain(id);
    expect(html).not.toMatch(/<script/i);
    expect(await (await fetch(address)).text()).toMatch(/^verdict {5}ver_/);
  });

  it('the verifier as a page, with its digest', async () => {
    const [page, home] = [await fetch(`${api.url}/verify.html`), await fetch(`${api.url}/`)];
    const file = join(packageRoot(), 'dist', 'verify.html');
    if (!existsSync(file)) {
      expect(page.status).toBe(404);
      return;
    }
    const sha256 = createHash('sha256').update(readFileSync(file)).digest();
    expect(Buffer.from(await page.arrayBuffer()).equals(readFileSync(file))).toBe(true);
    expect(page.headers.get('repr-digest')).toBe(`sha-256=:${sha256.toString('base64')}:`);
    expect(await home.text()).toContain(`/verify.html, sha256 ${sha256.toString('hex')}`);
  });

  it('a taken port is said with a code', async () => {
    await expect(
      startApi({ ...opened.installation, config: { ...opened.config, port: api.port } }),
    ).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });
});
