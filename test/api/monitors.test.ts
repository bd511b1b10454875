import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/canonical/index.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { event, MAPPING, SHOP } from '../monitor/shop.ts';
import { until } from '../servers.ts';
import { ALICE, openTestApi, type TestApi } from '../service/bench.ts';
import { post, type Answer } from './client.ts';

/** Monitors as a client has them: over HTTP and WebSocket, judged by the worker that runs beside. */

let running: TestApi;
let modelId: string;
const keys: Record<string, string> = {};

beforeAll(async () => {
  running = await openTestApi('monitors');
  const { store } = running.opened.service;
  for (const role of ['architect', 'responder', 'compliance', 'trainer', 'learner'])
    keys[role] = (await store.keys.create({ name: role, role, owner: ALICE.owner })).key;
  keys['bus'] = (
    await store.keys.create({ name: 'bus', role: 'responder', owner: 'b', scopes: 'postEvents' })
  ).key;
  const read = await inspect({ source: SHOP, format: 'native', name: 'shop' });
  if (!read.ok) throw new Error('it is read');
  const { document, digest } = read.value;
  const named = { owner: ALICE.owner, digest, sourceDigest: sha256(SHOP), name: 'Parcel' };
  modelId = (await store.models.put({ ...named, format: 'native', source: SHOP, document })).id;
}, 60_000);
afterAll(() => running?.stop(), 60_000);

const as = (role: string, query: string, variables: object = {}): Promise<Answer> =>
  post(running.api.url, keys[role], query, variables);
async function data<T>(role: string, query: string, variables: object = {}): Promise<T> {
  const answer = await as(role, query, variables);
  if (!answer.data || answer.errors) throw new Error(JSON.stringify(answer));
  return answer.data as T;
}

const CREATE = `mutation ($input: MonitorInput!) {
  monitorCreate(input: $input) { monitor { id version budget threats } userErrors { code field } }
}`;
const SEND = `mutation ($events: [JSON!]!) {
  postEvents(input: { events: $events }) { receipt { stored duplicates } userErrors { code } }
}`;
const LOOK = `query ($id: ID!) {
  monitor(id: $id) { behind judged failure mapping playbooks clock }
  alerts(filter: { monitorId: $id, standing: stands }, order: oldestFirst) {
    totalCount
    nodes {
      id kind caseKey property explainedBy unexplained event prefix legalNext beliefSize
      playbooks standing state settled incidentId history { action text role }
    }
  }
  monitoredCases(filter: { monitorId: $id, status: open }) {
    nodes { key status events beliefSize hypotheses flagged alerts { kind } }
  }
  incidents(monitorId: $id) { nodes { id kind alerts cases curve explainedBy stix } }
}`;

interface Looked {
  readonly monitor: { readonly behind: number; readonly judged: number };
  readonly alerts: {
    readonly totalCount: number;
    readonly nodes: readonly (Record<string, unknown> & { id: string; incidentId: string })[];
  };
  readonly monitoredCases: { readonly nodes: readonly Record<string, unknown>[] };
  readonly incidents: { readonly nodes: readonly { kind: string; stix: { objects: object[] } }[] };
}

