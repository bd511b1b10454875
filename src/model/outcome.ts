import type { Trace } from './trace.ts';
import type { PropertyKind } from './propertyKinds.ts';

/** Why nothing could be said. Never, under any of these, does a property "hold". */
export const UNKNOWN_REASONS = [
  'timeout',
  'memory',
  'crash',
  'cancelled',
  'unavailable',
  'unsupported',
  'unreplayable',
  'disagreement',
] as const;
export type UnknownReason = (typeof UNKNOWN_REASONS)[number];

export const METHODS = ['exhaustive', 'inductive', 'witness'] as const;
export type HoldsMethod = (typeof METHODS)[number];
export const WITNESS_KINDS = ['trace', 'lasso', 'trap', 'exhaustion'] as const;
export type WitnessKind = (typeof WITNESS_KINDS)[number];

/**
 * Facts that let somebody else check an answer: counts, digests, names of artifacts. Plain JSON.
 */
export type Evidence = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * What an engine says of one property (DESIGN 3, SEMANTICS 11). Closed on purpose, and without an
 * `isOk`: whoever reads it must say what a bound or an unknown means to them.
 */
export type Outcome =
  | {
      readonly outcome: 'holds';
      readonly method: HoldsMethod;
      readonly trace?: Trace;
      readonly evidence: Evidence;
    }
  | { readonly outcome: 'bounded'; readonly bound: string; readonly evidence: Evidence }
  | {
      readonly outcome: 'violated';
      readonly witness: WitnessKind;
      readonly trace?: Trace;
      readonly evidence: Evidence;
    }
  | {
      readonly outcome: 'unknown';
      readonly reason: UnknownReason;
      readonly message: string;
      readonly evidence: Evidence;
    };

/** Whether an answer is one: what is bounded or unknown decides nothing. */
export function isDefinite<T extends { readonly outcome: string }>(
  said: T,
): said is T & { readonly outcome: 'holds' | 'violated' } {
  return said.outcome === 'holds' || said.outcome === 'violated';
}

export const OUTCOMES = ['holds', 'bounded', 'violated', 'unknown'] as const;
export type OutcomeKind = Outcome['outcome'];
export type Assurance =
  'replayed' | 'obligationsReproved' | 'crossChecked' | 'translationValidated';

/**
 * Why an engine does not stand behind an answer: it was not asked, it found nothing against it up
 * to a bound, or it does not know.
 */
export const LACK_REASONS = ['notAsked', 'bounded', ...UNKNOWN_REASONS] as const;
export type LackReason = (typeof LACK_REASONS)[number];

/**
 * Whose word a definite answer is: the engines that came to it, each by itself, and why the others
 * did not. Of a conjunction those that stand behind every part.
 */
export interface Agreement {
  readonly engines: readonly string[];
  readonly lacks: readonly { readonly engine: string; readonly reason: LackReason }[];
}

/** One engine's part in an answer. */
export interface EngineReport {
  readonly name: string;
  readonly version: string;
  readonly outcome: OutcomeKind;
  readonly reason?: UnknownReason;
  readonly message?: string;
  readonly states?: number;
  readonly durationMs: number;
}

/**
 * One property's answer, as `check --json` and the API print it. Public shape
 * (`report.schema.json`).
 */
export interface PropertyReport {
  readonly name: string;
  readonly kind: PropertyKind;
  readonly outcome: OutcomeKind;
  readonly method?: HoldsMethod;
  readonly witness?: WitnessKind;
  readonly reason?: UnknownReason;
  readonly bound?: string;
  readonly message?: string;
  readonly severityEur?: number;
  readonly references?: readonly string[];
  readonly assurance: readonly Assurance[];
  readonly threats: readonly string[];
  readonly engines: readonly EngineReport[];
  /** Of a definite answer, where it was asked whose word it is: of what is to be sealed. */
  readonly agreement?: Agreement;
  readonly trace?: Trace;
  readonly evidence?: Evidence;
  /** What its author may have missed: the channel that is full, the action that nothing compels. */
  readonly hint?: string;
  /** Of a diagram: why the property is violated, in words, and the elements to look at first. */
  readonly why?: string;
  readonly elements?: readonly string[];
}

/**
 * What is wrong with a diagram, one word for each kind, the most telling first.
 * - `stuck`: something waits for what never comes. `noWayOut`: it goes on, and never ends.
 * - `crowded`: several tokens on one flow. `endsTwice`: an end event happens more than once.
 * - `messageLeft`: nobody takes it any more. `circle`: a fair run goes round for ever.
 * - `dead`: an activity can never happen. `property`: one of the diagram's author.
 */
