import type { Alert, Arrived } from './caseJudge.ts';
import type { Deadline } from '../events/mapping.ts';
import { valueAtPath } from '../events/path.ts';

/**
 * The deadlines of a case that are past, each at the event that opened it: strictly past its due
 * time by the clock, or closed after it (SEMANTICS 27). `events` are by time, then arrival.
 */
export function lateAlerts(
  deadlines: readonly Deadline[],
  events: readonly Arrived[],
  clock: number,
): readonly Alert[] {
  return deadlines
    .flatMap((deadline) =>
      events.flatMap((opening, i) => {
        if (opening.type !== deadline.from) return [];
        const closing = events
          .slice(i + 1)
          .find((event) => event.type === deadline.to && isSame(deadline, opening, event));
        const due = opening.time + deadline.withinMs;
        if ((closing?.time ?? clock) <= due) return [];
        const alert: Alert = {
          kind: 'late',
          at: opening.id,
          source: opening.source,
          property: deadline.name,
          ...(closing && { resolved: closing.id }),
        };
        return [{ due, alert }];
      }),
    )
    .toSorted((a, b) => a.due - b.due)
    .map(({ alert }) => alert);
}

function isSame({ same }: Deadline, a: Arrived, b: Arrived): boolean {
  return same.every(
    (path) =>
      JSON.stringify(valueAtPath(path, a.event)) === JSON.stringify(valueAtPath(path, b.event)),
  );
}

/** When a deadline of a case is over, if nothing closes it. */
export interface DueTime {
  readonly due: number;
  readonly key: string;
  readonly name: string;
}

/** Due times, the next one first. */
export class DueTimes {
  /** The latest first: the next one is taken from the end. */
  readonly #times: DueTime[] = [];

  add(time: DueTime): void {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] as DueTime).due > time.due) low = middle + 1;
      else high = middle;
    }
    this.#times.splice(low, 0, time);
  }

  /** The next one; `Infinity` where there is none. */
  get next(): number {
    return this.#times.at(-1)?.due ?? Infinity;
  }

  /** Whose are strictly past. */
  keysBefore(clock: number): readonly string[] {
    const found: string[] = [];
    for (let i = this.#times.length - 1; i >= 0; i -= 1) {
      const { due, key } = this.#times[i] as DueTime;
      if (due >= clock) break;
      found.push(key);
    }
    return found;
  }

  /** Takes those that are strictly past. */
  before(clock: number): readonly DueTime[] {
    const found: DueTime[] = [];
    while ((this.#times.at(-1)?.due ?? Infinity) < clock) found.push(this.#times.pop() as DueTime);
    return found;
  }
}
