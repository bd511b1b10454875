import type { Model } from '../model/model.ts';
import { bitOf, keyOf, type Watched } from './belief.ts';
import { Doom } from './doom.ts';
import type { Explained, Explanations, Prefix } from './explanation.ts';
import type { Mapping } from '../events/mapping.ts';
import { Observer, type Observation } from '../events/observation.ts';
import { resynchronised } from './resynchronise.ts';

/** An event as it came. */
export interface Arrived {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Its number in the order of arrival. */
  readonly arrival: number;
  readonly sequence?: number;
  readonly event: unknown;
}

export type AlertKind =
  'deviation' | 'beyondModel' | 'lost' | 'broken' | 'possiblyBroken' | 'doomed' | 'late';

/** Something about a case that somebody should look at (SEMANTICS 27). */
export interface Alert {
  readonly kind: AlertKind;
  /** The id of the event. */
  readonly at: string;
  readonly source: string;
  /** A property, `final` for completion, or the name of a deadline. */
  readonly property?: string;
  /** The minimal sets of threats under which some run fits. */
  readonly explainedBy?: readonly (readonly string[])[];
  readonly unexplained?: true;
  readonly resynchronised?: true;
  readonly message?: string;
  /** The event at which it no longer held, or after which it never had. */
  readonly resolved?: string;
  readonly withdrawn?: string;
}

export interface EventFlag {
  readonly id: string;
  readonly why:
    | 'duplicate'
    | 'conflictingDuplicate'
    | 'tooLate'
    | 'ahead'
    | 'unmapped'
    | 'unreadable'
    | 'beyondModel'
    | 'lost';
  readonly message?: string;
}

/** How far a case has been judged. Never changed: what comes later may go before it. */
export interface CaseProgress {
  readonly status: 'open' | 'beyondModel' | 'lost';
  readonly observer: Observer;
  readonly believed: readonly Explained[];
  readonly prefix: Prefix;
  readonly alerts: readonly Alert[];
  readonly flags: readonly EventFlag[];
  readonly sizes: readonly { readonly at: string; readonly size: number }[];
}

/** More events of one time than this are taken as they came: their orders are too many to try. */
const MAX_ORDERED = 6;

/** Judges the events of one case, those of one time together. */
export class CaseJudge {
  readonly #model: Model;
  readonly #explanations: Explanations;
  readonly #base: Watched;
  readonly #dooms = new Map<Watched, Doom>();
  readonly start: CaseProgress;

