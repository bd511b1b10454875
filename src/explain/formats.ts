import type { ThreatReport } from '../checking/attackSets/types.ts';
import type { Submission } from '../checking/types.ts';
import { isFormat, type FormatName } from '../model/formats.ts';
import type { Report } from '../model/outcome.ts';
import type { Time } from '../time/time.ts';
import type { Said } from './explain.ts';
import type { FixBudget, Fixes } from './fixes.ts';
import type { Teller } from './teller.ts';
import type { Told } from './told.ts';

/**
 * What can be told of an answer in the terms of a format: a row for each format that has words and
 * pictures of its own. Of others nothing is told, and nothing mended.
 */
export interface Explainer {
  /** Who tells runs in the format's own names. */
  teller(submission: Submission): Promise<Teller | undefined>;
  tell(source: string, report: Report, said: Said, time?: Time): Promise<Told>;
  fixes(
    source: string,
    report: Report,
    budget: FixBudget,
    signal: AbortSignal,
    said: Said,
  ): Promise<Fixes>;
  /** The source as a picture, with the answer to a property drawn in. */
  drawing(
    source: string,
    report: Report,
    property: string | undefined,
    said: Said,
  ): Promise<string | undefined>;
  /** A picture for each finding. */
  pictures(
    source: string,
    report: Report,
    said: Said,
  ): Promise<readonly { readonly name: string; readonly text: string }[]>;
  /** A picture for each attack, of a source that is a picture itself. */
  attacks(
    source: string,
    report: ThreatReport,
    said: Said,
  ): Promise<readonly { readonly name: string; readonly text: string }[]>;
}

export const EXPLAINERS: Readonly<Partial<Record<FormatName, Explainer>>> = {
  bpmn: {
    teller: async (submission) => {
      const [{ readAgain }, { tellerOf }] = await Promise.all([
        import('./explain.ts'),
        import('./teller.ts'),
      ]);
      const reading = await readAgain(submission.source, submission);
      return reading.ok ? tellerOf(reading.value) : undefined;
    },
    tell: async (source, report, said, time) =>
      (await import('./explain.ts')).tell(source, report, said, time),
    fixes: async (source, report, budget, signal, said) =>
      (await import('./fixes.ts')).findFixes(source, report, budget, signal, said),
    drawing: async (source, report, property, said) =>
      (await import('./pictures.ts')).draw(source, report, property, said),
    pictures: async (source, report, said) =>
      (await import('./pictures.ts')).drawFindings(source, report, said),
    attacks: async (source, report, said) =>
      (await import('./pictures.ts')).drawAttacks(source, report, said),
  },
};

export const explainerOf = (format: string): Explainer | undefined =>
  isFormat(format) ? EXPLAINERS[format] : undefined;

/** How long the search for fixes may take, and how large a changed source may become. */
export const FIX_BUDGET = { timeoutMs: 10_000, maxStates: 20_000 };
