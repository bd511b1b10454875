import { planElimination, type Elimination } from './elimination.ts';
import { SURELY, type ReachQuestion } from './question.ts';
import { iterate, SOUND } from './solve.ts';
import { STOP } from './topology.ts';

/** How far two bounds may be from each other, in parts of the upper one, to be one value. */
const ONE_VALUE = 1e-6;

/**
 * Solves (I − Q) x = b for one set of numbers after another. The order of elimination is found
 * once; each solve eliminates without a subtraction (Grassmann, Taksar and Heyman, "Regenerative
 * analysis and steady state distributions for Markov chains", Operations Research 33(5), 1985), so
 * that every value is right to nearly all its digits, however unlikely a way out is. A component
 * whose factors would be too large is iterated from both sides; if the sides do not meet, there is
 * no value.
 */
export class DirectSolver {
  readonly #question: ReachQuestion;
  readonly #plans: readonly (Elimination | undefined)[];
  readonly #upper: Float64Array;
  readonly #factors: Float64Array;
  readonly #work: Float64Array;

  /**
   * `maxFactors`: entries that the factors of a component may have (8 bytes each, and 8 for where).
   */
  constructor(question: ReachQuestion, maxFactors?: number) {
    this.#question = question;
    this.#plans = question.components.map((component) =>
      component.length === 1 ? undefined : planElimination(question, component, maxFactors),
    );
    const most = (of: (plan: Elimination) => number): number =>
      this.#plans.reduce((max, plan) => Math.max(max, plan ? of(plan) : 0), 0);
    this.#factors = new Float64Array(most(({ upper }) => upper.length));
    this.#work = new Float64Array(most(({ order }) => order.length));
    this.#upper = new Float64Array(question.topology.nodes);
  }

  /**
   * Whether no node comes twice in a case: then the mean over the posterior is that at the means.
   */
  get acyclic(): boolean {
    return this.#plans.length === this.#question.unsettled.length;
  }

  /** Multiplications of one solve, roughly. */
  get cost(): number {
    const { components, topology } = this.#question;
    return components.reduce((sum, component, i) => {
      const plan = this.#plans[i];
      const branches = component.reduce(
        (n, node) => n + (topology.rows[node + 1] as number) - (topology.rows[node] as number),
        0,
      );
      return sum + branches + (plan ? plan.cost : component.length === 1 ? 0 : 1_000 * branches);
    }, 0);
  }

  /**
   * The value of every node, into `into`; false where some component was not solved to the end.
   * `rewards`: what a node adds by itself, in units of a row's sum of weights (default nothing):
   * with it, and without goals, expected totals.
   */
  solve(weights: Float64Array, into: Float64Array, rewards?: Float64Array): boolean {
    const { topology, verdicts, components } = this.#question;
    for (let node = 0; node < topology.nodes; node += 1)
      into[node] = verdicts[node] === SURELY && !rewards ? 1 : 0;
    let solved = true;
    components.forEach((component, i) => {
      const plan = this.#plans[i];
      if (component.length === 1) this.#single(component[0] as number, weights, into, rewards);
      else if (plan) this.#eliminate(plan, weights, into, rewards);
      else solved = !rewards && this.#iterated(component, weights, into) && solved;
    });
    return solved;
  }

  #single(
    node: number,
    weights: Float64Array,
    into: Float64Array,
    rewards: Float64Array | undefined,
  ): void {
    const { rows, targets } = this.#question.topology;
    let [value, sum, own] = [0, 0, 0];
    for (let b = rows[node] as number; b < (rows[node + 1] as number); b += 1) {
      const weight = weights[b] as number;
      const target = targets[b] as number;
      if (target === node) own += weight;
      else sum += weight;
      if (target !== node && target !== STOP) value += weight * (into[target] as number);
    }
    if (rewards) value += (rewards[node] as number) * (sum + own);
    into[node] = value / sum;
  }

  /** Row after row: its weights, with the eliminated nodes replaced by where they lead. */
  #eliminate(
    plan: Elimination,
    weights: Float64Array,
    into: Float64Array,
    rewards: Float64Array | undefined,
  ): void {
    const { topology, componentOf } = this.#question;
    const { order, lowerRows, lower, upperRows, upper } = plan;
    const [factors, work] = [this.#factors, this.#work];
    const size = order.length;
    const own = componentOf[order[0] as number];
    const places = this.#placesOf(plan);
    const [exits, values, pivots] = [
      new Float64Array(size),
      new Float64Array(size),
      new Float64Array(size),
    ];
    for (let i = 0; i < size; i += 1) {
      const node = order[i] as number;
      const [from, to] = [upperRows[i] as number, upperRows[i + 1] as number];
      let [exit, value, all] = [0, 0, 0];
      for (let b = topology.rows[node] as number; b < (topology.rows[node + 1] as number); b += 1) {
        const weight = weights[b] as number;
        const target = topology.targets[b] as number;
        all += weight;
        if (target === node) continue;
        if (target !== STOP && componentOf[target] === own) {
          const j = places[target] as number;
          work[j] = (work[j] as number) + weight;
          continue;
        }
        exit += weight;
        if (target !== STOP) value += weight * (into[target] as number);
      }
      if (rewards) value += (rewards[node] as number) * all;
      for (let e = lowerRows[i] as number; e < (lowerRows[i + 1] as number); e += 1) {
        const k = lower[e] as number;
        const weight = work[k] as number;
        work[k] = 0;
        if (weight === 0) continue;
        const factor = weight / (pivots[k] as number);
        for (let u = upperRows[k] as number; u < (upperRows[k + 1] as number); u += 1) {
          const j = upper[u] as number;
          work[j] = (work[j] as number) + factor * (factors[u] as number);
        }
        exit += factor * (exits[k] as number);
        value += factor * (values[k] as number);
      }
      work[i] = 0;
      let pivot = exit;
      for (let u = from; u < to; u += 1) {
        const j = upper[u] as number;
        factors[u] = work[j] as number;
        pivot += work[j] as number;
        work[j] = 0;
      }
      exits[i] = exit;
      values[i] = value;
      pivots[i] = Math.max(pivot, Number.MIN_VALUE);
    }
    for (let i = size - 1; i >= 0; i -= 1) {
      let value = values[i] as number;
      for (let u = upperRows[i] as number; u < (upperRows[i + 1] as number); u += 1)
        value += (factors[u] as number) * (into[order[upper[u] as number] as number] as number);
      into[order[i] as number] = value / (pivots[i] as number);
    }
  }

  readonly #places = new Map<Elimination, Int32Array>();

  #placesOf(plan: Elimination): Int32Array {
    let places = this.#places.get(plan);
    if (!places) {
      places = new Int32Array(this.#question.topology.nodes);
      for (let i = 0; i < plan.order.length; i += 1) places[plan.order[i] as number] = i;
      this.#places.set(plan, places);
    }
    return places;
  }

  #iterated(component: Int32Array, weights: Float64Array, into: Float64Array): boolean {
    const upper = this.#upper;
    upper.set(into);
    iterate(
      this.#question,
      weights,
      component,
      { lower: into, upper },
      { ...SOUND, relativeWidth: ONE_VALUE / 10 },
    );
    let met = true;
    for (const node of component) {
      const [low, high] = [into[node] as number, upper[node] as number];
      met &&= high - low <= ONE_VALUE * high;
      into[node] = (low + high) / 2;
    }
    return met;
  }
}
