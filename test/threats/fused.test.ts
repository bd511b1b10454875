import fc from 'fast-check';
import { expect, it } from 'vitest';
import { explored, foundSets, Graphs } from '../../src/checking/attackSets/search.ts';
import { subsetsOf } from '../../src/checking/attackSets/minimal.ts';
import { withoutSimulated } from '../../src/checking/attackSets/simulated.ts';
import { inspect } from '../../src/checking/inspect.ts';
import type { Model } from '../../src/model/model.ts';
import { fusedChannels } from '../../src/threats/fused.ts';
import { threatsOf } from '../../src/threats/operators/index.ts';

/** Two orders over two channels, one of which carries a secret; nothing counts what waits there. */
const models = fc
  .record({
    medium: fc.constantFrom('public', 'signed', 'authenticated'),
    second: fc.constantFrom('public', 'signed', 'private'),
    capacity: fc.constantFrom(1, 2),
    room: fc.constantFrom(1, 2),
    order: fc.constantFrom('bag', 'bag', 'bag', 'fifo'),
    fresh: fc.constantFrom(false, false, false, true),
    unguessable: fc.boolean(),
    kept: fc.boolean(),
    take: fc.constantFrom('true', 'b[m.o] = 0', 'm.n = a', 'b[m.o] < m.n'),
    value: fc.constantFrom('m.n', 'if b[m.o] < 2 then b[m.o] + 1 else 2', 'b[m.o] + m.n'),
    answers: fc.constantFrom('m.n', 'b[m.o]', 'a'),
    control: fc.constantFrom('m.n = a', 'm.n > 0', 'a = 1'),
    both: fc.boolean(),
    returns: fc.boolean(),
    end: fc.constantFrom('c = 0 or k.n = 2', 'k.n > a', 'b[k.o] = k.n'),
    always: fc.constantFrom('c <= a', 'b[o1] < 2', 'if c > 1 then b[o1] > 0 else true', 'c < 2'),
  })
  .map((r) => ({
    probity: 1,
    name: 'Random',
    sets: { Order: ['o1', 'o2'] },
    variables: {
      a: { type: 'int 0..2', init: 0, ...(r.kept ? { keptBy: 'shop' } : {}) },
      sent: { type: 'map Order to bool', init: false },
      b: { type: 'map Order to int 0..2', init: 0 },
      c: { type: 'int 0..2', init: 0 },
    },
    actors: { bank: {}, shop: { trust: 'insider' } },
    channels: {
      pay: {
        from: 'bank',
        to: 'shop',
        carries: { o: 'Order', n: 'int 0..2' },
        medium: r.medium,
        order: r.order,
        capacity: 2,
        ...(r.medium === 'signed' ? { signed: ['o'] } : {}),
        ...(r.fresh ? { fresh: ['o'] } : {}),
        ...(r.unguessable ? { unguessable: ['n'] } : {}),
      },
      note: {
        from: 'bank',
        to: 'shop',
        carries: { o: 'Order', n: 'int 0..2' },
        medium: r.second,
        order: 'bag',
        capacity: r.room + 1,
      },
    },
    actions: {
      give: {
        actor: 'bank',
        for: { o: 'Order' },
        when: 'not(sent[o])',
        then: { 'sent[o]': true, a: 'if a < 2 then a + 1 else a' },
        send: { pay: { o: 'o', n: 'if a = 0 then 1 else 2' } },
      },
      take: {
        actor: 'bank',
        receive: { pay: 'm' },
        when: r.take,
        controls: { known: r.control },
        then: { 'b[m.o]': r.value },
        send: r.returns ? { pay: { o: 'm.o', n: 'm.n' } } : { note: { o: 'm.o', n: r.answers } },
      },
      end: {
        actor: 'shop',
        receive: { note: 'k', ...(r.both ? { pay: 'm' } : {}) },
        when: r.end,
        then: { c: r.both ? 'if k.n > m.n then k.n else m.n' : 'k.n' },
      },
    },
    properties: {
      safe: { always: r.always },
      comes: { leadsTo: { from: 'sent[o1]', to: 'b[o1] > 0' } },
    },
    final: 'c > 0',
  }));

/** Without limits but the number of states. */
const OPEN = { maxStates: 20_000, deadline: Infinity, signal: new AbortController().signal };

async function modelOf(document: unknown): Promise<Model> {
  const source = JSON.stringify(document);
  const inspected = await inspect({ source, format: 'native', name: 'random.json' });
  if (!inspected.ok) throw new Error(JSON.stringify(inspected.problems));
  return inspected.value.semantics.model;
}

it('fewer states break the same properties of states and steps', async () => {
  const seen = { fused: 0, fewer: 0, broken: 0, held: 0 };
  await fc.assert(
    fc.asyncProperty(models, fc.integer({ min: 0, max: 1_000_000 }), async (document, pick) => {
      const model = await modelOf(document);
      if (fusedChannels(model).size > 1) seen.fused += 1;
      const existing = threatsOf(model).filter(({ operator }) => operator !== 'unavailable');
      const threats = existing.filter((_, i) => (pick >> i) % 3 !== 0).slice(0, 5);
      const graphs = new Graphs(model, threats);
      const judged = model.properties.filter(
        ({ formula: { kind } }) => kind === 'always' || kind === 'implicit',
      );
      for (let size = 0; size <= threats.length; size += 1)
        for (const ids of subsetsOf(
          threats.map(({ id }) => id),
          size,
        )) {
          const plain = await graphs.of(ids, OPEN);
          if (plain.graph.bound !== undefined) return;
          const needed = withoutSimulated(model, ids);
          const fused = await graphs.fused(needed, OPEN);
          if (fused.graph.store.count < plain.graph.store.count) seen.fewer += 1;
          for (const property of judged) {
            const attack = fused.restriction(needed).attack(property);
            const told = `${property.name} under ${ids.join(' + ')}`;
            expect(attack !== undefined, told).toBe(
              plain.restriction(ids).attack(property) !== undefined,
            );
            if (!attack) {
              seen.held += 1;
              continue;
            }
            seen.broken += 1;
            const used = [...fused.restriction(needed).idsOf(attack)].sort();
            expect(plain.restriction(used).attack(property), `${told} by ${used}`).toBeDefined();
          }
        }
    }),
    { numRuns: 30 },
  );
  expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(5);
}, 120_000);

it('sets found without the graph of all threats are those that are found on it', async () => {
  let sets = 0;
  await fc.assert(
    fc.asyncProperty(models, fc.integer({ min: 0, max: 1_000_000 }), async (document, pick) => {
      const model = await modelOf(document);
      const threats = threatsOf(model)
        .filter((_, i) => (pick >> i) % 3 !== 0)
        .slice(0, 6);
      const whole = await explored(model, threats, { ...OPEN, maxStates: 10_000 });
      if (whole.graph.bound !== undefined) return;
      const judged = model.properties.filter(({ formula: { kind } }) => kind !== 'all');
      const found = async (from: typeof whole) =>
        foundSets(from, new Graphs(model, threats), threats, judged, threats.length, OPEN);
      const cut = await explored(model, threats, { ...OPEN, maxStates: 1 });
      const expected = await found(whole);
      expect(await found(cut)).toEqual(expected);
      for (const answer of expected.values()) sets += answer.sets.length;
    }),
    { numRuns: 30 },
  );
  expect(sets).toBeGreaterThan(5);
}, 120_000);