export const RULES = [
  'stuck',
  'noWayOut',
  'crowded',
  'endsTwice',
  'messageLeft',
  'circle',
  'dead',
  'property',
] as const;
export type Rule = (typeof RULES)[number];

/** What is wrong with a diagram, once for each cause. */
export interface Finding {
  readonly rule: Rule;
  /** The elements that it comes from; of an author's property its name. */
  readonly root: readonly string[];
  /** A sentence or two, each of them true of the diagram's runs. */
  readonly why: string;
  /** What else follows from it. */
  readonly also: readonly string[];
  /** The elements to look at first, and those that can never happen for it. */
  readonly elements: readonly string[];
  readonly dead: readonly string[];
  /** The violated properties that it breaks. */
  readonly breaks: readonly string[];
  /** A shortest run that shows it; none of what never happens. */
  readonly trace?: Trace;
}

/** A change to a diagram that was verified: what to change, and what then holds. */
export interface SuggestedFix {
  readonly sentence: string;
  /** The number of the finding that it mends, counted from 1. */
  readonly finding: number;
  readonly elements: readonly string[];
  /**
   * The properties that are violated without the change, and hold with it; those that are violated
   * with it as well.
   */
  readonly mends: readonly string[];
  readonly leaves: readonly string[];
}

/** A diagram with changes that were made one after the other, each verified. */
export interface Mended {
  /** What was changed, in sentences. */
  readonly changes: readonly string[];
  /** The properties that are still violated. */
  readonly leaves: readonly string[];
  /** The changed diagram. */
  readonly source: string;
}

/**
 * What every answer of a report rests on (DESIGN 3: "Every result says which fairness, bounds and
 * channel semantics").
 */
export interface Assumptions {
  readonly fairness: readonly string[];
  readonly bounds: readonly string[];
  readonly channels: readonly string[];
  readonly abstractions: readonly string[];
}

/** SEMANTICS 9: a report that never changes an outcome. */
export interface Vacuity {
  readonly neverFires: readonly string[];
  readonly guardNeverTrue: readonly string[];
  readonly premiseNeverTrue: readonly string[];
  readonly survivesEveryMutant: readonly string[];
  /** What the last list rests on; absent where nothing was asked of mutants. */
  readonly mutants?: MutantsTried;
  /** Parameters and variables of a native model that nothing reads. */
  readonly neverRead?: readonly string[];
}

/** How far the mutants of a model were tried. */
export interface MutantsTried {
  readonly of: number;
  readonly tried: number;
  /** The properties that none of those breaks that were tried, where not all were. */
  readonly unbroken: readonly string[];
  /** Why not all were: their graphs are too large, values are only sampled, the time was up. */
  readonly open?: 'size' | 'sampled' | 'time';
}

/**
 * What a solver says to each `check-sat`. Neither is good or bad news: only who wrote the script
 * knows which one was hoped for.
 */
export type ScriptAnswer = 'sat' | 'unsat' | 'unknown';

/**
 * The answers to a script (public shape, `answers.schema.json`). They are the solver's word:
 * opaque, nothing replays them (DESIGN 3).
 */
export interface ScriptReport {
  readonly answers: readonly ScriptAnswer[];
  /** One for each command that prints, in order. */
  readonly results: readonly ScriptResult[];
  readonly engines: readonly {
    readonly name: string;
    readonly version: string;
    readonly durationMs: number;
  }[];
  readonly assurance: readonly never[];
}

export interface ScriptResult {
  readonly command: string;
  readonly line: number;
  readonly answer?: ScriptAnswer;
  /** Of an `unknown` that is not the solver's own. */
  readonly reason?: UnknownReason;
  /** What the solver printed: a model, a core, values. */
  readonly text?: string;
  /** The solver has none: there is no model of what is unsatisfiable. */
  readonly none?: string;
}

/** The answer to one submission. Public shape (`report.schema.json`). */
export interface Report {
  readonly model: { readonly name: string; readonly digest: string; readonly format: string };
  readonly properties: readonly PropertyReport[];
  readonly assumptions: Assumptions;
  readonly vacuity?: Vacuity;
  /** Of an SMT-LIB script, which has answers in place of properties. */
  readonly script?: ScriptReport;
  /** Which threats break what, where it was asked for: what `probity threats --json` prints. */
  readonly attacks?: Readonly<Record<string, unknown>>;
  /** Of a diagram: what is wrong, those that break most first. */
  readonly findings?: readonly Finding[];
  /** Where they were asked for. */
  readonly fixes?: readonly SuggestedFix[];
  readonly mended?: Mended;
}

/**
 * A text that an engine produced or consumed and that belongs to the evidence: a module, an
 * invariant, an obligation.
 */
export interface Artifact {
  readonly name: string;
  readonly mediaType: string;
  readonly text: string;
}
