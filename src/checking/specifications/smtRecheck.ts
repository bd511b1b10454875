import { canonicalJson } from '../../canonical/index.ts';
import type { Statement } from '../../evidence/statements/statement.ts';
import { parseCanonicalJson } from '../../evidence/formats/strictJson.ts';
import type { SpecificationDocument } from '../../model/specification.ts';
import {
  failed,
  questionOf,
  type RecheckFound,
  type Recheck,
  type RecheckLimits,
} from '../rechecked.ts';
import { checkSmt } from './smt.ts';

const never = new AbortController().signal;

/** The answers of solvers, asked again. */
export async function recheckSmt(
  { script: source }: Extract<SpecificationDocument, { readonly format: 'smt' }>,
  files: ReadonlyMap<string, Uint8Array>,
  { predicate: { script } }: Statement,
  limits: RecheckLimits,
): Promise<Recheck[]> {
  if (script === undefined) return [];
  const { answers, results } = script;
  const all = (found: RecheckFound): Recheck[] =>
    answers.map((_, at) => ({ property: questionOf(at), ...found }) as Recheck);
  const printed = parseCanonicalJson(files.get(results) ?? new Uint8Array(0));
  const told =
    printed.ok && Array.isArray(printed.value)
      ? printed.value.flatMap((each: { readonly answer?: unknown } | null) => each?.answer ?? [])
      : undefined;
  if (canonicalJson(told ?? null) !== canonicalJson(answers))
    return all(failed('RECHECK_ANSWER', `${results} has other answers`));
  const again = await checkSmt(source, limits, never);
  if (!again.ok) return all(failed('RECHECK_MODEL', again.problems[0]?.message));
  const mine = again.value.answers;
  if (mine.length !== answers.length)
    return all(failed('RECHECK_PROPERTY', `${answers.length} answers to ${mine.length} questions`));
  const solvers = again.value.engines.map(({ version }) => version).join(', ');
  return answers.map((answer, at): Recheck => {
    const property = questionOf(at);
    if (answer === 'unknown') return { property, status: 'skipped', detail: 'nothing is claimed' };
    if (mine[at] === 'unknown')
      return { property, status: 'skipped', detail: `${solvers} did not answer` };
    return mine[at] === answer
      ? { property, status: 'rerun', detail: solvers }
      : {
          property,
          status: 'failed',
          code: 'RECHECK_OUTCOME',
          detail: `${mine[at] ?? ''}, by ${solvers}`,
        };
  });
}
