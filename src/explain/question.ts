import type { Report } from '../model/outcome.ts';
import type { Told } from './told.ts';
import type { Fixes } from './fixes.ts';
import { explainerOf, FIX_BUDGET } from './formats.ts';

/** The report of a diagram, with the diagram and what was said of it beside it. */
export interface Reported {
  readonly source: string;
  readonly annotations?: string;
  readonly report: Report;
}

/** What can be asked about it, as it goes to a thread. */
export type ExplainQuestion = Reported &
  (
    | { readonly ask: 'told' }
    | { readonly ask: 'drawing'; readonly property: string | undefined }
    | { readonly ask: 'fixes'; readonly cacheDir: string }
  );

export interface Answers {
  readonly told: Told;
  readonly drawing: string | undefined;
  readonly fixes: Fixes;
}

/** Answers a question here and now; of a format that nothing explains nothing comes back. */
export async function answer(
  question: ExplainQuestion,
): Promise<Answers[ExplainQuestion['ask']] | undefined> {
  const { source, report } = question;
  const explainer = explainerOf(report.model.format);
  switch (question.ask) {
    case 'told':
      return explainer?.tell(source, report, question);
    case 'drawing':
      return explainer?.drawing(source, report, question.property, question);
    case 'fixes':
      return explainer?.fixes(
        source,
        report,
        { ...FIX_BUDGET, cacheDir: question.cacheDir },
        new AbortController().signal,
        question,
      );
  }
}
