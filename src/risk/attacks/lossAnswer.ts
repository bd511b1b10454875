import { ok, type Result } from '../../errors/index.ts';
import { lossPictures, type PictureFile } from '../figures.ts';
import { assessLoss, type AssessedLoss } from './assessLoss.ts';
import { readIncidents } from './incidents.ts';
import { readLossQuestion } from './question.ts';

/** What is asked of `probity loss` and of the service alike: texts, as people have them. */
export interface LossTexts {
  /** `{sets, risk}` as JSON, or `{risk}` with the sets beside it. */
  readonly question: string;
  /** Minimal attack sets, as `probity threats --json` prints them. */
  readonly sets?: string | undefined;
  /** A table of incidents (CSV). */
  readonly incidents?: string | undefined;
  readonly seed: number;
}

export interface LossAnswer {
  readonly report: AssessedLoss;
  readonly pictures: readonly PictureFile[];
}

/** Reads the texts and assesses them; what is wrong with them is a problem at its place. */
export function answerLoss({ question, sets, incidents, seed }: LossTexts): Result<LossAnswer> {
  const table = incidents === undefined ? undefined : readIncidents(incidents);
  if (table?.ok === false) return table;
  const read = readLossQuestion(question, sets, table?.value);
  if (!read.ok) return read;
  const report = assessLoss(read.value, seed);
  return ok({ report, pictures: lossPictures(report) });
}
