import { Components } from '../graph/components.ts';
import { STOP, type Topology } from './topology.ts';

/**
 * Strongly connected components among the admitted nodes that the start leads to by way of admitted
 * nodes, each after all that it leads to.
 */
export function componentsInOrder(
  { nodes, start, rows, targets }: Topology,
  admits: (node: number) => boolean,
): Int32Array[] {
  if (!admits(start)) return [];
  const seen = new Uint8Array(nodes);
  const reached = [start];
  seen[start] = 1;
  for (let at = 0; at < reached.length; at += 1) {
    const node = reached[at] as number;
    for (let e = rows[node] as number; e < (rows[node + 1] as number); e += 1) {
      const target = targets[e] as number;
      if (target === STOP || seen[target] === 1 || !admits(target)) continue;
      seen[target] = 1;
      reached.push(target);
    }
  }
  return new Components({ rows, targets }, nodes, () => undefined)
    .among(reached)
    .map((component) => Int32Array.from(component));
}
