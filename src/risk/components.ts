import { STOP, type Topology } from './topology.ts';

/**
 * Strongly connected components among the admitted nodes that the start leads to by way of admitted nodes, each after all that
 * it leads to (Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1(2), 1972). The stack is our own:
 * a chain of a million nodes must not end in a stack overflow.
 */
export function componentsInOrder({ nodes, start, rows, targets }: Topology, admits: (node: number) => boolean): Int32Array[] {
  const found: Int32Array[] = [];
  const number = new Int32Array(nodes).fill(-1);
  const low = new Int32Array(nodes);
  const onStack = new Uint8Array(nodes);
  const next = new Int32Array(nodes);
  const stack: number[] = [];
  const path: number[] = [];
  let count = 0;
  const enter = (node: number): void => {
    number[node] = low[node] = count;
    count += 1;
    next[node] = rows[node] as number;
    onStack[node] = 1;
    stack.push(node);
    path.push(node);
  };
  if (admits(start)) enter(start);
  while (path.length > 0) {
    const node = path[path.length - 1] as number;
    const branch = next[node] as number;
    if (branch < (rows[node + 1] as number)) {
      next[node] = branch + 1;
      const target = targets[branch] as number;
      if (target === STOP || !admits(target)) continue;
      if (number[target] === -1) enter(target);
      else if (onStack[target] === 1) low[node] = Math.min(low[node] as number, number[target] as number);
      continue;
    }
    path.pop();
    const parent = path[path.length - 1];
    if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
    if (low[node] !== number[node]) continue;
    const from = stack.lastIndexOf(node);
    const members = stack.splice(from);
    for (const member of members) onStack[member] = 0;
    found.push(Int32Array.from(members));
  }
  return found;
}
