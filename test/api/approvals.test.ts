import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRAVE } from '../../src/api/fourEyes.ts';
import { OPERATIONS } from '../../src/api/operations.ts';
import { FIRST_ORGANISATION, type TenantStore } from '../../src/store/index.ts';
import { openTestApi, type TestApi } from '../service/bench.ts';
import { post, type Answer } from './client.ts';
import { startIssuer, type TestIssuer } from './issuer.ts';

/** What one person alone cannot do where an organisation has it so, whatever that one tries. */

let issuer: TestIssuer;
let running: TestApi;
let url: string;
beforeAll(async () => {
  issuer = await startIssuer();
  running = await openTestApi('approvals', { env: issuer.env });
  url = running.api.url;
}, 60_000);
afterAll(async () => {
  await running?.stop();
  await issuer?.stop();
}, 60_000);

interface Shop {
  readonly id: string;
  readonly store: TenantStore;
  readonly alice: string;
  readonly bob: string;
  readonly trainer: string;
}

/** An organisation with two admins, in which it is so. */
async function shop(name: string): Promise<Shop> {
  const { store: all } = running.opened.installation;
  const { id } = (await all.organisations.create({ name, publishes: false }))!;
  const store = all.of(id);
  const key = async (owner: string, role: string) =>
    (await store.keys.create({ name: owner, role, owner })).key;
  const made = {
    id,
    store,
    alice: await key('alice', 'admin'),
    bob: await key('bob', 'admin'),
    trainer: await key('tom', 'trainer'),
  };
  expect((await set(made.alice, true)).answer).toEqual({ required: true, userErrors: [] });
  return made;
}

interface Payload {
  readonly userErrors: readonly { code: string; approvalRequestId: string | null }[];
  readonly request?: { readonly state: string; readonly input: unknown } | null;
  readonly key?: string | null;
  readonly apiKey?: { readonly id: string; readonly owner: string } | null;
}

const ERRORS = 'userErrors { code approvalRequestId }';

/** The one field of an answer, the codes in it, and the request that was kept. */
const answerOf = ({ data, codes }: Answer) => {
  const answer = Object.values(data ?? {})[0] as unknown as Payload | null | undefined;
  return {
    answer,
    codes: [...codes, ...(answer?.userErrors ?? []).map(({ code }) => code)],
    request: answer?.userErrors?.[0]?.approvalRequestId ?? '',
  };
};
const ask = async (key: string, document: string) =>
  answerOf(await post(url, key, `mutation { ${document} }`));
const set = (key: string, required: boolean) =>
  ask(key, `fourEyesSet(input: { required: ${required} }) { required ${ERRORS} }`);
const approve = (key: string, id: string) =>
  ask(key, `approvalApprove(input: { id: "${id}" }) { request { state input } ${ERRORS} }`);
const decline = (key: string, id: string) =>
  ask(key, `approvalDecline(input: { id: "${id}" }) { request { state input } ${ERRORS} }`);
const eraseActor = (key: string, actor: string) =>
  ask(key, `auditActorErase(input: { actor: "${actor}" }) { erased ${ERRORS} }`);
const make = (key: string, owner: string, name = 'new') =>
  ask(
    key,
    `apiKeyCreate(input: { name: "${name}", role: admin, owner: "${owner}" })
     { key apiKey { id owner } ${ERRORS} }`,
  );
const rotate = (key: string, id: string) =>
  ask(key, `apiKeyRotate(input: { id: "${id}" }) { key apiKey { id owner } ${ERRORS} }`);

/** Something in the audit that can be erased, and how much of it is left. */
async function tracks({ store }: Shop, actor = 'key_gone') {
  await store.audit.add({ actor, role: 'admin', operation: 'op', subject: 's' });
  return async () =>
    (await store.audit.list({ limit: 100 })).rows.filter((row) => row.actor === actor).length;
}

const operations = async ({ store }: Shop): Promise<string[]> =>
  (await store.audit.list({ limit: 100 })).rows.map(({ operation }) => operation);

it('is asked of every erasure and change of keys that there is', () => {
  // The secret of a webhook signs what is sent to one address, and opens nothing here.
  const free = new Set(['webhookSecretRotate']);
  const grave = Object.keys(OPERATIONS).filter(
    (name) =>
      OPERATIONS[name]?.on === 'Mutation' && /erase|key|rotate/iu.test(name) && !free.has(name),
  );
  expect(grave.length).toBeGreaterThan(10);
  expect(grave.filter((name) => GRAVE[name] === undefined)).toEqual([]);
});

