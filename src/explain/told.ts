import type { Finding, Report } from '../model/outcome.ts';

/** What a report says about one property, told on the diagram. */
export interface Explanation {
  readonly property: string;
  /** A sentence or two, each of them true of the diagram's runs. */
  readonly why: string;
  /** The elements to look at first, and those that can never happen. */
  readonly elements: readonly string[];
}

/** What a report says of a diagram, in words. */
export interface Told {
  readonly explanations: readonly Explanation[];
  readonly findings: readonly Finding[];
}

/** The report with what was told in place. */
export function withTold(report: Report, { explanations, findings }: Told): Report {
  const byName = new Map(explanations.map((found) => [found.property, found]));
  return {
    ...report,
    findings,
    properties: report.properties.map((property) => {
      const found = byName.get(property.name);
      return found ? { ...property, why: found.why, elements: found.elements } : property;
    }),
  };
}
