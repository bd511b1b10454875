import { align, type Alignment } from './align.ts';
import type { StateChain } from './chain.ts';
import { DirectSolver } from './direct.ts';
import { Posterior } from './posterior.ts';
import { halfALostCase } from './prior.ts';
import { ReachQuestion } from './question.ts';
import { STOP, type Topology } from './topology.ts';
import type { EventLog } from '../eventLog/log.ts';

/** What the log says of one valuation of the parameters. */
export interface Learned {
  readonly chain: StateChain;
  readonly alignment: Alignment;
  readonly question: ReachQuestion;
  readonly solver: DirectSolver;
  /** What one imaginary case would count for. */
  readonly prior: Float64Array;
  readonly posterior: Posterior;
  /** At the mean rates; `undefined` where the equations were not solved to the end. */
  readonly atMeanRates: number | undefined;
}

export interface LearnOptions {
  /** How many imaginary cases the prior is: 1, but for measurements of the prior itself. */
  readonly priorTimes?: number;
  /** Entries that the factors of one component may have, before it is iterated instead. */
  readonly maxFactors?: number;
  /** Actions that need no events (gateways), where the log never names them. */
  readonly quiet?: ReadonlySet<string>;
}

export function learn(chain: StateChain, log: EventLog, options: LearnOptions = {}): Learned {
  const question = new ReachQuestion(chain.topology);
  const alignment = align(chain, log, question.verdicts, options.quiet);
  const prior = halfALostCase(question, groupsOf(chain));
  const posterior = new Posterior(chain.topology, alignment.evidence, prior, options.priorTimes);
  const solver = new DirectSolver(question, options.maxFactors);
  return {
    chain,
    alignment,
    question,
    solver,
    prior,
    posterior,
    atMeanRates: probabilityAt(question, solver, posterior.mean()),
  };
}

/** Branches of one action are one group, whatever its bindings and successors are. */
export function groupsOf({ instances, graph, topology }: StateChain): Int32Array {
  const numbers = new Map(graph.semantics.model.actions.map(({ name }, i) => [name, i]));
  const [starts, stop] = [numbers.size, numbers.size + 1];
  return Int32Array.from(instances, (instance, b) =>
    instance
      ? (numbers.get(instance.action.name) as number)
      : topology.targets[b] === STOP
        ? stop
        : starts,
  );
}

/** The probability from the start; `undefined` where it was not solved to the end. */
export function probabilityAt(
  question: ReachQuestion,
  solver: DirectSolver,
  weights: Float64Array,
): number | undefined {
  if (question.settled !== undefined) return question.settled;
  const values = new Float64Array(question.topology.nodes);
  return solver.solve(weights, values)
    ? Math.min(1, values[question.topology.start] as number)
    : undefined;
}

/**
 * How much of the answer is prior: 2 · |m(1) − m(½)| ÷ m(1), with m(w) the probability at the mean
 * rates when every prior weight is w times what it is.
 */
export function priorShare(learned: Learned): number {
  const { chain, alignment, question, solver, prior, atMeanRates } = learned;
  if (question.settled !== undefined) return 0;
  const half = new Posterior(chain.topology, alignment.evidence, prior, 0.5);
  const other = probabilityAt(question, solver, half.mean());
  return other === undefined || !atMeanRates
    ? 1
    : Math.min(1, (2 * Math.abs(atMeanRates - other)) / atMeanRates);
}

/**
 * The probability, at the mean rates, that a case comes through a branching at which nothing was
 * ever seen before it is settled whether it is lost.
 */
export function throughUnseen({ posterior, question }: Learned): number {
  const { topology, verdicts } = question;
  if (question.settled !== undefined) return 0;
  const inside = new Set(question.unsettled);
  const goal = Uint8Array.from({ length: topology.nodes }, (_, node) =>
    inside.has(node) && posterior.isPriorOnly(node) ? 1 : 0,
  );
  const targets = topology.targets.map((target) =>
    target !== STOP && verdicts[target] === verdicts[topology.start] ? target : STOP,
  );
  const unseen: Topology = { ...topology, goal, targets };
  const asked = new ReachQuestion(unseen);
  return probabilityAt(asked, new DirectSolver(asked), posterior.mean()) ?? 1;
}
