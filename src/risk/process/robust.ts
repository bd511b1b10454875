import { betaQuantile } from '../distributions.ts';
import type { Learned } from '../learned.ts';
import { boundRobust } from '../markov/intervalChain.ts';
import { LEVEL } from '../request.ts';

/** Bounds that hold whatever the rates are within their intervals. */
export interface RobustBounds {
  readonly lower: number;
  readonly upper: number;
  /** That all rates lie within their intervals at once, by the posterior. */
  readonly level: number;
  /** So many intervals there are. */
  readonly branches: number;
}

/** An interval chain needs each branch to be possible. */
const LEAST = 1e-12;

/**
 * The least and the largest probability of a loss over all chains whose branch probabilities lie
 * within intervals that hold all of them at once with 95 % (Bonferroni, over the branches that
 * matter), even if they change each time a state is left. Wider than the posterior interval, which
 * believes that errors of different branches seldom add up.
 */
export function robustBounds({ question, posterior, chain }: Learned): RobustBounds {
  const { topology, unsettled, settled } = question;
  if (settled !== undefined) return { lower: settled, upper: settled, level: LEVEL, branches: 0 };
  const { rows, targets } = topology;
  const uncertain = unsettled.filter((node) => posterior.branches(node) > 1);
  const branches = uncertain.reduce((n, node) => n + posterior.branches(node), 0);
  const tail = (1 - LEVEL) / 2 / Math.max(1, branches);
  const means = posterior.mean();
  const least = new Float64Array(targets.length).fill(1);
  const most = new Float64Array(targets.length).fill(1);
  for (let node = 0; node < chain.topology.nodes; node += 1) {
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    if (to - from < 2) continue;
    const sum = means.subarray(from, to).reduce((a, b) => a + b, 0);
    const weight =
      posterior.visits(node) + posterior.prior.subarray(from, to).reduce((a, b) => a + b, 0);
    for (let b = from; b < to; b += 1) {
      const alpha = ((means[b] as number) / sum) * weight;
      const rest = weight - alpha;
      const isSure = alpha <= 0 || rest <= 0;
      least[b] = isSure ? LEAST : Math.max(LEAST, betaQuantile(tail, alpha, rest));
      most[b] = isSure ? 1 : Math.max(LEAST, betaQuantile(1 - tail, alpha, rest));
    }
  }
  const options = { width: 1e-9, maxSweeps: 200_000 };
  const intervals = { topology, least, most };
  return {
    lower: boundRobust(intervals, 'min', options).lower,
    upper: boundRobust(intervals, 'max', options).upper,
    level: LEVEL,
    branches,
  };
}
