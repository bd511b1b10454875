import {
  listShape,
  mapping,
  namesShape,
  oneOf,
  optionalField,
  record,
  requiredField,
  textShape,
  type JsonShape,
} from '../yaml/shape.ts';
import type { Value } from '../model/trace.ts';

/** What a learner is asked to do. */
export const EXERCISE_KINDS = ['fix', 'find', 'predict', 'choose'] as const;
export type ExerciseKind = (typeof EXERCISE_KINDS)[number];

/** A step by what is known of it: what is left out may be anything. */
export interface StepPattern {
  /** An action, or the id of a threat. */
  readonly do: string;
  /** Values of its `for` names. */
  readonly with?: Readonly<Record<string, Value>>;
  /** By channel: fields of the message that it takes away, or brings. */
  readonly receives?: Readonly<Record<string, Readonly<Record<string, Value>>>>;
  readonly sends?: Readonly<Record<string, Readonly<Record<string, Value>>>>;
}

/** A run without attack that every fix must leave possible. */
export interface GoodRun {
  /** What the customer does; steps that the fix has added may come between any two. */
  readonly given: readonly StepPattern[];
  /** What then happens, with no attacker about. */
  readonly then: readonly StepPattern[];
  /** Actions that a fix may need on the way, and that may come between any two steps as well. */
  readonly may?: readonly string[];
  /** What is true in the end. */
  readonly reaches: string;
  /**
   * Whether that must come in the end, whatever the shop does after `given`; `true` where nothing
   * is
   * said.
   */
  readonly always?: boolean;
}

/** What a fix may touch; all else is locked. */
export interface Opened {
  /** By action: the parts of it that may change. */
  readonly change: Readonly<Record<string, readonly ActionPart[]>>;
  /** Actors who may get new actions. */
  readonly newActionsOf?: readonly string[];
  readonly newVariables?: boolean;
  readonly newChannels?: readonly {
    readonly from: string;
    readonly to: string;
    readonly medium: 'private' | 'public' | 'signed' | 'authenticated';
  }[];
  /**
   * By variable: the values that opened and new actions may give it besides what they gave it
   * before; `any`: every value. A new variable may be given any.
   */
  readonly writes?: Readonly<Record<string, 'any' | readonly string[]>>;
}

export const ACTION_PARTS = ['for', 'receive', 'when', 'controls', 'then', 'send'] as const;
export type ActionPart = (typeof ACTION_PARTS)[number];

export const NATURES = ['right', 'stillBroken', 'breaksBusiness'] as const;
/** How a candidate for a fix comes out. */
export type Nature = (typeof NATURES)[number];

interface ExerciseBase {
  /** The properties that it is about. */
  readonly properties: readonly string[];
  /** Among which threats; those of the scenario where nothing is said. */
  readonly threats?: readonly string[];
}

export interface FixExercise extends ExerciseBase {
  readonly kind: 'fix';
  readonly opens: Opened;
  /** By actor: what it has no eyes for: variables, and `CHANNEL.FIELD`. */
  readonly hidden?: Readonly<Record<string, readonly string[]>>;
  /** Where each hint of the text points: dotted paths into the model. */
  readonly hints: readonly string[];
}

export interface FindExercise extends ExerciseBase {
  readonly kind: 'find';
  /** The most steps that the attack may take. */
  readonly atMost?: number;
}

export interface PredictExercise extends ExerciseBase {
  readonly kind: 'predict';
  readonly questions: Readonly<
    Record<string, { readonly property: string; readonly under?: readonly string[] }>
  >;
}

export interface ChooseExercise extends ExerciseBase {
  readonly kind: 'choose';
  readonly candidates: Readonly<Record<string, OfferedFix>>;
}

export interface OfferedFix {
  /** A part of a model that is laid over the vulnerable one; null takes away. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** Of a diagram: the file with the changed one. */
  readonly model?: string;
  /** What the verifier says of it; the tests hold it to that. */
  readonly expected: Nature;
}

export type Exercise = FixExercise | FindExercise | PredictExercise | ChooseExercise;

/** `exercises.yaml` of a scenario. */
export interface ExerciseFile {
  readonly goodRuns: Readonly<Record<string, GoodRun>>;
  readonly exercises: Readonly<Record<string, Exercise>>;
}

/** What a person reads of an exercise, in one language. */
export interface ExerciseText {
  readonly task: string;
  /** Of a fix, in stages: each says more than the one before. */
  readonly hints?: readonly string[];
  /** What a learner reads who got it right. */
  readonly explanation: string;
  readonly candidates?: Readonly<
    Record<string, { readonly title: string; readonly explanation: string }>
  >;
  /** By question, in words. */
  readonly questions?: Readonly<Record<string, string>>;
}

