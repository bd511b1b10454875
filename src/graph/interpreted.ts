import type { Expr } from '../model/expression.ts';
import type { State } from '../model/layout.ts';
import type { Instance, Semantics, StepSink } from '../model/semantics.ts';
import type { Type } from '../model/types.ts';
import { invariant } from '../errors/index.ts';
import { StateStore } from './stateStore.ts';
import type { States } from './states.ts';
import type { Symmetry } from './symmetry/symmetry.ts';
import type { StateJudge, StepListener, Walker } from './walker.ts';

/** Steps by `semantics` itself: slower, and for every model. */
export class Interpreted implements Walker {
  readonly states: States;
  readonly interpretedFor: string;
  readonly #semantics: Semantics;
  readonly #listener: StepListener;
  readonly #symmetry: Symmetry | undefined;
  row: State = [];

  constructor(
    semantics: Semantics,
    listener: StepListener,
    interpretedFor: string,
    symmetry?: Symmetry,
  ) {
    this.interpretedFor = interpretedFor;
    this.#symmetry = symmetry;
    this.#semantics = semantics;
    this.#listener = listener;
    this.states = new StateStore(semantics.layout.width, needsWideRows(semantics));
  }

  view(index: number): void {
    this.row = this.states.get(index);
  }

  expand(selected: readonly Instance[] | undefined): void {
    const { row } = this;
    const listener = this.#listener;
    const symmetry = this.#symmetry;
    const sink: StepSink = (instance, next, errors, taken) => {
      const label = listener.labelOf(instance, row, taken);
      if (next)
        listener.onStep(this.states.put(symmetry ? symmetry.representative(next) : next), label);
      else listener.onError(label, errors);
    };
    if (selected) for (const instance of selected) this.#semantics.stepsOf(instance, row, sink);
    else this.#semantics.successors(row, sink);
  }

  judge(expr: Expr): StateJudge {
    const predicate = this.#semantics.predicate(expr);
    return () => predicate(this.row);
  }

  next(): Walker {
    return invariant(false, 'the rows of the interpreted walker hold every number') as never;
  }
}

const MAX_INT32 = 2 ** 31 - 1;

/** Rows of 32-bit words suffice unless an integer may be larger. */
function needsWideRows(semantics: Semantics): boolean {
  const { parameters, variables, channels } = semantics.layout;
  const types: Type[] = [...parameters, ...variables]
    .map((b) => b.type)
    .concat(channels.flatMap((c) => c.fields.map((f) => f.type)));
  return types.some(
    (t) =>
      t.kind === 'int' &&
      (t.lo === undefined || t.hi === undefined || t.lo < -MAX_INT32 || t.hi > MAX_INT32),
  );
}
