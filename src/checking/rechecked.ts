import type { Trace } from '../model/trace.ts';
import { isRecord } from '../canonical/record.ts';

/**
 * What checking again can say of an answer: shared by what we can check ourselves (`recheck.ts`)
 * and what only a tool can (`specifications`).
 */

/**
 * What is wrong with an answer that its evidence does not bear out. A code never changes its
 * meaning.
 */
export const RECHECK_CODES = {
  RECHECK_MODEL:
    'model.json is not a model that can be checked, or not the one that the statement names',
  RECHECK_PROPERTY:
    'the model has no such property, has it under another kind, or the statement answers it twice',
  RECHECK_ANSWER:
    'an answer that no check gives: a violation without a trace, a proof without its method',
  RECHECK_TRACE: 'the trace is missing, or not of the shape of a trace',
  RECHECK_REPLAY: 'the trace is no run of the model, or does not show what it should',
  RECHECK_INVARIANT:
    'the invariant is missing, or not exactly one definition over the variables of the model',
  RECHECK_OBLIGATION: 'an obligation, written anew from the model, is not proved by the invariant',
  RECHECK_OUTCOME: 'exploring the model again gives another answer',
  RECHECK_COUNT: 'the state set has other counts, or another digest',
  RECHECK_PARTS: 'a conjunction that is not what its parts are',
  RECHECK_AGREEMENT:
    'engines are said to stand behind an answer that do not, cannot, or left nothing to show for it',
  RECHECK_ASSURANCE: 'an assurance that the answer cannot have, or that nothing here bears out',
  RECHECK_ATTACKS: 'an analysis of the threats made again finds other sets, or a longer attack',
  RECHECK_IMPLICIT:
    'an answer that rests on an implicit property which the statement does not say holds',
} as const;
export type RecheckCode = keyof typeof RECHECK_CODES;

/**
 * - `replayed`: the model's own semantics followed the trace, and it shows what was signed.
 * - `reproved`: fresh solvers proved the three obligations, written anew from the model, with the
 *   bundle's invariant; `detail` says which.
 * - `recounted`: the model was explored again, with the same answer, and the same counts and digest
 *   where they were given.
 * - `rerun`: the tool whose word the answer is was asked again here, and said the same; `detail`
 *   says which.
 * - `skipped`: nothing was checked, for the reason in `detail`. It says nothing for the answer, and
 *   nothing against it.
 * - `failed`: the evidence does not bear out the answer.
 */
export type Recheck =
  | {
      readonly property: string;
      readonly status: 'replayed' | 'reproved' | 'recounted' | 'rerun';
      readonly detail?: string;
    }
  | { readonly property: string; readonly status: 'skipped'; readonly detail: string }
  | {
      readonly property: string;
      readonly status: 'failed';
      readonly code: RecheckCode;
      readonly detail?: string;
    };

export interface RecheckLimits {
  /** For each exploration and each proof. */
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly maxStates: number;
}

export const RECHECK_LIMITS: RecheckLimits = {
  timeoutMs: 60_000,
  memoryMb: 2_048,
  maxStates: 1_000_000,
};

export type RecheckFound = Recheck extends infer R
  ? R extends Recheck
    ? Omit<R, 'property'>
    : never
  : never;

export const failed = (code: RecheckCode, detail?: string): RecheckFound => ({
  status: 'failed',
  code,
  ...(detail === undefined ? {} : { detail }),
});
export const skipped = (detail: string): RecheckFound => ({ status: 'skipped', detail });

export const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** As much of `trace.schema.json` as replay relies on. */
export function isTrace(value: unknown): value is Trace {
  if (
    !isRecord(value) ||
    !isRecord(value['params']) ||
    !isRecord(value['initial']) ||
    !Array.isArray(value['steps'])
  )
    return false;
  return value['steps'].every(
    (step: unknown) =>
      isRecord(step) &&
      typeof step['action'] === 'string' &&
      isRecord(step['binding']) &&
      isRecord(step['changed']) &&
      (step['error'] === undefined || isTexts(step['error'])) &&
      (step['received'] === undefined ||
        (Array.isArray(step['received']) &&
          step['received'].every(
            (m: unknown) =>
              isRecord(m) && typeof m['channel'] === 'string' && isRecord(m['message']),
          ))),
  );
}

/** How a question of a script is called that has no name. */
export const questionOf = (at: number): string => `check-sat ${at + 1}`;
