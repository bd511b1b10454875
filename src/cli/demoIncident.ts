import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../config/packageRoot.ts';
import { Fault } from '../errors/index.ts';
import { ask, type Server } from './client.ts';
import type { Io } from './io.ts';
import { painter } from './style.ts';

/** What is shown of an order whose redirect is tampered with on its way. */
export interface DemoIncident {
  /** The file with the signed statement. */
  readonly statement: string;
  /** The name of the playbook that is verified for the deviation. */
  readonly playbook: string | undefined;
}

interface AlertView {
  readonly id: string;
  readonly incidentId: string;
  readonly kind: string;
  readonly property: string | null;
  readonly eventId: string;
  readonly explainedBy: readonly (readonly string[])[] | null;
  readonly playbooks: readonly { readonly name: string }[];
  readonly prefix: { readonly steps: readonly { readonly action: string }[] } | null;
}

const MODEL = ['specs', 'scenarios', 'payee-not-checked', 'vulnerable.yaml'];
const MAPPING = ['specs', 'demo', 'redirect-mapping.yaml'];
/** Somebody judges within this, or nobody does. */
const PATIENCE_MS = 30_000;

/**
 * A monitor, an order whose redirect names another payee when it arrives, what the monitor says of
 * it, and the statement for the compliance officer. `officer`: a key of one.
 */
export async function showIncident(
  server: Server,
  officer: Server,
  out: string,
  io: Io,
): Promise<DemoIncident> {
  const paint = painter(io);
  const say = (text = ''): void => io.stdout(`${text}\n`);
  say(`\n${paint('dim', '─'.repeat(72))}`);
  say(`${paint('bold', 'An order, watched')} · ${MODEL.join('/')}`);
  const monitorId = await makeMonitor(server);
  const order = `order-${monitorId.slice(-6)}`;
  say(`\n$ POST /events  (CloudEvents 1.0, ${order})`);
  for (const event of eventsOf(order)) {
    await post(server, event);
    say(`  202  ${event.type.padEnd(18)} ${JSON.stringify(event.data)}`);
  }
  const alerts = await alertsOf(server, monitorId);
  say();
  for (const alert of alerts) {
    say(
      `  ${paint('red', alert.kind)}${alert.property === null ? '' : ` ${alert.property}`}  at ${alert.eventId}`,
    );
    if (alert.explainedBy)
      say(
        `    this can only happen if ${alert.explainedBy.map((set) => set.join(' and ')).join(', or ')}`,
      );
    if (alert.prefix)
      say(`    a run that fits: ${alert.prefix.steps.map(({ action }) => action).join(' → ')}`);
    for (const { name } of alert.playbooks) say(`    verified to help: “${name}”`);
  }
  const deviation = alerts.find(({ kind }) => kind === 'deviation') ?? (alerts[0] as AlertView);
  const { incidentState } = await ask<{
    incidentState: { statement: { file: string; logIndex: number } };
  }>(
    officer,
    'mutation ($id: ID!) { incidentState(input: { id: $id }) { statement { file logIndex } } }',
    { id: deviation.incidentId },
  );
  const statement = join(out, 'incident.json');
  const { file, logIndex } = incidentState.statement;
  await writeFile(statement, file);
  say(`\nincident statement signed, leaf ${logIndex} of the log · ${statement}`);
  return { statement, playbook: deviation.playbooks[0]?.name };
}

async function makeMonitor(server: Server): Promise<string> {
  const text = (path: readonly string[]): Promise<string> =>
    readFile(join(packageRoot(), ...path), 'utf8');
  const source = await text(MODEL);
  const { modelSubmit } = await ask<{ modelSubmit: { model: { id: string } } }>(
    server,
    'mutation ($input: SubmitModelInput!) { modelSubmit(input: $input) { model { id } userErrors { message } } }',
    { input: { source, format: 'native', name: 'redirect.yaml' } },
  );
  const { monitorCreate } = await ask<{ monitorCreate: { monitor: { id: string } } }>(
    server,
    'mutation ($input: MonitorInput!) { monitorCreate(input: $input) { monitor { id } userErrors { message } } }',
    { input: { name: 'redirect', modelId: modelSubmit.model.id, mapping: await text(MAPPING) } },
  );
  return monitorCreate.monitor.id;
}

interface DemoEvent {
  readonly type: string;
  readonly data: object;
}

/** Ordered, and credited to whom the browser said. */
function eventsOf(order: string): readonly (DemoEvent & Record<string, unknown>)[] {
  const start = Date.now() - 180_000;
  const event = (i: number, type: string, data: object) => ({
    specversion: '1.0',
    id: `${order}-${i + 1}`,
    source: '/demo/shop',
    type,
    subject: order,
    time: new Date(start + i * 60_000).toISOString(),
    data,
  });
  return [
    event(0, 'shop.ordered', { order }),
    event(1, 'gateway.credited', { order, account: 'mallory' }),
    event(2, 'shop.confirmed', { order }),
  ];
}

async function post({ url, key }: Server, event: object): Promise<void> {
  const response = await fetch(`${url}/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/cloudevents+json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(event),
  });
  if (response.status !== 202)
    throw new Fault('INTERNAL', `the event was not taken: ${await response.text()}`);
}

/** The alerts of the demo's monitor, once all that was sent is judged. */
async function alertsOf(server: Server, monitorId: string): Promise<readonly AlertView[]> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { monitor, alerts } = await ask<{
      monitor: { behind: number };
      alerts: { nodes: readonly AlertView[] };
    }>(
      server,
      `query ($id: ID!) {
        monitor(id: $id) { behind }
        alerts(filter: { monitorId: $id }, order: oldestFirst) {
          nodes { id incidentId kind property eventId explainedBy playbooks prefix }
        }
      }`,
      { id: monitorId },
    );
    if (monitor.behind === 0 && alerts.nodes.length > 0) return alerts.nodes;
    if (Date.now() > until)
      throw new Fault('INTERNAL', 'nobody has judged the events of the demo: is there a worker?');
    await sleep(200);
  }
}
