import { Graph, type GraphOptions } from '../../../src/graph/graph.ts';
import { judgedPredicates } from '../../../src/model/model.ts';
import type { Semantics } from '../../../src/model/semantics.ts';
import { ENDLESS } from '../../../src/time/time.ts';

/** A graph, and all that can be known of it but the way by which it was found. */
export interface Walked {
  readonly graph: Graph;
  readonly found: unknown;
}

export async function walked(
  semantics: Semantics,
  options: GraphOptions = {},
  maxStates = 5_000,
): Promise<Walked> {
  const graph = new Graph(semantics, options);
  const told: string[] = [];
  const judges = judgedPredicates(semantics.model).map((expr) => graph.judge(expr));
  const said = (): string => judges.map((judge) => judge()).join();
  await graph.explore({ maxStates, memoryMb: 1_000, time: ENDLESS }, true, {
    onState: (index, valuation) =>
      void told.push(`${index} of ${valuation}: ${Array.from(graph.row).join()} is ${said()}`),
    onStuck: (index) => void told.push(`${index} is stuck, ${said()}`),
    onError: ({ source, label, errors }) =>
      void told.push(`${source} breaks ${errors} by ${label}`),
    onProgress: () => undefined,
  });
  const { store, edges, starts, badStarts, transitions, depth, expanded, bounds } = graph;
  return {
    graph,
    found: {
      told,
      rows: Array.from({ length: store.count }, (_, i) => store.get(i).join()),
      ways: Array.from({ length: store.count }, (_, i) => [graph.parent(i), graph.valuation(i)]),
      edges: edges && [[...edges.rows], [...edges.targets], [...edges.labels]],
      fired: [...graph.fired],
      counts: { starts, badStarts, transitions, depth, expanded, bounds },
    },
  };
}
