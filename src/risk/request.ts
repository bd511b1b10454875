import type { Expr } from '../model/expression.ts';
import type { Semantics } from '../model/semantics.ts';
import type { LearnOptions } from './learned.ts';
import type { ProcessRequest } from './process/processRequest.ts';
import type { EventLog } from '../eventLog/log.ts';

export interface RiskOptions extends LearnOptions {
  /** Draws from the posterior; absent, as many as cost about a second, at most 10,000. */
  readonly draws?: number;
  readonly seed: number;
  readonly maxStates: number;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** For how many cases losses are expected (`perCases`). */
  readonly cases: number;
  /**
   * Cases that began nearer to the end of the log than this (ms) are left out whole: where hazards
   * cannot be trusted, those that had time enough.
   */
  readonly matureMs?: number;
  /** Until when the log was kept (ms since 1970); absent, the time of its last event. */
  readonly logEndMs?: number;
}

export const RISK_DEFAULTS: RiskOptions = {
  seed: 1,
  maxStates: 200_000,
  memoryMb: 1_024,
  timeoutMs: 60_000,
  cases: 1_000,
};

export const LEVEL = 0.95;

export interface RiskRequest {
  readonly semantics: Semantics;
  /**
   * The name of a property of the model (`always`, `never`, `deadlockFree`), or a predicate that is
   * true of losses, with a name for it.
   */
  readonly loss:
    { readonly property: string } | { readonly name: string; readonly predicate: Expr };
  readonly log: EventLog;
  readonly options?: Partial<RiskOptions>;
  /** What more is asked of the process behind it. */
  readonly process?: ProcessRequest;
  /** The canonical model's digest, for the card. */
  readonly modelDigest?: string;
  readonly signal: AbortSignal;
}

/** The solution at the mean rates, and the sound bounds that it was held against. */
export interface PointSolution {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly solver: 'graph' | 'elimination';
}
