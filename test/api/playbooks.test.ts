import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/canonical/index.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { event, MAPPING, SHOP } from '../monitor/shop.ts';
import { until } from '../servers.ts';
import { openTestApi, type TestApi } from '../service/bench.ts';
import { REST, REST_TEXT } from '../service/parcelPlaybook.ts';
import { post, type Answer } from './client.ts';

/** Playbooks as a client has them: the worker that runs beside judges and sends. */

let running: TestApi;
const keys: Record<string, string> = {};

beforeAll(async () => {
  running = await openTestApi('playbooks');
  const { store } = running.opened.service;
  for (const role of ['architect', 'responder', 'compliance', 'admin', 'trainer'])
    keys[role] = (await store.keys.create({ name: role, role, owner: role })).key;
}, 60_000);
afterAll(() => running?.stop(), 60_000);

const as = (role: string, query: string, variables: object = {}): Promise<Answer> =>
  post(running.api.url, keys[role], query, variables);
async function field<T>(role: string, query: string, variables: object = {}): Promise<T> {
  const answer = await as(role, query, variables);
  if (!answer.data || answer.errors) throw new Error(JSON.stringify(answer));
  return Object.values(answer.data)[0] as T;
}

const ERRORS = 'userErrors { code field }';
const CREATE = `mutation ($input: MonitorInput!) { monitorCreate(input: $input) { monitor { id } ${ERRORS} } }`;
const SEND = `mutation ($events: [JSON!]!) {
  postEvents(input: { events: $events }) { receipt { stored outcomes } ${ERRORS} }
}`;
const ALERTS = '{ alerts(filter: { kind: broken }) { nodes { id settled playbooks } } }';
const RUN = `run { id state verified reason name subject alert { kind }
  steps { id number name does approval condition state outcomes byHand approvedBy }
  history { action actor role step text } }`;
const START = `mutation ($input: PlaybookStartInput!) { playbookStart(input: $input) { ${RUN} ${ERRORS} } }`;
const APPROVE = `mutation ($id: ID!) {
  playbookStepApprove(input: { id: $id, byHand: true }) { step { id state name } ${RUN} ${ERRORS} }
}`;
const SETTLE = `mutation ($input: PlaybookStepSettleInput!) {
  playbookStepSettle(input: $input) { step { state } ${RUN} ${ERRORS} }
}`;

interface Shown {
  readonly id: string;
  readonly steps: readonly { readonly id: string; readonly outcomes: readonly string[] }[];
}
interface Payload {
  readonly run: Shown | null;
  readonly userErrors: readonly { readonly code: string }[];
}

describe('a playbook over GraphQL', () => {
  let alert: string;
  let run: Shown;

  it('is recommended, and started by who responds', async () => {
    const read = await inspect({ source: SHOP, format: 'native', name: 'shop' });
    if (!read.ok) throw new Error('it is read');
    const { document, digest } = read.value;
    const named = { owner: 'architect', digest, sourceDigest: sha256(SHOP), name: 'Parcel' };
    const { models } = running.opened.service.store;
    const { id } = await models.put({ ...named, format: 'native', source: SHOP, document });
    const input = { name: 'shop', modelId: id, mapping: MAPPING, playbooks: [REST_TEXT] };
    await field('architect', CREATE, { input });
    const events = [
      event('weighed', 0, { kg: 3 }),
      event('paid', 10, { cents: 100 }),
      event('sent', 20),
      event('weighed', 300, { kg: 1 }, 'Q'),
    ].map((each) => ({ specversion: '1.0', ...each }));
    await field('responder', SEND, { events });
    const found = await until(async () => {
      const { nodes } = await field<{ nodes: { id: string; settled: boolean }[] }>(
        'responder',
        ALERTS,
      );
      return nodes[0]?.settled ? nodes[0] : undefined;
    });
    expect(found).toMatchObject({ playbooks: [{ playbook: REST, coversAll: true }] });
    alert = found.id;
    const asked = { input: { subject: alert, playbook: REST } };
    expect((await as('compliance', START, asked)).codes).toEqual(['FORBIDDEN']);
    const started = await field<Payload>('responder', START, asked);
    run = started.run!;
    expect(run).toMatchObject({
      state: 'running',
      verified: true,
      reason: null,
      alert: { kind: 'broken' },
      steps: [{ number: 1, name: 'Sign the bills', approval: 'admin', state: 'waiting' }],
      history: [{ action: 'start', role: 'responder' }],
    });
    const again = await field<Payload>('responder', START, asked);
    expect(again.userErrors.map(({ code }) => code)).toEqual(['PLAYBOOK_RUNNING']);
  });

  it('goes on as it is approved and settled, and is cancelled', async () => {
    const [first] = run.steps;
    expect((await as('responder', APPROVE, { id: first!.id })).codes).toEqual(['FORBIDDEN']);
    const approved = await field<Payload>('admin', APPROVE, { id: first!.id });
    expect(approved).toMatchObject({ step: { state: 'underWay', name: 'Sign the bills' } });
    expect(approved.run?.steps[0]?.outcomes).toEqual(['succeeded', 'failed']);
    const data = { step: first!.id, outcome: 'succeeded' };
    const said = { specversion: '1.0', id: 'x', source: '/erp', type: 'probity.playbook.outcome' };
    expect(await field('responder', SEND, { events: [{ ...said, data }] })).toMatchObject({
      receipt: { stored: 1, outcomes: 1 },
    });
    const asked = await field<Shown>(
      'architect',
      `query ($id: ID!) { playbookRun(id: $id) { id steps { id name condition outcomes does } } }`,
      { id: run.id },
    );
    expect(asked.steps[1]).toMatchObject({
      condition: 'paid != weight',
      outcomes: ['yes', 'no'],
      does: { type: 'if-condition' },
    });
    const input = { id: asked.steps[1]!.id, outcome: 'yes', text: 'two are missing' };
    const settled = await field<Payload>('responder', SETTLE, { input });
    expect(settled.run?.steps.map(({ outcomes }) => outcomes)).toEqual([[], [], ['notNeeded']]);
    const cancelled = await field<Payload>(
      'responder',
      `mutation ($id: ID!) { playbookCancel(input: { id: $id, reason: "paid" }) { ${RUN} ${ERRORS} } }`,
      { id: run.id },
    );
    expect(cancelled.run).toMatchObject({ state: 'cancelled' });
  });

  it('is listed for who watches, by what it is about', async () => {
    const list =
      'query ($filter: PlaybookRunFilter) { playbookRuns(filter: $filter) { totalCount nodes { id } } }';
    for (const [filter, count] of [
      [{ alertId: alert, state: 'cancelled' }, 1],
      [{ alertId: alert, state: 'running' }, 0],
    ] as const)
      expect(await field('compliance', list, { filter })).toMatchObject({ totalCount: count });
    expect((await as('trainer', list)).codes).toEqual(['FORBIDDEN']);
    expect((await as('admin', list, { filter: { alertId: 'x' } })).codes).toEqual([
      'OPTION_INVALID',
    ]);
  });
});
