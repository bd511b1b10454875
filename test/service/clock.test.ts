import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/canonical/index.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { standingOf } from '../../src/monitor/alertDetail.ts';
import type { CloudEvent } from '../../src/monitor/monitor.ts';
import { isSettled } from '../../src/service/alerts.ts';
import { ingestValues } from '../../src/service/ingest.ts';
import { StreamJudge } from '../../src/service/judge.ts';
import { createMonitor, type MonitorInput } from '../../src/service/monitors.ts';
import type { Service } from '../../src/service/service.ts';
import { tellTime } from '../../src/service/sweep.ts';
import type { AlertRecord, MonitorRecord } from '../../src/store/index.ts';
import { event, MAPPING, SHOP, watched } from '../monitor/shop.ts';
import { createDatabase, startPostgres, type TestServer } from '../servers.ts';
import { ALICE, openTestService, type TestService } from './bench.ts';

/** The mapping has a lateness of an hour, and a parcel is to be given a day after it is paid. */

let postgres: TestServer;
let opened: TestService;

beforeAll(async () => {
  postgres = await startPostgres();
  opened = await openTestService(await createDatabase(postgres));
}, 60_000);
afterAll(async () => {
  await opened?.close();
  await postgres?.stop();
}, 60_000);

let numbered = 0;
async function shop(more: Partial<MonitorInput> = {}): Promise<[Service, MonitorRecord]> {
  numbered += 1;
  const name = `clock ${numbered}`;
  const made = await opened.installation.store.organisations.create({ name, publishes: false });
  const of = opened.installation.of(made!.id);
  return [of, await monitorIn(of, more)];
}

async function monitorIn(of: Service, more: Partial<MonitorInput> = {}): Promise<MonitorRecord> {
  const read = await inspect({ source: SHOP, format: 'native', name: 'model' });
  if (!read.ok) throw new Error('it is read');
  const { document, digest } = read.value;
  const named = { owner: ALICE.owner, digest, sourceDigest: sha256(SHOP), name: document.name };
  const model = await of.store.models.put({ ...named, format: 'native', source: SHOP, document });
  const input = { name: 'shop', modelId: model.id, mapping: MAPPING, ...more };
  const monitor = await createMonitor(of, ALICE, input);
  if (!monitor.ok) throw new Error(JSON.stringify(monitor.problems));
  return monitor.value;
}

const judgeOf = (): StreamJudge => new StreamJudge((id) => opened.installation.of(id));
const judged = (of: Service, { id }: MonitorRecord): Promise<number> =>
  judgeOf().advance(of.store.organisationId, id);
async function send(of: Service, events: readonly object[]): Promise<void> {
  const stored = await ingestValues(
    of,
    events.map((each) => ({ specversion: '1.0', ...each })),
  );
  if (!stored.ok) throw new Error(JSON.stringify(stored.problems));
}

/** Minutes after nine, as events have them. */
const at = (minutes: number): Date => new Date(Date.UTC(2026, 2, 2, 9, minutes));
const DAY = 24 * 60;
/** Tells the time; how many ticks the stream has more. */
async function tell(of: Service, minutes: number): Promise<number> {
  const before = await of.store.events.last();
  await tellTime(opened.installation, at(minutes));
  return Number((await of.store.events.last()) - before);
}
const alertsOf = async (of: Service, { id }: MonitorRecord): Promise<readonly AlertRecord[]> =>
  (await of.store.alerts.list({ limit: 100, oldestFirst: true }, { monitorId: id })).rows;
const told = async (of: Service, monitor: MonitorRecord): Promise<readonly string[]> =>
  (await alertsOf(of, monitor)).map(
    ({ kind, caseKey, standing }) => `${kind} ${caseKey} ${standing}`,
  );

const PAID = (key = 'P') => [
  event('weighed', 0, { kg: 1 }, key),
  event('paid', 10, { cents: 100 }, key),
  event('sent', 20, {}, key),
];

