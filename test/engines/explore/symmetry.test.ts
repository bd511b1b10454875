import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ordersModel } from '../../../bench/models.ts';
import { interchangeable } from '../../../src/engines/explore/interchangeable.ts';
import { explore } from '../../../src/engines/explore/index.ts';
import { readNative } from '../../../src/frontends/native/index.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { replayWitness } from '../../../src/graph/replay.ts';
import { Exchanger, type ElementExchange } from '../../../src/graph/symmetry/exchange.ts';
import type { ModelDocument } from '../../../src/model/document.ts';
import type { EngineResult, ExplorationPath, Reduction, Task } from '../../../src/model/engine.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { Semantics } from '../../../src/model/semantics.ts';
import { typecheck } from '../../../src/model/typecheck.ts';
import { ENDLESS, timeOf } from '../../../src/time/time.ts';
import { rows } from '../../conformance/reference.ts';
import { symmetricModels } from './symmetricModel.ts';

function semanticsOf(model: string | ModelDocument): Semantics {
  const read = readNative(typeof model === 'string' ? model : JSON.stringify(model));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const checked = typecheck(read.value.document, read.value.locate);
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return new Semantics(checked.value);
}

const taskOf = (semantics: Semantics): Task => ({
  semantics,
  digest: '',
  properties: semantics.model.properties.filter(({ formula }) => formula.kind !== 'all'),
});

const run = (
  semantics: Semantics,
  reduction: Reduction,
  path: ExplorationPath = 'compiled',
  maxStates = 20_000,
): Promise<EngineResult> =>
  explore.run(
    taskOf(semantics),
    { memoryMb: 2_048, maxStates, cacheDir: '', reduction, path },
    timeOf(60_000),
    () => undefined,
  );

const lengthOf = (outcome: Outcome): number | undefined =>
  'trace' in outcome ? outcome.trace?.steps.length : undefined;

/** How the answers of the quotient differ from those of the whole graph; what it decided. */
function compared(
  semantics: Semantics,
  quotient: EngineResult,
  whole: EngineResult,
): { readonly differences: readonly string[]; readonly decided: number } {
  let decided = 0;
  const differences = taskOf(semantics).properties.flatMap((property) => {
    const [mine, other] = [quotient, whole].map((r) => r.outcomes.get(property.name) as Outcome);
    if (!mine || !other || mine.outcome === 'unknown') return [];
    decided += 1;
    const lines: string[] = [];
    if (mine.outcome !== other.outcome || lengthOf(mine) !== lengthOf(other))
      lines.push(
        `${property.name}: ${mine.outcome} ${lengthOf(mine)}, not ${other.outcome} ${lengthOf(other)}`,
      );
    if (mine.outcome === 'violated') {
      const replayed = mine.trace
        ? replayWitness(semantics, property, mine.witness, mine.trace)
        : { ok: false, why: 'no trace' };
      if (!replayed.ok) lines.push(`${property.name}: ${replayed.why}`);
    }
    return lines;
  });
  return { differences, decided };
}

/** All exchanges of the elements of some sets. */
function exchangesOf(
  sets: readonly { readonly name: string; readonly elements: readonly string[] }[],
): ElementExchange[] {
  const orders = (n: number): number[][] =>
    n === 0
      ? [[]]
      : orders(n - 1).flatMap((rest) =>
          Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]),
        );
  return sets.reduce<ElementExchange[]>(
    (heads, { name, elements }) =>
      heads.flatMap((head) => orders(elements.length).map((to) => new Map([...head, [name, to]]))),
    [new Map()],
  );
}

async function statesOf(semantics: Semantics, symmetric: boolean): Promise<readonly number[][]> {
  const symmetry = symmetric ? interchangeable(semantics)?.symmetry : undefined;
  const graph = new Graph(semantics, { ...(symmetry && { symmetry }) });
  const limits = { maxStates: 20_000, memoryMb: 1_024, time: ENDLESS };
  const nothing = () => undefined;
  await graph.explore(limits, false, {
    onState: nothing,
    onStuck: nothing,
    onError: nothing,
    onProgress: nothing,
  });
  expect(graph.complete).toBe(true);
  return Array.from({ length: graph.store.count }, (_, i) => [...graph.store.get(i)]);
}