  /** `written`: all data of events are text, as in a log. */
  constructor(model: Model, mapping: Mapping, explanations: Explanations, written = false) {
    this.#model = model;
    this.#explanations = explanations;
    this.#base = explanations.watching([]);
    this.start = {
      status: 'open',
      observer: new Observer(
        mapping,
        model,
        this.#base.system.semantics.layout,
        new Map(),
        written,
      ),
      believed: [{ watched: this.#base, belief: this.#base.begin() }],
      prefix: { from: 'start', events: [] },
      alerts: [],
      flags: [],
      sizes: [],
    };
  }

  /** The case after these events, which have one time. */
  after(before: CaseProgress, group: readonly Arrived[]): CaseProgress {
    const draft = new Draft(before);
    const seen: { readonly at: Arrived; readonly observation: Observation }[] = [];
    for (const at of group) {
      if (draft.status !== 'open') {
        draft.flags.push({ id: at.id, why: draft.status });
        continue;
      }
      const read = draft.observer.read(at.id, at.event);
      draft.observer = read.next;
      if ('is' in read.seen) {
        const { is } = read.seen;
        const message = 'why' in read.seen ? { message: read.seen.why } : {};
        if (is !== 'beyondModel') draft.flags.push({ id: at.id, why: is, ...message });
        else {
          draft.status = 'beyondModel';
          draft.alerts.push({ kind: 'beyondModel', at: at.id, source: at.source, ...message });
        }
      } else seen.push({ at, observation: read.seen });
    }
    const fitting = this.#largestFitting(draft.believed, seen);
    for (const { observation } of fitting) this.#advance(draft, observation);
    for (const { at, observation } of seen)
      if (!fitting.some((found) => found.at === at) && draft.status !== 'lost')
        this.#deviation(draft, at, observation);
    const last = seen.at(-1)?.at;
    if (last && draft.status === 'open') {
      this.#conditions(draft, last);
      draft.sizes.push({ at: last.id, size: distinct(draft.believed) });
    }
    return draft.done();
  }

  /** The largest number of events that some order fits; of several such, those that came first. */
  #largestFitting<T extends { readonly at: Arrived; readonly observation: Observation }>(
    believed: readonly Explained[],
    events: readonly T[],
  ): readonly T[] {
    if (events.length > MAX_ORDERED) {
      const fits: T[] = [];
      for (const event of events) if (this.#fit(believed, [...fits, event])) fits.push(event);
      return fits;
    }
    for (let size = events.length; size > 0; size -= 1)
      for (const chosen of selections(events, size))
        for (const order of orders(chosen)) if (this.#fit(believed, order)) return order;
    return [];
  }

  #fit(
    believed: readonly Explained[],
    events: readonly { readonly observation: Observation }[],
  ): boolean {
    return believed.some(
      ({ watched, belief }) =>
        events.reduce(
          (at, { observation }) => (at.size === 0 ? at : watched.after(at, observation, false)),
          belief,
        ).size > 0,
    );
  }

  #advance(draft: Draft, observation: Observation): void {
    draft.believed = draft.believed
      .map(({ watched, belief }) => ({
        watched,
        belief: watched.after(belief, observation, false),
      }))
      .filter(({ belief }) => belief.size > 0);
    draft.prefix = { ...draft.prefix, events: [...draft.prefix.events, observation] };
  }

  #deviation(draft: Draft, at: Arrived, observation: Observation): void {
    const alert = { kind: 'deviation', at: at.id, source: at.source } as const;
    const prefix = { ...draft.prefix, events: [...draft.prefix.events, observation] };
    const held = draft.believed
      .map(({ watched }) => watched.threats)
      .filter((ids) => ids.length > 0);
    const explained = this.#explanations.of(prefix, held);
    if (explained.length > 0) {
      const least = Math.min(...explained.map(({ watched }) => watched.threats.length));
      draft.alerts.push({
        ...alert,
        explainedBy: explained.map(({ watched }) => watched.threats),
      });
      draft.believed = explained.filter(({ watched }) => watched.threats.length === least);
      draft.prefix = prefix;
      return;
    }
    const states = draft.believed.flatMap(({ watched, belief }) =>
      resynchronised(this.#model, watched.system.world, belief, observation),
    );
    if (states.length === 0) {
      draft.alerts.push({ ...alert, unexplained: true }, { ...alert, kind: 'lost' });
      draft.status = 'lost';
      return;
    }
    draft.alerts.push({ ...alert, unexplained: true, resynchronised: true });
    draft.believed = [{ watched: this.#base, belief: this.#base.resume(states) }];
    draft.prefix = { from: states, events: [] };
  }

  /** What holds of all that fits, and what of some: raised once, resolved when it is over. */
  #conditions(draft: Draft, last: Arrived): void {
    const all = draft.believed.flatMap(({ belief }) => [...belief.values()]);
    this.#base.safety.forEach((property, i) => {
      const broken = all.filter((held) => (held.broken & bitOf(i)) !== 0n).length;
      const every = all.length > 0 && broken === all.length;
      draft.holds('broken', property, every, last);
      draft.holds('possiblyBroken', property, broken > 0 && !every, last);
    });
    const doomed = draft.believed.map(({ watched, belief }) => this.#doomOf(watched).of(belief));
    for (const name of this.#doomOf(this.#base).names)
      draft.holds('doomed', name, doomed.length > 0 && doomed.every((set) => set.has(name)), last);
  }

  #doomOf(watched: Watched): Doom {
    const known = this.#dooms.get(watched) ?? new Doom(this.#model, watched);
    this.#dooms.set(watched, known);
    return known;
  }
}

/** A progress in the making. */
class Draft {
  status: CaseProgress['status'];
  observer: Observer;
  believed: readonly Explained[];
  prefix: Prefix;
  readonly alerts: Alert[];
  readonly flags: EventFlag[];
  readonly sizes: { at: string; size: number }[];

  constructor(before: CaseProgress) {
    this.status = before.status;
    this.observer = before.observer;
    this.believed = before.believed;
    this.prefix = before.prefix;
    this.alerts = [...before.alerts];
    this.flags = [...before.flags];
    this.sizes = [...before.sizes];
  }

  holds(kind: AlertKind, property: string, now: boolean, at: Arrived): void {
    const index = this.alerts.findIndex(
      (alert) => alert.kind === kind && alert.property === property && alert.resolved === undefined,
    );
    const known = this.alerts[index];
    if (now && !known) this.alerts.push({ kind, at: at.id, source: at.source, property });
    if (!now && known) this.alerts[index] = { ...known, resolved: at.id };
  }

  done(): CaseProgress {
    const { status, observer, believed, prefix, alerts, flags, sizes } = this;
    return { status, observer, believed, prefix, alerts, flags, sizes };
  }
}

/** How many (valuation, state, broken) there are, whatever threats have added to their states. */
function distinct(believed: readonly Explained[]): number {
  const found = new Set<string>();
  for (const { watched, belief } of believed) {
    const { width } = watched.system.semantics.layout;
    for (const held of belief.values())
      found.add(keyOf({ ...held, row: held.row.slice(0, width) }));
  }
  return found.size;
}

function* selections<T>(items: readonly T[], size: number, from = 0): Generator<T[]> {
  if (size === 0) yield [];
  else
    for (let i = from; i + size <= items.length; i += 1)
      for (const rest of selections(items, size - 1, i + 1)) yield [items[i] as T, ...rest];
}

/** All orders in which the numbered ones of one source keep theirs, those of arrival first. */
function* orders<T extends { readonly at: Arrived }>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [i, first] of items.entries()) {
    const rest = items.filter((_, at) => at !== i);
    const isAfter = rest.some(
      ({ at }) =>
        at.source === first.at.source &&
        at.sequence !== undefined &&
        first.at.sequence !== undefined &&
        at.sequence < first.at.sequence,
    );
    if (!isAfter) for (const order of orders(rest)) yield [first, ...order];
  }
}
