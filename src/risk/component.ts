import type { ReachQuestion, NodeBounds } from './question.ts';
import { STOP } from './topology.ts';

/**
 * One strongly connected component as typed arrays of its own: the branches within it by local
 * numbers, what they lead to outside as one number a node. A branch back to its own node is left
 * out, and the others share its probability.
 */
export interface Component {
  readonly nodes: Int32Array;
  readonly rows: Int32Array;
  readonly targets: Int32Array;
  readonly shares: Float64Array;
  /** Lower and upper value of the way out, times its probability. */
  readonly outLower: Float64Array;
  readonly outUpper: Float64Array;
  /** The widest bounds, in parts of the upper one, of a node that it leads to. */
  readonly inherited: number;
  /** By more than this part a sum over a row can be wrong. */
  readonly slack: number;
}

export function componentOf(
  { topology, componentOf: numbers }: ReachQuestion,
  weights: Float64Array,
  nodes: Int32Array,
  { lower, upper }: NodeBounds,
  places: Int32Array,
): Component {
  const { rows, targets } = topology;
  const own = numbers[nodes[0] as number];
  let [inner, longest] = [0, 0];
  nodes.forEach((node, i) => (places[node] = i));
  for (const node of nodes) {
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    longest = Math.max(longest, to - from);
    for (let b = from; b < to; b += 1) {
      const target = targets[b] as number;
      if (target !== STOP && target !== node && numbers[target] === own) inner += 1;
    }
  }
  const local = {
    nodes,
    rows: new Int32Array(nodes.length + 1),
    targets: new Int32Array(inner),
    shares: new Float64Array(inner),
    outLower: new Float64Array(nodes.length),
    outUpper: new Float64Array(nodes.length),
    inherited: 0,
    slack: (2 * longest + 6) * Number.EPSILON,
  };
  let at = 0;
  for (let i = 0; i < nodes.length; i += 1) {
    const node = nodes[i] as number;
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    let sum = 0;
    for (let b = from; b < to; b += 1) if (targets[b] !== node) sum += weights[b] as number;
    let [low, high] = [0, 0];
    for (let b = from; b < to; b += 1) {
      const target = targets[b] as number;
      if (target === node || target === STOP) continue;
      const share = (weights[b] as number) / sum;
      if (numbers[target] === own) {
        local.targets[at] = places[target] as number;
        local.shares[at] = share;
        at += 1;
        continue;
      }
      const [below, above] = [lower[target] as number, upper[target] as number];
      low += share * below;
      high += share * above;
      if (above > 0) local.inherited = Math.max(local.inherited, (above - below) / above);
    }
    local.rows[i + 1] = at;
    local.outLower[i] = low;
    local.outUpper[i] = high;
  }
  return local;
}

/**
 * One sweep of Gauss and Seidel over `values`, each new value times `rounding`, never below what
 * was there where `climbing`. Returns the largest change in parts of the new value, and whether
 * some value went up, or down.
 */
export function sweepComponent(
  { nodes, rows, targets, shares }: Component,
  out: Float64Array,
  values: Float64Array,
  rounding: number,
  climbing: boolean,
): { readonly change: number; readonly rose: boolean; readonly fell: boolean } {
  let [change, rose, fell] = [0, false, false];
  const size = nodes.length;
  for (let i = 0; i < size; i += 1) {
    let sum = out[i] as number;
    const end = rows[i + 1] as number;
    for (let b = rows[i] as number; b < end; b += 1)
      sum += (shares[b] as number) * (values[targets[b] as number] as number);
    const before = values[i] as number;
    let value = sum * rounding;
    if (value > 1) value = 1;
    if (climbing && value <= before) continue;
    if (value > before) rose = true;
    else if (value < before) fell = true;
    const moved = Math.abs(value - before);
    if (moved > change * value) change = value === 0 ? 0 : moved / value;
    values[i] = value;
  }
  return { change, rose, fell };
}
