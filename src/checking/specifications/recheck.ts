import { parseCanonicalJson } from '../../evidence/formats/strictJson.ts';
import { MODEL_FILE, type Statement } from '../../evidence/statements/statement.ts';
import { factsOf } from '../../model/formats.ts';
import { readSpecificationDocument } from '../../model/specification.ts';
import type { SpecificationFormat } from '../formats.ts';
import {
  failed,
  questionOf,
  type RecheckFound,
  type Recheck,
  type RecheckLimits,
} from '../rechecked.ts';

/**
 * Asks the tool of this machine again, about the text of the bundle: all that can be done for
 * answers that are a tool's word. It is text of strangers as it was for whoever signed, and runs in
 * the same sandbox. Where the tool is not here, nothing was checked, and that is said.
 */
export async function recheckSpecification(
  format: SpecificationFormat,
  files: ReadonlyMap<string, Uint8Array>,
  statement: Statement,
  limits: RecheckLimits,
  cacheDir: string,
): Promise<Recheck[]> {
  const { properties, script, model } = statement.predicate;
  const json = parseCanonicalJson(files.get(MODEL_FILE) ?? new Uint8Array(0));
  const document = json.ok ? readSpecificationDocument(json.value) : undefined;
  const names = script
    ? script.answers.map((_, at) => questionOf(at))
    : properties.map(({ name }) => name);
  const all = (found: RecheckFound): Recheck[] =>
    names.map((property) => ({ property, ...found }) as Recheck);
  if (document?.format !== model.format) return all(failed('RECHECK_MODEL'));
  if ((factsOf(model.format)?.answers === 'script') !== (script !== undefined))
    return all(failed('RECHECK_ANSWER'));
  return format.recheck(document, files, statement, limits, cacheDir);
}
