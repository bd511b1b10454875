import type { PropertyKind } from './propertyKinds.ts';

/**
 * The native model as a document: what the JSON Schema (`schemas/model.schema.json`) describes,
 * what the frontends produce, and, with its defaults written out, the canonical model whose digest
 * names it. Expressions are FEEL text (`expression/`); types are text such as `map Order to int
 * 0..3`.
 */
export interface ModelDocument {
  readonly probity: 1;
  readonly name: string;
  readonly description?: string;
  readonly sets?: Readonly<Record<string, readonly string[] | number>>;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, VariableDocument>>;
  readonly actors: Readonly<Record<string, ActorDocument>>;
  readonly channels?: Readonly<Record<string, ChannelDocument>>;
  readonly actions: Readonly<Record<string, ActionDocument>>;
  readonly properties?: Readonly<Record<string, PropertyDocument>>;
  readonly final?: Scalar;
  /** By the activity: how it is skipped, where an actor who is not trusted should do it. */
  readonly skips?: Readonly<Record<string, SkipDocument>>;
  /** Fairness of several actions together, beside that of each. */
  readonly fairness?: readonly FairnessDocument[];
  /**
   * What the frontend left out or widened, in words (SEMANTICS 16). Written by frontends, listed in
   * every result.
   */
  readonly abstractions?: readonly string[];
  /**
   * What was looked at only up to a number, in words: nothing that holds of every run is then more
   * than `bounded`.
   */
  readonly bounds?: readonly string[];
}

/** FEEL text, or a YAML scalar that reads the same (`0`, `false`, `null`). */
export type Scalar = string | number | boolean | null;

export type Init = Scalar | readonly Scalar[] | { readonly [key: string]: Init };

export interface VariableDocument {
  readonly type: string;
  readonly init: Init;
  readonly label?: string;
  readonly elementId?: string;
  readonly sensor?: boolean;
  /** The actor who keeps the record: one who is not trusted can change it. */
  readonly keptBy?: string;
  /** It counts the messages without content that are under way on a channel of its name. */
  readonly messages?: MessagesDocument;
}

export type Medium = 'private' | 'public' | 'authenticated' | 'signed';

export interface MessagesDocument {
  readonly from: string;
  readonly to: string;
  /** Public when absent: a diagram draws what goes between companies. */
  readonly medium?: Medium;
}

/** How an activity is passed over by whoever should do it: a token goes on without it. */
export interface SkipDocument {
  readonly actor: string;
  /** Variables that count tokens. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly label?: string;
}

export interface ActorDocument {
  readonly trust?: 'trusted' | 'insider' | 'untrusted';
  /** An outage of this actor ends. */
  readonly recovers?: boolean;
  readonly label?: string;
}

export interface ChannelDocument {
  readonly from: string;
  readonly to: string;
  readonly carries: Readonly<Record<string, string>>;
  readonly medium?: Medium;
  readonly order?: 'bag' | 'fifo';
  readonly capacity?: number;
  /**
   * The workflow's channel has no end; the capacity says how far it is looked at, and a message too
   * many is a bound, no error.
   */
  readonly unbounded?: boolean;
  readonly signed?: readonly string[];
  readonly fresh?: readonly string[];
  readonly unguessable?: readonly string[];
}

export interface ActionDocument {
  readonly actor: string;
  readonly for?: Readonly<Record<string, string>>;
  readonly receive?: Readonly<Record<string, string>>;
  readonly when?: Scalar;
  /**
   * A mapping, or, where the order must survive sorting of keys, a list of mappings: controls are
   * judged in order.
   */
  readonly controls?: ControlDocument | readonly ControlDocument[];
  readonly then?: Readonly<Record<string, Scalar | readonly Scalar[]>>;
  readonly send?: SendDocument | readonly SendDocument[];
  readonly fair?: 'weak' | 'strong';
  readonly perMessage?: boolean;
  readonly label?: string;
  readonly elementId?: string;
}

/** These actions do not all wait for ever: exactly one of the two, by their names. */
export interface FairnessDocument {
  readonly weak?: readonly string[];
  readonly strong?: readonly string[];
}

/** Control name → FEEL text, or the check with what it is for. */
export type ControlDocument = Readonly<Record<string, Scalar | ControlRecord>>;

export interface ControlRecord {
  readonly check: Scalar;
  /** It keeps the order of steps: what takes it away is a skipped step, no bypass. */
  readonly sequence?: boolean;
}

export function isControlRecord(control: Scalar | ControlRecord): control is ControlRecord {
  return typeof control === 'object' && control !== null;
}

/** Channel name → field name → FEEL text. */
export type SendDocument = Readonly<
  Record<string, Readonly<Record<string, Scalar | readonly Scalar[]>>>
>;

/** The kinds of properties that are one predicate. */
export const PREDICATE_KINDS = [
  'always',
  'never',
  'eventually',
  'eventuallyAlways',
  'reachable',
  'recoverable',
] as const;

/** Exactly one of the kinds, and what the property means to the business. */
export interface PropertyDocument {
  readonly always?: Scalar;
  readonly never?: Scalar;
  readonly eventually?: Scalar;
  /** True from some time on, for ever (LTL `<>[]`). */
  readonly eventuallyAlways?: Scalar;
  readonly leadsTo?: { readonly from: Scalar; readonly to: Scalar };
  readonly reachable?: Scalar;
  readonly recoverable?: Scalar;
  readonly deadlockFree?: true | null | Readonly<Record<string, never>>;
  /**
   * Every one of the named goals is reachable (each a name and an expression): `noDeadActivities`
   * of a diagram.
   */
  readonly reachableEach?: Readonly<Record<string, Scalar>>;
  /** The conjunction of other properties of this model, by name: `sound` of a diagram. */
  readonly all?: readonly string[];
  readonly ltl?: string;
  /**
   * The kind to show, where a frontend has a name of its own for it (`safe`, `optionToComplete`,
   * …).
   */
  readonly kind?: PropertyKind;
  readonly label?: string;
  readonly severity?: { readonly eur: number };
  readonly lossGroup?: string;
  readonly references?: readonly string[];
}

/** What a document may give once or as a list, as a list. */
export function asList<T extends object>(given: T | readonly T[] | undefined): readonly T[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}
