import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../config/packageRoot.ts';
import { ok, problem, type Problem, type Result } from '../../errors/index.ts';
import { didYouMean } from '../../errors/nearest.ts';
import {
  listShape,
  optionalField,
  record,
  requiredField,
  textShape,
  type JsonShape,
} from '../../yaml/shape.ts';
import { wrongAutomatedThreat } from '../../threats/automatedThreats.ts';
import { OPERATORS } from '../../threats/operators/index.ts';
import type { Threat } from '../../threats/threat.ts';
import { inFile, readShaped } from '../../yaml/shaped.ts';

/** What is known of a kind of threat: one file of `specs/threats`, or of a folder of the user's. */
export interface CatalogueEntry {
  readonly id: string;
  readonly operator: string;
  /** Only these threats of the operator; all of them where nothing is said. */
  readonly appliesTo?: readonly string[];
  readonly name: string;
  readonly description: string;
  readonly preconditions: string;
  /** OWASP Automated Threats, CWE: the id first. */
  readonly references: readonly string[];
  readonly mitigation: string;
  /** What standards ask for against it, each with where it applies. */
  readonly requirements: readonly {
    readonly standard: string;
    readonly clause: string;
    readonly where: string;
  }[];
}

export const CATALOGUE_SHAPE: JsonShape = record('what is known of a kind of threat', {
  id: requiredField(textShape('its name in the catalogue')),
  operator: requiredField(textShape('the operator whose threats it is about')),
  appliesTo: optionalField(listShape('only these threats', textShape('the id of a threat'))),
  name: requiredField(textShape('what people call it')),
  description: requiredField(textShape('what happens')),
  preconditions: requiredField(textShape('where it exists')),
  references: requiredField(
    listShape('OWASP Automated Threats and CWE', textShape('the id first, then its name')),
  ),
  mitigation: requiredField(textShape('what typically holds it up')),
  requirements: requiredField(
    listShape(
      'what standards ask for against it, where they really apply',
      record('a clause of a standard', {
        standard: requiredField(textShape('the standard, with its edition')),
        clause: requiredField(textShape('the number of the clause')),
        where: requiredField(textShape('where it applies')),
      }),
    ),
  ),
});

/**
 * The entries of the catalogue of this package, then those of folders of the user's. An entry with
 * the id of an earlier one takes its place. Each problem names its file.
 */
export function readCatalogue(folders: readonly string[] = []): Result<readonly CatalogueEntry[]> {
  const problems: Problem[] = [];
  const entries = new Map<string, CatalogueEntry>();
  own ??= entriesIn([join(packageRoot(), 'specs', 'threats')], problems);
  for (const entry of [...own, ...entriesIn(folders, problems)]) entries.set(entry.id, entry);
  return problems.length > 0 ? { ok: false, problems } : ok([...entries.values()]);
}

/** Read once: they are part of the installation, like code. */
let own: readonly CatalogueEntry[] | undefined;

function entriesIn(folders: readonly string[], problems: Problem[]): CatalogueEntry[] {
  const found: CatalogueEntry[] = [];
  for (const folder of folders)
    for (const file of filesOf(folder, problems)) {
      const read = readEntry(readFileSync(file, 'utf8'));
      if (read.ok) found.push(read.value);
      else problems.push(...read.problems.map((each) => inFile(each, file)));
    }
  return found;
}

function filesOf(folder: string, problems: Problem[]): readonly string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    problems.push(
      problem('INPUT_UNREADABLE', folder, `${folder} is no folder: name one with files`),
    );
    return [];
  }
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function readEntry(source: string): Result<CatalogueEntry> {
  const read = readShaped<CatalogueEntry>(source, CATALOGUE_SHAPE);
  if (!read.ok) return read;
  const { value: entry, locate } = read.value;
  const problems: Problem[] = [];
  const known = OPERATORS.map(({ name }) => name);
  if (!known.includes(entry.operator))
    problems.push(
      problem(
        'THREAT_UNKNOWN',
        'operator',
        `there is no operator \`${entry.operator}\`${didYouMean(entry.operator, known)}`,
        locate(['operator']),
      ),
    );
  entry.references.forEach((reference, i) => {
    const wrong = wrongAutomatedThreat(reference);
    if (wrong !== undefined)
      problems.push(
        problem('OPTION_INVALID', `references.${i}`, wrong, locate(['references', String(i)])),
      );
  });
  return problems.length > 0 ? { ok: false, problems } : ok(entry);
}

/** The references of a threat: those of every entry that is about it. */
export function referencesOf(
  catalogue: readonly CatalogueEntry[],
  { id, operator }: Pick<Threat, 'id' | 'operator'>,
): readonly string[] {
  const about = catalogue.filter(
    (entry) =>
      entry.operator === operator &&
      (entry.appliesTo === undefined || entry.appliesTo.includes(id)),
  );
  return [...new Set(about.flatMap(({ references }) => references))];
}
