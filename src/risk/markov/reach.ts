import { componentsInOrder } from '../components.ts';
import { branchesOf, type DecisionProcess } from './decision.ts';
import { affordable, PATIENCE } from '../solve.ts';
import { collapse, endComponents } from './endComponents.ts';

/** Who makes the choices: somebody who wants the goal reached, or somebody who does not. */
export type Aim = 'max' | 'min';

/** Sound bounds of the probability that a goal is reached from the start. */
export interface ReachBounds {
  readonly lower: number;
  readonly upper: number;
  /** The bounds are as near to each other as was asked for. */
  readonly met: boolean;
}

export interface ReachOptions {
  /** Of the bounds, in parts of the upper one. */
  readonly width: number;
  readonly maxSweeps: number;
}

/**
 * The largest, or smallest, probability of reaching a goal. Lower values climb from 0, which is
 * sound for every choice; a guess of upper values is a bound as soon as one sweep takes none of
 * them up (optimistic value iteration: Hartmanns and Kaminski, CAV 2020), component after
 * component. For the largest probability end components are collapsed first, for the smallest one
 * nodes that can avoid the goal for ever are 0: else a value could hold itself up.
 */
export function boundReachability(
  process: DecisionProcess,
  aim: Aim,
  options: ReachOptions,
): ReachBounds {
  const solved = aim === 'max' ? collapse(process, endComponents(process)) : process;
  const never = aim === 'max' ? cannotReach(solved) : canAvoid(solved);
  const [lower, upper] = [new Float64Array(solved.nodes), new Float64Array(solved.nodes)];
  for (let node = 0; node < solved.nodes; node += 1)
    lower[node] = upper[node] = solved.goal[node] as number;
  let met = true;
  const rows = Int32Array.from({ length: solved.nodes + 1 }, (_, node) =>
    node === 0 ? 0 : branchesOf(solved, node - 1)[1],
  );
  const open = (node: number): boolean => solved.goal[node] === 0 && never[node] === 0;
  for (const component of componentsInOrder({ ...solved, rows }, open))
    met = settle(solved, component, aim, lower, upper, options) && met;
  return { lower: lower[solved.start] as number, upper: upper[solved.start] as number, met };
}

/** Nodes from which no choices lead to a goal. */
function cannotReach(process: DecisionProcess): Uint8Array {
  return backwards(process, () => true);
}

/** Nodes from which some choices avoid the goals for ever. */
function canAvoid(process: DecisionProcess): Uint8Array {
  const { choices, rows, targets } = process;
  return backwards(process, (node, found) => {
    for (let c = choices[node] as number; c < (choices[node + 1] as number); c += 1) {
      let leads = false;
      for (let b = rows[c] as number; b < (rows[c + 1] as number); b += 1)
        leads ||= found[targets[b] as number] === 1;
      if (!leads) return false;
    }
    return true;
  });
}

/** 1 for the nodes that are not found from the goals back, where `joins` says who is found. */
const backwards = (
  process: DecisionProcess,
  joins: (node: number, found: Uint8Array) => boolean,
): Uint8Array => joinedBackwards(process, joins).map((one) => 1 - one);

/** 1 for the goals, and the nodes that `joins` finds from them back. */
export function joinedBackwards(
  process: DecisionProcess,
  joins: (node: number, found: Uint8Array) => boolean,
): Uint8Array {
  const { nodes, targets, goal } = process;
  const starts = new Int32Array(nodes + 1);
  for (const target of targets) starts[target + 1] = (starts[target + 1] as number) + 1;
  for (let i = 0; i < nodes; i += 1)
    starts[i + 1] = (starts[i + 1] as number) + (starts[i] as number);
  const next = starts.slice();
  const sources = new Int32Array(targets.length);
  for (let node = 0; node < nodes; node += 1) {
    const [from, to] = branchesOf(process, node);
    for (let b = from; b < to; b += 1) {
      const target = targets[b] as number;
      sources[next[target] as number] = node;
      next[target] = (next[target] as number) + 1;
    }
  }
  const found = goal.slice();
  const work = [...goal.keys()].filter((node) => goal[node] === 1);
  for (let node = work.pop(); node !== undefined; node = work.pop())
    for (let i = starts[node] as number; i < (starts[node + 1] as number); i += 1) {
      const source = sources[i] as number;
      if (found[source] === 1 || !joins(source, found)) continue;
      found[source] = 1;
      work.push(source);
    }
  return found;
}

function settle(
  process: DecisionProcess,
  component: Int32Array,
  aim: Aim,
  lower: Float64Array,
  upper: Float64Array,
  { width, maxSweeps: most }: ReachOptions,
): boolean {
  const branches = component.reduce((n, node) => {
    const [from, to] = branchesOf(process, node);
    return n + to - from;
  }, 0);
  const maxSweeps = affordable(most, branches);
  const slack = slackOf(process, component);
  const inherited = inheritedWidth(process, component, lower, upper);
  let [sweeps, wanted] = [0, width / 4];
  while (sweeps < maxSweeps) {
    let change = Infinity;
    for (; change > wanted && sweeps < maxSweeps; sweeps += 1)
      change = sweep(process, component, aim, lower, 1 - slack, true).change;
    for (const node of component)
      upper[node] = Math.min(1, (lower[node] as number) * (1 + inherited + width / 2));
    for (let tries = 0; tries < PATIENCE; tries += 1, sweeps += 1)
      if (!sweep(process, component, aim, upper, 1 + slack, false).rose) return true;
    wanted /= 8;
  }
  for (const node of component) upper[node] = 1;
  return false;
}

function sweep(
  { choices, rows, targets, shares }: DecisionProcess,
  component: Int32Array,
  aim: Aim,
  values: Float64Array,
  rounding: number,
  climbing: boolean,
): { readonly change: number; readonly rose: boolean } {
  let [change, rose] = [0, false];
  for (const node of component) {
    let best = aim === 'max' ? 0 : Infinity;
    for (let c = choices[node] as number; c < (choices[node + 1] as number); c += 1) {
      let [sum, away] = [0, 0];
      for (let b = rows[c] as number; b < (rows[c + 1] as number); b += 1) {
        if (targets[b] === node) continue;
        away += shares[b] as number;
        sum += (shares[b] as number) * (values[targets[b] as number] as number);
      }
      // A choice that only comes back to its node decides nothing.
      if (away === 0) continue;
      const value = sum / away;
      if (aim === 'max' ? value > best : value < best) best = value;
    }
    const before = values[node] as number;
    const value = Math.min(1, best * rounding);
    if (climbing && value <= before) continue;
    if (value > before) rose = true;
    if (value > 0) change = Math.max(change, Math.abs(value - before) / value);
    values[node] = value;
  }
  return { change, rose };
}

function slackOf(process: DecisionProcess, component: Int32Array): number {
  let longest = 0;
  for (const node of component) {
    const [from, to] = branchesOf(process, node);
    longest = Math.max(longest, to - from);
  }
  return (2 * longest + 8) * Number.EPSILON;
}

function inheritedWidth(
  process: DecisionProcess,
  component: Int32Array,
  lower: Float64Array,
  upper: Float64Array,
): number {
  const own = new Set(component);
  let widest = 0;
  for (const node of component) {
    const [from, to] = branchesOf(process, node);
    for (let b = from; b < to; b += 1) {
      const target = process.targets[b] as number;
      const [low, high] = [lower[target] as number, upper[target] as number];
      if (high > 0 && !own.has(target)) widest = Math.max(widest, (high - low) / high);
    }
  }
  return widest;
}
