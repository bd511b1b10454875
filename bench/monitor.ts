/**
 * `npm run bench:monitor [EVENTS]`: how many events a second a monitor judges in memory, and how many
 * are stored, and judged from what is stored. One run on this machine, with its load; nothing here
 * fails for being slow. The model is the order-to-delivery model of the shared cases
 * (`PROBITY_SHARED`), every hundredth order of which is tampered with.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../src/canonical/index.ts';
import { inspect } from '../src/checking/inspect.ts';
import { loadConfig } from '../src/config/index.ts';
import type { CloudEvent } from '../src/monitor/monitor.ts';
import { openMonitor } from '../src/monitor/opened.ts';
import { ingest } from '../src/service/ingest.ts';
import { StreamJudge } from '../src/service/judge.ts';
import { createMonitor } from '../src/service/monitors.ts';
import { jsonLogger } from '../src/service/observe.ts';
import { openService } from '../src/service/open.ts';
import type { Checker } from '../src/service/service.ts';
import { FIRST_ORGANISATION, startEmbeddedPostgres } from '../src/store/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = resolve(root, process.env['PROBITY_SHARED'] ?? '../shared');
const text = (name: string): string =>
  readFileSync(join(shared, 'cases', 'monitor', 'happy-path', name), 'utf8');
const EVENTS = Number(process.argv[2] ?? 60_000);
const BATCH = 500;
/** Orders that are open at one time. */
const OPEN = 200;

/** The happy path, again and again, many orders at a time; every hundredth pays too little. */
function* stream(): Generator<CloudEvent> {
  const path = JSON.parse(text('events.json')) as CloudEvent[];
  const start = Date.UTC(2026, 0, 1);
  let sent = 0;
  for (let first = 0; sent < EVENTS; first += OPEN)
    for (const [step, event] of path.entries())
      for (let i = 0; i < OPEN && sent < EVENTS; i += 1, sent += 1) {
        const order = first + i;
        const tampered = order % 100 === 0 && event.type === 'gateway.captured';
        yield {
          ...event,
          id: `${order}-${step}`,
          subject: `order-${order}`,
          time: new Date(start + sent * 1_000).toISOString(),
          ...(tampered && { data: { amount: 1 } }),
        };
      }
}

const told = (what: string, events: number, seconds: number): void => {
  const rate = Math.round(events / seconds).toLocaleString('en');
  const load = loadavg()
    .map((each) => each.toFixed(1))
    .join(' ');
  console.log(
    `${what.padEnd(52)} ${rate.padStart(9)} events/s  (${events} in ${seconds.toFixed(2)} s, load ${load})`,
  );
};

const [cpu] = cpus();
console.log(`${cpu?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}`);
const source = text('model.yaml');
const mapping = text('mapping.yaml');
const read = await inspect({ source, format: 'native', name: 'bench' });
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const { semantics, document, digest } = read.value;
const events = [...stream()];

const ready = openMonitor(semantics.model, { mapping, threats: 'all', budget: 2 });
if (!ready.ok) throw new Error(JSON.stringify(ready.problems));
const { monitor } = ready.value;
let began = performance.now();
for (const event of events) monitor.take(event, { at: Date.parse(event.time) });
told('judged in memory', events.length, (performance.now() - began) / 1_000);
const cases = monitor.answers();
const alerts = cases.flatMap((each) => each.alerts).length;
console.log(`  ${cases.length} cases, ${alerts} alerts`);

const folder = await mkdtemp(join(tmpdir(), 'probity-bench-'));
const postgres = await startEmbeddedPostgres(folder);
const config = loadConfig({
  ...process.env,
  DATABASE_URL: postgres.url,
  PROBITY_DATA_DIR: folder,
  PROBITY_IOTA_NETWORK: 'none',
});
if (!config.ok) throw new Error(JSON.stringify(config.problems));
const opened = await openService(config.value, {
  checker: {} as Checker,
  logger: jsonLogger('error', (line) => void process.stderr.write(line)),
});
try {
  const service = opened.installation.of(FIRST_ORGANISATION);
  const asker = { owner: 'bench', seesAll: true };
  const model = await service.store.models.put({
    owner: 'bench',
    digest,
    sourceDigest: sha256(source),
    name: 'bench',
    format: 'native',
    source,
    document,
  });
  const made = await createMonitor(service, asker, { name: 'bench', modelId: model.id, mapping });
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  const sent = events.map((event) => ({ specversion: '1.0', ...event }));
  began = performance.now();
  for (let i = 0; i < sent.length; i += BATCH) {
    const stored = await ingest(service, sent.slice(i, i + BATCH));
    if (!stored.ok) throw new Error(JSON.stringify(stored.problems));
  }
  told(`stored, in batches of ${BATCH}`, sent.length, (performance.now() - began) / 1_000);
  const judge = new StreamJudge((id) => opened.installation.of(id));
  began = performance.now();
  const judged = await judge.advance(FIRST_ORGANISATION, made.value.id);
  told('read, judged, and what came of it kept', judged, (performance.now() - began) / 1_000);
} finally {
  await opened.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}
