import { invariant } from '../errors/index.ts';
import type { Alert, Arrived, CaseProgress, EventFlag } from './caseJudge.ts';

/** A case that is followed. */
export interface OpenCase {
  /** By time, then arrival. */
  events: Arrived[];
  /** The progress after each group of one time. */
  judged: { readonly time: number; readonly progress: CaseProgress }[];
  known: readonly Alert[];
  readonly flags: EventFlag[];
  latest: number;
}

/** What is left in memory of a case that nothing was heard of for long. */
interface EvictedCase {
  /** The numbers of its events in the order of arrival, by time. */
  readonly arrivals: readonly number[];
  readonly known: readonly Alert[];
  readonly flags: EventFlag[];
  readonly latest: number;
}

/** A case whose events have to be read again, and their numbers. */
export interface MissingCase {
  readonly key: string;
  readonly arrivals: readonly number[];
}

const NO_ALERTS: readonly Alert[] = [];
const NO_FLAGS: EventFlag[] = [];

/**
 * The cases of a stream, the one that was used last at the end. Of those that are evicted the
 * events and beliefs are forgotten: they follow from the stored events, which are read again.
 */
export class OpenCases {
  readonly #open = new Map<string, OpenCase>();
  readonly #evicted = new Map<string, EvictedCase>();

  /** A case that is in memory, or new. */
  get(key: string): OpenCase {
    const known = this.#open.get(key);
    if (known) return known;
    invariant(!this.#evicted.has(key), 'a case is read again before it is used');
    const fresh = {
      events: [],
      judged: [],
      known: NO_ALERTS,
      flags: [],
      latest: -Infinity,
    };
    this.#open.set(key, fresh);
    return fresh;
  }

  /** A case that is used now. */
  used(key: string): OpenCase {
    const found = this.get(key);
    this.#open.delete(key);
    this.#open.set(key, found);
    return found;
  }

  /** The keys of those in memory. */
  keys(): Iterable<string> {
    return this.#open.keys();
  }

  /** Whether all are in memory. */
  get areWhole(): boolean {
    return this.#evicted.size === 0;
  }

  /** Those of these keys that have to be read again. */
  missing(keys: Iterable<string>): readonly MissingCase[] {
    return [...new Set(keys)].flatMap((key) => {
      const found = this.#evicted.get(key);
      return found ? [{ key, arrivals: found.arrivals }] : [];
    });
  }

  /** Leaves so many in memory, those that were used last; the keys of the others. */
  evict(most: number): readonly string[] {
    const evicted: string[] = [];
    for (const [key, { events, known, flags, latest }] of this.#open) {
      if (this.#open.size <= most) break;
      this.#open.delete(key);
      evicted.push(key);
      this.#evicted.set(key, {
        arrivals: events.map(({ arrival }) => arrival),
        known: known.length > 0 ? known : NO_ALERTS,
        flags: flags.length > 0 ? flags : NO_FLAGS,
        latest,
      });
    }
    return evicted;
  }

  /** A case with its events as they were, by time, and what follows from them. */
  restore(key: string, events: Arrived[], judged: OpenCase['judged']): void {
    const found = this.#evicted.get(key);
    invariant(found, 'only what was evicted is restored');
    const { known, latest } = found;
    this.#evicted.delete(key);
    this.#open.set(key, { events, judged, known, flags: [...found.flags], latest });
  }
}
