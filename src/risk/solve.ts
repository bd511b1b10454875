import { SURELY, type Question } from './question.ts';
import { STOP } from './topology.ts';

/**
 * A lower and an upper value for every node that the question depends on, and for the settled ones
 * (0 or 1).
 */
export interface Bounds {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

export interface SolveOptions {
  /**
   * A component is left when upper − lower is this small in relation to upper (beyond what its
   * successors leave open).
   */
  readonly relativeWidth: number;
  /**
   * At most so many sweeps over a component: then its bounds stay as wide as they are, and are as
   * true.
   */
  readonly maxSweeps: number;
}

export const SOUND: SolveOptions = { relativeWidth: 1e-10, maxSweeps: 200_000 };

/** 2^-52: one unit in the last place of 1, twice the error of one rounded operation. */
export const ULP = Number.EPSILON;
const NEGLIGIBLE = 1e-250;

/**
 * The probability of reaching a goal, from below and from above, component by component from the
 * last ones back. A row of numbers is read as weights: what counts is each branch's share of its
 * row's sum.
 *
 * In a component, lower starts at 0 and upper at 1, and both are replaced by what they imply until
 * they meet. Unlike "the last change was small", that is a proof (Haddad and Monmege, "Interval
 * iteration algorithm for MDPs and IMDPs", TCS 735, 2018; Baier, Klein, Leuschner, Parker and
 * Wunderlich, "Ensuring the reliability of your model checker", CAV 2017). Each value is rounded
 * away from the truth by more than the floating-point error of its sum.
 */
export function solve(question: Question, weights: Float64Array, options: SolveOptions): Bounds {
  const { topology, verdicts, components } = question;
  const lower = new Float64Array(topology.nodes);
  const upper = new Float64Array(topology.nodes);
  for (let node = 0; node < topology.nodes; node += 1)
    if (verdicts[node] === SURELY) lower[node] = upper[node] = 1;
  const bounds: Bounds = { lower, upper };
  for (const component of components) {
    if (component.length === 1) single(question, weights, component[0] as number, bounds);
    else iterate(question, weights, component, bounds, options);
  }
  return bounds;
}

/** A node that is a component of its own: x = Σ wᵢxᵢ / Σ wᵢ over the branches that leave it. */
function single(
  { topology }: Question,
  weights: Float64Array,
  node: number,
  { lower, upper }: Bounds,
): void {
  const { rows, targets } = topology;
  let [low, high, sum] = [0, 0, 0];
  const from = rows[node] as number;
  const to = rows[node + 1] as number;
  for (let b = from; b < to; b += 1) {
    const target = targets[b] as number;
    if (target === node) continue;
    const weight = weights[b] as number;
    sum += weight;
    if (target === STOP) continue;
    low += weight * (lower[target] as number);
    high += weight * (upper[target] as number);
  }
  const slack = (2 * (to - from) + 4) * ULP;
  lower[node] = (low / sum) * (1 - slack);
  upper[node] = Math.min(1, (high / sum) * (1 + slack));
}

/** Interval iteration on one component; the bounds of those that it leads to are there. */
export function iterate(
  { topology, componentOf }: Question,
  weights: Float64Array,
  component: Int32Array,
  bounds: Bounds,
  options: SolveOptions,
): void {
  const { rows, targets } = topology;
  const { lower, upper } = bounds;
  const own = componentOf[component[0] as number];
  let inherited = 0;
  for (const node of component) {
    for (let b = rows[node] as number; b < (rows[node + 1] as number); b += 1) {
      const target = targets[b] as number;
      if (target !== STOP && componentOf[target] !== own)
        inherited = Math.max(inherited, relativeWidth(bounds, target));
    }
  }
  for (const node of component) [lower[node], upper[node]] = [0, 1];
  const wanted = inherited + options.relativeWidth;
  for (let sweep = 0; sweep < options.maxSweeps; sweep += 1) {
    let widest = 0;
    let moved = false;
    for (const node of component) {
      const [low, high] = [lower[node] as number, upper[node] as number];
      improve(topology, weights, node, bounds);
      moved ||= lower[node] !== low || upper[node] !== high;
      widest = Math.max(widest, relativeWidth(bounds, node));
    }
    if (widest <= wanted || !moved) return;
  }
}

function relativeWidth({ lower, upper }: Bounds, node: number): number {
  const high = upper[node] as number;
  return high < NEGLIGIBLE ? 0 : (high - (lower[node] as number)) / high;
}

/** One replacement of both values of a node; each can only get better. */
function improve(
  topology: Question['topology'],
  weights: Float64Array,
  node: number,
  { lower, upper }: Bounds,
): void {
  const { rows, targets } = topology;
  let [low, high, sum] = [0, 0, 0];
  const from = rows[node] as number;
  const to = rows[node + 1] as number;
  for (let b = from; b < to; b += 1) {
    const weight = weights[b] as number;
    const target = targets[b] as number;
    sum += weight;
    if (target === STOP) continue;
    low += weight * (lower[target] as number);
    high += weight * (upper[target] as number);
  }
  const slack = (2 * (to - from) + 4) * ULP;
  lower[node] = Math.max(lower[node] as number, (low / sum) * (1 - slack));
  upper[node] = Math.min(upper[node] as number, (high / sum) * (1 + slack));
}
