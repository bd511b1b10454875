import { describe, expect, it } from 'vitest';
import { ERROR_TARGET } from '../../src/graph/edges.ts';
import { Graph, type GraphOptions, type Visitor } from '../../src/graph/graph.ts';
import type { ExploreLimits } from '../../src/graph/limits.ts';
import type { Semantics } from '../../src/model/semantics.ts';
import { ENDLESS, timeOf } from '../../src/time/time.ts';
import { tiny } from '../model/tiny.ts';

const LIMITS: ExploreLimits = { maxStates: 1_000, memoryMb: 100, time: ENDLESS };

/** A graph, and what its visitor was told, as lines. */
async function explored(
  semantics: Semantics,
  limits: Partial<ExploreLimits> = {},
  keepEdges = true,
  path: GraphOptions['path'] = 'compiled',
): Promise<{ readonly graph: Graph; readonly told: readonly string[] }> {
  const graph = new Graph(semantics, { path });
  const told: string[] = [];
  const visitor: Visitor = {
    onState: (index, valuation) =>
      void told.push(`${index} ${Array.from(graph.row).join()} of ${valuation}`),
    onStuck: (index) => void told.push(`${index} ${Array.from(graph.row).join()} is stuck`),
    onError: ({ source, errors, label }) =>
      void told.push(`${source} breaks ${errors} by ${graph.instance(label).action.name}`),
    onProgress: () => undefined,
  };
  await graph.explore({ ...LIMITS, ...limits }, keepEdges, visitor);
  return { graph, told };
}

/** Counts up to 4 in each of two valuations; a step too far is an error, as one start is. */
const COUNT = tiny(`
parameters: { by: "int 1..2" }
variables: { n: { type: "int 0..4", init: "in (by - 1, by * 4)" } }
actions:
  up: { actor: me, when: "n < 4 or by = 1", then: { n: n + by } }
  never: { actor: me, when: n > 4, then: { n: 0 } }`);

describe('a graph', () => {
  it('has every state once, nearest first, with its valuation, and what goes wrong', async () => {
    const { graph, told } = await explored(COUNT);
    expect(told).toEqual([
      '0 1,0 of 0',
      '1 1,4 of 0',
      '2 2,1 of 1',
      '3 1,1 of 0',
      '1 breaks 1 by up',
      '4 2,3 of 1',
      '5 1,2 of 0',
      '4 breaks 1 by up',
      '6 1,3 of 0',
    ]);
    expect(graph.badStarts).toEqual([{ state: [2, 8], errors: 1, valuation: 1 }]);
    expect(graph.starts).toEqual([0, 1, 2]);
    expect([graph.valuationCount, graph.expanded, graph.depth]).toEqual([2, 7, 3]);
    expect([graph.transitions, graph.complete]).toEqual([7, true]);
    expect([...graph.fired]).toEqual(['up']);
  });

  it('knows a shortest way to each state', async () => {
    const { graph } = await explored(COUNT);
    expect(graph.pathTo(6)).toEqual([0, 3, 5, 6]);
    expect(graph.pathTo(2)).toEqual([2]);
    expect([graph.parent(0), graph.parent(4), graph.valuation(4)]).toEqual([-1, 2, 1]);
  });

  it('keeps its edges, those of errors too, where they are asked for', async () => {
    const { graph } = await explored(COUNT);
    const { rows, targets, labels } = graph.edges ?? { rows: [], targets: [], labels: [] };
    expect([...rows]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...targets]).toEqual([3, ERROR_TARGET, 4, 5, ERROR_TARGET, 6, 1]);
    expect(new Set(labels)).toEqual(new Set([0]));
    expect((await explored(COUNT, {}, false)).graph.edges).toBeUndefined();
  });

  it('says what nothing follows', async () => {
    const { told } = await explored(
      tiny(`
variables: { n: { type: "int 0..1", init: 0 } }
actions: { up: { actor: me, when: n = 0, then: { n: 1 } } }`),
    );
    expect(told.filter((line) => line.endsWith('stuck'))).toEqual(['1 1 is stuck']);
  });

  it('grows beyond what it has room for at first', async () => {
    const { graph } = await explored(
      tiny(`
variables: { n: { type: "int 0..9999", init: 0 } }
actions:
  up: { actor: me, when: n < 9999, then: { n: n + 1 } }
  home: { actor: me, then: { n: 0 } }`),
      { maxStates: 20_000 },
    );
    expect([graph.store.count, graph.depth, graph.transitions]).toEqual([10_000, 9_999, 19_998]);
    expect(graph.pathTo(9_999)).toHaveLength(10_000);
    expect(graph.edges?.targets.length).toBe(19_998);
    expect(graph.edges?.rows.at(-1)).toBe(19_998);
  });
});

describe('a state', () => {
  it.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 2, 2 ** 40])(
    'keeps %i as it is, and its negative',
    async (most) => {
      const { graph } = await explored(
        tiny(`
variables: { n: { type: "int ${-most}..${most}", init: "in (${most}, ${-most})" } }
channels: { c: { from: me, to: me, carries: { v: "int 0..${most}" } } }
actions: { send: { actor: me, when: "n = ${most}", then: { n: 0 }, send: { c: { v: n } } } }`),
      );
      expect([0, 1, 2].map((index) => graph.store.get(index))).toEqual([
        [most, 0, 0],
        [-most, 0, 0],
        [0, 1, most],
      ]);
    },
  );
});

describe('a limit', () => {
  const WIDE = tiny(`
variables: { n: { type: "int 0..99", init: any } }
actions: { up: { actor: me, when: n < 99, then: { n: n + 1 } } }`);
  const LONG = tiny(`
variables: { n: { type: int, init: 0 } }
actions: { up: { actor: me, then: { n: n + 1 } } }`);

  it('of states stops among the starts, or after them, and is said', async () => {
    const starts = await explored(WIDE, { maxStates: 10 });
    expect(starts.graph.bounds).toEqual([
      'the first 10 of the initial states, at the limit of states',
      '10 states, to depth 0',
    ]);
    const { graph } = await explored(LONG, { maxStates: 10 });
    expect(graph.bounds).toEqual(['10 states, to depth 9']);
    expect([graph.store.count, graph.expanded, graph.complete]).toEqual([10, 9, false]);
    const named = await explored(LONG, { maxStates: 10, reason: 'ten of them' });
    expect(named.graph.bounds).toEqual(['ten of them']);
  });

  it('of time and memory stops, and is said', async () => {
    const late = await explored(LONG, { maxStates: 1e7, time: timeOf(60) });
    expect(late.graph.bounds).toEqual([expect.stringContaining('the time limit, at ')]);
    const small = await explored(LONG, { maxStates: 1e7, memoryMb: 1 });
    expect(small.graph.bounds).toEqual([expect.stringContaining('the memory limit of 1 MB, at ')]);
    const signal = AbortSignal.timeout(60);
    const cut = await explored(LONG, { maxStates: 1e7, time: { ...ENDLESS, signal } });
    expect(cut.graph.bounds).toEqual([expect.stringContaining('until it was interrupted')]);
  });
});