describe('elements that can be exchanged', () => {
  it('gives the answers and the distances of the whole graph, on random models', async () => {
    let reduced = 0;
    let smaller = 0;
    let decided = 0;
    await fc.assert(
      fc.asyncProperty(symmetricModels, async (document) => {
        const semantics = semanticsOf(document);
        if (!interchangeable(semantics)) return;
        reduced += 1;
        const whole = await run(semantics, 'never');
        if ((whole.states ?? 0) >= 20_000) return;
        for (const path of ['compiled', 'interpreted'] as const) {
          const quotient = await run(semantics, 'always', path);
          const found = compared(semantics, quotient, whole);
          expect(found.differences, JSON.stringify(document)).toEqual([]);
          decided += found.decided;
          if ((quotient.states ?? 0) < (whole.states ?? 0)) smaller += 1;
        }
      }),
      { numRuns: Number(process.env['PROBITY_RUNS'] ?? 150), seed: 31 },
    );
    expect(reduced).toBeGreaterThan(100);
    expect(smaller).toBeGreaterThan(100);
    expect(decided).toBeGreaterThan(1_000);
  }, 600_000);

  it('keeps one state of each orbit, at least, and of simple ones exactly one', async () => {
    const semantics = semanticsOf(ordersModel(4));
    const found = interchangeable(semantics);
    const whole = await statesOf(semantics, false);
    const quotient = await statesOf(semantics, true);
    const exchanger = new Exchanger(semantics.layout);
    const exchanges = exchangesOf(found?.symmetry.sets ?? []);
    expect(exchanges).toHaveLength(24);
    const orbitOf = (row: readonly number[]): string =>
      exchanges
        .map((exchange) => exchanger.exchanged(row, exchange).join())
        .reduce((least, text) => (text < least ? text : least));
    expect(new Set(quotient.map(orbitOf))).toEqual(new Set(whole.map(orbitOf)));
    expect(quotient).toHaveLength(new Set(whole.map(orbitOf)).size);
    expect(whole).toHaveLength(625);
  });

  it('answers alike on the reference models that have such elements', async (context) => {
    if (rows.length === 0) return context.skip('cases/random is not there (PROBITY_SHARED)');
    let reduced = 0;
    for (const row of rows) {
      const semantics = semanticsOf(row.model);
      if (!interchangeable(semantics)) continue;
      reduced += 1;
      const whole = await run(semantics, 'never', 'interpreted');
      const { differences } = compared(
        semantics,
        await run(semantics, 'always', 'interpreted'),
        whole,
      );
      expect(differences, row.name).toEqual([]);
    }
    expect(reduced).toBeGreaterThan(0);
  }, 600_000);

  it('is not asked where a name, a list or a term without a value tells elements apart', () => {
    const withProperty = (property: string): boolean =>
      interchangeable(semanticsOf(shelves(property))) !== undefined;
    expect(withProperty('always: "some i in Item satisfies done[i]"')).toBe(true);
    // A name in a property that always has a value: the property is asked of the whole graph.
    expect(withProperty('always: "done[i1]"')).toBe(true);
    expect(withProperty('always: "full[on[i1]]"')).toBe(false);
    // `some` stops at the first that is true, and so before a term without a value, or behind it.
    expect(withProperty('always: "some i in Item satisfies full[on[i]] or done[i]"')).toBe(false);
    expect(withProperty('never: "(for i in Item return count(Item)) = [1, 2]"')).toBe(false);
    expect(interchangeable(semanticsOf(shelves('deadlockFree: true', 'o = i1')))).toBeUndefined();
  });

  it('leaves to the whole graph what names an element, and what is asked of fair runs', async () => {
    const semantics = semanticsOf(shelves('reachable: "done[i1]"'));
    const quotient = await run(semantics, 'always');
    expect(quotient.outcomes.get('asked')).toMatchObject({ outcome: 'unknown' });
    expect(quotient.outcomes.get('withinRange')).toMatchObject({
      outcome: 'holds',
      evidence: { reduction: 'symmetry' },
    });
    const auto = await run(semantics, 'auto');
    expect(auto.outcomes.get('asked')).toMatchObject({ outcome: 'holds' });
  });

  it('answers in time for twenty orders, and says what it looked at', async () => {
    const semantics = semanticsOf(ordersModel(20));
    const found = await run(semantics, 'auto', 'compiled', 1_000_000);
    // Five places for twenty orders that nobody tells apart.
    expect(found.states).toBe(10_626);
    for (const outcome of found.outcomes.values())
      expect(outcome).toMatchObject({ outcome: 'holds', evidence: { reduction: 'symmetry' } });
  }, 120_000);
});

/** Items that are put on shelves, with one property; and what a step asks of its item. */
const shelves = (property: string, when = 'not(done[o])'): string => `
probity: 1
name: Shelves
sets: { Item: [i1, i2], Shelf: 1 }
variables:
  done: { type: map Item to bool, init: false }
  on: { type: map Item to Shelf or null, init: null }
  full: { type: map Shelf to bool, init: false }
actors: { shop: {} }
actions:
  put: { actor: shop, for: { o: Item, s: Shelf }, when: "${when}", then: { "done[o]": true, "on[o]": s } }
properties:
  asked: { ${property} }
`;
