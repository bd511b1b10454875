import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningApi } from '../../src/api/server.ts';
import { checkSubmission, identify, toolVersions } from '../../src/checking/check.ts';
import { recheck } from '../../src/checking/recheck.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parsePolicy } from '../../src/evidence/formats/policy.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import { LossThread } from '../../src/risk/attacks/lossThread.ts';
import { fileOf, probity } from '../cli/run.ts';
import { CACHE_DIR } from '../conformance/checking.ts';
import { openTestApi, type TestApi, type TestService } from '../service/bench.ts';
import { post, subscribe } from './client.ts';

/** Which attacks break what, through the whole service. */
let running: TestApi;
let opened: TestService;
let api: RunningApi;
let key: string;

beforeAll(async () => {
  running = await openTestApi('threats-worker', {
    checker: { checkSubmission, inspect: identify, toolVersions },
    env: { PROBITY_CACHE_DIR: CACHE_DIR },
  });
  ({ opened, api } = running);
  key = (await opened.service.store.keys.create({ name: 'architect', role: 'architect' })).key;
}, 240_000);

afterAll(async () => {
  await running?.stop();
}, 60_000);

const SHOP = `probity: 1
name: Shop
variables: { paid: { type: int 0..2, init: 0 }, state: { type: "enum [new, asked, done]", init: new } }
actors: { shop: {}, bank: {} }
channels: { bill: { from: shop, to: bank, carries: { amount: int 1..2 }, medium: public, capacity: 1 } }
actions:
  ask: { actor: shop, when: state = new, then: { state: asked }, send: { bill: { amount: 2 } }, fair: weak }
  pay: { actor: bank, receive: { bill: b }, when: state = asked, controls: { full: b.amount = 2 }, then: { paid: b.amount, state: done }, fair: weak }
properties:
  full: { always: "if state = done then paid = 2 else true" }
final: state = done
`;

interface Input {
  readonly threats?: readonly string[];
  readonly budget?: number;
}

async function request(input: Input, source = SHOP) {
  const submitted = await post(
    api.url,
    key,
    'mutation ($input: SubmitModelInput!) { submitModel(input: $input) { id } }',
    { input: { source, format: 'native', name: 'shop.yaml' } },
  );
  const { id: modelId } = (submitted.data as unknown as { submitModel: { id: string } })
    .submitModel;
  return post(
    api.url,
    key,
    'mutation ($input: RequestVerificationInput!) { requestVerification(input: $input) { id state } }',
    { input: { modelId, engines: ['explore'], ...input } },
  );
}

async function sealed(
  input: Input,
  source = SHOP,
): Promise<{ readonly id: string; readonly verdict: string }> {
  const { data } = await request(input, source);
  const { id } = (data as unknown as { requestVerification: { id: string } }).requestVerification;
  const updates = await subscribe(
    api.url,
    key,
    'subscription ($id: ID!) { runUpdated(id: $id) { state failure { code message } verdict { id } } }',
    { id },
  );
  const last = updates.at(-1)?.['data'] as unknown as {
    runUpdated: { state: string; failure: unknown; verdict: { id: string } | null };
  };
  expect(last.runUpdated, JSON.stringify(last)).toMatchObject({ state: 'sealed' });
  return { id, verdict: last.runUpdated.verdict?.id ?? '' };
}

/** Verifies a bundle, and checks its answers again from its model. */
async function foundAgain(
  given: readonly { readonly path: string; readonly base64: string }[],
  trustPolicy: string,
): Promise<void> {
  const policy = await parsePolicy(trustPolicy, nodeCrypto.sha256);
  if (!policy.ok) throw new Error('policy');
  const files = new Map(
    given.map(({ path, base64 }) => [path, new Uint8Array(Buffer.from(base64, 'base64'))]),
  );
  const report = await verifyBundle(files, policy.value, { crypto: nodeCrypto, compliance: false });
  expect(report.status).toBe('verified');
  if (!report.statement) throw new Error('no statement');
  const found = await recheck(files, report.statement);
  expect(found.filter(({ status }) => status === 'failed' || status === 'skipped')).toEqual([]);
}

