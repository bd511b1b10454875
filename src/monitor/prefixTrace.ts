import { stepInWords } from '../checking/attackSets/attackTrace.ts';
import { Codec } from '../model/codec.ts';
import type { Step, Trace } from '../model/trace.ts';
import { keyOf, type Held, type TakenStep, type Watched } from './belief.ts';
import type { Explained, Prefix } from './explanation.ts';

/** A state on a run, and how it came there. */
interface Passed {
  readonly held: Held;
  readonly before?: Passed;
  readonly step?: TakenStep['step'];
}

/** A longer search than this is not worth a picture. */
const MOST_PASSED = 200_000;

/**
 * A run that fits the events of a prefix and ends in the belief, in the words of the model; one
 * with few unseen steps. Nothing where the search is too long.
 */
export function prefixTrace({ watched, belief }: Explained, prefix: Prefix): Trace | undefined {
  const attacked = watched.threats.length > 0;
  const begun =
    prefix.from === 'start'
      ? [...watched.system.starts()].map((row): Held => watched.at(row))
      : prefix.from.map(({ row, broken }): Held => watched.at(watched.system.from(row), broken));
  let budget = MOST_PASSED;
  const closed = (from: readonly Passed[], threats: boolean): Passed[] => {
    const found = new Map(from.map((passed) => [keyOf(passed.held), passed]));
    for (const before of found.values()) {
      budget -= 1;
      if (budget < 0) return [];
      for (const { step, next } of watched.unseen(before.held, threats)) {
        const key = keyOf(next);
        if (!found.has(key)) found.set(key, { held: next, before, ...(step && { step }) });
      }
    }
    return [...found.values()];
  };
  let at = closed(
    begun.map((held) => ({ held })),
    false,
  );
  for (const seen of prefix.events) {
    const before = attacked ? closed(at, true) : at;
    const found = new Map<string, Passed>();
    for (const passed of before)
      for (const { step, next } of watched.shown(passed.held, seen)) {
        const key = keyOf(next);
        if (!found.has(key)) found.set(key, { held: next, before: passed, ...(step && { step }) });
      }
    at = closed([...found.values()], false);
  }
  const end = at.find(({ held }) => belief.has(keyOf(held)));
  return end && inWords(watched, end);
}

function inWords({ system }: Watched, end: Passed): Trace | undefined {
  const codec = new Codec(system.semantics.layout);
  const steps: Step[] = [];
  let first = end;
  for (let at = end; at.before; at = at.before) {
    first = at.before;
    if (at.step) steps.push(stepInWords(system, codec, at.before.held.row, at.step));
  }
  const { row } = first.held;
  return {
    params: codec.cells(row, 'parameter'),
    initial: codec.cells(row, 'variable'),
    steps: steps.reverse(),
  };
}
