import type { Graph, GraphOptions } from '../../graph/graph.ts';
import type { Disagreement } from '../../graph/walker.ts';
import type { Budget, EngineProgress, EngineResult, Task } from '../../model/engine.ts';
import type { Evidence, Outcome } from '../../model/outcome.ts';
import type { Time } from '../../time/time.ts';
import { DIGEST_LIMIT, stateSetDigest } from './digest.ts';
import { GraphJudgement } from './judgement.ts';
import { GraphObservation } from './observation.ts';
import type { ReducedBy } from './reduced.ts';

/** Where both are kept, when generated code and the rules of the model differ. */
const DISAGREEMENT = 'explore/disagreement.json';

/**
 * One walk over the graph of a task, or over a smaller one that is enough for some properties, and
 * what they are on it.
 */
export class Exploration {
  readonly #task: Task;
  readonly #graph: Graph;
  readonly #seen: GraphObservation;
  readonly #reduction: ReducedBy | undefined;

  constructor(task: Task, options: GraphOptions = {}, reduction?: ReducedBy) {
    this.#task = task;
    this.#seen = new GraphObservation(
      task,
      { ...options, ...reduction?.graph },
      reduction?.isEnough,
    );
    this.#graph = this.#seen.graph;
    this.#reduction = reduction;
  }

  async run(
    budget: Budget,
    time: Time,
    onProgress: (progress: EngineProgress) => void,
  ): Promise<EngineResult> {
    await this.#seen.walk(budget, time, onProgress);
    const { disagreement, store } = this.#graph;
    if (disagreement) return this.#differs(disagreement);
    const judgement = new GraphJudgement(this.#seen, this.#reduction, this.#evidence(), time);
    return {
      outcomes: new Map(this.#task.properties.map((p) => [p.name, judgement.outcome(p)])),
      artifacts: [],
      states: store.count,
      vacuity: this.#seen.vacuity.report(this.#graph),
    };
  }

  get complete(): boolean {
    return this.#graph.complete;
  }

  /** Whether the graph is large enough to say anything at all of the model's. */
  get enough(): boolean {
    return this.#seen.enough;
  }

  /** Whether generated code was found to differ from the rules: no answer rests on it. */
  get disagrees(): boolean {
    return this.#graph.disagreement !== undefined;
  }

  #differs(found: Disagreement): EngineResult {
    const outcome: Outcome = {
      outcome: 'unknown',
      reason: 'disagreement',
      message: `explore's generated code and the rules of the model differ at a state (${DISAGREEMENT})`,
      evidence: this.#evidence(),
    };
    const text = `${JSON.stringify(found, undefined, 2)}\n`;
    return {
      outcomes: new Map(this.#task.properties.map(({ name }) => [name, outcome])),
      artifacts: [{ name: DISAGREEMENT, mediaType: 'application/json', text }],
      states: this.#graph.store.count,
    };
  }

  #evidence(): Evidence {
    const { complete, store, transitions, depth, valuationCount } = this.#graph;
    const counts = { states: store.count, transitions, depth, valuations: valuationCount };
    const facts = { ...counts, ...pathOf(this.#graph) };
    if (this.#reduction) return { ...facts, reduction: this.#reduction.name };
    return complete && store.count <= DIGEST_LIMIT
      ? { ...facts, stateSetDigest: stateSetDigest(this.#graph) }
      : facts;
  }
}

/** How the steps were found, and what that was held to (docs/adr/020-compiled-successors.md). */
function pathOf({ interpretedFor, compared, disagreement }: Graph): Evidence {
  if (interpretedFor !== undefined) return { path: 'interpreted', interpretedFor };
  const translationValidated = compared > 0 && disagreement === undefined;
  return { path: 'compiled', comparedStates: compared, translationValidated };
}