it('does nothing alone, and as it was asked once another admin approves', async () => {
  const here = await shop('plain');
  const left = await tracks(here);
  const asked = await eraseActor(here.alice, 'key_gone');
  expect(asked.codes).toEqual(['APPROVAL_NEEDED']);
  expect(asked.request).toMatch(/^apr_/u);
  expect(await left()).toBe(1);
  const listed = await post(
    url,
    here.bob,
    '{ approvalRequests { nodes { id operation input inputDigest state } } fourEyes }',
  );
  expect(listed.data).toMatchObject({
    fourEyes: true,
    approvalRequests: {
      nodes: [
        {
          id: asked.request,
          operation: 'auditActorErase',
          input: { input: { actor: 'key_gone' } },
          state: 'pending',
        },
      ],
    },
  });
  const done = await approve(here.bob, asked.request);
  expect(done.answer).toEqual({ request: { state: 'done', input: null }, userErrors: [] });
  expect(await left()).toBe(0);
  expect(await operations(here)).toEqual(
    expect.arrayContaining(['approvalRequest', 'approvalApprove', 'auditActorErase']),
  );
  expect((await approve(here.bob, asked.request)).codes).toEqual(['APPROVAL_CLOSED']);
});

it('an erasure of whoever is no admin waits too, as an error where there is no payload', async () => {
  const here = await shop('learners');
  const attempt = { learner: 'l', className: '', exercise: 'e', verdict: 'right' };
  await here.store.attempts.add({ ...attempt, score: 1, hint: 0, answerDigest: 'd' });
  const erased = await ask(here.trainer, 'eraseLearner(learner: "l")');
  expect(erased.codes).toEqual(['APPROVAL_NEEDED']);
  expect(await here.store.attempts.list({}, 10)).toHaveLength(1);
  const [request] = (await here.store.approvals.list({ limit: 1 })).rows;
  expect((await approve(here.trainer, request!.id)).codes).toEqual(['FORBIDDEN']);
  const shown = await post(url, here.trainer, '{ approvalRequests { nodes { id } } }');
  expect(shown.codes).toEqual(['FORBIDDEN']);
  expect((await approve(here.alice, request!.id)).answer?.request?.state).toBe('done');
  expect(await here.store.attempts.list({}, 10)).toEqual([]);
});

describe('nobody is two persons', () => {
  it('not whoever asked, nor another key of the same owner, nor its successor', async () => {
    const here = await shop('self');
    const { request } = await eraseActor(here.alice, 'key_gone');
    expect((await approve(here.alice, request)).codes).toEqual(['APPROVAL_SAME_PERSON']);
    const keys = await here.store.keys.list();
    const own = keys.find(({ owner }) => owner === 'alice')!.id;
    // Before: a successor needs another person as well.
    const turned = await rotate(here.alice, own);
    expect(turned.codes).toEqual(['APPROVAL_NEEDED']);
    expect((await approve(here.bob, turned.request)).answer?.request?.state).toBe('approved');
    const next = await rotate(here.alice, own);
    expect(next.answer?.apiKey?.owner).toBe('alice');
    expect((await approve(next.answer!.key!, request)).codes).toEqual(['APPROVAL_SAME_PERSON']);
    // Asked a third time it is a new request: one approval is one key.
    expect((await rotate(here.alice, own)).codes).toEqual(['APPROVAL_NEEDED']);
  });

  it('not by making a key for another, nor by taking over one', async () => {
    const here = await shop('maker');
    const asked = await make(here.alice, 'carol');
    expect(asked.codes).toEqual(['APPROVAL_NEEDED']);
    expect((await here.store.keys.list()).map(({ owner }) => owner)).not.toContain('carol');
    await approve(here.bob, asked.request);
    // Another input, or another admin, is not what was approved.
    expect((await make(here.alice, 'carol', 'else')).codes).toEqual(['APPROVAL_NEEDED']);
    expect((await make(here.bob, 'carol')).codes).toEqual(['APPROVAL_NEEDED']);
    const carol = (await make(here.alice, 'carol')).answer!.key!;
    const { request } = await eraseActor(here.alice, 'key_gone');
    expect((await approve(carol, request)).codes).toEqual(['APPROVAL_SAME_PERSON']);
    const hers = await eraseActor(carol, 'key_gone');
    expect((await approve(here.alice, hers.request)).codes).toEqual(['APPROVAL_SAME_PERSON']);
    const bobs = (await here.store.keys.list()).find(({ owner }) => owner === 'bob')!.id;
    expect((await rotate(here.alice, bobs)).codes).toEqual(['FORBIDDEN']);
    const revoked = await ask(here.alice, `apiKeyRevoke(input: { id: "${bobs}" }) { ${ERRORS} }`);
    expect(revoked.codes).toEqual(['APPROVAL_NEEDED']);
    expect((await here.store.keys.get(bobs))?.revokedAt).toBeNull();
  });

  it('not under two tokens of one subject', async () => {
    const here = await shop('tokens');
    const claims = { probity_role: 'admin', probity_organisation: here.id };
    const { request } = await eraseActor(await issuer.token(claims), 'key_gone');
    const again = await issuer.token({ ...claims, extra: 1 });
    expect((await approve(again, request)).codes).toEqual(['APPROVAL_SAME_PERSON']);
    await tracks(here);
    const other = await issuer.token(claims, { sub: 'bob' });
    expect((await approve(other, request)).answer?.request?.state).toBe('done');
  });

  it('not through another organisation, which sees nothing', async () => {
    const [here, there] = [await shop('here'), await shop('there')];
    const { request } = await eraseActor(here.alice, 'key_gone');
    expect((await approve(there.bob, request)).codes).toEqual(['NOT_FOUND']);
    expect((await decline(there.bob, request)).codes).toEqual(['NOT_FOUND']);
    const { data } = await post(url, there.bob, '{ approvalRequests { nodes { id } } }');
    expect(data).toEqual({ approvalRequests: { nodes: [] } });
    // Nor by those who run the installation, who can make keys of others.
    const { keys } = running.opened.installation.of(FIRST_ORGANISATION).store;
    const root = (await keys.create({ name: 'root', role: 'admin', owner: 'root' })).key;
    const made = await ask(
      root,
      `organisationKeyCreate(input: { organisationId: "${here.id}", name: "n", role: admin })
       { key ${ERRORS} }`,
    );
    expect(made.codes).toEqual(['APPROVAL_NEEDED']);
  });

  it('not by turning it off', async () => {
    const here = await shop('off');
    const asked = await set(here.alice, false);
    expect(asked.codes).toEqual(['APPROVAL_NEEDED']);
    expect((await approve(here.alice, asked.request)).codes).toEqual(['APPROVAL_SAME_PERSON']);
    expect(await here.store.approvals.required()).toBe(true);
    expect((await approve(here.bob, asked.request)).answer?.request?.state).toBe('done');
    expect(await here.store.approvals.required()).toBe(false);
    await tracks(here);
    expect((await eraseActor(here.alice, 'key_gone')).codes).toEqual([]);
  });
});

