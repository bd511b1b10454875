import type { Json } from '../canonical/index.ts';
import { invariant } from '../errors/index.ts';
import type { CheckedDocument } from '../model/specification.ts';
import { causeId, causeOf, standingOf, type AlertDetail } from '../monitor/alertDetail.ts';
import { DueTimes } from '../monitor/deadlines.ts';
import { BeliefTooLarge } from '../monitor/belief.ts';
import type { Alert } from '../monitor/caseJudge.ts';
import type { CaseAnswer, CloudEvent } from '../monitor/monitor.ts';
import type { MissingCase } from '../monitor/openCases.ts';
import { openMonitor, tooManyUnseen, type ReadyMonitor } from '../monitor/opened.ts';
import { atWorkBefore, recommended } from '../response/recommend.ts';
import { readPlaybook } from '../response/readPlaybook.ts';
import { verifyPlaybook, type PlaybookReport } from '../response/verifyPlaybook.ts';
import { ownPlaybooks, readPlaybooks } from '../response/playbookLibrary.ts';
import type {
  MonitorRecord,
  StoredEventRecord,
  TenantStore,
  ToldAlert,
  ToldCase,
} from '../store/index.ts';
import { timeOf } from '../time/time.ts';
import { Bell } from './bell.ts';
import { inspectedOfDocument, monitorSettings } from './monitors.ts';
import { describeError } from './observe.ts';
import type { Installation, Service } from './service.ts';

/** So many events are judged, and what came of them kept, at once. */
const AT_ONCE = 500;
/** Monitors that stay in memory, with their open cases. */
const MOST_OPEN = 50;
const LOOK_EVERY_MS = 500;
/** When one that failed is tried again. */
const AGAIN_MS = 10_000;
const BEHIND_AT_ONCE = 20;
/** What one playbook is verified within. */
const VERIFY = { timeoutMs: 30_000, maxStates: 200_000 };

/** A monitor in memory: where it stands, and what it told of each alert. */
interface OpenedMonitor extends ReadyMonitor {
  readonly record: MonitorRecord;
  readonly reports: readonly PlaybookReport[];
  /** Whether it is told the time of the service. */
  readonly wallClock: boolean;
  /** When its alerts settle. */
  readonly settles: DueTimes;
  arrival: bigint;
  /** By case and alert: what was kept of it last. */
  readonly told: Map<string, Map<string, string>>;
}

/**
 * Judges stored events in their order. What it holds in memory is a function of them: whoever
 * starts again from the first one comes to the same (SEMANTICS 29).
 */
export class StreamJudge {
  readonly #service: (organisationId: string) => Service;
  readonly #opened = new Map<string, OpenedMonitor>();
  readonly #mostCases: number;

  /** `mostCases`: of one monitor, how many are held in memory. */
  constructor(service: (organisationId: string) => Service, mostCases = Infinity) {
    this.#service = service;
    this.#mostCases = mostCases;
  }

  /** Judges what is stored for a monitor and not judged yet; says how many events there were. */
  async advance(organisationId: string, monitorId: string): Promise<number> {
    const service = this.#service(organisationId);
    let judged = 0;
    for (;;) {
      const opened = await this.#open(service, monitorId);
      if (!opened) return judged;
      const events = await service.store.events.after(opened.arrival, AT_ONCE);
      if (events.length === 0) return judged;
      const isKept = await this.#judge(service.store, opened, events);
      if (!isKept) this.#opened.delete(monitorId);
      judged += events.length;
    }
  }

