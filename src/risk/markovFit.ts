import { chiSquareTail } from './distributions.ts';
import type { Topology } from './topology.ts';

/** Whether the next step depends on how the case came to its state, and not on the state alone. */
export interface MarkovFit {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** Absent where no state was come to in two ways often enough. */
  readonly p?: number;
}

/** How often one branch was taken right after another: `before * branches + after` → times. */
export type BranchPairs = ReadonlyMap<number, number>;

/** Cochran's rule: the chi-square approximation wants at least this expected count in a cell. */
const MIN_EXPECTED = 5;

/**
 * The likelihood-ratio test of a first-order chain against one of second order (Anderson and
 * Goodman, "Statistical inference about Markov chains", Annals of Mathematical Statistics 28(1),
 * 1957, section 4): at each of `nodes` the branch taken against the branch that the case came by.
 * Rows and columns with an expected count below 5 are put together with the next rarest.
 */
export function markovFit(
  topology: Topology,
  nodes: readonly number[],
  pairs: BranchPairs,
): MarkovFit {
  const branches = topology.targets.length;
  const tables = new Map<number, Map<number, Map<number, number>>>();
  const wanted = new Set(nodes);
  for (const [key, count] of pairs) {
    const [before, after] = [Math.floor(key / branches), key % branches];
    const node = topology.targets[before] as number;
    if (!wanted.has(node)) continue;
    const table = entry(tables, node, () => new Map<number, Map<number, number>>());
    entry(table, before, () => new Map<number, number>()).set(after, count);
  }
  let [statistic, degreesOfFreedom] = [0, 0];
  for (const table of tables.values()) {
    const columns = [...new Set([...table.values()].flatMap((row) => [...row.keys()]))];
    const full = [...table.values()].map((row) => columns.map((column) => row.get(column) ?? 0));
    const pooled = transposed(poolRows(transposed(poolRows(full))));
    const [rows, across] = [pooled.length, pooled[0]?.length ?? 0];
    if (rows < 2 || across < 2) continue;
    statistic += likelihoodRatio(pooled);
    degreesOfFreedom += (rows - 1) * (across - 1);
  }
  return degreesOfFreedom === 0
    ? { statistic: 0, degreesOfFreedom }
    : { statistic, degreesOfFreedom, p: chiSquareTail(statistic, degreesOfFreedom) };
}

type Table = readonly (readonly number[])[];

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

const total = (row: readonly number[]): number => row.reduce((a, b) => a + b, 0);
const transposed = (table: Table): number[][] =>
  (table[0] ?? []).map((_, column) => table.map((row) => row[column] as number));

/** Adds up the two rarest rows until the rarest cell of each is expected often enough. */
function poolRows(table: Table): number[][] {
  const rows = table.map((row) => [...row]).sort((a, b) => total(a) - total(b));
  const all = rows.reduce((sum, row) => sum + total(row), 0);
  const rarest = Math.min(...transposed(rows).map(total));
  while (rows.length > 1 && (total(rows[0] as number[]) * rarest) / all < MIN_EXPECTED) {
    const [first, second] = rows.splice(0, 2) as [number[], number[]];
    rows.push(first.map((value, i) => value + (second[i] as number)));
    rows.sort((a, b) => total(a) - total(b));
  }
  return rows;
}

function likelihoodRatio(table: Table): number {
  const columns = transposed(table).map(total);
  const all = total(columns);
  let sum = 0;
  for (const row of table) {
    const inRow = total(row);
    row.forEach((count, i) => {
      if (count > 0) sum += 2 * count * Math.log((count * all) / (inRow * (columns[i] as number)));
    });
  }
  return Math.max(0, sum);
}
