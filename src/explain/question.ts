import type { Report } from '../model/outcome.ts';
import { tell, type Told } from './explain.ts';
import { draw } from './pictures.ts';
import { findFixes, type Fixes } from './fixes.ts';

/** The report of a diagram, with the diagram and what was said of it beside it. */
export interface Reported {
  readonly source: string;
  readonly annotations?: string;
  readonly report: Report;
}

/** What can be asked about it, as it goes to a thread. */
export type Question = Reported &
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

/** How long the search for fixes may take, and how large a changed diagram may become. */
export const FIX_BUDGET = { timeoutMs: 10_000, maxStates: 20_000 };

/** Answers a question here and now. */
export async function answer(question: Question): Promise<Answers[Question['ask']]> {
  const { source, report } = question;
  switch (question.ask) {
    case 'told':
      return tell(source, report, question);
    case 'drawing':
      return draw(source, report, question.property, question);
    case 'fixes':
      return findFixes(
        source,
        report,
        { ...FIX_BUDGET, cacheDir: question.cacheDir },
        new AbortController().signal,
        question,
      );
  }
}
