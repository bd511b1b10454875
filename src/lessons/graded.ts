import type { Problem } from '../errors/index.ts';
import type { ExerciseKind, Nature, StepPattern } from '../scenarios/exercises.ts';
import type { Carrier } from './carriers.ts';
import type { LostRun } from './goodRuns.ts';
import type { FoundAttack } from './judged.ts';

export const ATTEMPT_VERDICTS = ['right', 'wrong', 'refused', 'unreadable', 'undecided'] as const;
/**
 * - `right`, `wrong`: the verifier's answer.
 * - `refused`: a fix that changes what is locked, or takes an honest run away.
 * - `unreadable`: no model, or no answer of the form that is asked for.
 * - `undecided`: too large, or too slow: nothing is known, and never counted as right.
 */
export type AttemptVerdict = (typeof ATTEMPT_VERDICTS)[number];

/** What a learner hands in: that of the kind of the exercise. */
export interface LearnerAnswer {
  /** Of a fix: the whole model. */
  readonly model?: string;
  /** Of an attack: its steps. */
  readonly steps?: readonly StepPattern[];
  /** Of a prediction: by question, `holds` or `violated`. */
  readonly outcomes?: Readonly<Record<string, string>>;
  /** Of a choice. */
  readonly candidate?: string;
}

/** The next hint: which of how many, and where to look. */
export interface Hint {
  readonly stage: number;
  readonly of: number;
  readonly text: string;
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
}

/** How a prediction came out, question by question. */
export interface JudgedPrediction {
  readonly question: string;
  readonly predicted?: string;
  readonly outcome: 'holds' | 'violated';
  readonly isRight: boolean;
  /** What breaks it. */
  readonly attack?: FoundAttack;
}

/** An attempt as the verifier sees it. Public shape (`graded-attempt.schema.json`). */
export interface GradedAttempt {
  readonly exercise: string;
  readonly kind: ExerciseKind;
  readonly verdict: AttemptVerdict;
  /** From 0 to 1; 1 is right. */
  readonly score: number;
  /** Why it was refused, or could not be read: with the place in the learner's own text. */
  readonly problems: readonly Problem[];
  /** Honest runs that are lost, each with how far it comes or where it goes instead. */
  readonly lostRuns: readonly LostRun[];
  /** What still works against it. */
  readonly attacks: readonly FoundAttack[];
  readonly hint?: Hint;
  /** Of a right fix: what falls without each change. */
  readonly carriers: readonly Carrier[];
  /** Of a prediction. */
  readonly predictions: readonly JudgedPrediction[];
  /** Of a choice: how it comes out. */
  readonly nature?: Nature;
  /**
   * Of an attack: how many of its steps were possible, and what would have been in place of the
   * next.
   */
  readonly followed?: { readonly steps: number; readonly instead: readonly string[] };
  /** What there is to say about it, in the learner's language. */
  readonly explanation?: string;
  /** Why it is undecided. */
  readonly open?: string;
}

type Said = Partial<Omit<GradedAttempt, 'exercise' | 'kind' | 'verdict'>>;

/** A graded attempt with what is not said left empty. */
export function gradedAs(
  { id, exercise }: { readonly id: string; readonly exercise: { readonly kind: ExerciseKind } },
  verdict: AttemptVerdict,
  said: Said = {},
): GradedAttempt {
  return {
    exercise: id,
    kind: exercise.kind,
    verdict,
    score: verdict === 'right' ? 1 : 0,
    problems: [],
    lostRuns: [],
    attacks: [],
    carriers: [],
    predictions: [],
    ...said,
  };
}
