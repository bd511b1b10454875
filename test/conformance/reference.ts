import { existsSync, readFileSync } from 'node:fs';
import type { PropertyReport, Report } from '../../src/model/outcome.ts';
import { sharedPath } from '../shared.ts';
import { IMPLICIT_KINDS } from '../../src/model/propertyKinds.ts';

/** 700 random models with what an independent reference says of them. */
interface Expected {
  readonly name: string;
  readonly kind: string;
  readonly outcome: string;
  readonly traceLength?: number;
}

export interface Row {
  readonly name: string;
  readonly model: string;
  readonly expected: { readonly states: number; readonly properties: readonly Expected[] };
}

const path = sharedPath('cases', 'random', 'models.jsonl');
/** `PROBITY_REFERENCE_STRIDE=4` takes every fourth: a mutation run has no time for all. */
const stride = Number(process.env['PROBITY_REFERENCE_STRIDE'] ?? 1);

export const rows: readonly Row[] = existsSync(path)
  ? readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .filter((_, index) => index % stride === 0)
      .map((line) => JSON.parse(line) as Row)
  : [];

const IMPLICIT: ReadonlySet<string> = new Set(IMPLICIT_KINDS);

/** Some implicit property is broken: where the paths are cut may then differ (SEMANTICS 4). */
function isCut({ expected }: Row): boolean {
  return expected.properties.some((p) => IMPLICIT.has(p.kind) && p.outcome === 'violated');
}

/** What differs from the reference, as lines. */
export function differences(row: Row, report: Report, isExact: boolean): string[] {
  const got = new Map(report.properties.map((property) => [property.name, property]));
  return row.expected.properties.flatMap((expected) => {
    const property = got.get(expected.name);
    const said = property?.outcome ?? 'nothing';
    const line = `${expected.name}: ${said}, not ${expected.outcome}`;
    if (said !== expected.outcome) {
      const allowed =
        !isExact || (isCut(row) && (said === 'bounded' || expected.outcome === 'bounded'));
      return allowed && !isOpposite(said, expected.outcome) ? [] : [line];
    }
    return isExact ? lengthDifference(expected, property) : [];
  });
}

function isOpposite(one: string, other: string): boolean {
  const both = new Set([one, other]);
  return both.has('holds') && both.has('violated');
}

/**
 * Explore finds a shortest trace, the reference too. A trap is measured by the way to it, and no
 * two searches need find the same one, only an equally near one.
 */
function lengthDifference(expected: Expected, property: PropertyReport | undefined): string[] {
  const length = property?.trace?.steps.length;
  if (expected.traceLength === undefined || length === expected.traceLength) return [];
  return [`${expected.name}: ${length} steps, not ${expected.traceLength}`];
}

export function statesOf(report: Report): number | undefined {
  return report.properties[0]?.engines.find(({ name }) => name === 'explore')?.states;
}
