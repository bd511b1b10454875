import { Graph, type ErrorEdge } from '../../graph/graph.ts';
import type { State } from '../../model/layout.ts';
import type { Property } from '../../model/model.ts';
import type { Time } from '../../time/time.ts';
import { ERROR_BIT, type Semantics } from '../../model/semantics.ts';

/** Up to this many reachable states, they can stand as the invariant themselves. */
const MAX_STATES = 1_500;

/**
 * A shortest way to where a property breaks, or to its goal. With `error`, one more step leads into
 * the error.
 */
export interface Hit {
  readonly states: readonly State[];
  readonly error: boolean;
}

/**
 * The whole graph of a model that has few states. To Z3 it is a hint and nothing more: a set of
 * states counts as an invariant only when it is re-proved, a path counts only when Z3 takes it step
 * by step (docs/adr/005).
 */
export class SmallGraph {
  readonly states: readonly State[];
  /** Whether these are all states; else they are the nearest, and good for examples only. */
  readonly complete: boolean;
  /** Whether no run ends in an error. */
  readonly errorFree: boolean;
  readonly #graph: Graph;
  readonly #semantics: Semantics;
  readonly #errors: readonly ErrorEdge[];
  readonly #stuck: readonly number[];

  private constructor(
    semantics: Semantics,
    graph: Graph,
    errors: readonly ErrorEdge[],
    stuck: readonly number[],
  ) {
    this.#semantics = semantics;
    this.#graph = graph;
    this.#errors = errors;
    this.#stuck = stuck;
    this.complete = graph.complete;
    this.errorFree = errors.length === 0;
    this.states = Array.from({ length: graph.store.count }, (_, i) => graph.store.get(i));
  }

  /** Nothing comes back where some start is already wrong. */
  static async walk(
    semantics: Semantics,
    limits: { readonly memoryMb: number; readonly time: Time },
  ): Promise<SmallGraph | undefined> {
    // So small a graph is walked before code for it would be ready.
    const graph = new Graph(semantics, { path: 'interpreted' });
    const errors: ErrorEdge[] = [];
    const stuck: number[] = [];
    await graph.explore({ ...limits, maxStates: MAX_STATES }, false, {
      onState: () => undefined,
      onStuck: (index) => void stuck.push(index),
      onError: (edge) => void errors.push(edge),
      onProgress: () => undefined,
    });
    return graph.badStarts.length === 0
      ? new SmallGraph(semantics, graph, errors, stuck)
      : undefined;
  }

  /** The states that runs start in, as far as they were met. */
  get initial(): readonly State[] {
    return this.#graph.starts.map((at) => this.states[at] as State);
  }

  /** The nearest hit among the states that belong. */
  hit(property: Property, belongs: (state: State) => boolean): Hit | undefined {
    const { formula } = property;
    if (formula.kind === 'implicit') {
      const edge = this.#errors.find((e) => (e.errors & ERROR_BIT[formula.of]) !== 0);
      return edge && { states: this.#path(edge.source), error: true };
    }
    const index = this.#indexOf(property, belongs);
    return index < 0 ? undefined : { states: this.#path(index), error: false };
  }

  #indexOf(property: Property, belongs: (state: State) => boolean): number {
    const { formula } = property;
    switch (formula.kind) {
      case 'always':
      case 'never':
      case 'reachable': {
        const predicate = this.#semantics.predicate(formula.expr);
        const wanted = formula.kind !== 'always';
        return this.states.findIndex((state) => belongs(state) && predicate(state) === wanted);
      }
      case 'deadlockFree': {
        const { final } = this.#semantics.model;
        const ended = final && this.#semantics.predicate(final);
        return (
          this.#stuck.find((index) => !ended || ended(this.states[index] as State) === false) ?? -1
        );
      }
      default:
        return -1;
    }
  }

  #path(index: number): State[] {
    return this.#graph.pathTo(index).map((i) => this.states[i] as State);
  }
}
