import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inspect } from '../../src/checking/inspect.ts';
import { Codec } from '../../src/model/codec.ts';
import type { Model } from '../../src/model/model.ts';
import { readMapping, type Mapping } from '../../src/events/mapping.ts';
import { Monitor, type CloudEvent } from '../../src/monitor/monitor.ts';
import { followProblems, triable } from '../../src/monitor/followable.ts';
import { Random } from '../../src/risk/random.ts';
import { AttackedSystem, type AttackedStep } from '../../src/threats/attacked.ts';
import { threatsOf } from '../../src/threats/operators/index.ts';
import type { Threat } from '../../src/threats/threat.ts';
import { describeShared, sharedPath } from '../shared.ts';
import { modelOf, SHOP } from './shop.ts';

/** An entry for each action that is seen, which names all that there is of its step. */
function mappingOf(model: Model, seen: ReadonlySet<string>): Mapping {
  const data = (names: readonly string[], at: string): object =>
    Object.fromEntries(names.map((name) => [name, `$.data.${at}.${name}`]));
  const text = JSON.stringify({
    probityMapping: 1,
    case: '$.subject',
    elements: Object.fromEntries(
      model.sets.map(({ name, elements }) => [
        name,
        Object.fromEntries(elements.map((element) => [element, element])),
      ]),
    ),
    events: model.actions
      .filter(({ name }) => seen.has(name))
      .map(({ name, binders, receives }) => ({
        type: name,
        action: name,
        for: data(
          binders.map((binder) => binder.name),
          'for',
        ),
        receive: Object.fromEntries(
          receives.map(({ channel }) => [
            channel,
            data(
              (model.channels.find((found) => found.name === channel)?.fields ?? [])
                .filter(({ type }) => type.kind !== 'set')
                .map((field) => field.name),
              `receive.${channel}`,
            ),
          ]),
        ),
      })),
  });
  const read = readMapping(text, model);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

/** A run at random, as its events show it. */
function runOf(
  model: Model,
  threats: readonly Threat[],
  seen: ReadonlySet<string>,
  random: Random,
): CloudEvent[] {
  const system = new AttackedSystem(model, threats, threats.length > 0);
  const codec = new Codec(system.semantics.layout);
  const pick = <T>(items: readonly T[]): T =>
    items[Math.floor(random.uniform() * items.length)] as T;
  let row = pick([...system.starts()]);
  const events: CloudEvent[] = [];
  for (let i = 0; i < 14; i += 1) {
    const steps: AttackedStep[] = [];
    system.steps(row, (step) => {
      if (step.next) steps.push({ ...step, taken: [...step.taken] });
    });
    if (steps.length === 0) break;
    const { action, instance, taken, next } = pick(steps);
    if (action && instance && seen.has(action.name)) {
      const receive = Object.fromEntries(
        instance.action.receives.map(({ channel }, at) => [
          channel,
          codec.message(row, system.semantics.layout.channel(channel), taken[at] as number).message,
        ]),
      );
      events.push({
        id: `e${i}`,
        source: '/random',
        type: action.name,
        subject: 'C',
        time: new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString(),
        data: { for: codec.binding(instance), receive },
      });
    }
    row = [...(next as readonly number[])];
  }
  return events;
}

/** What is wrong with what the monitor says of random runs of a model, by itself and attacked. */
function wrongOf(
  model: Model,
  seed: number,
): { readonly wrong: readonly string[]; readonly deviations: number } {
  const random = new Random(seed);
  const { tried } = triable(
    model,
    threatsOf(model).filter(({ proper }) => proper),
  );
  const wrong: string[] = [];
  let deviations = 0;
  for (let round = 0; round < 8; round += 1) {
    const seen = new Set(
      model.actions.filter(() => random.uniform() < 0.7).map(({ name }) => name),
    );
    if (seen.size === 0) continue;
    const mapping = mappingOf(model, seen);
    const work = tried.filter(() => random.uniform() < 1.2 / (tried.length + 1)).slice(0, 2);
    for (const threats of [[], work]) {
      const events = runOf(model, threats, seen, random);
      const monitor = new Monitor(model, mapping, { threats: tried, budget: 2 });
      for (const event of events) monitor.take(event);
      const deviation = monitor
        .answers()[0]
        ?.alerts.find(({ kind }) => kind === 'deviation' || kind === 'beyondModel');
      if (!deviation) continue;
      deviations += 1;
      const ids = threats.map(({ id }) => id);
      // An attack in the run explains it: some minimal set lies within.
      const explained = deviation.explainedBy?.some((set) => set.every((id) => ids.includes(id)));
      if (!explained)
        wrong.push(
          `seed ${seed}, round ${round}, under ${ids.join('+') || 'no threat'}: ${JSON.stringify(deviation)} of ${events.map(({ type }) => type).join(', ')}`,
        );
    }
  }
  return { wrong, deviations };
}

describe('runs at random', () => {
  it('of the model alone are no deviation; attacked ones are explained by what was at work', async () => {
    const model = await modelOf(SHOP);
    let found = 0;
    for (let seed = 1; seed <= 14; seed += 1) {
      const { wrong, deviations } = wrongOf(model, seed);
      expect(wrong).toEqual([]);
      found += deviations;
    }
    expect(found).toBeGreaterThan(3);
  }, 120_000);
});

describeShared('runs at random of the models of threats', () => {
  const files = readdirSync(sharedPath('cases', 'threats'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .toSorted();

  it('are no deviation, or explained by what was at work', async () => {
    let [looked, found] = [0, 0];
    for (const [i, file] of files.entries()) {
      const inspected = await inspect({
        source: readFileSync(sharedPath('cases', 'threats', file), 'utf8'),
        format: 'native',
        name: file,
      });
      if (!inspected.ok) continue;
      const { model } = inspected.value.semantics;
      if (followProblems(model).length > 0) continue;
      looked += 1;
      const { wrong, deviations } = wrongOf(model, i + 1);
      expect(wrong, file).toEqual([]);
      found += deviations;
    }
    expect(looked).toBeGreaterThan(5);
    expect(found).toBeGreaterThan(10);
  }, 300_000);
});
