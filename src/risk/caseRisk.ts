import type { EventLog, LogCase } from '../eventLog/log.ts';
import type { StateChain } from './chain.ts';
import { quantile } from './distributions.ts';
import { replayCase, type CaseLayer } from './layers.ts';
import type { Learned } from './learned.ts';
import { Matcher, type DeviationReason } from './matcher.ts';
import { Random } from './random.ts';
import { LEVEL } from './request.ts';

/** How likely a running case is lost, given what it did so far. */
export interface CaseForecast {
  /** At the mean rates. */
  readonly risk: number;
  /** 95 % of the draws of the rates lie between. */
  readonly lower: number;
  readonly upper: number;
  /** States that the case may be in. */
  readonly positions: number;
  /** Where the case left the model: what came after it is not known, and the risk is of there. */
  readonly left?: { readonly row: number; readonly reason: DeviationReason };
}

const DRAWS = 200;

/**
 * Risk of running cases from their prefix (DESIGN 4.2): the state that the events so far lead to,
 * by the rates that were learned. Solved once for all states: a case costs its replay alone. Where
 * several paths explain the events, each weighs the same; how long a case has waited in its state
 * is not used. A case that was lost stays lost.
 */
export class CaseRisk {
  readonly #chain: StateChain;
  readonly #matcher: Matcher;
  readonly #atMean: Float64Array;
  readonly #drawn: readonly Float64Array[];

  /** `log`: the one that was learned from, which says which actions are silent. */
  constructor(
    { chain, question, solver, posterior }: Learned,
    log: EventLog,
    quiet: ReadonlySet<string>,
    seed = 1,
  ) {
    this.#chain = chain;
    this.#matcher = new Matcher(chain.graph.semantics, quiet, log);
    const nodes = question.topology.nodes;
    this.#atMean = new Float64Array(nodes);
    solver.solve(posterior.mean(), this.#atMean);
    const random = new Random(seed);
    const weights = new Float64Array(question.topology.targets.length);
    this.#drawn = Array.from({ length: DRAWS }, () => {
      const values = new Float64Array(nodes);
      if (question.settled === undefined) posterior.draw(random, question.unsettled, weights);
      solver.solve(weights, values);
      return values;
    });
  }

  /** The risk of a case with these events so far, in the order of time. */
  of(prefix: LogCase): CaseForecast {
    const { layers, deviation } = replayCase(this.#chain, this.#matcher, prefix);
    const last = layers.at(-1) as CaseLayer;
    const total = last.forward.reduce((a, b) => a + b, 0);
    const of = (values: Float64Array): number =>
      last.nodes.reduce((sum, node, i) => {
        const lost = last.clean[i] === true ? (values[node] as number) : 1;
        return sum + ((last.forward[i] as number) / total) * lost;
      }, 0);
    const drawn = this.#drawn.map(of).sort((a, b) => a - b);
    const tail = (1 - LEVEL) / 2;
    return {
      risk: of(this.#atMean),
      lower: quantile(drawn, tail),
      upper: quantile(drawn, 1 - tail),
      positions: last.nodes.length,
      ...(deviation && { left: { row: deviation.row, reason: deviation.reason } }),
    };
  }
}
