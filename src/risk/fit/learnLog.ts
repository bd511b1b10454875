import { bad, ok, problem, type Result } from '../../errors/index.ts';
import type { Semantics } from '../../model/semantics.ts';
import { align, type Alignment } from '../align.ts';
import { branchText, targetText } from '../branchTable.ts';
import { chainOfValuation, stateText, type StateChain } from '../chain.ts';
import { exploreLosses, type ExploreOptions } from '../explored.ts';
import { Watch } from '../watch.ts';
import { fitnessOf, type Fitness } from './fitness.ts';
import type { EventLog, MappingUse } from '../../eventLog/log.ts';

export interface LearnRequest {
  readonly semantics: Semantics;
  readonly log: EventLog;
  readonly options: ExploreOptions;
  /** Actions that need no events, where the log names none of them. */
  readonly quiet: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** What a log says of a model (public shape of `probity learn --json`). */
export interface LearnedLog {
  readonly v: 1;
  readonly model: string;
  readonly log: {
    readonly digest: string;
    readonly cases: number;
    readonly events: number;
    /** Of an object-centric log: events that relate to no case. */
    readonly unrelatedEvents: number;
    /** Where a mapping said which events are which steps: what it made of them. */
    readonly mapping?: MappingUse;
  };
  /** How the log fits, before anything is learned from it. */
  readonly fitness: Fitness;
  /** The branches of the states that cases came to most, with the share of each. */
  readonly branches: readonly CountedBranch[];
}

export interface CountedBranch {
  readonly state: string;
  readonly branch: string;
  readonly leadsTo: string;
  readonly count: number;
  readonly share: number;
}

const MAX_BRANCHES = 200;

/**
 * How a log fits a model, and how often each branch was taken. With parameters, the valuation under
 * which most cases are runs of the model. Throws `Fault` CANCELLED or TIMEOUT.
 */
export async function learnLog(request: LearnRequest): Promise<Result<LearnedLog>> {
  const { semantics, log, options, quiet, signal } = request;
  const watch = new Watch(signal, options.timeoutMs);
  const explored = await exploreLosses(semantics, { kind: 'none' }, options, signal);
  if (!explored.ok) return explored;
  const { graph, loss } = explored.value;
  let best: { readonly chain: StateChain; readonly alignment: Alignment } | undefined;
  for (let valuation = 0; valuation < graph.valuationCount; valuation += 1) {
    await watch.turn('aligning the log');
    const chain = chainOfValuation(graph, valuation, loss);
    const alignment = align(chain, log, undefined, quiet);
    if (!best || alignment.deviations.length < best.alignment.deviations.length)
      best = { chain, alignment };
  }
  if (!best) return bad(problem('INIT_EMPTY', 'variables', 'the model has no start'));
  const { chain, alignment } = best;
  return ok({
    v: 1,
    model: semantics.model.name,
    log: {
      digest: log.digest,
      cases: log.cases.length,
      events: log.eventCount,
      unrelatedEvents: log.unrelatedEvents,
      ...(log.mapping && { mapping: log.mapping }),
    },
    fitness: await fitnessOf(chain, log, quiet, (reached) => watch.turn(reached)),
    branches: countedBranches(chain, alignment.evidence.counts),
  });
}

function countedBranches(chain: StateChain, counts: Float64Array): CountedBranch[] {
  const { rows, nodes } = chain.topology;
  const found: CountedBranch[] = [];
  const visits = Array.from({ length: nodes }, (_, node) => ({
    node,
    all: counts.subarray(rows[node], rows[node + 1]).reduce((a, b) => a + b, 0),
  }));
  for (const { node, all } of visits.sort((a, b) => b.all - a.all)) {
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    if (all === 0 || to - from < 2) continue;
    if (found.length + to - from > MAX_BRANCHES) break;
    for (let b = from; b < to; b += 1)
      found.push({
        state: stateText(chain, node),
        branch: branchText(chain, b),
        leadsTo: targetText(chain, b),
        count: counts[b] as number,
        share: (counts[b] as number) / all,
      });
  }
  return found;
}
