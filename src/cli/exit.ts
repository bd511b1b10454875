import type { Report } from '../model/outcome.ts';
import { EXIT } from './io.ts';

export function exitOf(report: Report): number {
  // Neither sat nor unsat is what a script hopes for: that there is an answer is all that can be
  // said.
  if (report.script) return report.script.answers.includes('unknown') ? EXIT.open : EXIT.ok;
  if (report.properties.some((p) => p.outcome === 'violated')) return EXIT.violated;
  return report.properties.every(
    (p) => p.outcome === 'holds' && p.evidence?.['lacks'] === undefined,
  )
    ? EXIT.ok
    : EXIT.open;
}
