import type { Expr } from '../../model/expression.ts';
import { sameState, type ErrorBits, type Instance, type Semantics } from '../../model/semantics.ts';
import type { States } from '../states.ts';
import type { Symmetry } from '../symmetry/symmetry.ts';
import type { Disagreement, StateJudge, StepListener } from '../walker.ts';

/** All states of a graph up to this many are compared, and of a larger one a sample. */
const ALL = 2_000;
/** Beyond, the distance to the next one grows with the graph: a thousand in 10⁷ states. */
const SPARSE = 7;

/** A step as generated code tells it: `target` is a state's number, or absent for an error. */
export interface ToldStep {
  readonly label: number;
  readonly target: number | undefined;
  readonly errors: ErrorBits;
}

/**
 * Holds generated code to `semantics` (SEMANTICS 15): the steps of a state in their order, each
 * with its label and where it leads or what it breaks, and what each predicate says of it.
 */
export class Referee {
  readonly #semantics: Semantics;
  readonly #symmetry: Symmetry | undefined;
  readonly #interpreted: readonly ReturnType<Semantics['predicate']>[];
  /** The number of the next state to compare. */
  #next = 0;
  #last = -1;
  /** How many states were compared, all of which agreed but the last. */
  compared = 0;

  constructor(semantics: Semantics, predicates: readonly Expr[], symmetry?: Symmetry) {
    this.#semantics = semantics;
    this.#symmetry = symmetry;
    this.#interpreted = predicates.map((expr) => semantics.predicate(expr));
  }

  /** Whether it is this state's turn; asked again of the same state, the answer is the same. */
  wants(index: number): boolean {
    if (index < this.#next) return index === this.#last;
    this.#last = index;
    this.#next = index + 1 + (index < ALL ? 0 : index >> SPARSE);
    return true;
  }

  /** What generated code told of a state, and what the judges say, beside what `semantics` says. */
  compare(
    state: readonly number[],
    told: readonly ToldStep[],
    selected: readonly Instance[] | undefined,
    judges: readonly StateJudge[],
    states: States,
    labelOf: StepListener['labelOf'],
  ): Disagreement | undefined {
    this.compared += 1;
    let count = 0;
    let agrees = true;
    const interpreted: string[] = [];
    for (const instance of selected ?? this.#semantics.instances)
      this.#semantics.stepsOf(instance, state, (of, next, errors, taken) => {
        const mine = told[count];
        count += 1;
        const label = labelOf(of, state, taken);
        const reached = next && (this.#symmetry?.representative(next) ?? next);
        agrees &&=
          mine !== undefined &&
          mine.label === label &&
          mine.errors === errors &&
          (reached === undefined) === (mine.target === undefined) &&
          (reached === undefined || sameState(states.get(mine.target as number), reached));
        if (!agrees)
          interpreted.push(reached ? `${label} to ${reached.join()}` : `${label}: ${errors}`);
      });
    const said = judges.map((judge) => String(judge()));
    const meant = this.#interpreted.map((predicate) => String(predicate(state)));
    if (agrees && count === told.length && said.join() === meant.join()) return undefined;
    const generated = told.map(({ label, target, errors }) =>
      target === undefined ? `${label}: ${errors}` : `${label} to ${states.get(target).join()}`,
    );
    return {
      state,
      generated: [...generated, `predicates: ${said.join()}`],
      interpreted: [...interpreted, `predicates: ${meant.join()}`],
    };
  }
}
