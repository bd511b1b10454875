import type { Flow, Node } from './diagram.ts';
import type { Cell, Join, DiagramPlaces } from './places.ts';

/**
 * More flows into one inclusive gateway than this are refused: the sets of flows below are the bits
 * of a number.
 */
export const MAX_JOINED = 30;

/**
 * What an inclusive gateway waits for (BPMN 2.0 §13.4.3). A token that stands somewhere before it
 * holds it up if it can still reach one of its empty incoming flows and none of those that have a
 * token, on a path that does not visit the gateway itself. So whatever can reach the incoming flows
 * T, and no others, must be empty unless one of T has a token.
 */
export function joinOf(gateway: Node, places: DiagramPlaces): Join {
  const inputs = places.before(gateway);
  const standing = new Map<number, Cell[]>();
  for (const [cell, reached] of reach(gateway, places)) {
    if (inputs.includes(cell)) continue;
    const others = standing.get(reached);
    if (others) others.push(cell);
    else standing.set(reached, [cell]);
  }
  // What can reach all of them never holds the gateway up: one of them has a token anyway.
  standing.delete(2 ** inputs.length - 1);
  return {
    inputs,
    waits: [...standing].map(([reached, before]) => ({
      before,
      unless: inputs.filter((_, index) => (reached >> index) % 2 === 1),
    })),
  };
}

/**
 * For each place from which a path leads to the gateway: which of its incoming flows can be
 * reached, a bit for each.
 */
function reach(gateway: Node, places: DiagramPlaces): ReadonlyMap<Cell, number> {
  const reached = new Map<Flow, number>(gateway.incoming.map((flow, index) => [flow, 2 ** index]));
  const cells = new Map<Cell, number>();
  const waiting = [...gateway.incoming];
  for (let flow = waiting.pop(); flow; flow = waiting.pop()) {
    const bits = reached.get(flow) ?? 0;
    const add = (cell: Cell): void => void cells.set(cell, (cells.get(cell) ?? 0) | bits);
    places.after([flow]).forEach(add);
    // An event on a border has no flow into it: no path of sequence flows leads on from its
    // activity.
    const node = flow.source;
    if (node === gateway) continue;
    [...places.entry(node), ...places.active(node)].forEach(add);
    for (const earlier of node.incoming) {
      const known = reached.get(earlier) ?? 0;
      if ((known | bits) === known) continue;
      reached.set(earlier, known | bits);
      waiting.push(earlier);
    }
  }
  return cells;
}
