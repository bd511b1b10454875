import { accelerated } from './accelerated.ts';
import { componentOf, sweepComponent } from './component.ts';
import { SURELY, type NodeBounds, type ReachQuestion } from './question.ts';
import { STOP } from './topology.ts';

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

/**
 * The probability of reaching a goal, from below and from above, component by component from the
 * last ones back. A row of numbers is read as weights: what counts is each branch's share of its
 * row's sum.
 *
 * Unlike "the last change was small", both bounds are proofs (Haddad and Monmege, "Interval
 * iteration algorithm for MDPs and IMDPs", TCS 735, 2018; Baier, Klein, Leuschner, Parker and
 * Wunderlich,
 * "Ensuring the reliability of your model checker", CAV 2017). Each value is rounded away from the
 * truth by more than the floating-point error of its sum.
 */
export function solve(
  question: ReachQuestion,
  weights: Float64Array,
  options: SolveOptions,
): NodeBounds {
  const { topology, verdicts, components } = question;
  const lower = new Float64Array(topology.nodes);
  const upper = new Float64Array(topology.nodes);
  for (let node = 0; node < topology.nodes; node += 1)
    if (verdicts[node] === SURELY) lower[node] = upper[node] = 1;
  const bounds: NodeBounds = { lower, upper };
  const places = new Int32Array(topology.nodes);
  for (const component of components) {
    if (component.length === 1) single(question, weights, component[0] as number, bounds);
    else iterate(question, weights, component, bounds, options, places);
  }
  return bounds;
}

/** A node that is a component of its own: x = Σ wᵢxᵢ / Σ wᵢ over the branches that leave it. */
function single(
  { topology }: ReachQuestion,
  weights: Float64Array,
  node: number,
  { lower, upper }: NodeBounds,
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

/** Branches that may be looked at for one component: about half a minute. */
const MAX_WORK = 5e9;
const LEAST_SWEEPS = 1_000;

/** So many sweeps over a component of this size, but no more than there is time for. */
export function affordable(maxSweeps: number, branches: number): number {
  return Math.min(maxSweeps, Math.max(LEAST_SWEEPS, Math.floor(MAX_WORK / (branches + 1))));
}

/** After so many sweeps a guess of the upper bound is given up, and a better one is made. */
export const PATIENCE = 30;

/**
 * Bounds of one component; those that it leads to have theirs. Lower values climb from 0; what they
 * come to, and a little more, is the guess of the upper ones. A guess is a bound as soon as one
 * sweep takes none of its values up (Hartmanns and Kaminski, "Optimistic value iteration", CAV
 * 2020); a guess that does not become one is followed by a better one.
 */
export function iterate(
  question: ReachQuestion,
  weights: Float64Array,
  nodes: Int32Array,
  bounds: NodeBounds,
  options: SolveOptions,
  places = new Int32Array(question.topology.nodes),
): void {
  const component = componentOf(question, weights, nodes, bounds, places);
  const near = accelerated(component, options.relativeWidth);
  if (near) {
    nodes.forEach((node, i) => {
      bounds.lower[node] = near.lower[i] as number;
      bounds.upper[node] = near.upper[i] as number;
    });
    return;
  }
  const { outLower, outUpper, slack, inherited } = component;
  const lower = new Float64Array(nodes.length);
  const upper = new Float64Array(nodes.length);
  const width = options.relativeWidth / 2;
  const maxSweeps = affordable(options.maxSweeps, component.targets.length);
  let [sweeps, wanted, met] = [0, width, false];
  while (!met && sweeps < maxSweeps) {
    let change = Infinity;
    for (; change > wanted && sweeps < maxSweeps; sweeps += 1)
      ({ change } = sweepComponent(component, outLower, lower, 1 - slack, true));
    if (change > wanted) break;
    for (let i = 0; i < nodes.length; i += 1)
      upper[i] = Math.min(1, (lower[i] as number) * (1 + inherited + width));
    for (let tries = 0; tries < PATIENCE && !met; tries += 1, sweeps += 1)
      met = !sweepComponent(component, outUpper, upper, 1 + slack, false).rose;
    wanted /= 8;
    if (wanted < ULP && change === 0) break;
  }
  for (let i = 0; i < nodes.length; i += 1) {
    bounds.lower[nodes[i] as number] = lower[i] as number;
    bounds.upper[nodes[i] as number] = met ? (upper[i] as number) : 1;
  }
}
