import type { Random } from './random.ts';
import type { Topology } from './topology.ts';

/** The prior weight of one of `k` branches. */
export type Prior = (branches: number) => number;

/**
 * Perks' prior: together the branches of a node weigh as much as one observed case. Measured
 * against α = 1 in `docs/risk.md`.
 */
export const PRIOR_PER_BRANCH: Prior = (branches) => 1 / branches;

/**
 * Below this many cases an interval is too often too narrow to be relied on (`docs/risk.md`,
 * coverage).
 */
export const SUFFICIENT_CASES = 200;

/**
 * What is known of the branch probabilities: independently for each node a Dirichlet distribution
 * with the prior weight plus the (possibly fractional) count of each branch. A node that was never
 * seen is described by its prior only.
 */
export class Posterior {
  readonly #topology: Topology;
  readonly #alphas: Float64Array;
  readonly #visits: Float64Array;

  constructor(topology: Topology, counts: Float64Array, prior: Prior = PRIOR_PER_BRANCH) {
    this.#topology = topology;
    this.#alphas = new Float64Array(counts.length);
    this.#visits = new Float64Array(topology.nodes);
    for (let node = 0; node < topology.nodes; node += 1) {
      const from = topology.rows[node] as number;
      const to = topology.rows[node + 1] as number;
      for (let b = from; b < to; b += 1) {
        this.#alphas[b] = prior(to - from) + (counts[b] as number);
        this.#visits[node] = (this.#visits[node] as number) + (counts[b] as number);
      }
    }
  }

  branches(node: number): number {
    return (this.#topology.rows[node + 1] as number) - (this.#topology.rows[node] as number);
  }

  /** How often cases left the node by a counted branch, the stop included. */
  visits(node: number): number {
    return this.#visits[node] as number;
  }

  /** A node at which something has to be learned, and nothing was seen. */
  isPriorOnly(node: number): boolean {
    return this.branches(node) > 1 && this.visits(node) === 0;
  }

  /**
   * The mean of each branch's probability: its weight, for the row's sum of weights is what the
   * solvers divide by.
   */
  mean(): Float64Array {
    return this.#alphas;
  }

  /**
   * One draw of the probabilities of `nodes` into `into`: gamma values over their sum, taken in
   * logarithms so that the many tiny weights of a wide node do not all become 0. A branch never
   * becomes impossible, however unlikely: which goals can be reached at all is a fact of the model.
   */
  draw(random: Random, nodes: readonly number[], into: Float64Array): void {
    const { rows } = this.#topology;
    for (const node of nodes) {
      const from = rows[node] as number;
      const to = rows[node + 1] as number;
      if (to - from === 1) {
        into[from] = 1;
        continue;
      }
      let largest = -Infinity;
      for (let b = from; b < to; b += 1) {
        const value = random.logGamma(this.#alphas[b] as number);
        into[b] = value;
        if (value > largest) largest = value;
      }
      for (let b = from; b < to; b += 1)
        into[b] = Math.max(Math.exp((into[b] as number) - largest), SMALLEST);
    }
  }
}

const SMALLEST = 1e-280;
