/** The formulas that a model may give a property, by its key in the model file. */
export const FORMULA_KINDS = [
  'always',
  'never',
  'eventually',
  'eventuallyAlways',
  'leadsTo',
  'reachable',
  'recoverable',
  'reachableEach',
  'all',
  'ltl',
  'deadlockFree',
] as const;

/** The four things that no step may do (SEMANTICS 4), judged like any other property. */
export const IMPLICIT_KINDS = ['withinRange', 'withinCapacity', 'singleWrite', 'defined'] as const;
export type ImplicitKind = (typeof IMPLICIT_KINDS)[number];

/** What is asked of every diagram. */
export const DIAGRAM_KINDS = [
  'safe',
  'optionToComplete',
  'properCompletion',
  'noDeadActivities',
  'noMessageLeft',
  'messageSound',
  'sound',
  'fairMessageSound',
  'fairSound',
] as const;

/** What a specification in TLA+ or SMT-LIB can ask. */
const SPECIFICATION_KINDS = [
  'invariant',
  'temporal',
  'deadlock',
  'assertion',
  'assumption',
  'postcondition',
] as const;

/** What a property can be called: its formula's kind, or a frontend's own name for it. */
export const PROPERTY_KINDS = [
  ...FORMULA_KINDS,
  ...IMPLICIT_KINDS,
  ...DIAGRAM_KINDS,
  ...SPECIFICATION_KINDS,
] as const;
export type PropertyKind = (typeof PROPERTY_KINDS)[number];
