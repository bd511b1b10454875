import { canonicalJson, type Json } from '../canonical/index.ts';
import { Codec } from '../model/codec.ts';
import type { Model } from '../model/model.ts';
import type { Trace, Value } from '../model/trace.ts';
import type { Threat } from '../threats/threat.ts';
import {
  CaseJudge,
  type Alert,
  type Arrived,
  type EventFlag,
  type CaseProgress,
} from './caseJudge.ts';
import { DueTimes, lateAlerts } from './deadlines.ts';
import { OpenCases, type MissingCase, type OpenCase } from './openCases.ts';
import type { Belief } from './belief.ts';
import { Explanations } from './explanation.ts';
import { prefixTrace } from './prefixTrace.ts';
import type { Mapping } from '../events/mapping.ts';
import { valueAtPath } from '../events/path.ts';

/** An event of the time of another clock than ours is taken for ahead of it beyond this. */
const AHEAD_MS = 5 * 60_000;

/** CloudEvents 1.0, as far as it is needed here. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject?: string;
  readonly sequence?: string;
  readonly data?: unknown;
}

export interface WatchOptions {
  readonly threats: readonly Threat[];
  /** How many threats an explanation may have beyond those that are held already. */
  readonly budget: number;
  /** All data of events are text, as in a log. */
  readonly written?: boolean;
  /** Milliseconds since the epoch: times beyond it are ahead of their arrival. */
  readonly now?: number;
}

/** What is known of an event that is stored. */
export interface StoredArrival {
  /** When it came, in milliseconds since the epoch. */
  readonly at: number;
  /** Its number in the order in which events were stored: what it is read again by. */
  readonly arrival?: number;
  /** It came before, by source and id. */
  readonly repeats?: 'duplicate' | 'conflictingDuplicate' | undefined;
}

/** What became of one case. */
export interface CaseAnswer {
  readonly case: string;
  readonly status: CaseProgress['status'];
  readonly alerts: readonly Alert[];
  readonly events: readonly string[];
  readonly beliefSize: CaseProgress['sizes'];
  readonly legalNext: readonly { readonly action: string; readonly with?: Record<string, Value> }[];
  readonly elements: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly flagged: readonly EventFlag[];
  /** The threats under which the case is followed now. */
  readonly hypotheses?: readonly (readonly string[])[];
}

/** Follows the cases of a stream of events along a verified model (SEMANTICS 25–28). */
export class Monitor {
  readonly #mapping: Mapping;
  readonly #options: WatchOptions;
  readonly #judge: CaseJudge;
  readonly #cases = new OpenCases();
  readonly #seen = new Map<string, CloudEvent>();
  /** Events that belong to no case. */
  readonly flagged: EventFlag[] = [];
  #arrivals = 0;
  #clock = -Infinity;
  readonly #due = new DueTimes();
  readonly #prefixes = new WeakMap<Belief, { readonly trace: Trace | undefined }>();

  constructor(model: Model, mapping: Mapping, options: WatchOptions) {
    this.#mapping = mapping;
    this.#options = options;
    const explanations = new Explanations(model, mapping, options.threats, options.budget);
    this.#judge = new CaseJudge(model, mapping, explanations, options.written);
  }

