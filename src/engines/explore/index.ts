import type { Budget, Engine, EngineProgress, EngineResult, Task } from '../../model/engine.ts';
import { isDefinite, type Outcome } from '../../model/outcome.ts';
import { partOf, type Time } from '../../time/time.ts';
import { eagerClusters } from './clusters.ts';
import { Exploration } from './exploration.ts';
import { NEEDS } from './observation.ts';

export { DIGEST_LIMIT, stateSetDigest } from './digest.ts';

/** The version of this engine: part of the evidence, and of every cache key. */
export const EXPLORE_VERSION = '4';

/**
 * Up to this many states a graph is explored whole, whatever could be left out: whole graphs have a
 * digest and shortest traces.
 */
const SMALL = 2_000;
/**
 * Where a part of the graph is not enough, the whole one is only searched for shorter traces, up to
 * so many states.
 */
const SHORTER = 50_000;

/** Ours: breadth first over the exact graph of all valuations, every state kept whole. */
export const explore: Engine = {
  name: 'explore',
  version: () => Promise.resolve(EXPLORE_VERSION),
  refuses: (_task, property) =>
    NEEDS[property.formula.kind] === 'nothing'
      ? `explore does not decide ${property.formula.kind}`
      : undefined,
  run,
};

/**
 * A small graph whole; else a part of it that is enough, where there is one (clusters.ts); else,
 * and for shortest traces of what breaks, the whole. `reduction` says otherwise: `always` the part
 * alone, `never` the whole alone.
 */
async function run(
  task: Task,
  budget: Budget,
  time: Time,
  onProgress: (progress: EngineProgress) => void,
): Promise<EngineResult> {
  const { reduction = 'auto', path } = budget;
  const clusters = reduction === 'never' ? undefined : eagerClusters(task.semantics);
  if (!clusters) return new Exploration(task, { path }).run(budget, time, onProgress);
  if (reduction === 'auto') {
    const small = new Exploration(task, { path });
    const found = await small.run(
      { ...budget, maxStates: Math.min(SMALL, budget.maxStates) },
      time,
      onProgress,
    );
    if (small.complete || small.disagrees || budget.maxStates <= SMALL || time.signal.aborted)
      return found;
  }
  const part = new Exploration(task, { selection: clusters, path });
  const reduced = await part.run(budget, partOf(time, 0.5), onProgress);
  const open = task.properties.filter(
    ({ name }) => reduced.outcomes.get(name)?.outcome !== 'holds',
  );
  if (reduction === 'always' || open.length === 0 || part.disagrees || time.signal.aborted)
    return reduced;
  const maxStates = part.complete ? budget.maxStates : Math.min(SHORTER, budget.maxStates);
  const whole = await new Exploration(task, { path }).run(
    { ...budget, maxStates },
    time,
    onProgress,
  );
  return {
    ...whole,
    outcomes: new Map(
      task.properties.map(({ name }) => [
        name,
        better(whole.outcomes.get(name), reduced.outcomes.get(name)),
      ]),
    ),
  };
}

/**
 * The answer of the whole graph where it has one. Both walk the same graph: where both answer they
 * agree.
 */
function better(whole: Outcome | undefined, reduced: Outcome | undefined): Outcome {
  if (!whole || !reduced) throw new Error('invariant broken: every property was asked');
  return isDefinite(whole) || !isDefinite(reduced) ? whole : reduced;
}
