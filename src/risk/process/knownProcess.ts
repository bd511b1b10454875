import { bad, ok, problem, type Result } from '../../errors/index.ts';
import type { Semantics } from '../../model/semantics.ts';
import type { Value } from '../../model/trace.ts';
import type { NamedThreats } from '../../threats/selection.ts';
import { chainOfValuation, parametersOf, type StateChain } from '../chain.ts';
import { exploreLosses, type ExploreOptions, type Loss } from '../explored.ts';
import { branchWeights } from '../generate.ts';
import { markovBounds, type BoundsOptions, type MarkovBounds } from '../markov/bounds.ts';
import type { DecisionProcess } from '../markov/decision.ts';
import { Watch } from '../watch.ts';
import { numberOf, type Weights } from '../weights.ts';
import { processUnderAttack } from './attackers.ts';
import { processOfChain } from './chainProcess.ts';
import { stepCosts } from './processBuilder.ts';
import { weightsByAction } from './stepWeights.ts';

/** Public shape of `probity markov MODEL`: bounds, and of which process they are. */
export type ModelBounds = MarkovBounds & {
  /** Of several valuations, the one with the largest probability. */
  readonly parameters?: Readonly<Record<string, Value>>;
  readonly threats?: readonly string[];
  /** Some step under attack breaks an implicit property; the case is taken to end there. */
  readonly errs?: boolean;
};

interface KnownRequest {
  readonly semantics: Semantics;
  readonly loss: Loss;
  readonly weights: Weights;
  /** Whose choices an attacker makes; absent, there is none. */
  readonly threats?: NamedThreats | undefined;
  readonly bounds: BoundsOptions;
  readonly limits: ExploreOptions;
  readonly signal: AbortSignal;
}

/**
 * The Markov chain of a model whose steps draw with known weights; under threats the decision
 * process in which an attacker may take a step of a threat wherever there is one. Sound bounds, as
 * for explicit ones.
 */
export async function knownBounds(request: KnownRequest): Promise<Result<ModelBounds>> {
  const { semantics, loss, limits, signal, bounds } = request;
  const explored = await exploreLosses(semantics, loss, limits, signal);
  if (!explored.ok) return explored;
  const { graph, loss: flags } = explored.value;
  const watch = new Watch(signal, limits.timeoutMs);
  let worst: ModelBounds | undefined;
  for (let valuation = 0; valuation < graph.valuationCount; valuation += 1) {
    const chain = chainOfValuation(graph, valuation, flags);
    const made = await processOf(chain, request, watch);
    if (!made.ok) return made;
    const { process, ...about } = made.value;
    const named = {
      ...markovBounds(process, { ...bounds, before: 1 }, stepCosts(process)),
      ...about,
      ...(graph.valuationCount > 1 && { parameters: parametersOf(chain) }),
    };
    if (!worst || most(named) > most(worst)) worst = named;
  }
  return worst ? ok(worst) : bad(problem('INIT_EMPTY', 'variables', 'the model has no start'));
}

interface Made {
  readonly process: DecisionProcess;
  readonly threats?: readonly string[];
  readonly errs?: boolean;
}

async function processOf(
  chain: StateChain,
  { loss, weights, threats, limits }: KnownRequest,
  watch: Watch,
): Promise<Result<Made>> {
  const branches = branchWeights(chain, weights);
  if (!branches.ok) return branches;
  if (threats === undefined) return ok({ process: processOfChain(chain.topology, branches.value) });
  const made = await processUnderAttack(
    chain,
    loss,
    {
      threats,
      starts: branches.value,
      maxStates: limits.maxStates,
      weights: weightsByAction(
        (call, action) => numberOf(weights.weights, call, action, 1),
        weights.stop,
      ),
    },
    watch,
  );
  if (!made.ok) return made;
  const { process, errs, threats: ids } = made.value;
  return ok({ process, errs, threats: ids.map(({ id }) => id) });
}

const most = (bounds: ModelBounds): number =>
  bounds.kind === 'chain' ? bounds.upper : bounds.max.upper;
