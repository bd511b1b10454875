import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMapping, type Mapping } from '../../src/events/mapping.ts';
import type { Model } from '../../src/model/model.ts';
import { triable } from '../../src/monitor/followable.ts';
import { Monitor, type CaseAnswer, type CloudEvent } from '../../src/monitor/monitor.ts';
import { Random } from '../../src/risk/random.ts';
import { threatsOf } from '../../src/threats/operators/index.ts';
import { describeShared, sharedPath } from '../shared.ts';
import { event, MAPPING, modelOf, SHOP } from './shop.ts';

/** What is told of a stream: after each event of the cases that it changed, and last of each. */
interface Told {
  readonly steps: readonly string[];
  readonly answers: readonly CaseAnswer[];
  /** How many cases were read again. */
  readonly restored: number;
}

/** A stream whose cases are evicted after each event but so many; a number is a tick. */
function toldWith(
  mostCases: number,
  model: Model,
  mapping: Mapping,
  stream: readonly (CloudEvent | number)[],
): Told {
  const { tried } = triable(
    model,
    threatsOf(model).filter(({ proper }) => proper),
  );
  const monitor = new Monitor(model, mapping, { threats: tried, budget: 2 });
  let restored = 0;
  const recall = (next: CloudEvent | number): void => {
    for (const { key, arrivals } of monitor.missing(next)) {
      restored += 1;
      const stored = arrivals.map((i) => ({ arrival: i, event: stream[i - 1] as CloudEvent }));
      monitor.restore(key, stored);
    }
  };
  const steps: string[] = [];
  const seen = new Set<string>();
  const last = new Map<string, CaseAnswer>();
  stream.forEach((next, i) => {
    recall(next);
    let changed: readonly string[];
    if (typeof next === 'number') changed = monitor.tick(next, next);
    else {
      const identity = JSON.stringify([next.source, next.id]);
      const repeats = seen.has(identity) ? ('conflictingDuplicate' as const) : undefined;
      seen.add(identity);
      const at = Date.parse('2027-01-01T00:00:00Z');
      changed = monitor.take(next, { at, arrival: i + 1, repeats });
    }
    for (const key of changed) {
      const answer = monitor.answerOf(key);
      last.set(key, answer);
      steps.push(JSON.stringify([key, answer, monitor.prefixOf(key)]));
    }
    monitor.evict(mostCases);
  });
  const answers = [...last.values()];
  return { steps, answers, restored };
}

function same(
  model: Model,
  mapping: Mapping,
  stream: readonly (CloudEvent | number)[],
): { readonly restored: number; readonly alerts: number } {
  const whole = toldWith(Infinity, model, mapping, stream);
  expect(whole.restored).toBe(0);
  let restored = 0;
  for (const most of [0, 2]) {
    const told = toldWith(most, model, mapping, stream);
    expect(told.steps).toEqual(whole.steps);
    expect(told.answers).toEqual(whole.answers);
    restored += told.restored;
  }
  return { restored, alerts: whole.answers.flatMap(({ alerts }) => alerts).length };
}

describe('cases that are evicted and read again are told as if they never were', () => {
  it('on random streams: late events, repetitions, events of two cases, ticks', async () => {
    const model = await modelOf(SHOP);
    const read = readMapping(MAPPING, model);
    if (!read.ok) throw new Error('it is read');
    const random = new Random(7);
    const pick = <T>(items: readonly T[]): T =>
      items[Math.floor(random.uniform() * items.length)] as T;
    let [restored, alerts] = [0, 0];
    for (let round = 0; round < 5; round += 1) {
      const stream: (CloudEvent | number)[] = [];
      for (let i = 0; i < 36; i += 1) {
        const minutes = i * 45 - Math.floor(random.uniform() * 120);
        const type = pick(['weighed', 'weighed', 'paid', 'sent', 'given', 'noted']);
        const data = { kg: pick([1, 3, 9]), cents: pick([100, 200, 300, 'x']) };
        const next = event(type, minutes, data, pick(['A', 'B', 'C', 'D', 'E']));
        const subject = (random.uniform() < 0.1 ? ['A', 'B'] : next.subject) as string;
        stream.push({ ...next, subject });
        const again = pick(stream);
        if (random.uniform() < 0.1 && typeof again !== 'number')
          stream.push({ ...again, data: { other: i } });
        if (random.uniform() < 0.1) stream.push(Date.parse(next.time) + 86_400_000);
      }
      const found = same(model, read.value, stream);
      restored += found.restored;
      alerts += found.alerts;
    }
    expect(restored).toBeGreaterThan(100);
    expect(alerts).toBeGreaterThan(15);
  });
});

describeShared('the shared cases, evicted after each event', () => {
  const names = readdirSync(sharedPath('cases/monitor'), { withFileTypes: true });
  for (const { name } of names.filter((each) => each.isDirectory()))
    it(name, async () => {
      const text = (file: string): string =>
        readFileSync(`${sharedPath('cases/monitor')}/${name}/${file}`, 'utf8');
      const model = await modelOf(text('model.yaml'));
      const read = readMapping(text('mapping.yaml'), model);
      if (!read.ok) throw new Error(JSON.stringify(read.problems));
      same(model, read.value, JSON.parse(text('events.json')) as CloudEvent[]);
    });
});
