import type { LogCase, LogEvent } from '../eventLog/log.ts';

/** More orders than this are not tried for one case. */
const MAX_ORDERS = 120;
const PERMUTED = 6;

/** Whether some events of the case have one time, so that nothing says which came first. */
export function hasEqualTimes({ events }: LogCase): boolean {
  return events.some(
    ({ timeMs }, i) => i > 0 && timeMs !== undefined && timeMs === events[i - 1]?.timeMs,
  );
}

/** The other orders that events of one time may have happened in, the nearest first. */
export function* otherOrders({ id, events }: LogCase): Generator<LogCase> {
  let tried = 0;
  for (const order of orders(groupsOf(events))) {
    tried += 1;
    if (tried === 1) continue;
    if (tried > MAX_ORDERS) return;
    yield { id, events: order };
  }
}

function groupsOf(events: readonly LogEvent[]): readonly (readonly LogEvent[])[] {
  const groups: LogEvent[][] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last && event.timeMs !== undefined && last[0]?.timeMs === event.timeMs) last.push(event);
    else groups.push([event]);
  }
  return groups;
}

/**
 * All ways to order each group, like the digits of a number; the first is the order of the rows.
 */
function* orders(groups: readonly (readonly LogEvent[])[]): Generator<readonly LogEvent[]> {
  const running = groups.map((group) => ({ group, ways: permutations(group), order: group }));
  for (const each of running) each.order = each.ways.next().value as readonly LogEvent[];
  for (;;) {
    yield running.flatMap(({ order }) => order);
    let at = running.length - 1;
    for (; at >= 0; at -= 1) {
      const each = running[at] as (typeof running)[number];
      const next = each.ways.next();
      if (next.done !== true) {
        each.order = next.value;
        break;
      }
      each.ways = permutations(each.group);
      each.order = each.ways.next().value as readonly LogEvent[];
    }
    if (at < 0) return;
  }
}

function* permutations(events: readonly LogEvent[]): Generator<readonly LogEvent[]> {
  if (events.length < 2) {
    yield events;
    return;
  }
  // The last ones have more orders than are tried: thousands of one time are no deep recursion.
  if (events.length > PERMUTED) {
    const first = events.slice(0, -PERMUTED);
    for (const rest of permutations(events.slice(-PERMUTED))) yield [...first, ...rest];
    return;
  }
  for (const [i, event] of events.entries())
    for (const rest of permutations([...events.slice(0, i), ...events.slice(i + 1)]))
      yield [event, ...rest];
}