describe('a deadline that passes while nothing comes', () => {
  it('is told once, when nothing that is under way can close it in time', async () => {
    const [of, monitor] = await shop();
    await send(of, PAID());
    await judged(of, monitor);
    const due = 10 + DAY + 60;
    // Not before, and not where there is something to judge still.
    expect(await tell(of, due)).toBe(0);
    await send(of, [event('noted', 30)]);
    expect(await tell(of, due + 1)).toBe(0);
    await judged(of, monitor);
    expect(await told(of, monitor)).toEqual([]);
    expect(await tell(of, due + 1)).toBe(1);
    expect(await judged(of, monitor)).toBe(1);
    expect(await told(of, monitor)).toEqual(['late P stands']);
    const [late] = await alertsOf(of, monitor);
    expect(late?.detail).toMatchObject({ beliefSize: expect.any(Number) as number });
    expect((await of.store.monitors.head(monitor.id))?.clock).toEqual(at(due + 1 - 60));
    // The alert settles in its time; after that the time is told no more.
    for (const minutes of [due + 2, due + 61, due + 500, due + 501, due + 999]) {
      await tell(of, minutes);
      await judged(of, monitor);
    }
    expect(await tell(of, due + 5_000)).toBe(0);
    expect(await told(of, monitor)).toEqual(['late P stands']);
    const said = await of.store.announcements.after(0, { kinds: ['monitor.alert'] }, 100);
    expect(said).toHaveLength(1);
  });

  it('is taken back by what closed it in time and came late, and over with what came after', async () => {
    const [of, monitor] = await shop();
    await send(of, [...PAID('P'), ...PAID('Q')]);
    await judged(of, monitor);
    await tell(of, DAY + 75);
    await judged(of, monitor);
    expect(await told(of, monitor)).toEqual(['late P stands', 'late Q stands']);
    await send(of, [event('given', DAY + 9, {}, 'P'), event('given', DAY + 11, {}, 'Q')]);
    await judged(of, monitor);
    expect(await told(of, monitor)).toEqual(['late P withdrawn', 'late Q resolved']);
  });

  it('is the same for who begins anew, for the next version, and for a heartbeat', async () => {
    const [of, monitor] = await shop();
    const judge = judgeOf();
    const whole: CloudEvent[] = [];
    const minutes = [30, DAY, DAY + 75, 2 * DAY, 2 * DAY + 75, 3 * DAY];
    for (const [i, now] of minutes.entries()) {
      const key = `C${i}`;
      const events = PAID(key).map((each) => ({ ...each, time: at(now - 30).toISOString() }));
      await send(of, events);
      whole.push(...events, { ...event('noted', now - 60, {}, 'beat') });
      await judge.advance(of.store.organisationId, monitor.id);
      await tell(of, now);
      await judge.advance(of.store.organisationId, monitor.id);
    }
    const first = await told(of, monitor);
    expect(first.filter((each) => each.startsWith('late')).length).toBeGreaterThan(2);
    const answers = await watched(whole);
    const beaten = answers.flatMap(({ case: key, alerts }) =>
      alerts.map((each) => `${each.kind} ${key} ${standingOf(each)}`),
    );
    expect(beaten.toSorted()).toEqual(first.toSorted());
    const next = await monitorIn(of);
    await judged(of, next);
    expect((await told(of, next)).toSorted()).toEqual(first.toSorted());
  });

  it('is told once by two who judge at once, and by who comes after one that died', async () => {
    const [of, monitor] = await shop();
    await send(of, PAID());
    await judged(of, monitor);
    await tell(of, DAY + 75);
    // Whoever stored the tick is gone. Told again before it is judged there is no other.
    expect(await tell(of, DAY + 76)).toBe(0);
    await Promise.all([judged(of, monitor), judged(of, monitor)]);
    expect(await told(of, monitor)).toEqual(['late P stands']);
  });

  it('is not told by a monitor for what is replayed, nor by one that is over', async () => {
    const [of, monitor] = await shop({ wallClock: false });
    await send(of, PAID());
    await judged(of, monitor);
    expect(await tell(of, 9 * DAY)).toBe(0);
    // Another monitor of the stream is told: this one hears nothing of it.
    const other = await monitorIn(of, { name: 'other' });
    await judged(of, other);
    expect(await tell(of, 9 * DAY)).toBe(1);
    await judged(of, monitor);
    await judged(of, other);
    expect(await told(of, monitor)).toEqual([]);
    expect(await told(of, other)).toEqual(['late P stands']);
    await of.store.monitors.retire(other.id);
    expect(await tell(of, 99 * DAY)).toBe(0);
  });
});

describe('an alert settles while nothing comes', () => {
  it('once the time is told, and is then acted on', async () => {
    const [of, monitor] = await shop();
    await send(of, [event('weighed', 0, { kg: 3 }), event('sent', 20)]);
    await judged(of, monitor);
    const [alert] = await alertsOf(of, monitor);
    expect(alert?.kind).toBe('deviation');
    expect(await isSettled(of, alert!)).toBe(false);
    expect(await tell(of, 20 + 120)).toBe(0);
    expect(await tell(of, 20 + 121)).toBe(1);
    await judged(of, monitor);
    expect(await isSettled(of, alert!)).toBe(true);
    expect(await tell(of, 20 + 500)).toBe(0);
  });
});