it('an analysis is answered with types, sealed, and found again from its bundle', async () => {
  const { id, verdict } = await sealed({ threats: ['all'], budget: 2 });
  const { data, errors } = await post(
    api.url,
    key,
    `query ($id: ID!, $verdict: ID!) {
      run(id: $id) { report { attacks {
        options { threats budget } assumptions
        ids { id operator proper references }
        properties { name withoutThreats complete completeUpTo resilience resistsAll assuming minimalAttackSets { threats traceLength trace } }
        controls { id property loadBearing redundant insufficient }
        sufficientControls { property sets }
      } } }
      verdict(id: $verdict) { statement files { path base64 } }
      trustPolicy
    }`,
    { id, verdict },
  );
  expect(errors).toBeUndefined();
  const answer = data as unknown as {
    run: { report: { attacks: { properties: { name: string }[]; controls: unknown[] } } };
    verdict: {
      statement: { predicate: { options: unknown } };
      files: { path: string; base64: string }[];
    };
    trustPolicy: string;
  };
  const { attacks } = answer.run.report;
  expect(attacks.properties.find(({ name }) => name === 'deadlockFree')).toMatchObject({
    withoutThreats: 'holds',
    complete: true,
    completeUpTo: null,
    resilience: 0,
    resistsAll: false,
    minimalAttackSets: expect.arrayContaining([
      expect.objectContaining({ threats: ['drop.bill'], traceLength: 2 }),
    ]) as unknown,
  });
  expect(attacks.properties.find(({ name }) => name === 'full')).toMatchObject({
    resilience: null,
    resistsAll: true,
    minimalAttackSets: [],
  });
  expect(attacks.controls).toContainEqual({
    id: 'pay.full',
    property: 'full',
    loadBearing: true,
    redundant: false,
    insufficient: false,
  });
  expect(answer.verdict.statement.predicate.options).toMatchObject({
    attacks: { threats: 'all', budget: 2 },
  });
  await foundAgain(answer.verdict.files, answer.trustPolicy);
}, 120_000);

it('what is asked is part of what makes two requests the same', async () => {
  const first = await sealed({ threats: ['drop.bill'], budget: 1 });
  const again = await sealed({ threats: ['drop.bill'], budget: 1 });
  const other = await sealed({ threats: ['drop.bill'] });
  const keys = await Promise.all(
    [first, again, other].map(
      async ({ id }) => (await opened.service.store.runs.get(id))?.cacheKey,
    ),
  );
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
}, 120_000);

it('threats that are not there, and a budget below nothing, are refused', async () => {
  const codes = async (input: Input): Promise<unknown> =>
    (await request(input)).errors?.map(({ extensions }) => extensions?.['problems']);
  expect(await codes({ threats: ['drop.note'] })).toMatchObject([
    [{ code: 'THREAT_UNKNOWN', path: 'input.threats' }],
  ]);
  expect(await codes({ budget: -1 })).toMatchObject([
    [{ code: 'OPTION_INVALID', path: 'input.budget' }],
  ]);
}, 60_000);

it('two versions are compared: what is new, what is gone, and what was not asked', async () => {
  const compare = async (run: string, against: string) =>
    post(
      api.url,
      key,
      `query ($run: ID!, $against: ID!) { attackChanges(run: $run, against: $against) {
        model { name } against { name } verdict
        changes { property only appeared { threats traceLength } gone lengths { threats before now } open }
      } }`,
      { run, against },
    );
  const open = SHOP.replace(', controls: { full: b.amount = 2 }', '').replace(
    'name: Shop',
    'name: Open shop',
  );
  const [held, broken, plain] = [
    await sealed({ threats: ['all'] }),
    await sealed({ threats: ['all'] }, open),
    await sealed({}),
  ];
  const worse = await compare(broken.id, held.id);
  expect(worse.data).toMatchObject({
    attackChanges: {
      model: { name: 'Open shop' },
      against: { name: 'Shop' },
      verdict: 'newAttacks',
      changes: expect.arrayContaining([
        expect.objectContaining({
          property: 'full',
          only: null,
          appeared: expect.arrayContaining([
            { threats: ['tamper.bill.amount'], traceLength: 3 },
          ]) as unknown,
          gone: [],
        }),
      ]) as unknown,
    },
  });
  const better = await compare(held.id, broken.id);
  expect(better.data).toMatchObject({
    attackChanges: {
      changes: expect.arrayContaining([
        expect.objectContaining({
          property: 'full',
          appeared: [],
          gone: expect.arrayContaining([['tamper.bill.amount']]) as unknown,
        }),
      ]) as unknown,
    },
  });
  const [refused] = (await compare(held.id, plain.id)).errors ?? [];
  expect(refused).toMatchObject({ extensions: { code: 'OPTION_INVALID' } });
  const [unknown] = (await compare(plain.id, 'nobody')).errors ?? [];
  expect(JSON.stringify(unknown)).toContain('there is no such run');
}, 240_000);

