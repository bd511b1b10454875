import type { Assurance, PropertyReport } from '../model/outcome.ts';

/** What can be demanded of an answer. */
export const ASSURANCES = [
  'replayed',
  'obligationsReproved',
  'crossChecked',
  'translationValidated',
] as const satisfies readonly Assurance[];

/**
 * Whether an assurance can be had of an answer of this kind at all: a run can be replayed, that
 * there is none can be proved again.
 */
const APPLIES: Readonly<Record<Assurance, (report: PropertyReport) => boolean>> = {
  replayed: showsARun,
  obligationsReproved: (report) => report.outcome === 'holds' && report.method !== 'witness',
  crossChecked: () => true,
  translationValidated: () => true,
};

/**
 * The demanded assurance that a definite answer does not have. A bounded or unknown answer claims
 * nothing, and lacks nothing.
 */
export function lackOf(report: PropertyReport, wanted: readonly Assurance[]): Assurance[] {
  if (report.outcome !== 'holds' && report.outcome !== 'violated') return [];
  return wanted.filter(
    (assurance) => APPLIES[assurance](report) && !report.assurance.includes(assurance),
  );
}

/**
 * The report with what it lacks among its facts. The answer stays what it is: who demands more gets
 * another exit code, not another truth.
 */
export function withLack(report: PropertyReport, wanted: readonly Assurance[]): PropertyReport {
  const lacks = lackOf(report, wanted);
  return lacks.length === 0 ? report : { ...report, evidence: { ...report.evidence, lacks } };
}

function showsARun(report: PropertyReport): boolean {
  return report.outcome === 'violated' || report.method === 'witness';
}
