import type { ReadDiagram } from '../frontends/bpmn/index.ts';
import { sampledNames, starts, valuations } from '../model/initial.ts';
import type { State } from '../model/layout.ts';
import { Semantics } from '../model/semantics.ts';
import { typecheck } from '../model/typecheck.ts';
import { partOf, type Time, timeOf } from '../time/time.ts';
import { Onward, type OnwardLimits } from './onward.ts';

/** How many states one sentence is checked on, and for how long all of a diagram may take. */
const MAX_STATES = 20_000;

const MAX_MS = 2_000;

/** The runs of a diagram, looked at where a sentence needs it. */
export class DiagramRuns {
  readonly semantics: Semantics;
  readonly #limits: OnwardLimits;
  readonly #from = new Map<string, Onward | undefined>();
  #all: Onward | undefined | null = null;

  private constructor(semantics: Semantics, time: Time) {
    this.semantics = semantics;
    this.#limits = { maxStates: MAX_STATES, time };
  }

  static of({ document }: ReadDiagram, time: Time = timeOf(MAX_MS)): DiagramRuns | undefined {
    const checked = typecheck(document);
    return checked.ok
      ? new DiagramRuns(new Semantics(checked.value), partOf(time, 1, MAX_MS))
      : undefined;
  }

  /** All that can follow a state; nothing where that is too much. */
  after(state: State): Onward | undefined {
    const key = state.join();
    if (!this.#from.has(key))
      this.#from.set(key, Onward.from(this.semantics, [state], this.#limits));
    return this.#from.get(key);
  }

  /** All states of all runs; nothing where that is too much, or where only samples of them are. */
  get all(): Onward | undefined {
    this.#all ??=
      sampledNames(this.semantics).length > 0
        ? undefined
        : Onward.from(this.semantics, this.#starts(), this.#limits);
    return this.#all;
  }

  *#starts(): Generator<State> {
    for (const valuation of valuations(this.semantics))
      for (const { state, errors } of starts(this.semantics, valuation))
        if (errors === 0) yield state;
  }

  /** Whether one of these variables, each a count, is above zero. */
  holds(names: readonly string[]): (state: State) => boolean {
    const offsets = names.map((name) => this.semantics.layout.cell('variable', name).offset);
    return (state) => offsets.some((offset) => (state[offset] ?? 0) > 0);
  }
}
