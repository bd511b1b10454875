import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { Fault, invariant } from '../errors/index.ts';
import type { OutcomeKind } from '../model/outcome.ts';
import type { Submission } from '../checking/types.ts';

/**
 * A lesson: a story, a workflow that can be attacked, the same workflow mended, and what the
 * verifier says of both.
 */
export interface Scenario {
  /** The name of its folder under `specs/scenarios`. */
  readonly id: string;
  readonly title: string;
  /** For a trainee, in paragraphs: what happens, why it works, what to do. */
  readonly story: string;
  /** What is worth protecting. */
  readonly asset: string;
  readonly exercise: string;
  readonly threats: readonly string[];
  /** OWASP Automated Threats, CWE, standards; the id first. */
  readonly references: readonly string[];
  readonly vulnerable: ScenarioModel;
  readonly fixed: ScenarioModel;
  readonly expected: { readonly vulnerable: Expected; readonly fixed: Expected };
}

export type ScenarioModel = Pick<Submission, 'source' | 'format'>;
/** The outcome of each property, by name. */
export type Expected = Readonly<Record<string, OutcomeKind>>;

let loaded: readonly Scenario[] | undefined;

/**
 * All scenarios, in the order of their ids. Read once: they are part of the installation, like
 * code.
 */
export function scenarios(): readonly Scenario[] {
  loaded ??= readLibrary(libraryFolder());
  return loaded;
}

export function scenario(id: string): Scenario | undefined {
  return scenarios().find((found) => found.id === id);
}

/** `specs/scenarios` of this package, whether the code runs from `src` or from `dist/src`. */
function libraryFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; folder !== dirname(folder); folder = dirname(folder)) {
    const library = join(folder, 'specs', 'scenarios');
    if (existsSync(library)) return library;
  }
  throw new Fault(
    'INTERNAL',
    `the scenario library specs/scenarios is not where the package is installed (above ${here})`,
  );
}

function readLibrary(library: string): readonly Scenario[] {
  return readdirSync(library, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((id) => readScenario(join(library, id), id));
}

function readScenario(folder: string, id: string): Scenario {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const about = record(parse(read('scenario.yaml')), id);
  const expected = record(about['expected'], `${id}: expected`);
  return {
    id,
    title: text(about, 'title', id),
    story: text(about, 'story', id),
    asset: text(about, 'asset', id),
    exercise: text(about, 'exercise', id),
    threats: texts(about, 'threats', id),
    references: texts(about, 'references', id),
    vulnerable: { source: read('vulnerable.yaml'), format: 'native' },
    fixed: { source: read('fixed.yaml'), format: 'native' },
    expected: {
      vulnerable: outcomes(expected['vulnerable'], id),
      fixed: outcomes(expected['fixed'], id),
    },
  };
}

const OUTCOMES: Readonly<Record<OutcomeKind, true>> = {
  holds: true,
  bounded: true,
  violated: true,
  unknown: true,
};

function outcomes(value: unknown, id: string): Expected {
  const given = record(value, `${id}: expected`);
  for (const outcome of Object.values(given))
    invariant(
      typeof outcome === 'string' && Object.hasOwn(OUTCOMES, outcome),
      `${id}: ${String(outcome)} is no outcome`,
    );
  return given as Expected;
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  invariant(
    typeof value === 'object' && value !== null && !Array.isArray(value),
    `${what} is a mapping`,
  );
  return value as Readonly<Record<string, unknown>>;
}

function text(about: Readonly<Record<string, unknown>>, key: string, id: string): string {
  const value = about[key];
  invariant(typeof value === 'string' && value.trim() !== '', `${id}: ${key} is a text`);
  return value.trim();
}

function texts(
  about: Readonly<Record<string, unknown>>,
  key: string,
  id: string,
): readonly string[] {
  const value = about[key];
  invariant(
    Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'),
    `${id}: ${key} is a list of texts`,
  );
  return value as readonly string[];
}
