import type { Budget, Engine, EngineProgress, EngineResult, Task } from '../../model/engine.ts';
import { isDefinite, type Outcome } from '../../model/outcome.ts';
import { partOf, type Time } from '../../time/time.ts';
import { invariant } from '../../errors/index.ts';
import type { Property } from '../../model/model.ts';
import { Exploration } from './exploration.ts';
import { NEEDS } from './observation.ts';
import { reductionOf, type ReducedBy } from './reduced.ts';

export { DIGEST_LIMIT, stateSetDigest } from './digest.ts';

/** The version of this engine: part of the evidence, and of every cache key. */
export const EXPLORE_VERSION = '6';

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
 * A small graph whole; else a smaller one that is enough, where there is one (reduced.ts); else,
 * and for shortest traces of what breaks, the whole. `reduction` says otherwise: `always` the
 * smaller one alone, `never` the whole alone.
 */
async function run(
  task: Task,
  budget: Budget,
  time: Time,
  onProgress: (progress: EngineProgress) => void,
): Promise<EngineResult> {
  const { reduction = 'auto', path } = budget;
  const smaller = reduction === 'never' ? undefined : reductionOf(task);
  if (!smaller) return new Exploration(task, { path }).run(budget, time, onProgress);
  if (reduction === 'auto') {
    if (budget.maxStates <= smaller.small)
      return new Exploration(task, { path }).run(budget, time, onProgress);
    const small = new Exploration(task, { path });
    const found = await small.run(
      { ...budget, maxStates: smaller.small },
      partOf(time, 0.25),
      onProgress,
    );
    if (small.complete || small.disagrees || isStopped(time)) return found;
  }
  let part = new Exploration(task, { path }, smaller);
  let reduced = await part.run(budget, partOf(time, 0.5), onProgress);
  if (!part.enough) {
    const { otherwise } = smaller;
    part = new Exploration(task, { path }, otherwise);
    if (!otherwise) return part.run(budget, time, onProgress);
    reduced = await part.run(budget, partOf(time, 0.5), onProgress);
  }
  const open = task.properties.filter((property) =>
    isOpen(smaller, property, reduced.outcomes.get(property.name)),
  );
  if (reduction === 'always' || open.length === 0 || part.disagrees || isStopped(time))
    return reduced;
  const maxStates =
    part.complete || smaller.keepsDistances
      ? budget.maxStates
      : Math.min(SHORTER, budget.maxStates);
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

const isStopped = (time: Time): boolean => time.signal.aborted;

/** Whether the whole graph is asked as well: for an answer, or for a shorter way to one. */
function isOpen(smaller: ReducedBy, property: Property, found: Outcome | undefined): boolean {
  return smaller.keepsDistances ? !smaller.decides(property) : found?.outcome !== 'holds';
}

/**
 * The answer of the whole graph where it has one. Both walk the same graph: where both answer they
 * agree.
 */
function better(whole: Outcome | undefined, reduced: Outcome | undefined): Outcome {
  invariant(whole && reduced, 'every property was asked');
  return isDefinite(whole) || !isDefinite(reduced) ? whole : reduced;
}