describe('a monitor over GraphQL', () => {
  let id: string;
  let looked: Looked;

  it('is made by a modeller, or refused with what is wrong with it', async () => {
    const input = { name: 'parcels', modelId, mapping: MAPPING, wallClock: false };
    const wrong = await data<{
      monitorCreate: { userErrors: { code: string; field: string[] }[] };
    }>('architect', CREATE, {
      input: { ...input, mapping: MAPPING.replace('action: send', 'action: sned') },
    });
    expect(wrong.monitorCreate.userErrors).toEqual([
      { code: 'MAPPING_SHAPE', field: ['input', 'mapping', 'events', '2', 'action'] },
    ]);
    expect((await as('responder', CREATE, { input })).codes).toEqual(['FORBIDDEN']);
    const made = await data<{ monitorCreate: { monitor: { id: string } } }>('architect', CREATE, {
      input,
    });
    expect(made.monitorCreate.monitor).toMatchObject({ version: 1, budget: 2, threats: ['all'] });
    ({ id } = made.monitorCreate.monitor);
  });

  it('is sent events by a key that can do nothing else, and judges them', async () => {
    const events = [
      event('weighed', 0, { kg: 3 }),
      event('paid', 10, { cents: 100 }),
      event('sent', 20),
    ].map((each) => ({ specversion: '1.0', ...each }));
    expect(await data('bus', SEND, { events })).toMatchObject({
      postEvents: { receipt: { stored: 3, duplicates: 0 } },
    });
    expect(await data('bus', SEND, { events })).toMatchObject({
      postEvents: { receipt: { duplicates: 3 } },
    });
    expect((await as('bus', LOOK, { id })).codes).toContain('FORBIDDEN');
    expect((await as('trainer', SEND, { events })).codes).toEqual(['FORBIDDEN']);
    looked = await until(async () => {
      const now = await data<Looked>('responder', LOOK, { id });
      return now.monitor.behind === 0 && now.alerts.totalCount > 0 ? now : undefined;
    });
    expect(looked.monitor).toMatchObject({ judged: 3, failure: null, mapping: MAPPING });
    expect(looked.alerts.nodes[0]).toMatchObject({
      kind: 'deviation',
      caseKey: 'P',
      unexplained: false,
      explainedBy: expect.arrayContaining([['tamper.bill.amount']]) as unknown[],
      event: { type: 'paid' },
      prefix: { steps: expect.any(Array) as unknown[] },
      standing: 'stands',
      state: 'open',
      settled: false,
    });
    expect(looked.monitoredCases.nodes).toMatchObject([
      { key: 'P', status: 'open', hypotheses: [['tamper.bill.amount']] },
    ]);
  });

  it('tells an incident to others without a word of its cases', () => {
    const deviation = looked.incidents.nodes.find(({ kind }) => kind === 'deviation')!;
    const text = JSON.stringify(deviation.stix);
    expect(deviation.stix.objects.map((each) => (each as { type: string }).type)).toEqual([
      'identity',
      'incident',
      'attack-pattern',
      'relationship',
    ]);
    expect(text).toContain('It can only happen if tamper.bill.amount.');
    expect(text).not.toContain('"P"');
    for (const each of deviation.stix.objects as Record<string, string>[])
      expect(each['id']).toMatch(
        /^[a-z-]+--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-/u,
      );
  });

  it('is answered by people, who are named, and stated for the officer', async () => {
    const change = `mutation ($input: AlertChangeInput!) {
      alertChange(input: $input) { alert { state assignee history { action text role } } userErrors { code field } }
    }`;
    const [alert] = looked.alerts.nodes;
    const input = { action: 'acknowledge', text: 'looking' };
    expect(await data('responder', change, { input: { id: alert!.id, ...input } })).toMatchObject({
      alertChange: {
        alert: {
          state: 'acknowledged',
          history: [{ action: 'acknowledge', text: 'looking', role: 'responder' }],
        },
      },
    });
    expect(
      await data('responder', change, { input: { id: alert!.id, action: 'comment' } }),
    ).toMatchObject({ alertChange: { userErrors: [{ code: 'OPTION_INVALID' }] } });
    const state = `mutation ($id: ID!) {
      incidentState(input: { id: $id }) { statement { id subject file logIndex } }
    }`;
    expect((await as('responder', state, { id: alert!.id })).codes).toEqual(['FORBIDDEN']);
    const made = await data<{ incidentState: { statement: { id: string; subject: string } } }>(
      'compliance',
      state,
      { id: alert!.incidentId },
    );
    expect(made.incidentState.statement).toMatchObject({ subject: alert!.incidentId });
    const list = 'query ($id: ID!) { incidentStatements(id: $id) { id } }';
    expect(await data('responder', list, { id: alert!.incidentId })).toMatchObject({
      incidentStatements: [{ id: made.incidentState.statement.id }],
    });
  });

  it('tells alerts as they are raised, from the beginning on', async () => {
    const client = createClient({
      url: `${running.api.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${keys['responder']}` },
    });
    const query = 'subscription { alertRaised(after: "0") { cursor alert { id kind } } }';
    const seen: string[] = [];
    for await (const { data: told } of client.iterate<{
      alertRaised: { alert: { id: string } };
    }>({ query })) {
      seen.push(told!.alertRaised.alert.id);
      if (seen.length === looked.alerts.totalCount) break;
    }
    await client.dispose();
    expect(seen).toEqual(looked.alerts.nodes.map((each) => each.id));
  });

  it('is retired, and judges no further', async () => {
    const retire = `mutation ($id: ID!) {
      monitorRetire(input: { id: $id }) { monitor { retiredAt } userErrors { code } }
    }`;
    expect(await data('architect', retire, { id })).toMatchObject({
      monitorRetire: { monitor: { retiredAt: expect.any(String) as string } },
    });
    expect(await data('architect', retire, { id: 'mon_x' })).toMatchObject({
      monitorRetire: { monitor: null, userErrors: [{ code: 'NOT_FOUND' }] },
    });
    const filter = 'query { alerts(filter: { monitorId: "x" }) { totalCount } }';
    expect((await as('responder', filter)).codes).toEqual(['OPTION_INVALID']);
  });
});
