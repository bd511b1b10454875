import { componentsInOrder } from './components.ts';
import { STOP, type Topology } from './topology.ts';

/**
 * What the graph alone says of a node: never a goal, surely a goal, or it depends on the numbers.
 */
export const NEVER_A_GOAL = 0;
export const SURELY = 1;
export const DEPENDS = 2;

/**
 * The question "how likely is a goal reached from the start", prepared once for many sets of
 * numbers. Every branch is taken to be possible. Nodes that surely or never reach a goal are
 * settled by graph search (Baier and Katoen, *Principles of Model Checking*, 2008, section 10.1.1,
 * the sets S=0 and S=1), so that what is left, (I − Q) x = b, has exactly one solution.
 */
export class ReachQuestion {
  readonly topology: Topology;
  readonly verdicts: Uint8Array;
  /**
   * The unsettled nodes that the start leads to, as strongly connected components, each after all
   * that it leads to.
   */
  readonly components: readonly Int32Array[];
  /** The number of each unsettled node's component; -1 for all others. */
  readonly componentOf: Int32Array;

  constructor(topology: Topology) {
    this.topology = topology;
    this.verdicts = settle(topology);
    this.components =
      this.verdicts[topology.start] === DEPENDS
        ? componentsInOrder(topology, (node) => this.verdicts[node] === DEPENDS)
        : [];
    this.componentOf = new Int32Array(topology.nodes).fill(-1);
    this.components.forEach((component, number) =>
      component.forEach((node) => (this.componentOf[node] = number)),
    );
  }

  /** The number of nodes of the largest component. */
  get largestComponent(): number {
    return this.components.reduce((most, component) => Math.max(most, component.length), 0);
  }

  /** The unsettled nodes, in the order of the components. */
  get unsettled(): number[] {
    return this.components.flatMap((component) => Array.from(component));
  }

  /** The answer where no numbers are needed. */
  get settled(): number | undefined {
    const verdict = this.verdicts[this.topology.start];
    return verdict === DEPENDS ? undefined : verdict === SURELY ? 1 : 0;
  }
}

function settle(topology: Topology): Uint8Array {
  const { nodes, rows, targets, goal } = topology;
  const back = backwardEdges(topology);
  const canReach = backward(
    nodes,
    back,
    [...goal.keys()].filter((node) => goal[node] === 1),
    () => true,
  );
  const canMiss: number[] = [];
  for (let node = 0; node < nodes; node += 1) {
    if (goal[node] === 1) continue;
    const from = rows[node] as number;
    const to = rows[node + 1] as number;
    const stops = from === to || targets.subarray(from, to).includes(STOP);
    if (stops || canReach[node] === 0) canMiss.push(node);
  }
  const mayMiss = backward(nodes, back, canMiss, (node) => goal[node] === 0);
  return Uint8Array.from({ length: nodes }, (_, node) =>
    canReach[node] === 0 ? NEVER_A_GOAL : mayMiss[node] === 0 ? SURELY : DEPENDS,
  );
}

/**
 * The branches that lead to node `i`, at `rows[i] … rows[i + 1]`, and the nodes that they leave.
 */
export interface Reversed {
  readonly rows: Int32Array;
  readonly sources: Int32Array;
  readonly branches: Int32Array;
}

export function backwardEdges({ nodes, rows, targets }: Topology): Reversed {
  const starts = new Int32Array(nodes + 1);
  for (const target of targets)
    if (target !== STOP) starts[target + 1] = (starts[target + 1] as number) + 1;
  for (let i = 0; i < nodes; i += 1)
    starts[i + 1] = (starts[i + 1] as number) + (starts[i] as number);
  const next = starts.slice();
  const sources = new Int32Array(starts[nodes] as number);
  const branches = new Int32Array(sources.length);
  for (let node = 0; node < nodes; node += 1) {
    for (let b = rows[node] as number; b < (rows[node + 1] as number); b += 1) {
      const target = targets[b] as number;
      if (target === STOP) continue;
      sources[next[target] as number] = node;
      branches[next[target] as number] = b;
      next[target] = (next[target] as number) + 1;
    }
  }
  return { rows: starts, sources, branches };
}

/** The nodes from which some of `seeds` can be reached by way of nodes that `through` admits. */
function backward(
  nodes: number,
  back: Reversed,
  seeds: readonly number[],
  through: (node: number) => boolean,
): Uint8Array {
  const found = new Uint8Array(nodes);
  const work = [...seeds];
  for (const seed of seeds) found[seed] = 1;
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    for (let i = back.rows[node] as number; i < (back.rows[node + 1] as number); i += 1) {
      const source = back.sources[i] as number;
      if (found[source] === 1 || !through(source)) continue;
      found[source] = 1;
      work.push(source);
    }
  }
  return found;
}

/**
 * A lower and an upper value for every node that the question depends on, and for the settled ones
 * (0 or 1).
 */
export interface NodeBounds {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}
