import type { SmtSystem } from '../../../encode/smt/system.ts';
import type { Term } from '../../../encode/smt/terms.ts';
import type { ValuePath } from '../bmc.ts';
import type { Goal } from '../tactics/tactic.ts';
import type { Switch } from './switches.ts';

/** Which threats break which properties of a system that has all of them, each with a switch. */
export interface AttackQuestion {
  readonly system: SmtSystem;
  readonly switches: readonly Switch[];
  readonly goals: readonly Goal[];
  /** That a run up to here is one of the model: else it may be one that the system adds. */
  readonly exact: Term;
  /**
   * States to learn from in which none of these sets is on as a whole, as values of the system's
   * variables; none of them is believed.
   */
  examples(without: readonly (readonly string[])[]): readonly (readonly (number | boolean)[])[];
  /** The names of those that are known to hold without any threat. */
  readonly safe: ReadonlySet<string>;
  /** The most threats of one set. */
  readonly most: number;
}

/** A set of threats with a shortest path to where it breaks the property. */
export interface SymbolicAttack {
  readonly threats: readonly string[];
  readonly path: ValuePath;
}

/** What was found of one property. */
export interface AttackAnswer {
  /** Minimal sets: no proper part of one breaks the property. */
  readonly attacks: readonly SymbolicAttack[];
  /** No other set breaks it; or none of at most so many threats, -1 for not even the empty one. */
  readonly complete: true | { readonly upTo: number };
  /** Why it is not complete. */
  readonly reason?: string;
}