const LOSS = `query ($input: AttackLossInput!) { lossFromAttacks(input: $input) {
  cases expectedLoss someLoss someLossAtLeastOnce assumptions leftOut
  properties { name p upper bound atLeastOnce ids { id birnbaum fussellVesely riskReduction } }
  intervals { draws seed level expectedLoss { lower upper mean monteCarloError }
    properties { name atLeastOnce p { lower upper } ids { id birnbaum { lower upper } fussellVesely { lower upper } } } }
  period { replicates seed mean { value monteCarloError } someLoss { value monteCarloError }
    tails { level valueAtRisk { value monteCarloError } conditional { value monteCarloError } }
    exceedance { lossEur probability } }
  measures { name costEur avoidedEur perEuro interval { lower upper } }
  rates { id kind mean lower upper derivation }
  pictures { name svg }
} }`;

interface Answered {
  readonly pictures: readonly { readonly name: string; readonly svg: string }[];
}

const QUESTION = {
  sets: {
    properties: [
      {
        name: 'full',
        minimalAttackSets: [{ threats: ['a', 'b'] }, { threats: ['a', 'c'] }],
        complete: true,
      },
    ],
  },
  risk: {
    q: { a: { beta: [3, 97] }, b: 0.2, c: { pert: [0.1, 0.2, 0.5] } },
    severity: { full: { lognormal: { median: 100, p95: 900 } } },
    cases: 500,
    measures: [{ name: 'train', costEur: 50, effects: { a: { times: 0.5 } } }],
  },
};

it('losses from attacks are what `probity loss` answers, as types and pictures', async () => {
  const question = JSON.stringify(QUESTION);
  const { data, errors } = await post(api.url, key, LOSS, { input: { question, seed: 7 } });
  expect(errors).toBeUndefined();
  const printed = await probity('loss', fileOf('loss.json', question), '--seed', '7', '--json');
  const expected = JSON.parse(printed.stdout) as object;
  const { pictures, ...answered } = (data as unknown as { lossFromAttacks: Answered })
    .lossFromAttacks;
  expect(answered).toEqual(expected);
  expect(pictures.map(({ name }) => name)).toEqual(['exceedance.svg', 'measures.svg']);
  for (const { svg } of pictures) expect(svg).toContain('<desc');
});

it('the attack sets of a run are taken by its id; the rest is refused at its place', async () => {
  const { id } = await sealed({ threats: ['drop.bill'] });
  const question = JSON.stringify({
    risk: { q: { 'drop.bill': 0.25 }, severity: { deadlockFree: 8 }, cases: 2 },
  });
  const { data, errors } = await post(api.url, key, LOSS, { input: { question, runId: id } });
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({ lossFromAttacks: { expectedLoss: 4, intervals: null } });

  const problemsOf = async (input: object, by = key) =>
    (await post(api.url, by, LOSS, { input })).errors?.flatMap(
      ({ extensions: { code, problems = [] } }) =>
        problems.length > 0 ? problems.map(({ code: each, path }) => `${each} ${path}`) : [code],
    );
  expect(await problemsOf({ question, runId: id, sets: '{}' })).toEqual(['OPTION_INVALID input']);
  expect(await problemsOf({ question, seed: -1 })).toEqual(['OPTION_INVALID input.seed']);
  expect(await problemsOf({ question: '{' })).toEqual(['LOSS_SHAPE ']);
  expect(await problemsOf({ question, incidents: 'a,b\n' })).toEqual(['INCIDENTS_ROW line 1']);
  const { service } = opened;
  const other = (await service.store.keys.create({ name: 'other', role: 'architect' })).key;
  expect(await problemsOf({ question, runId: id }, other)).toEqual(['NOT_FOUND input.runId']);
  const learner = (await service.store.keys.create({ name: 'learner', role: 'learner' })).key;
  expect(await problemsOf({ question }, learner)).toEqual(['FORBIDDEN ']);
});

