import { SURELY, ReachQuestion } from '../question.ts';
import { affordable, PATIENCE, ULP } from '../solve.ts';
import type { Topology } from '../topology.ts';
import { SUM_SLACK } from './decision.ts';
import type { Aim, ReachBounds, ReachOptions } from './reach.ts';

/**
 * A chain of which each branch's probability is known to lie in an interval, its lower end above 0:
 * so every chain that it may be has the same graph. Each time a node is left, the probabilities may
 * be others.
 */
export interface IntervalChain {
  readonly topology: Topology;
  readonly least: Float64Array;
  readonly most: Float64Array;
}

/**
 * Bounds of the largest, or smallest, probability of reaching a goal over all chains within the
 * intervals: what can be relied on, and what has to be feared (Givan, Leach and Dean,
 * "Bounded-parameter Markov decision processes", AIJ 122, 2000). By optimistic value iteration as
 * for a decision process, with rows filled greedily; as no chain within the intervals stays away
 * from goals and settled nodes for ever, the solution is unique.
 */
export function boundRobust(
  chain: IntervalChain,
  aim: Aim,
  { width, maxSweeps: most }: ReachOptions,
): ReachBounds {
  const question = new ReachQuestion(chain.topology);
  const { settled, topology, verdicts } = question;
  if (settled !== undefined) return { lower: settled, upper: settled, met: true };
  const lower = Float64Array.from(verdicts, (verdict) => (verdict === SURELY ? 1 : 0));
  const upper = lower.slice();
  let met = true;
  for (const component of question.components) {
    let [branches, longest, inherited] = [0, 0, 0];
    const own = new Set(component);
    for (const node of component) {
      const [from, to] = [topology.rows[node] as number, topology.rows[node + 1] as number];
      branches += to - from;
      longest = Math.max(longest, to - from);
      for (const target of topology.targets.subarray(from, to)) {
        const [low, high] = [lower[target] as number, upper[target] as number];
        if (high > 0 && !own.has(target)) inherited = Math.max(inherited, (high - low) / high);
      }
    }
    const slack = (2 * longest + 8) * ULP;
    const maxSweeps = affordable(most, branches);
    let [sweeps, wanted, isMet] = [0, width / 4, false];
    while (!isMet && sweeps < maxSweeps) {
      for (let change = Infinity; change > wanted && sweeps < maxSweeps; sweeps += 1)
        ({ change } = sweepRows(chain, component, aim, lower, -slack));
      for (const node of component)
        upper[node] = Math.min(1, (lower[node] as number) * (1 + inherited + width / 2));
      for (let tries = 0; tries < PATIENCE && !isMet; tries += 1, sweeps += 1)
        isMet = !sweepRows(chain, component, aim, upper, slack).rose;
      wanted /= 8;
    }
    if (!isMet) for (const node of component) upper[node] = 1;
    met &&= isMet;
  }
  const [low, high] = [lower[topology.start] as number, upper[topology.start] as number];
  return { lower: low, upper: high, met: met && high - low <= width * high };
}

/** One sweep; `slack` below 0 rounds down and only climbs. */
function sweepRows(
  { topology: { rows, targets }, least, most }: IntervalChain,
  component: Int32Array,
  aim: Aim,
  values: Float64Array,
  slack: number,
): { readonly change: number; readonly rose: boolean } {
  let [change, rose] = [0, false];
  for (const node of component) {
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    const order = Array.from({ length: to - from }, (_, i) => from + i).sort(
      (a, b) =>
        ((values[targets[b] as number] as number) - (values[targets[a] as number] as number)) *
        (aim === 'max' ? 1 : -1),
    );
    // What the lower ends leave over goes where it helps most; its rounding goes the same way.
    let [rest, value] = [1 + slack, 0];
    for (const b of order) rest -= least[b] as number;
    for (const b of order) {
      const more = Math.max(0, Math.min(rest, (most[b] as number) - (least[b] as number)));
      rest -= more;
      value += ((least[b] as number) + more) * (values[targets[b] as number] as number);
    }
    value = Math.min(1, value * (1 + slack));
    const before = values[node] as number;
    if (slack < 0 && value <= before) continue;
    if (value > before) rose = true;
    if (value > 0) change = Math.max(change, Math.abs(value - before) / value);
    values[node] = value;
  }
  return { change, rose };
}

/** The chain of these `[from, to, least, most]`, or the nodes that no probabilities fit. */
export function intervalsOf(
  nodes: number,
  start: number,
  goals: readonly number[],
  intervals: readonly (readonly [number, number, number, number])[],
): IntervalChain | readonly number[] {
  const sorted = [...intervals].sort((a, b) => a[0] - b[0]);
  const rows = new Int32Array(nodes + 1);
  const [low, high] = [new Float64Array(nodes), new Float64Array(nodes)];
  for (const [from, , least, most] of sorted) {
    rows[from + 1] = (rows[from + 1] as number) + 1;
    low[from] = (low[from] as number) + least;
    high[from] = (high[from] as number) + most;
  }
  const wrong: number[] = [];
  for (let i = 0; i < nodes; i += 1) {
    const fits = (low[i] as number) <= 1 + SUM_SLACK && (high[i] as number) >= 1 - SUM_SLACK;
    if ((rows[i + 1] as number) > 0 && !fits) wrong.push(i);
    rows[i + 1] = (rows[i + 1] as number) + (rows[i] as number);
  }
  if (wrong.length > 0) return wrong;
  const goal = new Uint8Array(nodes);
  for (const node of goals) goal[node] = 1;
  // Within the slack of files, ends are scaled so that they can sum to 1.
  const least = sorted.map(([from, , each]) => each / Math.max(1, low[from] as number));
  const most = sorted.map(([from, , , each]) => each / Math.min(1, high[from] as number));
  return {
    topology: { nodes, start, rows, goal, targets: Int32Array.from(sorted, ([, to]) => to) },
    least: Float64Array.from(least),
    most: Float64Array.from(most),
  };
}
