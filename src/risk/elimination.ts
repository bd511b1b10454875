import type { ReachQuestion } from './question.ts';
import { STOP } from './topology.ts';

/** More entries than this in the factors, and sweeps are the cheaper way (or there is none). */
export const MAX_ENTRIES = 4_000_000;
/** Pairs of neighbours that may be joined while an order is looked for: some seconds. */
const MAX_JOINED = 4e8;

/**
 * The order in which a component's nodes are eliminated, and where its rows then have entries:
 * found once for all numbers. Rows and columns are positions in `order`.
 */
export interface Elimination {
  readonly order: Int32Array;
  /** Columns before the diagonal, in ascending order. */
  readonly lowerRows: Int32Array;
  readonly lower: Int32Array;
  /** Columns after the diagonal, in ascending order. */
  readonly upperRows: Int32Array;
  readonly upper: Int32Array;
  /** Multiplications of one solve. */
  readonly cost: number;
}

/**
 * Orders by least degree in the graph of who leads to whom (Markowitz; Tinney and Walker, Proc.
 * IEEE 55(11), 1967), and fills in what elimination adds. `undefined` where the factors would be
 * too large.
 */
export function planElimination(
  question: ReachQuestion,
  component: Int32Array,
  maxEntries = MAX_ENTRIES,
): Elimination | undefined {
  const neighbours = neighboursOf(question, component);
  const order = leastDegree(neighbours, maxEntries);
  if (!order) return undefined;
  const place = new Int32Array(order.length);
  order.forEach((local, at) => (place[local] = at));
  const pattern = fill(order, place, neighbours, maxEntries);
  return pattern
    ? { order: Int32Array.from(order, (local) => component[local] as number), ...pattern }
    : undefined;
}

/** For each node of the component, by its number in it, those that it leads to or comes from. */
function neighboursOf(
  { topology, componentOf }: ReachQuestion,
  component: Int32Array,
): readonly Set<number>[] {
  const local = new Map<number, number>();
  component.forEach((node, i) => local.set(node, i));
  const neighbours = Array.from(component, () => new Set<number>());
  component.forEach((node, i) => {
    for (let b = topology.rows[node] as number; b < (topology.rows[node + 1] as number); b += 1) {
      const target = topology.targets[b] as number;
      if (target === STOP || target === node || componentOf[target] !== componentOf[node]) continue;
      const j = local.get(target) as number;
      neighbours[i]?.add(j);
      neighbours[j]?.add(i);
    }
  });
  return neighbours;
}

function leastDegree(
  graph: readonly ReadonlySet<number>[],
  maxEntries: number,
): number[] | undefined {
  const neighbours = graph.map((set) => new Set(set));
  const buckets: Set<number>[] = [];
  const bucket = (degree: number): Set<number> => (buckets[degree] ??= new Set());
  neighbours.forEach((set, i) => bucket(set.size).add(i));
  const order: number[] = [];
  let [entries, joined] = [0, 0];
  for (let degree = 0; order.length < graph.length;) {
    const [node] = bucket(degree);
    if (node === undefined) {
      degree += 1;
      continue;
    }
    bucket(degree).delete(node);
    order.push(node);
    entries += 2 * degree;
    joined += degree * degree;
    if (entries > 2 * maxEntries || joined > MAX_JOINED) return undefined;
    const around = [...(neighbours[node] as Set<number>)];
    for (const each of around) {
      const set = neighbours[each] as Set<number>;
      bucket(set.size).delete(each);
      set.delete(node);
      for (const other of around) if (other !== each) set.add(other);
      bucket(set.size).add(each);
    }
    degree = Math.max(0, degree - 1);
  }
  return order;
}

/**
 * The pattern of the factors. It is symmetric: column j of row i is there where row i of column j
 * is; a row's pattern goes on in the row of its first column after the diagonal (Liu, "The role of
 * elimination trees in sparse factorization", SIAM J. Matrix Anal. Appl. 11(1), 1990).
 */
function fill(
  order: readonly number[],
  place: Int32Array,
  neighbours: readonly ReadonlySet<number>[],
  maxEntries: number,
): Omit<Elimination, 'order'> | undefined {
  const size = order.length;
  const after: Int32Array[] = [];
  const children: number[][] = order.map(() => []);
  let entries = 0;
  order.forEach((local, at) => {
    const columns = new Set<number>();
    for (const other of neighbours[local] as ReadonlySet<number>) {
      const column = place[other] as number;
      if (column > at) columns.add(column);
    }
    for (const child of children[at] as number[])
      for (const column of after[child] as Int32Array) if (column > at) columns.add(column);
    const sorted = Int32Array.from(columns).sort();
    after.push(sorted);
    entries += sorted.length;
    if (sorted.length > 0) children[sorted[0] as number]?.push(at);
  });
  if (entries > maxEntries) return undefined;
  const upperRows = new Int32Array(size + 1);
  const lowerRows = new Int32Array(size + 1);
  after.forEach((columns, at) => {
    upperRows[at + 1] = (upperRows[at] as number) + columns.length;
    for (const column of columns) lowerRows[column + 1] = (lowerRows[column + 1] as number) + 1;
  });
  for (let i = 0; i < size; i += 1)
    lowerRows[i + 1] = (lowerRows[i + 1] as number) + (lowerRows[i] as number);
  const upper = new Int32Array(entries);
  const lower = new Int32Array(entries);
  const next = lowerRows.slice();
  let cost = 0;
  after.forEach((columns, at) => {
    upper.set(columns, upperRows[at]);
    cost += columns.length * (columns.length + 2);
    for (const column of columns) {
      lower[next[column] as number] = at;
      next[column] = (next[column] as number) + 1;
    }
  });
  return { lowerRows, lower, upperRows, upper, cost };
}
