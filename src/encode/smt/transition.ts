import type { State } from '../../model/layout.ts';
import type { Expr } from '../../model/expression.ts';
import type { Property } from '../../model/model.ts';
import type { Instance } from '../../model/semantics.ts';
import type { Term } from './terms.ts';

/** One SMT variable of a state. */
export interface SmtVariable {
  readonly name: string;
  readonly sort: 'Int' | 'Bool';
  readonly meaning: SmtMeaning;
}

/** What a variable stands for, in the model's words. */
export type SmtMeaning =
  /**
   * A cell or a field of a message: `status[o1]`, `notice[1].amount`. `values` names the members or
   * elements by their numbers; `held` is the condition that there is such a message.
   */
  | {
      readonly kind: 'cell';
      readonly text: string;
      readonly values?: ReadonlyMap<number, string>;
      readonly held?: Term;
    }
  /** Whether a value is in a set. */
  | { readonly kind: 'member'; readonly text: string }
  /** How many messages there are, of one kind (`carries` has its values) or of all. */
  | { readonly kind: 'count'; readonly text: string; readonly carries?: readonly string[] }
  | { readonly kind: 'error'; readonly of: string };

/** A guard or control, by the name that people know it under. */
export interface NamedGuard {
  readonly name: string;
  readonly term: Term;
}

/**
 * One way to step, as a function of the state before: when it is possible, and the value of every
 * variable after it. The condition is `base` and all `guards`: the guard and the controls stand by
 * themselves, so that it can be asked which of them a proof needs.
 */
export interface TransitionRule {
  readonly label: string;
  readonly condition: Term;
  readonly base: Term;
  readonly guards: readonly NamedGuard[];
  readonly next: readonly Term[];
  readonly by: RuleOrigin;
}

/** What a rule is a step of. */
export interface RuleOrigin {
  readonly instance: Instance;
  /**
   * The messages that it receives, by the numbers of their values; absent where a rule receives
   * whatever lies at a place.
   */
  readonly messages?: readonly number[];
  /**
   * Where each message that it receives lies, whatever the order in which the action names its
   * channels: `redirect 1`.
   */
  readonly takes: readonly string[];
}

/** A model as a symbolic transition system over finitely many integers and booleans. */
export interface SmtSystem {
  readonly variables: readonly SmtVariable[];
  readonly init: Term;
  readonly rules: readonly TransitionRule[];
  /**
   * Where a property is broken (or, for `reachable`, where its goal is), in an error-free state.
   */
  bad(property: Property): Term;
  /**
   * That a rule, by its index, changes something: else it is no step (SEMANTICS 3). Throws
   * `Unencodable`.
   */
  changes(rule: number): Term;
  /**
   * Where an expression is true, and where it is false; without a value it is neither. Throws
   * `Unencodable`.
   */
  truth(expr: Expr): { readonly holds: Term; readonly fails: Term };
  /**
   * What is likely to be invariant, to be tried and never assumed: declared ranges, and channels
   * within their capacity.
   */
  readonly lemmas: readonly Term[];
  /** Whether any implicit property is broken. */
  readonly erring: Term;
  /** The condition that the parameters have these words. */
  valuation(words: readonly number[]): Term;
  /**
   * The condition that a state is exactly this one. Throws `Unencodable` where one row stands for
   * several states of the encoding.
   */
  cube(state: State): Term;
  /**
   * The values of the variables in a state; where one row stands for several states of the encoding
   * (a bag in slots), in one or another of these.
   */
  values(state: State, backwards?: boolean): readonly (number | boolean)[];
  /** The row of a state from its variables' values, and whether it is an error. */
  row(values: readonly (number | boolean)[]): {
    readonly state: State;
    readonly errors: readonly string[];
  };
}
