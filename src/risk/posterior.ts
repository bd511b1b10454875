import type { Cascade, Stage } from './hazards.ts';
import type { Random } from './random.ts';
import { STOP, type Topology } from './topology.ts';

/** So little that it says nothing, and still keeps a branch possible. */
const LEAST_PRIOR = 1e-9;
const SMALLEST = 1e-280;

/** What a log says of the branches of a chain. */
export interface BranchEvidence {
  /** How often each branch was seen to be taken; fractions where several paths explain a case. */
  readonly counts: Float64Array;
  /** The nodes where some cases were not followed to their end. */
  readonly cascades: ReadonlyMap<number, Cascade>;
}

/**
 * What is known of the branch probabilities: independently for each node a Dirichlet distribution
 * with the prior weight plus the (possibly fractional) count of each branch; at a node with a
 * cascade one such distribution for each stage, the prior in the first. A node that was never seen
 * is described by its prior only.
 */
export class Posterior {
  readonly topology: Topology;
  readonly prior: Float64Array;
  readonly evidence: BranchEvidence;
  readonly #alphas: Float64Array;
  readonly #visits: Float64Array;

  /** `prior`: the weight of each branch, times `times`. A branch back to its own node has none. */
  constructor(topology: Topology, evidence: BranchEvidence, prior: Float64Array, times = 1) {
    this.topology = topology;
    this.evidence = evidence;
    this.prior = new Float64Array(prior.length);
    this.#alphas = new Float64Array(prior.length);
    this.#visits = new Float64Array(topology.nodes);
    for (let node = 0; node < topology.nodes; node += 1) {
      for (let b = topology.rows[node] as number; b < (topology.rows[node + 1] as number); b += 1) {
        const own = topology.targets[b] === node;
        const weight = own ? 0 : Math.max((prior[b] as number) * times, LEAST_PRIOR);
        this.prior[b] = weight;
        this.#alphas[b] = weight + (evidence.counts[b] as number);
        this.#visits[node] = (this.#visits[node] as number) + (evidence.counts[b] as number);
      }
    }
  }

  branches(node: number): number {
    return (this.topology.rows[node + 1] as number) - (this.topology.rows[node] as number);
  }

  /** How often cases left the node by a counted branch, the stop included. */
  visits(node: number): number {
    return this.#visits[node] as number;
  }

  /** A node at which something has to be learned, and nothing was seen. */
  isPriorOnly(node: number): boolean {
    return this.branches(node) > 1 && this.visits(node) === 0;
  }

  /** The mean of each branch's probability, as a weight within its row. */
  mean(): Float64Array {
    const weights = Float64Array.from(this.#alphas);
    for (const [node, cascade] of this.evidence.cascades)
      this.#through(node, cascade, weights, (shape) => shape);
    return weights;
  }

  /**
   * One draw of the probabilities of `nodes` into `into`: gamma values over their sum, taken in
   * logarithms so that the many tiny weights of a wide node do not all become 0. A branch never
   * becomes impossible, however unlikely: which goals can be reached at all is a fact of the model.
   */
  draw(random: Random, nodes: readonly number[], into: Float64Array): void {
    const { rows } = this.topology;
    for (const node of nodes) {
      const [from, to] = [rows[node] as number, rows[node + 1] as number];
      const cascade = this.evidence.cascades.get(node);
      if (to - from === 1) into[from] = 1;
      else if (cascade)
        this.#through(node, cascade, into, (shape) => Math.exp(random.logGamma(shape)));
      else this.#drawRow(random, from, to, into);
    }
  }

  #drawRow(random: Random, from: number, to: number, into: Float64Array): void {
    let largest = -Infinity;
    for (let b = from; b < to; b += 1) {
      const shape = this.#alphas[b] as number;
      const value = shape === 0 ? -Infinity : random.logGamma(shape);
      into[b] = value;
      if (value > largest) largest = value;
    }
    for (let b = from; b < to; b += 1)
      into[b] =
        this.#alphas[b] === 0 ? 0 : Math.max(Math.exp((into[b] as number) - largest), SMALLEST);
  }

  /** The weights of a node's branches stage by stage; `valueOf` makes a weight of each alpha. */
  #through(
    node: number,
    { stages }: Cascade,
    into: Float64Array,
    valueOf: (shape: number) => number,
  ): void {
    const { rows, targets } = this.topology;
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    into.fill(0, from, to);
    let there = 1;
    stages.forEach((stage: Stage, i) => {
      const values = new Float64Array(to - from);
      let sum = 0;
      for (let b = from; b < to; b += 1) {
        const isStop = targets[b] === STOP;
        const shape =
          (stage.left.get(b) ?? 0) + (i === 0 && !isStop ? (this.prior[b] as number) : 0);
        if (shape > 0) sum += values[b - from] = valueOf(shape);
      }
      const staying = stage.stayed > 0 ? valueOf(stage.stayed) : 0;
      sum += staying;
      if (sum === 0) return;
      for (let b = from; b < to; b += 1)
        into[b] = (into[b] as number) + (there * (values[b - from] as number)) / sum;
      there *= staying / sum;
    });
    const last = to - 1;
    if (targets[last] === STOP) into[last] = (into[last] as number) + there;
    for (let b = from; b < to; b += 1)
      if (targets[b] !== node) into[b] = Math.max(into[b] as number, SMALLEST);
  }
}
