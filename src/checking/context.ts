import type { Report } from '../model/outcome.ts';
import type { Progress } from './types.ts';

/** What a check is run in: when it is to end, where tools are kept, who hears how far it is. */
export interface CheckContext {
  readonly signal: AbortSignal;
  /** Says what the signal says, also while a search computes in one piece. */
  stopped?(): boolean;
  readonly cacheDir: string;
  onProgress(progress: Progress): void;
  /**
   * Hears the first answer, before other engines are asked whether they agree: they may turn it to
   * `unknown{disagreement}`. What else a report has comes with the last.
   */
  onFirst?(report: Report): void;
}
