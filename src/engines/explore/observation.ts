import { isTotal } from '../../encode/definedness.ts';
import { Graph, type ErrorEdge, type GraphOptions } from '../../graph/graph.ts';
import type { Budget, EngineProgress, Task } from '../../model/engine.ts';
import type { Expr } from '../../model/expression.ts';
import { predicatesOf, type FormulaKind } from '../../model/model.ts';
import { ERROR_BIT, type Semantics } from '../../model/semantics.ts';
import { partOf, type Time } from '../../time/time.ts';
import { PumpWatch } from './pumping.ts';
import { VacuityWatch } from './vacuity.ts';
import { StateWatch } from './watch.ts';
import { IMPLICIT_KINDS, type ImplicitKind } from '../../model/propertyKinds.ts';

/** What each property kind needs of the graph. `all` is combined above the engines. */
export const NEEDS: Readonly<Record<FormulaKind, 'states' | 'edges' | 'nothing'>> = {
  always: 'states',
  never: 'states',
  reachable: 'states',
  reachableEach: 'states',
  deadlockFree: 'states',
  implicit: 'states',
  recoverable: 'edges',
  eventually: 'edges',
  eventuallyAlways: 'edges',
  leadsTo: 'edges',
  ltl: 'edges',
  all: 'nothing',
};

/** Where a graph without an end is cut, once that was noticed. */
const ENDLESS_STATES = 30_000;

/** One walk over the graph of a task, and what was seen on the way. */
export class GraphObservation {
  readonly graph: Graph;
  readonly watches: readonly StateWatch[];
  readonly vacuity: VacuityWatch;
  /** The first break of each implicit property by a step. */
  readonly broken = new Map<ImplicitKind, ErrorEdge>();
  /** The first state at which some predicate has no value. */
  undefinedAt: number | undefined;
  /** Valuations in which some path ends in an error, or some predicate has no value. */
  readonly erring = new Set<number>();
  /** The first state that is stuck and not final. */
  deadlock: number | undefined;
  /** False: a state was met that says that too much was left out. The walk ends there. */
  enough = true;
  readonly #task: Task;
  readonly #semantics: Semantics;
  readonly #isEnough: ((state: ArrayLike<number>) => boolean) | undefined;

  constructor(task: Task, options: GraphOptions, isEnough?: (state: ArrayLike<number>) => boolean) {
    this.#task = task;
    this.#isEnough = isEnough;
    this.#semantics = task.semantics;
    this.graph = new Graph(task.semantics, options);
    this.watches = task.properties.flatMap((property) =>
      predicatesOf(property.formula).map(
        (expr) =>
          new StateWatch(property, this.graph.judge(expr), {
            isTotal: isTotal(expr, task.semantics.layout.set),
            keepsValues: NEEDS[property.formula.kind] === 'edges',
          }),
      ),
    );
    this.vacuity = new VacuityWatch(this.graph);
  }

  async walk(
    budget: Budget,
    time: Time,
    onProgress: (progress: EngineProgress) => void,
  ): Promise<void> {
    const keepEdges = this.#task.properties.some((p) => NEEDS[p.formula.kind] === 'edges');
    const { final } = this.#semantics.model;
    const isFinal = final && this.graph.judge(final);
    const others = this.#otherPredicates().map((expr) => this.graph.judge(expr));
    // What is asked of whole runs is answered afterwards, and takes time too.
    const limits = {
      maxStates: budget.maxStates,
      memoryMb: budget.memoryMb,
      time: partOf(time, keepEdges ? 2 / 3 : 1),
      reason: undefined as string | undefined,
    };
    const pumping = new PumpWatch(this.graph);
    const onEndless = (names: readonly string[], index: number): void => {
      if (limits.reason !== undefined || limits.maxStates <= ENDLESS_STATES) return;
      limits.maxStates = Math.max(ENDLESS_STATES, index + 1);
      limits.reason = `${limits.maxStates} states: without end, ${names.map((name) => this.#labelOf(name)).join(', ')} can grow`;
    };
    await this.graph.explore(limits, keepEdges, {
      onState: (index, valuation) => {
        if (this.#isEnough?.(this.graph.row) === false) {
          this.enough = false;
          limits.maxStates = 1;
        }
        const endless = pumping.look(index);
        if (endless) onEndless(endless, index);
        let undefinedHere = isFinal !== undefined && isFinal() === undefined;
        for (const watch of this.watches)
          undefinedHere = watch.look(index, valuation) || undefinedHere;
        for (const other of others) undefinedHere = other() === undefined || undefinedHere;
        if (undefinedHere) {
          this.erring.add(valuation);
          this.undefinedAt ??= index;
        }
        this.vacuity.look();
      },
      onStuck: (index) => {
        if (this.deadlock === undefined && (isFinal ? isFinal() : false) === false)
          this.deadlock = index;
      },
      onError: (edge) => {
        this.erring.add(edge.valuation);
        for (const kind of IMPLICIT_KINDS)
          if ((edge.errors & ERROR_BIT[kind]) !== 0 && !this.broken.has(kind))
            this.broken.set(kind, edge);
      },
      onProgress: (states, depth) => onProgress({ phase: 'exploring', states, depth }),
    });
    for (const start of this.graph.badStarts) this.erring.add(start.valuation);
  }

  /**
   * The predicates of properties that were not asked are judged for definedness all the same
   * (SEMANTICS 4), where they may have no value.
   */
  #otherPredicates(): readonly Expr[] {
    const asked = new Set(this.#task.properties.map((p) => p.name));
    return this.#semantics.model.properties
      .filter((p) => !asked.has(p.name))
      .flatMap((p) => predicatesOf(p.formula))
      .filter((expr) => !isTotal(expr, this.#semantics.layout.set));
  }

  #labelOf(name: string): string {
    const label = this.#semantics.model.variables.find((variable) => variable.name === name)?.label;
    return label === undefined ? name : `${name} (${label})`;
  }
}
