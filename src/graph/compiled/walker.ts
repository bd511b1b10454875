import type { Expr } from '../../model/expression.ts';
import type { Instance, Semantics } from '../../model/semantics.ts';
import { UNDEFINED } from '../../model/evaluate.ts';
import { Interpreted } from '../interpreted.ts';
import type { Symmetry } from '../symmetry/symmetry.ts';
import type { StateJudge, StepListener, Walker } from '../walker.ts';
import { linked, programText, type Program, type ProgramText } from './program.ts';
import { NotCompiled } from './refusal.ts';
import { PackedStates, TOO_SMALL } from './states.ts';

/** How a model's code is made; another one than `programText` is for tests that it is watched. */
export type Generator = typeof programText;

export interface CompiledOptions {
  readonly generate?: Generator | undefined;
  /** States that are each other's exchange are one. */
  readonly symmetry?: Symmetry | undefined;
}

/** Steps by code that was generated from the model: states packed, nothing made per step. */
export class Compiled implements Walker {
  readonly states: PackedStates;
  readonly interpretedFor = undefined;
  readonly row: Int32Array;
  /** By its place among the predicates that were asked for. */
  readonly judges: readonly StateJudge[];
  readonly #semantics: Semantics;
  readonly #predicates: readonly Expr[];
  readonly #generate: Generator;
  readonly #symmetry: Symmetry | undefined;
  readonly #level: number;
  readonly #words: number;
  readonly #program: Program;
  readonly #listener: StepListener;

  /** Throws `NotCompiled`. `level` says how large integers without a range may become. */
  constructor(
    semantics: Semantics,
    predicates: readonly Expr[],
    listener: StepListener,
    { generate = programText, symmetry }: CompiledOptions = {},
    level = 0,
  ) {
    this.#semantics = semantics;
    this.#predicates = predicates;
    this.#listener = listener;
    this.#generate = generate;
    this.#symmetry = symmetry;
    this.#level = level;
    const made = generate(semantics, predicates, level);
    this.states = new PackedStates(made.packing);
    this.#words = made.packing.words;
    this.row = new Int32Array(semantics.layout.width);
    this.#program = this.#link(made);
    this.judges = predicates.map((expr, i) => this.#judgeOf(expr, made.tests[i]));
  }

  #link(made: ProgramText): Program {
    const { layout, instances } = this.#semantics;
    const { states, row } = this;
    const symmetry = this.#symmetry;
    const listener = this.#listener;
    const reached = new Int32Array(this.#words);
    const widest = layout.channels.reduce(
      (most, { messageWidth }) => Math.max(most, messageWidth),
      0,
    );
    return linked(made, {
      S: row,
      P: new Int32Array(this.#words),
      Q: reached,
      T: new Int32Array(layout.width),
      M: new Int32Array(widest),
      N: symmetry
        ? (label) => listener.onStep(states.putRepresentative(reached, symmetry), label)
        : (label) => listener.onStep(states.putPacked(reached), label),
      E: (label, errors) => listener.onError(label, errors),
      C: (index, ...taken) => listener.labelOf(instances[index] as Instance, row, taken),
      U: UNDEFINED,
      Z: TOO_SMALL,
    });
  }

  view(index: number): void {
    this.#program.view(this.states.rows, index * this.#words);
  }

  expand(selected: readonly Instance[] | undefined): void {
    if (!selected) this.#program.expand();
    else for (const { index } of selected) this.#program.steps[index]?.();
  }

  judge(expr: Expr): StateJudge {
    return this.judges[this.#predicates.indexOf(expr)] ?? this.#judgeOf(expr, undefined);
  }

  /** What is not compiled of the predicates is interpreted. */
  #judgeOf(expr: Expr, test: number | undefined): StateJudge {
    const compiled = test === undefined ? undefined : this.#program.tests[test];
    if (compiled) return () => TRUTHS[compiled()];
    const predicate = this.#semantics.predicate(expr);
    return () => predicate(Array.from(this.row));
  }

  next(): Walker {
    const larger = this.#larger();
    for (let index = 0; index < this.states.count; index += 1)
      larger.states.put(this.states.get(index));
    return larger;
  }

  #larger(): Walker {
    try {
      return new Compiled(
        this.#semantics,
        this.#predicates,
        this.#listener,
        { generate: this.#generate, symmetry: this.#symmetry },
        this.#level + 1,
      );
    } catch (error) {
      if (error instanceof NotCompiled)
        return new Interpreted(this.#semantics, this.#listener, error.message, this.#symmetry);
      throw error;
    }
  }
}

const TRUTHS = [false, true, undefined] as const;
