import type { Edges } from './edges.ts';

/**
 * Strongly connected components of parts of a graph (Tarjan, "Depth-first search and linear graph
 * algorithms", SIAM J. Comput. 1(2), 1972). The stack is our own: a chain of a million nodes must
 * not end in a stack overflow. The arrays are kept from one part to the next.
 */
export class Components {
  readonly #edges: Pick<Edges, 'rows' | 'targets'>;
  readonly #tick: () => void;
  /** 1 for the nodes of the part that are in no component yet; all 0 between two parts. */
  readonly #members: Uint8Array;
  readonly #order: Int32Array;
  readonly #low: Int32Array;

  /**
   * `size` is the number of nodes that have their edges in `edges`; `tick` is called once a node,
   * and may throw.
   */
  constructor(edges: Pick<Edges, 'rows' | 'targets'>, size: number, tick: () => void) {
    this.#edges = edges;
    this.#tick = tick;
    this.#members = new Uint8Array(size);
    this.#order = new Int32Array(size);
    this.#low = new Int32Array(size);
  }

  /**
   * The components of what these nodes induce, each after all that it leads to. Edges to no node (a
   * negative target) are not followed.
   */
  among(nodes: readonly number[]): number[][] {
    const { rows, targets } = this.#edges;
    const [members, order, low] = [this.#members, this.#order, this.#low];
    for (const node of nodes) {
      members[node] = 1;
      order[node] = 0;
    }
    const stack: number[] = [];
    const path: number[] = [];
    const next: number[] = [];
    const found: number[][] = [];
    let count = 0;
    const enter = (node: number): void => {
      this.#tick();
      path.push(node);
      next.push(rows[node] as number);
      stack.push(node);
      count += 1;
      order[node] = low[node] = count;
    };
    for (const root of nodes) {
      if (order[root] !== 0) continue;
      enter(root);
      while (path.length > 0) {
        const node = path.at(-1) as number;
        const e = next[next.length - 1] as number;
        if (e < (rows[node + 1] as number)) {
          next[next.length - 1] = e + 1;
          const target = targets[e] as number;
          if (target < 0 || members[target] !== 1) continue;
          if (order[target] === 0) enter(target);
          else low[node] = Math.min(low[node] as number, order[target] as number);
          continue;
        }
        path.pop();
        next.pop();
        const parent = path.at(-1);
        if (parent !== undefined)
          low[parent] = Math.min(low[parent] as number, low[node] as number);
        if (low[node] === order[node]) found.push(this.#unstack(stack, node));
      }
    }
    return found;
  }

  /** A component is complete: its nodes leave the search. */
  #unstack(stack: number[], until: number): number[] {
    const component: number[] = [];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      this.#members[node] = 0;
      component.push(node);
      if (node === until) break;
    }
    return component;
  }
}
