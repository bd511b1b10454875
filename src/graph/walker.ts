import type { Expr } from '../model/expression.ts';
import type { State } from '../model/layout.ts';
import type { ErrorBits, Instance } from '../model/semantics.ts';
import type { States } from './states.ts';

/** What a predicate says of the state in view; nothing where one of its terms has no value. */
export type StateJudge = () => boolean | undefined;

/** Who is told of the steps of the state in view, in the order of `Semantics.successors`. */
export interface StepListener {
  /** `target` is the number of a state; of a new one its complement (below 0). */
  onStep(target: number, label: number): void;
  onError(label: number, errors: ErrorBits): void;
  /** The label of a step of this instance that takes the messages at these positions. */
  labelOf(instance: Instance, state: ArrayLike<number>, taken: readonly number[]): number;
}

/**
 * The instances whose steps are enough to follow from a state; nothing where all of them are
 * needed.
 */
export type Selection = (state: ArrayLike<number>) => readonly Instance[] | undefined;

/** Where two ways to find the steps of one state differ: both are kept. */
export interface Disagreement {
  readonly state: State;
  readonly generated: readonly string[];
  readonly interpreted: readonly string[];
}

/**
 * A way to find the steps of states and to keep the states: by `semantics` itself, or by code that
 * was generated from it. One state is in view; predicates and steps are its own.
 */
export interface Walker {
  readonly states: States;
  /** Why no code was generated; nothing where it was. */
  readonly interpretedFor: string | undefined;
  /** The row of the state in view; reused. */
  readonly row: ArrayLike<number>;
  view(index: number): void;
  /**
   * Tells of all steps of the state in view, or of those of some instances. Throws `BEYOND` as
   * `semantics` does, and `TooSmall` where rows of this walker cannot hold a successor: `next` then
   * can.
   */
  expand(selected: readonly Instance[] | undefined): void;
  judge(expr: Expr): StateJudge;
  /** A walker with the same states, in the same order, for larger ones. */
  next(): Walker;
}

/** A state does not fit into the rows of a walker. */
export class TooSmall extends Error {}
