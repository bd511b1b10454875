import type { GraphOptions } from '../../graph/graph.ts';
import type { Task } from '../../model/engine.ts';
import type { FormulaKind, Property } from '../../model/model.ts';
import { eagerClusters, type EagerClusters } from './clusters.ts';
import { interchangeable } from './interchangeable.ts';

/** A graph that is smaller than the model's, and says the same of some properties. */
export interface ReducedBy {
  /** What the evidence calls it. */
  readonly name: 'eager' | 'symmetry';
  readonly graph: Pick<GraphOptions, 'selection' | 'symmetry'>;
  /** Up to this many states the model's own graph is explored, whatever could be left out. */
  readonly small: number;
  /** Whether a way to a state is as long as the shortest one in the model's graph. */
  readonly keepsDistances: boolean;
  /** Whether it can answer: where not, the model's graph is asked. */
  decides(property: Property): boolean;
  /** At a state where this is false nothing that was found counts; then `otherwise` is tried. */
  readonly isEnough?: (state: ArrayLike<number>) => boolean;
  readonly otherwise?: ReducedBy;
}

/** Small graphs have a digest, and nothing about them needs to be argued. */
const SMALL = 2_000;
/** As large as a graph with a digest: what a part would save is a moment. */
const DIGESTED = 100_000;

/** Fair runs need to know whose turn it was. */
const FAIR: ReadonlySet<FormulaKind> = new Set(['eventually', 'leadsTo', 'ltl']);

/** How the graph of a task can be made smaller; nothing where it cannot. */
export function reductionOf({ semantics, properties }: Task): ReducedBy | undefined {
  const [first, second] = eagerClusters(semantics);
  if (first) return { ...eager(first), ...(second && { otherwise: eager(second) }) };
  const found = interchangeable(semantics);
  if (!found || !properties.some(found.decides)) return undefined;
  return {
    name: 'symmetry',
    graph: { symmetry: found.symmetry },
    small: DIGESTED,
    keepsDistances: true,
    decides: found.decides,
  };
}

const eager = ({ selection, isEnough }: EagerClusters): ReducedBy => ({
  name: 'eager',
  graph: { selection },
  small: SMALL,
  keepsDistances: false,
  decides: ({ formula }) => !FAIR.has(formula.kind),
  ...(isEnough && { isEnough }),
});