describe('a request is decided once', () => {
  it('by twenty at once: it is done once', async () => {
    const here = await shop('race');
    await tracks(here);
    const { request } = await eraseActor(here.alice, 'key_gone');
    const answers = await Promise.all(Array.from({ length: 20 }, () => approve(here.bob, request)));
    const codes = answers.map((each) => each.codes.join());
    expect(codes.filter((each) => each === '')).toHaveLength(1);
    expect(codes.filter((each) => each === 'APPROVAL_CLOSED')).toHaveLength(19);
    const erasures = (await operations(here)).filter((each) => each === 'auditActorErase');
    expect(erasures).toHaveLength(1);
  });

  it('and an approved key is made once, however often it is fetched at once', async () => {
    const here = await shop('fetch');
    const { request } = await make(here.alice, 'carol');
    await approve(here.bob, request);
    const answers = await Promise.all(Array.from({ length: 10 }, () => make(here.alice, 'carol')));
    expect(answers.filter(({ answer }) => answer?.key)).toHaveLength(1);
    const keys = await here.store.keys.list();
    expect(keys.filter(({ owner }) => owner === 'carol')).toHaveLength(1);
  });

  it('not after it was declined, has expired, or its key was revoked', async () => {
    const here = await shop('closed');
    const left = await tracks(here);
    const first = await eraseActor(here.alice, 'key_gone');
    expect((await decline(here.alice, first.request)).answer?.request).toEqual({
      state: 'declined',
      input: null,
    });
    expect((await approve(here.bob, first.request)).codes).toEqual(['APPROVAL_CLOSED']);
    const late = await here.store.approvals.keep({
      operation: 'auditActorErase',
      input: '{"input":{"actor":"key_gone"}}',
      inputDigest: 'd',
      requestedBy: 'key_x',
      owner: 'x',
      role: 'admin',
      expiresAt: new Date(Date.now() - 1),
    });
    expect((await approve(here.bob, late)).codes).toEqual(['APPROVAL_CLOSED']);
    const last = await eraseActor(here.alice, 'key_gone');
    const alice = (await here.store.keys.list()).find(({ owner }) => owner === 'alice')!;
    await here.store.keys.revoke(alice.id);
    expect((await approve(here.bob, last.request)).codes).toEqual(['APPROVAL_CLOSED']);
    expect(await left()).toBe(1);
    const { data } = await post(url, here.bob, '{ approvalRequests { nodes { state } } }');
    expect(data).toEqual({
      approvalRequests: { nodes: ['pending', 'expired', 'declined'].map((state) => ({ state })) },
    });
  });

  it('what was approved and cannot be done says why, and is over', async () => {
    const here = await shop('failed');
    const { request } = await eraseActor(here.alice, 'key_nobody');
    const failed = await approve(here.bob, request);
    expect(failed.codes).toEqual(['NOT_FOUND']);
    expect(failed.answer?.request?.state).toBe('failed');
  });
});
