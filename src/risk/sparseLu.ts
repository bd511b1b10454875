import type { Matrix, SLUDecomposition } from 'mathjs';
import { type ReachQuestion, SURELY } from './question.ts';
import { STOP } from './topology.ts';

/** What we use of mathjs; its own types leave the constructor of a sparse matrix out. */
interface SparseAlgebra {
  readonly SparseMatrix: new (parts: {
    values: number[];
    index: number[];
    ptr: number[];
    size: [number, number];
    datatype: 'number';
  }) => Matrix;
  slu(matrix: Matrix, order: number, threshold: number): SLUDecomposition;
  lusolve(decomposition: SLUDecomposition, right: number[][]): Matrix;
}

/**
 * Larger systems are left to interval iteration alone: at this size the decomposition takes seconds
 * and hundreds of megabytes.
 */
const MAX_NODES = 100_000;
/**
 * In a component without structure the factors fill up, at the cube of its size: 230 s at 10,000
 * nodes, against 0.15 s of iteration.
 */
const MAX_COMPONENT = 1_500;

/** Whether the decomposition is worth its price. */
export function suitsLu(question: ReachQuestion): boolean {
  return question.largestComponent <= MAX_COMPONENT && question.unsettled.length <= MAX_NODES;
}

/**
 * Symbolic ordering by minimum degree of A + Aᵀ, and partial pivoting only against a tenfold
 * smaller diagonal.
 */
const ORDERING = 1;
const PIVOT_THRESHOLD = 0.1;

/**
 * The probability of reaching a goal from the start as the solution of (I − Q) x = b by sparse LU
 * of mathjs, on the unsettled nodes. mathjs takes a second to load, so it is loaded here and
 * nowhere else.
 */
export async function solveByLu(question: ReachQuestion, weights: Float64Array): Promise<number> {
  if (question.settled !== undefined) return question.settled;
  const { topology, verdicts } = question;
  const nodes = question.unsettled;
  const place = new Map(nodes.map((node, i) => [node, i]));
  const columns: { readonly rows: number[]; readonly values: number[] }[] = nodes.map(() => ({
    rows: [],
    values: [],
  }));
  const right: number[][] = [];
  nodes.forEach((node, i) => {
    const row = new Map<number, number>([[i, 1]]);
    const from = topology.rows[node] as number;
    const to = topology.rows[node + 1] as number;
    let [sum, surely] = [0, 0];
    for (let b = from; b < to; b += 1) sum += weights[b] as number;
    for (let b = from; b < to; b += 1) {
      const target = topology.targets[b] as number;
      if (target === STOP) continue;
      const share = (weights[b] as number) / sum;
      const column = place.get(target);
      if (column !== undefined) row.set(column, (row.get(column) ?? 0) - share);
      else if (verdicts[target] === SURELY) surely += share;
    }
    for (const [column, value] of row) {
      columns[column]?.rows.push(i);
      columns[column]?.values.push(value);
    }
    right.push([surely]);
  });
  const algebra = (await import('mathjs')) as unknown as SparseAlgebra;
  const ptr = [0];
  for (const column of columns) ptr.push((ptr.at(-1) as number) + column.rows.length);
  const matrix = new algebra.SparseMatrix({
    values: columns.flatMap((c) => c.values),
    index: columns.flatMap((c) => c.rows),
    ptr,
    size: [nodes.length, nodes.length],
    datatype: 'number',
  });
  const solution = algebra.lusolve(algebra.slu(matrix, ORDERING, PIVOT_THRESHOLD), right);
  return solution.get([place.get(topology.start) as number, 0]) as number;
}