it('losses that take more than they may are refused, and the next are answered', async () => {
  const thread = new LossThread();
  const texts = { question: JSON.stringify(QUESTION), seed: 1 };
  expect(await thread.ask(texts, 1)).toMatchObject({
    ok: false,
    problems: [{ code: 'INPUT_TOO_COMPLEX' }],
  });
  expect(await thread.ask(texts)).toMatchObject({ ok: true });
  await thread.close();
});

const submit = (file: string, ...args: readonly string[]) =>
  probity('submit', file, '--engine', 'explore', '--server', api.url, '--key', key, ...args);

it('submit --threats answers as `probity threats` does here', async () => {
  const file = fileOf('shop.yaml', SHOP);
  const asked = ['--threats', 'all', '--budget', '2', '--controls'];
  const there = await submit(file, ...asked, '--json');
  const here = await probity('threats', file, '--budget', '2', '--controls', '--json');
  expect([there.exit, there.stderr]).toEqual([here.exit, '']);
  const { attacks } = JSON.parse(there.stdout) as { attacks: object };
  const { model: _model, ...alone } = JSON.parse(here.stdout) as { model: unknown };
  expect(attacks).toEqual(alone);
  const told = await submit(file, ...asked);
  expect(told.stdout).toMatch(
    /drop\.bill · in 2 steps[^]*take it away, and full can break[^]*ver_/,
  );
  const plain = await submit(file, '--budget', '2');
  expect(plain.stdout).toContain('drop.bill · in 2 steps');
  expect(plain.stdout).not.toContain('take it away');
}, 240_000);

it('submit --threat judges under one set, which is signed with the answers and found again', async () => {
  const file = fileOf('shop.yaml', SHOP);
  const under = await submit(file, '--threat', 'bypass.pay.full,tamper.bill.amount', '--json');
  expect([under.exit, under.stderr]).toEqual([1, '']);
  const report = JSON.parse(under.stdout) as { verdict: string; properties: object[] };
  const broken = {
    name: 'full',
    outcome: 'violated',
    threats: ['bypass.pay.full', 'tamper.bill.amount'],
  };
  expect(report.properties).toContainEqual(expect.objectContaining(broken));
  const { data } = await post(
    api.url,
    key,
    'query ($id: ID!) { verdict(id: $id) { statement files { path base64 } } trustPolicy }',
    { id: report.verdict },
  );
  const { verdict, trustPolicy } = data as unknown as {
    verdict: {
      statement: { predicate: { properties: object[] } };
      files: { path: string; base64: string }[];
    };
    trustPolicy: string;
  };
  expect(verdict.statement.predicate.properties).toContainEqual(expect.objectContaining(broken));
  await foundAgain(verdict.files, trustPolicy);
}, 240_000);

it('what cannot be asked of threats is refused at once, with its place', async () => {
  const file = fileOf('shop.yaml', SHOP);
  const refused = async (...args: readonly string[]) => {
    const { exit, stdout } = await submit(file, ...args, '--json');
    const { problems } = JSON.parse(stdout) as { problems: { code: string; path: string }[] };
    return [exit, ...problems.map(({ code, path }) => `${code} ${path}`)];
  };
  expect(await refused('--threat', 'drop.bil')).toEqual([2, 'THREAT_UNKNOWN underThreats']);
  expect(await refused('--threats', 'drop.bil')).toEqual([2, 'THREAT_UNKNOWN threats']);
  expect(await refused('--threat', 'drop.bill', '--budget', '1')).toEqual([
    2,
    'OPTION_INVALID underThreats',
  ]);
  const wrong = await submit(
    fileOf('wrong.yaml', SHOP.replace('amount: 2', 'amuont: 2')),
    '--json',
  );
  expect(JSON.parse(wrong.stdout)).toMatchObject({
    problems: expect.arrayContaining([
      expect.objectContaining({ line: 7, column: expect.any(Number) as number }),
    ]) as unknown,
  });
}, 120_000);
