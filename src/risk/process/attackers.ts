import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { selectThreats, type NamedThreats } from '../../threats/selection.ts';
import { threatsOf } from '../../threats/operators/index.ts';
import type { Threat } from '../../threats/threat.ts';
import { TooManyValues } from '../../threats/world.ts';
import type { StateChain } from '../chain.ts';
import type { Loss } from '../explored.ts';
import { boundReachability, type ReachBounds } from '../markov/reach.ts';
import type { Watch } from '../watch.ts';
import { attackedProcess, type AttackedProcess, type StepWeights } from './attackedProcess.ts';
import { nodesByState } from './stepWeights.ts';

/** Public shape (`risk.schema.json`): the probability of a loss under attack. */
export interface Attackers {
  readonly threats: readonly string[];
  readonly states: number;
  /** States under attack of which nothing says how likely their steps are. */
  readonly unknownStates: number;
  /** Some step under attack breaks an implicit property; the case is taken to end there. */
  readonly errs: boolean;
  /** By who wants the loss most, and in unknown states with the worst of all behaviours. */
  readonly worst: ReachBounds;
  /** By who wants it least, and in unknown states with the best. */
  readonly best: ReachBounds;
}

interface AttackOptions {
  readonly threats: NamedThreats;
  readonly weights: StepWeights;
  /** The weight of each branch of the chain: those before the starts are read. */
  readonly starts: Float64Array;
  readonly maxStates: number;
}

/** The decision process of a chain's model under the named threats. */
export async function processUnderAttack(
  chain: StateChain,
  loss: Loss,
  { threats, weights, starts, maxStates }: AttackOptions,
  watch: Watch,
): Promise<Result<AttackedProcess & { readonly threats: readonly Threat[] }>> {
  const { model } = chain.graph.semantics;
  const chosen = selectThreats(threatsOf(model), threats);
  if (!chosen.ok) return chosen;
  const { topology, root } = chain;
  const nodes = nodesByState(chain);
  const startWeights = new Map<number, number>();
  for (let b = topology.rows[root] as number; b < topology.targets.length; b += 1)
    startWeights.set(topology.targets[b] as number, starts[b] as number);
  try {
    const made = await attackedProcess(
      model,
      chosen.value,
      loss,
      {
        maxStates,
        weights,
        startWeight: (base) => startWeights.get(nodes.get(base.join(' ')) ?? -1) ?? 0,
      },
      watch,
    );
    return made.ok ? ok({ ...made.value, threats: chosen.value }) : made;
  } catch (error) {
    if (!(error instanceof TooManyValues)) throw error;
    return bad(problem('THREAT_TOO_LARGE', 'threats', error.message));
  }
}

/** Who attacks makes the choices: the worst and the best that can come of it. */
export async function attackersOf(
  chain: StateChain,
  loss: Loss,
  options: AttackOptions,
  watch: Watch,
): Promise<Result<Attackers>> {
  const made = await processUnderAttack(chain, loss, options, watch);
  if (!made.ok) return made;
  const { process, threats, unknown, errs } = made.value;
  const bounds = (aim: 'max' | 'min'): ReachBounds =>
    boundReachability(process, aim, { width: 1e-7, maxSweeps: 200_000 });
  return ok({
    threats: threats.map(({ id }) => id),
    states: process.nodes - 2,
    unknownStates: unknown,
    errs,
    worst: bounds('max'),
    best: bounds('min'),
  });
}
