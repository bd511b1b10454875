import { ok, type Result } from '../../errors/index.ts';
import { branchCosts } from '../weights.ts';
import type { Loss } from '../explored.ts';
import type { Learned } from '../learned.ts';
import type { Watch } from '../watch.ts';
import { attackersOf, type Attackers } from './attackers.ts';
import type { ProcessRequest } from './processRequest.ts';
import { processAnswer, type ProcessAnswer } from './processAnswer.ts';
import { weightsOfChain } from './stepWeights.ts';

/** Public shape (`risk.schema.json`). */
export interface ProcessFindings extends ProcessAnswer {
  readonly attackers?: Attackers;
}

export function asksForProcess(request: ProcessRequest | undefined): request is ProcessRequest {
  return request !== undefined && Object.values(request).some((asked) => asked !== undefined);
}

/** All of it, at the rates that were learned. */
export async function askProcess(
  learned: Learned,
  loss: Loss,
  request: ProcessRequest,
  { seed, maxStates }: { readonly seed: number; readonly maxStates: number },
  watch: Watch,
): Promise<Result<ProcessFindings>> {
  const { chain, posterior } = learned;
  const { costs, attackers: threats } = request;
  const answer = await processAnswer(
    learned,
    { ...request, costs: costs && branchCosts(chain, costs) },
    seed,
    watch,
  );
  if (threats === undefined) return ok(answer);
  const weights = posterior.mean();
  const attackers = await attackersOf(
    chain,
    loss,
    { threats, weights: weightsOfChain(chain, weights), starts: weights, maxStates },
    watch,
  );
  return attackers.ok ? ok({ ...answer, attackers: attackers.value }) : attackers;
}
