import type { Expr } from './expression.ts';
import type { Medium } from './document.ts';
import { ltlAtoms, type Ltl } from './ltl.ts';
import type { IndexSet, Type } from './types.ts';
import type { ImplicitKind, PropertyKind } from './propertyKinds.ts';

/**
 * The one intermediate representation (DESIGN 1): a checked, typed, guarded transition system with
 * named actors, channels, controls and properties. Frontends end in it, by way of a document;
 * engines, risk and monitor start from it.
 */
export interface Model {
  readonly name: string;
  readonly sets: readonly IndexSet[];
  readonly parameters: readonly Parameter[];
  readonly variables: readonly Variable[];
  readonly actors: readonly Actor[];
  readonly channels: readonly Channel[];
  readonly actions: readonly Action[];
  readonly properties: readonly Property[];
  /** Absent means false (SEMANTICS 8). */
  readonly final: Expr | undefined;
  /**
   * Fairness of several actions together: one condition each, for the disjunction of their steps.
   */
  readonly fairness: readonly JointFairness[];
  /** How activities can be passed over (SEMANTICS 18). */
  readonly skips: readonly Skip[];
  readonly abstractions: readonly string[];
  /**
   * What the model leaves out by a bound: nothing that holds of every run is then more than
   * `bounded`.
   */
  readonly bounds: readonly string[];
}

/** A token goes from one of these places to one of those, and nothing else happens. */
export interface Skip {
  readonly activity: string;
  readonly actor: string;
  /** Names of variables that count tokens. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly label?: string;
}

export interface JointFairness {
  readonly strength: 'weak' | 'strong';
  /** Names of actions. */
  readonly actions: readonly string[];
}

/** The actions that some fairness condition speaks of. */
export function fairActions(model: Model): ReadonlySet<string> {
  return new Set([
    ...model.actions.filter((action) => action.fair !== 'none').map((action) => action.name),
    ...model.fairness.flatMap((joint) => joint.actions),
  ]);
}

export interface Parameter {
  readonly name: string;
  readonly type: Type;
}

export interface Variable {
  readonly name: string;
  readonly type: Type;
  readonly init: InitRule;
  readonly sensor?: boolean;
  readonly keptBy?: string;
  /** It counts messages without content: a channel that has its name. */
  readonly messages?: Pick<Channel, 'from' | 'to' | 'medium'> & {
    /** How many an attack is looked at with. */
    readonly capacity?: number;
  };
  readonly label?: string;
  readonly elementId?: string;
}

/**
 * How a variable's cells start (SEMANTICS 5). `each` gives the cells of a map one rule per key of
 * its outermost index set; anything else spreads over all cells, and a choice is made for each cell
 * by itself.
 */
export type InitRule =
  | { readonly kind: 'value'; readonly value: Expr }
  | { readonly kind: 'any' }
  | { readonly kind: 'oneOf'; readonly options: readonly Expr[] }
  | { readonly kind: 'range'; readonly lo: Expr; readonly hi: Expr }
  | { readonly kind: 'each'; readonly rules: readonly InitRule[] };

export interface Actor {
  readonly name: string;
  readonly trust: 'trusted' | 'insider' | 'untrusted';
  readonly recovers?: boolean;
  readonly label?: string;
}

export interface Channel {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly fields: readonly { readonly name: string; readonly type: Type }[];
  readonly medium: Medium;
  readonly order: 'bag' | 'fifo';
  readonly capacity: number;
  /** The capacity is a limit of the search, not of the workflow. */
  readonly unbounded: boolean;
  /** The fields under a signature; nothing where the medium has none. */
  readonly signed?: readonly string[];
  readonly fresh?: readonly string[];
  readonly unguessable?: readonly string[];
}

export interface Action {
  readonly name: string;
  readonly actor: string;
  /** The `for` names, each over a finite scalar type. */
  readonly binders: readonly { readonly name: string; readonly type: Type }[];
  readonly receives: readonly { readonly channel: string; readonly local: string }[];
  readonly when: Expr | undefined;
  readonly controls: readonly Control[];
  readonly assignments: readonly Assignment[];
  readonly sends: readonly Send[];
  readonly fair: 'none' | 'weak' | 'strong';
  readonly perMessage: boolean;
  readonly label?: string;
  readonly elementId?: string;
}

export interface Control {
  readonly name: string;
  readonly condition: Expr;
  /** It keeps the order of steps (SEMANTICS 18). */
  readonly sequence?: boolean;
}

export interface Assignment {
  readonly variable: string;
  readonly keys: readonly Expr[];
  readonly value: Expr;
  /** The type of the assigned cell: its range is checked at every step. */
  readonly type: Type;
}

export interface Send {
  readonly channel: string;
  /** In the order of the channel's fields. */
  readonly values: readonly Expr[];
}

export interface Property {
  readonly name: string;
  /** What to call it: the formula's kind, or a frontend's own name for it (`safe`, `sound`). */
  readonly kind: PropertyKind;
  readonly formula: Formula;
  readonly severityEur?: number;
  readonly references?: readonly string[];
  readonly label?: string;
}

export type Formula =
  | PredicateFormula
  | { readonly kind: 'leadsTo'; readonly from: Expr; readonly to: Expr }
  | {
      readonly kind: 'reachableEach';
      readonly goals: readonly { readonly name: string; readonly expr: Expr }[];
    }
  | { readonly kind: 'all'; readonly of: readonly string[] }
  | { readonly kind: 'ltl'; readonly text: string; readonly formula: Ltl<Expr> }
  | { readonly kind: 'deadlockFree' }
  | { readonly kind: 'implicit'; readonly of: ImplicitKind };

type PredicateKind =
  'always' | 'never' | 'eventually' | 'eventuallyAlways' | 'reachable' | 'recoverable';
export type PredicateFormula = {
  [K in PredicateKind]: { readonly kind: K; readonly expr: Expr };
}[PredicateKind];

export type FormulaKind = Formula['kind'];

/**
 * The state predicates that a property reads: each is judged for definedness at every reachable
 * state (SEMANTICS 4).
 */
export function predicatesOf(formula: Formula): readonly Expr[] {
  switch (formula.kind) {
    case 'leadsTo':
      return [formula.from, formula.to];
    case 'reachableEach':
      return formula.goals.map((goal) => goal.expr);
    case 'ltl':
      return ltlAtoms(formula.formula);
    case 'all':
    case 'deadlockFree':
    case 'implicit':
      return [];
    default:
      return [formula.expr];
  }
}

/**
 * All predicates that are judged at every state: those of the properties, and `final` (SEMANTICS
 * 4).
 */
export function judgedPredicates(model: Model): readonly Expr[] {
  return [
    ...model.properties.flatMap((p) => predicatesOf(p.formula)),
    ...(model.final ? [model.final] : []),
  ];
}