  /**
   * Takes the next event of the stream, and says which cases it changed: those it is of, and those
   * with a deadline that is past by its time. `arrival`: what is known of
   * it where events are stored, so that nothing has to be remembered here.
   */
  take(event: CloudEvent, arrival?: StoredArrival): readonly string[] {
    this.#arrivals += 1;
    const keys = caseKeysOf(valueAtPath(this.#mapping.key, event));
    if (keys.length === 0) this.flagged.push({ id: event.id, why: 'unreadable' });
    const repeated = arrival ? arrival.repeats : this.#repeats(event);
    if (repeated) {
      for (const key of keys) this.#cases.get(key).flags.push({ id: event.id, why: repeated });
      return keys;
    }
    const time = Date.parse(event.time);
    const now = arrival?.at ?? this.#options.now;
    const isAhead = now !== undefined && time > now + AHEAD_MS;
    const arrived = arrivedAs(event, arrival?.arrival ?? this.#arrivals);
    for (const key of keys) {
      // What cannot be read again is never evicted, and stays in the order in which it came.
      const found = arrival?.arrival === undefined ? this.#cases.get(key) : this.#cases.used(key);
      this.#late(found);
      if (isAhead) found.flags.push({ id: event.id, why: 'ahead' });
      this.#place(found, arrived, isAhead);
    }
    if (!isAhead) this.#clock = Math.max(this.#clock, time);
    for (const key of keys) this.#late(this.#cases.get(key), event.id);
    for (const { name, from, withinMs } of this.#mapping.deadlines)
      if (from === event.type)
        for (const key of keys) this.#due.add({ due: time + withinMs, key, name });
    return [...new Set([...keys, ...this.#overdue()])];
  }

  /** When the next deadline is past, if nothing comes; in milliseconds since the epoch. */
  get nextDue(): number {
    return this.#due.next;
  }

  /**
   * The cases that have to be read again (`restore`) before an event is taken, or a time is told:
   * those that it is of, and those with a deadline that is past then.
   */
  missing(next: CloudEvent | number): readonly MissingCase[] {
    if (this.#cases.areWhole) return [];
    if (typeof next === 'number') return this.#cases.missing(this.#due.keysBefore(next));
    const keys = caseKeysOf(valueAtPath(this.#mapping.key, next));
    const clock = Math.max(this.#clock, Date.parse(next.time));
    return this.#cases.missing([...keys, ...this.#due.keysBefore(clock)]);
  }

  /** Leaves so many cases in memory, those that were used last; the keys of the others. */
  evict(most: number): readonly string[] {
    return this.#cases.evict(most);
  }

  /** A case that was evicted, from its events: by time, with their numbers. */
  restore(
    key: string,
    stored: readonly { readonly arrival: number; readonly event: CloudEvent }[],
  ): void {
    const events = stored.map(({ arrival, event }) => arrivedAs(event, arrival));
    const judged: OpenCase['judged'] = [];
    this.#follow(judged, events);
    this.#cases.restore(key, events, judged);
  }

  /** Moves the clock where only a time is known; says what became late. */
  tick(time: number, at: number): readonly string[] {
    if (time <= at + AHEAD_MS) this.#clock = Math.max(this.#clock, time);
    return this.#overdue();
  }

  /** The cases with a deadline that is past since the last look. */
  #overdue(): readonly string[] {
    return this.#due.before(this.#clock).flatMap(({ key }) => {
      const found = this.#cases.get(key);
      const before = found.known;
      this.#late(found);
      return before === found.known ? [] : [key];
    });
  }

  /** What became of all cases so far. */
  answers(): readonly CaseAnswer[] {
    return [...this.#cases.keys()].map((key) => this.answerOf(key));
  }

  /** The latest time of the stream so far, in milliseconds since the epoch. */
  get clock(): number {
    return this.#clock;
  }

  /** The alerts of a case as they stood after the last event that it is of, or a look for late. */
  alertsOf(key: string): readonly Alert[] {
    return this.#cases.get(key).known;
  }

  /** What became of a case. */
  answerOf(key: string): CaseAnswer {
    const found = this.#cases.get(key);
    this.#late(found);
    const progress = found.judged.at(-1)?.progress ?? this.#judge.start;
    const hypotheses = progress.believed
      .map(({ watched }) => watched.threats)
      .filter((ids) => ids.length > 0);
    return {
      case: key,
      status: progress.status,
      alerts: found.known,
      events: found.events.map(({ id }) => id),
      beliefSize: progress.sizes,
      legalNext: progress.status === 'open' ? this.#legalNext(progress) : [],
      elements: Object.fromEntries(
        [...progress.observer.elements].map(([set, ids]) => [set, Object.fromEntries(ids)]),
      ),
      flagged: [...found.flags, ...progress.flags],
      ...(progress.status === 'open' && hypotheses.length > 0 && { hypotheses }),
    };
  }

  /** The time of the event that an alert is at, in milliseconds since the epoch. */
  timeOf(key: string, { at, source }: Pick<Alert, 'at' | 'source'>): number {
    const event = this.#cases
      .get(key)
      .events.find((each) => each.id === at && each.source === source);
    return event?.time ?? this.#clock;
  }

  /** A run that fits the events of a case as far as they are judged, in the model's words. */
  prefixOf(key: string): Trace | undefined {
    const progress = this.#cases.get(key).judged.at(-1)?.progress ?? this.#judge.start;
    const [followed] = progress.believed;
    if (!followed) return undefined;
    // A belief that came of the same events is the same object.
    const known = this.#prefixes.get(followed.belief);
    if (known !== undefined) return known.trace;
    const trace = prefixTrace(followed, progress.prefix);
    this.#prefixes.set(followed.belief, { trace });
    return trace;
  }

  #repeats(event: CloudEvent): StoredArrival['repeats'] {
    const identity = JSON.stringify([event.source, event.id]);
    const first = this.#seen.get(identity);
    if (first === undefined) {
      this.#seen.set(identity, event);
      return undefined;
    }
    return contentOf(first) === contentOf(event) ? 'duplicate' : 'conflictingDuplicate';
  }

  /** Puts an event in its place, and judges what comes after it anew. */
  #place(found: OpenCase, arrived: Arrived, isAhead: boolean): void {
    if (arrived.time < found.latest - this.#mapping.latenessMs) {
      found.flags.push({ id: arrived.id, why: 'tooLate' });
      return;
    }
    if (!isAhead) found.latest = Math.max(found.latest, arrived.time);
    const { events } = found;
    let at = events.length;
    while (at > 0 && (events[at - 1] as Arrived).time > arrived.time) at -= 1;
    events.splice(at, 0, arrived);
    while ((found.judged.at(-1)?.time ?? -Infinity) >= arrived.time) found.judged.pop();
    const done = found.judged.at(-1)?.time ?? -Infinity;
    this.#follow(
      found.judged,
      events.filter(({ time }) => time > done),
    );
    const progress = found.judged.at(-1)?.progress ?? this.#judge.start;
    this.#merge(found, progress.alerts, (alert) => alert.kind !== 'late', arrived.id);
  }

  /** Judges what comes after what is judged. */
  #follow(judged: OpenCase['judged'], events: readonly Arrived[]): void {
    let progress = judged.at(-1)?.progress ?? this.#judge.start;
    for (const group of groups(events)) {
      progress = this.#judge.after(progress, group);
      judged.push({ time: (group[0] as Arrived).time, progress });
    }
  }

  /** The deadlines that are past, as the clock stands. */
  #late(found: OpenCase, cause?: string): void {
    if (this.#mapping.deadlines.length === 0) return;
    const late = lateAlerts(this.#mapping.deadlines, found.events, this.#clock);
    this.#merge(found, late, (alert) => alert.kind === 'late', cause ?? '');
  }

  /** What was raised and no longer holds was never so; nothing is deleted. */
  #merge(
    found: OpenCase,
    now: readonly Alert[],
    about: (alert: Alert) => boolean,
    cause: string,
  ): void {
    if (now.length === 0 && !found.known.some(about)) return;
    const identity = ({ kind, at, source, property }: Alert): string =>
      JSON.stringify([kind, source, at, property]);
    const standing = new Map(now.map((alert) => [identity(alert), alert]));
    const still = found.known.map((alert) => {
      if (!about(alert)) return alert;
      const same = standing.get(identity(alert));
      standing.delete(identity(alert));
      return same ?? (alert.withdrawn === undefined ? { ...alert, withdrawn: cause } : alert);
    });
    found.known = [...still, ...standing.values()];
  }

  /** The steps of the model that events may show next (rule 27). */
  #legalNext(progress: CaseProgress): CaseAnswer['legalNext'] {
    const found = new Map<string, { action: string; with?: Record<string, Value> }>();
    for (const { watched, belief } of progress.believed) {
      const { system } = watched;
      const codec = new Codec(system.semantics.layout);
      for (const { row, error } of belief.values()) {
        if (error) continue;
        system.steps(row, ({ ids, action, instance, next }) => {
          if (ids.length > 0 || !next || !action || !instance) return;
          if (this.#mapping.silent.has(action.name)) return;
          const binding = Object.fromEntries(
            Object.entries(codec.binding(instance)).map(([name, value], i) => {
              const type = action.binders[i]?.type;
              return [
                name,
                type?.kind === 'element'
                  ? (realId(progress, type.set, String(value)) ?? '*')
                  : value,
              ];
            }),
          );
          const step = {
            action: action.name,
            ...(Object.keys(binding).length > 0 && { with: binding }),
          };
          found.set(JSON.stringify(step), step);
        });
      }
    }
    return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, step]) => step);
  }
}

function contentOf(event: CloudEvent): string {
  return canonicalJson(event as unknown as Json);
}

function realId({ observer }: CaseProgress, set: string, element: string): string | undefined {
  return [...(observer.elements.get(set) ?? [])].find(([, found]) => found === element)?.[0];
}

/** The keys of the cases that an event is of: text or a whole number, or a list of them. */
export function caseKeysOf(value: unknown): readonly string[] {
  return [value].flat().flatMap((key) => {
    if (typeof key === 'string') return key;
    return typeof key === 'number' && Number.isInteger(key) ? String(key) : [];
  });
}

const arrivedAs = (event: CloudEvent, arrival: number): Arrived => ({
  id: event.id,
  source: event.source,
  type: event.type,
  time: Date.parse(event.time),
  arrival,
  ...(event.sequence !== undefined && { sequence: Number(event.sequence) }),
  event,
});

/** Events of one time together. */
function groups(events: readonly Arrived[]): readonly (readonly Arrived[])[] {
  const found: Arrived[][] = [];
  for (const event of events) {
    const last = found.at(-1);
    if (last?.[0]?.time === event.time) last.push(event);
    else found.push([event]);
  }
  return found;
}