  /** One that is still judging; as far as the database says that it is, else from the start. */
  async #open({ store }: Service, id: string): Promise<OpenedMonitor | undefined> {
    const head = await store.monitors.head(id);
    if (!head || head.retiredAt !== null || head.failure !== null) {
      this.#opened.delete(id);
      return undefined;
    }
    const known = this.#opened.get(id);
    if (known?.arrival === head.arrival && known.record.erasures === head.erasures) return known;
    const record = await store.monitors.get(id);
    if (!record) return undefined;
    const opened = await openedFrom(store, record);
    if (this.#opened.size >= MOST_OPEN) this.#opened.clear();
    this.#opened.set(id, opened);
    for (;;) {
      const left = Number(record.arrival - opened.arrival);
      const events = await store.events.after(opened.arrival, Math.min(AT_ONCE, left));
      if (left <= 0 || events.length === 0) return opened;
      await take(store, opened, events);
      evict(opened, this.#mostCases);
    }
  }

  /** Judges events and keeps what came of them. False where another process was faster. */
  async #judge(
    store: TenantStore,
    opened: OpenedMonitor,
    events: readonly StoredEventRecord[],
  ): Promise<boolean> {
    const from = opened.arrival;
    try {
      const { cases, alerts } = await take(store, opened, events);
      const { clock } = opened.monitor;
      evict(opened, this.#mostCases);
      return await store.monitors.keep(opened.record.id, from, {
        arrival: opened.arrival,
        clock: Number.isFinite(clock) ? new Date(clock) : null,
        tickAt: tickAt(opened),
        cases,
        alerts,
        at: events.at(-1)?.receivedAt ?? new Date(),
        owner: opened.record.owner,
        erasures: opened.record.erasures,
      });
    } catch (error) {
      if (!(error instanceof BeliefTooLarge)) throw error;
      await store.monitors.fail(opened.record.id, tooManyUnseen().message);
      return false;
    }
  }
}

async function openedFrom(store: TenantStore, record: MonitorRecord): Promise<OpenedMonitor> {
  const model = await store.models.get(record.modelId);
  invariant(model, 'a monitor has its model');
  const inspected = inspectedOfDocument(model.document as unknown as CheckedDocument);
  invariant(inspected.ok, 'what a monitor was made of is a model');
  const { threats, budget, playbooks } = monitorSettings(record);
  const { mapping } = record;
  const opened = openMonitor(inspected.value.semantics.model, { mapping, threats, budget });
  invariant(opened.ok, 'what a monitor was made of was read');
  const reports =
    (record.responses as PlaybookReport[] | null) ??
    (await verifiedFor(playbooks, inspected.value));
  if (record.responses === null)
    await store.monitors.keepResponses(record.id, reports as unknown as Json);
  const wallClock = monitorSettings(record).wallClock ?? true;
  const fresh = { arrival: 0n, told: new Map(), settles: new DueTimes() };
  return { ...opened.value, record, reports, wallClock, ...fresh };
}

/** What is found out about the playbooks of a monitor, and about ours that are for its model. */
async function verifiedFor(
  texts: readonly string[],
  inspected: Parameters<typeof verifyPlaybook>[1],
): Promise<readonly PlaybookReport[]> {
  const own = readPlaybooks(ownPlaybooks());
  const given = texts.flatMap((text) => {
    const read = readPlaybook(text);
    return read.ok ? [read.value] : [];
  });
  const ours = own.ok ? own.value.map(({ playbook }) => playbook) : [];
  const { name } = inspected.semantics.model;
  const reports: PlaybookReport[] = [];
  for (const playbook of [...given, ...ours.filter(({ model }) => model === name)]) {
    const limits = { ...timeOf(VERIFY.timeoutMs), maxStates: VERIFY.maxStates };
    const report = await verifyPlaybook(playbook, inspected, limits);
    if (report.ok) reports.push(report.value);
  }
  return reports;
}

/** Reads the events of cases again that were evicted and go on. */
async function recall(
  store: TenantStore,
  { monitor, told }: OpenedMonitor,
  missing: readonly MissingCase[],
): Promise<void> {
  if (missing.length === 0) return;
  const each = new Map(missing.map(({ key, arrivals }) => [key, arrivals]));
  const bodies = await store.events.at([...new Set([...each.values()].flat())]);
  for (const [key, arrivals] of each) {
    // One that was erased meanwhile is gone: what comes of it is not kept, and all is read anew.
    const events = arrivals.flatMap((arrival) => {
      const body = bodies.get(arrival);
      return body === undefined ? [] : [{ arrival, event: JSON.parse(body) as CloudEvent }];
    });
    monitor.restore(key, events);
    const alerts = monitor.alertsOf(key);
    if (alerts.length > 0)
      told.set(key, new Map(alerts.map((alert, i) => [identityOf(alert), toldText(alert, i)])));
  }
}

const toldText = (alert: Alert, position: number): string => JSON.stringify([position, alert]);

/** Forgets what follows from what is stored of cases that were not heard of for long. */
function evict({ monitor, told }: OpenedMonitor, mostCases: number): void {
  for (const key of monitor.evict(mostCases)) told.delete(key);
}

/** Takes events, and says what is to be kept of the cases that they changed. */
async function take(
  store: TenantStore,
  opened: OpenedMonitor,
  events: readonly StoredEventRecord[],
): Promise<{ readonly cases: readonly ToldCase[]; readonly alerts: readonly ToldAlert[] }> {
  const { monitor } = opened;
  const touched = new Set<string>();
  const details = new Map<string, AlertDetail>();
  const note = (key: string, event: unknown): void => {
    touched.add(key);
    const known = opened.told.get(key);
    const isNew = (alert: Alert): boolean => {
      const identity = `${key} ${identityOf(alert)}`;
      return !known?.has(identityOf(alert)) && !details.has(identity);
    };
    const fresh = monitor.alertsOf(key).filter(isNew);
    if (fresh.length === 0) return;
    const detail = detailOf(opened, key, event);
    for (const alert of fresh) details.set(`${key} ${identityOf(alert)}`, detail);
  };
  const read = events.map((each) => ({ ...each, event: JSON.parse(each.body) as CloudEvent }));
  const sent = read.filter(({ tick, erased }) => !tick && !erased);
  await recall(
    store,
    opened,
    sent.flatMap(({ event }) => monitor.missing(event)),
  );
  for (const { arrival, event, conflicts, receivedAt, erased, tick } of read) {
    opened.arrival = arrival;
    if (tick) {
      // What is under way may still come: late is what is past for that too.
      const time = Date.parse(event.time) - opened.mapping.latenessMs;
      if (opened.wallClock) await recall(store, opened, monitor.missing(time));
      const late = opened.wallClock ? monitor.tick(time, receivedAt.getTime()) : [];
      for (const key of late) note(key, undefined);
      continue;
    }
    if (erased) {
      // One that repeated another never moved the clock.
      await recall(store, opened, monitor.missing(Date.parse(event.time)));
      const late = conflicts ? [] : monitor.tick(Date.parse(event.time), receivedAt.getTime());
      for (const key of late) note(key, undefined);
      continue;
    }
    await recall(store, opened, monitor.missing(event));
    const repeats = conflicts ? ('conflictingDuplicate' as const) : undefined;
    const stored = { at: receivedAt.getTime(), arrival: Number(arrival), repeats };
    for (const key of monitor.take(event, stored)) note(key, event);
  }
  const answers = [...touched].map((key) => monitor.answerOf(key));
  const alerts = answers.flatMap((answer) => toldAlerts(opened, answer, details));
  for (const { caseKey: key, kind: name, settlesAt } of alerts)
    opened.settles.add({ due: settlesAt.getTime(), key, name });
  opened.settles.before(monitor.clock);
  return { cases: answers.map(toldCase), alerts };
}

/** When the time is to be told: a deadline is past then, or an alert settles; never before. */
function tickAt({ monitor, mapping, settles, wallClock }: OpenedMonitor): Date | null {
  const next = Math.min(monitor.nextDue, settles.next) + mapping.latenessMs;
  return wallClock && Number.isFinite(next) ? new Date(next) : null;
}

const identityOf = ({ kind, at, source, property }: Alert): string =>
  JSON.stringify([kind, source, at, property ?? '']);

function detailOf({ monitor }: OpenedMonitor, key: string, event: unknown): AlertDetail {
  const { legalNext, beliefSize, hypotheses } = monitor.answerOf(key);
  const prefix = monitor.prefixOf(key);
  return {
    event,
    ...(prefix && { prefix }),
    legalNext,
    beliefSize: beliefSize.at(-1)?.size ?? 0,
    ...(hypotheses && { hypotheses }),
  };
}

function toldCase({ alerts: _alerts, ...answer }: CaseAnswer): ToldCase {
  return { caseKey: answer.case, status: answer.status, answer: answer as unknown as Json };
}

/** The alerts of a case that are new, or are told otherwise than before. */
function toldAlerts(
  opened: OpenedMonitor,
  { case: key, alerts }: CaseAnswer,
  details: ReadonlyMap<string, AlertDetail>,
): readonly ToldAlert[] {
  const known = opened.told.get(key) ?? new Map<string, string>();
  if (alerts.length > 0) opened.told.set(key, known);
  return alerts.flatMap((alert, position): ToldAlert[] => {
    const identity = identityOf(alert);
    const text = toldText(alert, position);
    if (known.get(identity) === text) return [];
    known.set(identity, text);
    const atWork = atWorkBefore(alerts, position);
    const cause = causeOf(alert, atWork);
    const detail = details.get(`${key} ${identity}`);
    const raisedAt = new Date(opened.monitor.timeOf(key, alert));
    const playbooks = recommended(opened.reports, alert, atWork);
    return [
      {
        caseKey: key,
        kind: alert.kind,
        source: alert.source,
        eventId: alert.at,
        property: alert.property ?? '',
        position,
        standing: standingOf(alert),
        told: { ...alert, playbooks } as unknown as Json,
        ...(detail && { detail: detail as unknown as Json }),
        cause: causeId(cause),
        explainedBy: cause.explainedBy as unknown as Json,
        raisedAt,
        settlesAt: new Date(raisedAt.getTime() + opened.mapping.latenessMs),
      },
    ];
  });
}

/** Judges what comes, for all organisations, until stopped: one process at a time. */
export function startJudging(installation: Installation): () => Promise<void> {
  const { store, logger } = installation;
  const stopping = new AbortController();
  const bell = new Bell();
  const { monitorCases } = installation.config.limits;
  const judge = new StreamJudge((id) => installation.of(id), monitorCases);
  const later = new Map<string, number>();
  const judgeAll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const behind = await store.all.monitors.behind(BEHIND_AT_ONCE);
      let judged = 0;
      for (const { organisationId, id } of behind) {
        if (stopping.signal.aborted) return;
        if ((later.get(id) ?? 0) > Date.now()) continue;
        try {
          judged += await judge.advance(organisationId, id);
        } catch (error) {
          // One that fails keeps no other waiting.
          logger.warn('monitor.failed', { monitor: id, ...describeError(error) });
          later.set(id, Date.now() + AGAIN_MS);
        }
      }
      if (judged === 0) await bell.wait(LOOK_EVERY_MS);
    }
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await store.locks.tryHold('monitors', judgeAll);
      } catch (error) {
        logger.warn('monitor.failed', describeError(error));
      }
      if (!stopping.signal.aborted) await bell.wait(LOOK_EVERY_MS * 4);
    }
  })();
  return async () => {
    stopping.abort();
    bell.ring();
    await running;
  };
}