const PATTERN: JsonShape = {
  kind: 'either',
  about: 'a step: an action or the id of a threat, alone or with what is known of it',
  options: [
    record('a step by what is known of it', {
      do: requiredField(textShape('an action, or the id of a threat')),
      with: optionalField(mapping('values of its `for` names', { kind: 'any', about: 'a value' })),
      receives: optionalField(messages('what it takes')),
      sends: optionalField(messages('what it brings')),
    }),
    textShape('an action, or the id of a threat'),
  ],
};

function messages(about: string): JsonShape {
  return mapping(
    `${about}, by channel`,
    mapping('fields of the message', { kind: 'any', about: 'a value' }),
  );
}

export const STEPS_SHAPE: JsonShape = listShape('steps, in order', PATTERN);

const GOOD_RUN: JsonShape = record('a run without attack that every fix must leave possible', {
  given: requiredField(STEPS_SHAPE),
  then: requiredField(STEPS_SHAPE),
  may: optionalField(
    listShape('actions that may come between any two steps', textShape('an action')),
  ),
  reaches: requiredField(textShape('what is true in the end')),
  always: optionalField({
    kind: 'boolean',
    about: 'whether it must come in the end, whatever the shop does after `given`',
  }),
});

const OPENED: JsonShape = record('what a fix may touch; all else is locked', {
  change: requiredField(
    mapping(
      'by action: the parts that may change',
      listShape('parts', oneOf('a part of an action', ...ACTION_PARTS)),
    ),
  ),
  newActionsOf: optionalField(namesShape('actors who may get new actions')),
  newVariables: optionalField({ kind: 'boolean', about: 'whether new variables may be declared' }),
  newChannels: optionalField(
    listShape(
      'channels that may be added',
      record('the ends and the medium of a new channel', {
        from: requiredField(textShape('the sending actor')),
        to: requiredField(textShape('the receiving actor')),
        medium: requiredField(oneOf('its medium', 'private', 'public', 'signed', 'authenticated')),
      }),
    ),
  ),
  writes: optionalField(
    mapping('by variable: the values that it may be given besides those of before', {
      kind: 'either',
      about: 'any, or a list of values',
      options: [listShape('the values', textShape('an expression')), oneOf('every value', 'any')],
    }),
  ),
});

const optionalList = (about: string, of: string) => optionalField(listShape(about, textShape(of)));

const EXERCISE: JsonShape = record('an exercise', {
  kind: requiredField(oneOf('what a learner is asked to do', ...EXERCISE_KINDS)),
  properties: requiredField(namesShape('the properties that it is about')),
  threats: optionalList('among which threats; those of the scenario when absent', 'an id'),
  opens: optionalField(OPENED),
  hidden: optionalField(
    mapping(
      'by actor: what it has no eyes for',
      listShape('variables, and CHANNEL.FIELD', textShape('a name')),
    ),
  ),
  hints: optionalList('where each hint points', 'a dotted path into the model'),
  atMost: optionalField({ kind: 'integer', min: 1, about: 'the most steps of the attack' }),
  questions: optionalField(
    mapping(
      'what is asked, by a name',
      record('a property, and under what', {
        property: requiredField(textShape('the property')),
        under: optionalList('these threats together; none when absent', 'the id of a threat'),
      }),
    ),
  ),
  candidates: optionalField(
    mapping(
      'changes to choose from, by a name',
      record('a change to the vulnerable model', {
        change: optionalField(
          mapping('a part of a model, laid over it; null takes away', {
            kind: 'any',
            about: 'as in a model',
          }),
        ),
        model: optionalField(textShape('of a diagram: the file with the changed one')),
        expected: requiredField(oneOf('what the verifier says of it', ...NATURES)),
      }),
    ),
  ),
});

/** `exercises.yaml`. */
export const EXERCISES_SHAPE: JsonShape = record('the exercises of a scenario', {
  goodRuns: requiredField(mapping('by a name', GOOD_RUN)),
  exercises: requiredField(mapping('by a name', EXERCISE)),
});

/** What of `text.LANGUAGE.yaml` is about exercises. */
export const EXERCISE_TEXTS_SHAPE: JsonShape = mapping(
  'the texts of the exercises, by their names',
  record('what a person reads of an exercise', {
    task: requiredField(textShape('what is to be done')),
    hints: optionalList('of a fix, in stages', 'each says more than the one before'),
    explanation: requiredField(textShape('what a learner reads who got it right')),
    candidates: optionalField(
      mapping(
        'of what is chosen from',
        record('a candidate', {
          title: requiredField(textShape('what it is called')),
          explanation: requiredField(textShape('what comes of it')),
        }),
      ),
    ),
    questions: optionalField(mapping('the questions, in words', textShape('a question'))),
  }),
);

/** The keys that each kind has besides those that all have. */
export const KEYS_OF: Readonly<
  Record<
    ExerciseKind,
    { readonly required: readonly string[]; readonly optional: readonly string[] }
  >
> = {
  fix: { required: ['opens', 'hints'], optional: ['hidden'] },
  find: { required: [], optional: ['atMost'] },
  predict: { required: ['questions'], optional: [] },
  choose: { required: ['candidates'], optional: [] },
};
