import { fairActions } from '../model/model.ts';
import { invariant } from '../errors/index.ts';
import type { Graph } from '../graph/graph.ts';
import { Codec } from '../model/codec.ts';
import type { Instance } from '../model/semantics.ts';
import type { Value } from '../model/trace.ts';
import { STOP, type Topology } from './topology.ts';

/**
 * The explored graph of one valuation as the topology of a Markov chain. Node `root` stands before
 * the starts and branches to them; node `i` is state `states[i]` of the graph. A node's branches
 * are its distinct (action with binding, successor) pairs, and, last, STOP where a case may stop.
 */
export interface StateChain {
  readonly graph: Graph;
  readonly valuation: number;
  readonly topology: Topology;
  readonly root: number;
  readonly states: Int32Array;
  /** The action and binding of each branch; undefined for STOP and for the root's branches. */
  readonly instances: readonly (Instance | undefined)[];
}

/**
 * `loss` tells the states that are asked about. A case may stop where no fair action is enabled
 * (SEMANTICS 7): where one is, the model promises that something goes on, and a log that ends there
 * shows a case that is still open.
 */
export function chainOfValuation(graph: Graph, valuation: number, loss: Uint8Array): StateChain {
  const { edges } = graph;
  invariant(edges && graph.complete, 'a chain is made of a complete graph with its edges');
  const states = statesOf(graph, valuation);
  const nodeOf = new Int32Array(graph.store.count).fill(-1);
  states.forEach((state, node) => (nodeOf[state] = node));
  const root = states.length;
  const rows = new Int32Array(root + 2);
  const fair = fairActions(graph.semantics.model);
  const targets: number[] = [];
  const instances: (Instance | undefined)[] = [];
  states.forEach((state, node) => {
    const seen = new Set<string>();
    let promised = false;
    for (let e = edges.rows[state] as number; e < (edges.rows[state + 1] as number); e += 1) {
      const instance = graph.instance(edges.labels[e] as number);
      const target = nodeOf[edges.targets[e] as number] as number;
      promised ||= fair.has(instance.action.name);
      const key = `${instance.index} ${target}`;
      if (seen.has(key)) continue;
      seen.add(key);
      targets.push(target);
      instances.push(instance);
    }
    if (!promised) {
      targets.push(STOP);
      instances.push(undefined);
    }
    rows[node + 1] = targets.length;
  });
  for (const start of graph.starts) {
    if (graph.valuation(start) !== valuation) continue;
    targets.push(nodeOf[start] as number);
    instances.push(undefined);
  }
  rows[root + 1] = targets.length;
  const goal = Uint8Array.from({ length: root + 1 }, (_, node) =>
    node === root ? 0 : (loss[states[node] as number] as number),
  );
  return {
    graph,
    valuation,
    root,
    states,
    instances,
    topology: { nodes: root + 1, start: root, rows, targets: Int32Array.from(targets), goal },
  };
}

function statesOf(graph: Graph, valuation: number): Int32Array {
  const found: number[] = [];
  for (let state = 0; state < graph.store.count; state += 1)
    if (graph.valuation(state) === valuation) found.push(state);
  return Int32Array.from(found);
}

/** Where in `topology.targets` the node's STOP stands, if a case may stop there. */
export function stopBranch({ topology }: StateChain, node: number): number | undefined {
  const last = (topology.rows[node + 1] as number) - 1;
  return last >= (topology.rows[node] as number) && topology.targets[last] === STOP
    ? last
    : undefined;
}

/** The values of the parameters, for people. */
export function parametersOf({ graph, states }: StateChain): Record<string, Value> {
  const [first] = states;
  return first === undefined
    ? {}
    : new Codec(graph.semantics.layout).cells(graph.store.get(first), 'parameter');
}

/** A state in a few words: what differs from the first state, or that it is the first. */
export function stateText(chain: StateChain, node: number): string {
  if (node === chain.root) return 'before the beginning';
  const { store, semantics } = chain.graph;
  const codec = new Codec(semantics.layout);
  const here = store.get(chain.states[node] as number);
  const cells = Object.entries(codec.changed(store.get(chain.states[0] as number), here)).map(
    ([cell, [, after]]) => `${cell} = ${JSON.stringify(after).replaceAll('"', '')}`,
  );
  const messages = semantics.layout.channels
    .flatMap((block) => codec.messages(here, block))
    .map(
      (m) =>
        `${m.channel}{${Object.values(m.message)
          .map((v) => JSON.stringify(v).replaceAll('"', ''))
          .join(', ')}}`,
    );
  return [...cells, ...messages].join(', ') || 'the first state';
}
