import type { Topology } from './topology.ts';

/** The likelihood-ratio test of "both halves of the history have the same branch probabilities". */
export interface Drift {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** Absent when no node was left often enough in both halves. */
  readonly p?: number;
}

/** Below this p the halves are called different; a stationary interval is then too narrow. */
export const DRIFT_LEVEL = 0.01;

/**
 * Cochran's rule: the chi-square approximation wants at least this expected count in every cell.
 */
const MIN_EXPECTED = 5;

/**
 * G = 2 Σ O ln(O / E) over the 2 × k tables (half × branch) of all nodes, against chi-square
 * (Anderson and Goodman, "Statistical inference about Markov chains", Annals of Mathematical
 * Statistics 28(1), 1957: the test of stationarity). Rare branches of a node are pooled until every
 * expected count is 5; a node where that leaves one branch says nothing and is left out.
 */
export function driftTest(
  topology: Topology,
  [earlier, later]: readonly [Float64Array, Float64Array],
): Drift {
  let statistic = 0;
  let degreesOfFreedom = 0;
  for (let node = 0; node < topology.nodes; node += 1) {
    const cells: [number, number][] = [];
    for (let b = topology.rows[node] as number; b < (topology.rows[node + 1] as number); b += 1)
      cells.push([earlier[b] as number, later[b] as number]);
    const table = pooled(cells);
    if (table.length < 2) continue;
    degreesOfFreedom += table.length - 1;
    statistic += likelihoodRatio(table);
  }
  return degreesOfFreedom === 0
    ? { statistic: 0, degreesOfFreedom }
    : { statistic, degreesOfFreedom, p: chiSquareTail(statistic, degreesOfFreedom) };
}

type Table = readonly (readonly [earlier: number, later: number])[];

function sums(table: Table): readonly [number, number] {
  return [table.reduce((n, [a]) => n + a, 0), table.reduce((n, [, b]) => n + b, 0)];
}

/**
 * Merges the two rarest branches until each is expected often enough in the half that has fewer
 * visits.
 */
function pooled(cells: readonly [number, number][]): Table {
  const [a, b] = sums(cells);
  const smallerShare = Math.min(a, b) / (a + b);
  const table = cells.filter(([x, y]) => x + y > 0).sort((s, t) => s[0] + s[1] - t[0] - t[1]);
  while (
    table.length > 1 &&
    ((table[0] as [number, number])[0] + (table[0] as [number, number])[1]) * smallerShare <
      MIN_EXPECTED
  ) {
    const [first, second] = table.splice(0, 2) as [[number, number], [number, number]];
    table.push([first[0] + second[0], first[1] + second[1]]);
    table.sort((s, t) => s[0] + s[1] - t[0] - t[1]);
  }
  return table;
}

function likelihoodRatio(table: Table): number {
  const [a, b] = sums(table);
  const term = (observed: number, expected: number): number =>
    observed === 0 ? 0 : 2 * observed * Math.log(observed / expected);
  return Math.max(
    0,
    table.reduce(
      (g, [x, y]) => g + term(x, ((x + y) * a) / (a + b)) + term(y, ((x + y) * b) / (a + b)),
      0,
    ),
  );
}

/** P(chi-square with `degrees` ≥ x) = Q(degrees / 2, x / 2). */
export function chiSquareTail(x: number, degrees: number): number {
  return x <= 0 ? 1 : upperGamma(degrees / 2, x / 2);
}

const MAX_TERMS = 10_000;

/**
 * The regularised upper incomplete gamma function: the series of its complement below a + 1,
 * Legendre's continued fraction by Lentz's method above (DLMF 8.11.4 and 8.9.2; Press et al.,
 * *Numerical Recipes*, section 6.2).
 */
function upperGamma(a: number, x: number): number {
  const factor = Math.exp(a * Math.log(x) - x - logGammaFunction(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < MAX_TERMS && term > sum * Number.EPSILON; n += 1) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - factor * sum);
  }
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < MAX_TERMS; n += 1) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / nonZero(an * d + b, tiny);
    c = nonZero(b + an / c, tiny);
    h *= d * c;
    if (Math.abs(d * c - 1) < Number.EPSILON) break;
  }
  return Math.min(1, factor * h);
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** ln Γ(a) for a > 0: Stirling's series (DLMF 5.11.1) at a + 10, and back by the recurrence. */
function logGammaFunction(a: number): number {
  let shift = 0;
  let z = a;
  for (; z < 10; z += 1) shift += Math.log(z);
  const w = 1 / (z * z);
  const series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
