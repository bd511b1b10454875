/**
 * `npm run bench:memory [CASES] [MOST]`: bytes of memory for each open case of a monitor that holds
 * at most so many of them (default: all). Each case is an order of the shared cases
 * (`PROBITY_SHARED`) that has had all of its events but the last two. One run on this machine.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from '../src/checking/inspect.ts';
import type { CloudEvent } from '../src/monitor/monitor.ts';
import { openMonitor } from '../src/monitor/opened.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = resolve(root, process.env['PROBITY_SHARED'] ?? '../shared');
const text = (name: string): string =>
  readFileSync(join(shared, 'cases', 'monitor', 'happy-path', name), 'utf8');
const CASES = Number(process.argv[2] ?? 20_000);
const MOST = Number(process.argv[3] ?? Infinity);

const read = await inspect({ source: text('model.yaml'), format: 'native', name: 'bench' });
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const { model } = read.value.semantics;
const ready = openMonitor(model, { mapping: text('mapping.yaml'), threats: 'all', budget: 2 });
if (!ready.ok) throw new Error(JSON.stringify(ready.problems));
const { monitor } = ready.value;
const path = (JSON.parse(text('events.json')) as CloudEvent[]).slice(0, -2);

const used = (): number => {
  if (!global.gc) throw new Error('run it with --expose-gc');
  global.gc();
  return process.memoryUsage().heapUsed;
};
const before = used();
let arrival = 0;
for (let order = 0; order < CASES; order += 1) {
  for (const [step, event] of path.entries()) {
    arrival += 1;
    const at = Date.UTC(2026, 0, 1) + arrival * 1_000;
    const named = { id: `${order}-${step}`, subject: `order-${order}` };
    // As it comes from a database: nothing of it is shared with another.
    const own = JSON.stringify({ ...event, ...named, time: new Date(at).toISOString() });
    monitor.take(JSON.parse(own) as CloudEvent, { at, arrival });
  }
  if (order % 500 === 0) monitor.evict(MOST);
}
monitor.evict(MOST);
const bytes = used() - before;
console.log(
  `${CASES} open cases of ${path.length} events, at most ${MOST} in memory: ` +
    `${Math.round(bytes / CASES)} bytes a case, ${(bytes / 2 ** 20).toFixed(1)} MiB`,
);
