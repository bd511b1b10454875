import { componentsInOrder } from '../components.ts';
import { affordable, PATIENCE, ULP } from '../solve.ts';
import { branchesOf, isAbsorbing, type DecisionProcess } from './decision.ts';
import { endComponents } from './endComponents.ts';
import { joinedBackwards, type Aim, type ReachOptions } from './reach.ts';

/** Sound bounds of an expected total; null where it is infinite. */
export interface ExpectedBounds {
  readonly lower: number | null;
  readonly upper: number | null;
  readonly met: boolean;
}

/**
 * The largest, or smallest, expected cost until the process is absorbed: in a goal, or in a node
 * that nothing leaves. `costs` of each choice are from 0 on, and above 0 in circles that choices
 * can keep to; without them a choice costs 1, and the total is the expected number of steps.
 *
 * Infinite is decided by the graph: for the largest, where choices can keep the process from being
 * absorbed; for the smallest, where none absorb it almost surely. Elsewhere lower values climb from
 * 0, and a guess of upper values is a bound as soon as one sweep takes none of them up: the totals
 * are the least solution (Puterman, *Markov Decision Processes*, 1994, 7.2 and 7.3; optimistic
 * value iteration: Hartmanns and Kaminski, CAV 2020).
 */
export function boundExpected(
  process: DecisionProcess,
  aim: Aim,
  options: ReachOptions,
  costs: Float64Array = new Float64Array(process.rows.length - 1).fill(1),
): ExpectedBounds {
  const absorbed = Uint8Array.from({ length: process.nodes }, (_, node) =>
    isAbsorbing(process, node) ? 1 : 0,
  );
  const until: DecisionProcess = { ...process, goal: absorbed };
  const finite = aim === 'max' ? surelyAbsorbed(until) : canBeAbsorbed(until);
  if (finite[process.start] === 0) return { lower: null, upper: null, met: true };
  const [lower, upper] = [new Float64Array(process.nodes), new Float64Array(process.nodes)];
  const rows = Int32Array.from({ length: process.nodes + 1 }, (_, node) =>
    node === 0 ? 0 : branchesOf(process, node - 1)[1],
  );
  const totals: Totals = { process: until, finite, costs, aim, lower, upper };
  let met = true;
  for (const component of componentsInOrder(
    { ...until, rows },
    (node) => finite[node] === 1 && absorbed[node] === 0,
  ))
    met = settleTotals(totals, component, options) && met;
  const high = upper[process.start] as number;
  // An upper bound that was not found is none: infinity is no JSON, and would claim too much.
  return { lower: lower[process.start] as number, upper: Number.isFinite(high) ? high : null, met };
}

interface Totals {
  readonly process: DecisionProcess;
  readonly finite: Uint8Array;
  readonly costs: Float64Array;
  readonly aim: Aim;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** 1 for nodes from which no choices keep the process from being absorbed. */
function surelyAbsorbed(until: DecisionProcess): Uint8Array {
  const component = endComponents(until);
  const trapped = component.map((number) => (number < 0 ? 0 : 1));
  // What has been absorbed goes nowhere any more.
  return joinedBackwards(
    { ...until, goal: Uint8Array.from(trapped) },
    (node) => until.goal[node] === 0,
  ).map((found) => 1 - found);
}

/** 1 for nodes from which some choices absorb the process almost surely. */
function canBeAbsorbed(until: DecisionProcess): Uint8Array {
  let kept = new Uint8Array(until.nodes).fill(1);
  for (let size = until.nodes + 1; ;) {
    const inside = kept;
    const found = joinedBackwards(until, (node, reached) =>
      someChoice(until, node, (targets) => {
        let leads = false;
        for (const target of targets) {
          if (inside[target] === 0) return false;
          leads ||= reached[target] === 1;
        }
        return leads;
      }),
    );
    const left = found.reduce((n, one) => n + one, 0);
    if (left === size) return found;
    size = left;
    kept = Uint8Array.from(found);
  }
}

function someChoice(
  { choices, rows, targets }: DecisionProcess,
  node: number,
  holds: (targets: Int32Array) => boolean,
): boolean {
  for (let c = choices[node] as number; c < (choices[node + 1] as number); c += 1)
    if (holds(targets.subarray(rows[c], rows[c + 1]))) return true;
  return false;
}

function settleTotals(
  totals: Totals,
  component: Int32Array,
  { width, maxSweeps: most }: ReachOptions,
): boolean {
  const { process, lower, upper } = totals;
  let [branches, longest] = [0, 0];
  for (const node of component) {
    const [from, to] = branchesOf(process, node);
    branches += to - from;
    longest = Math.max(longest, to - from);
  }
  const maxSweeps = affordable(most, branches);
  const slack = (2 * longest + 12) * ULP;
  const inherited = widthBelow(totals, component);
  let [sweeps, wanted] = [0, width / 4];
  while (sweeps < maxSweeps) {
    let change = Infinity;
    for (; change > wanted && sweeps < maxSweeps; sweeps += 1)
      change = sweepTotals(totals, component, lower, 1 - slack, true).change;
    for (const node of component)
      upper[node] = (lower[node] as number) * (1 + inherited + width / 2);
    for (let tries = 0; tries < PATIENCE; tries += 1, sweeps += 1)
      if (!sweepTotals(totals, component, upper, 1 + slack, false).rose) return true;
    wanted /= 8;
  }
  for (const node of component) upper[node] = Infinity;
  return false;
}

function sweepTotals(
  { process: { choices, rows, targets, shares }, finite, costs, aim }: Totals,
  component: Int32Array,
  values: Float64Array,
  rounding: number,
  climbing: boolean,
): { readonly change: number; readonly rose: boolean } {
  let [change, rose] = [0, false];
  for (const node of component) {
    let best = aim === 'max' ? 0 : Infinity;
    for (let c = choices[node] as number; c < (choices[node + 1] as number); c += 1) {
      let [sum, away, ends] = [costs[c] as number, 0, true];
      for (let b = rows[c] as number; b < (rows[c + 1] as number); b += 1) {
        const target = targets[b] as number;
        if (target === node) continue;
        ends &&= finite[target] === 1;
        away += shares[b] as number;
        sum += (shares[b] as number) * (values[target] as number);
      }
      // A choice that only comes back, or may never end, costs infinitely much: only the
      // smallest total has such, and it does without them.
      if (away === 0 || !ends) continue;
      const value = sum / away;
      if (aim === 'max' ? value > best : value < best) best = value;
    }
    const before = values[node] as number;
    const value = best * rounding;
    if (climbing && value <= before) continue;
    if (value > before) rose = true;
    if (value > 0) change = Math.max(change, Math.abs(value - before) / value);
    values[node] = value;
  }
  return { change, rose };
}

function widthBelow({ process, lower, upper }: Totals, component: Int32Array): number {
  const own = new Set(component);
  let widest = 0;
  for (const node of component) {
    const [from, to] = branchesOf(process, node);
    for (let b = from; b < to; b += 1) {
      const target = process.targets[b] as number;
      const [low, high] = [lower[target] as number, upper[target] as number];
      if (low > 0 && !own.has(target)) widest = Math.max(widest, (high - low) / low);
    }
  }
  return widest;
}
