import { canonicalJson, sha256 } from '../canonical/index.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { canonicalDocument } from '../model/canonicalDocument.ts';
import { typecheck } from '../model/typecheck.ts';
import type { ModelDocument } from '../model/document.ts';
import { checkInitial } from '../model/checkInitial.ts';
import { Semantics } from '../model/semantics.ts';
import { MODEL_FORMATS, modelFormat } from './formats.ts';
import type { Submission } from './types.ts';

/** The largest source that is read at all. */
export const MAX_SOURCE_BYTES = 4 * 1024 * 1024;

/**
 * A submission that was understood: its meaning, its canonical document, and the digest that names
 * it.
 */
export interface Inspected {
  readonly semantics: Semantics;
  readonly document: ModelDocument;
  readonly digest: string;
}

/** Reads, checks and names a submission that becomes a model; runs no engine. */
export async function inspect(submission: Submission): Promise<Result<Inspected>> {
  if (submission.source.length > MAX_SOURCE_BYTES) {
    return bad(
      problem(
        'INPUT_TOO_LARGE',
        '',
        `the source has ${submission.source.length} characters; the limit is ${MAX_SOURCE_BYTES}`,
      ),
    );
  }
  const format = modelFormat(submission.format);
  if (!format)
    return bad(
      problem(
        'FORMAT_UNKNOWN',
        '',
        `no frontend reads \`${submission.format}\`; known: ${Object.keys(MODEL_FORMATS).join(', ')}`,
      ),
    );
  const read = await format.read(submission);
  if (!read.ok) return read;
  const { document, locate } = read.value;
  const checked = typecheck(document, locate);
  if (!checked.ok) return checked;
  const semantics = checkInitial(new Semantics(checked.value), locate);
  if (!semantics.ok) return semantics;
  const canonical = canonicalDocument(document, checked.value);
  return ok({
    semantics: semantics.value,
    document: canonical,
    digest: sha256(canonicalJson(canonical)),
  });
}

/**
 * The actions of a submitted model that need no events in a log, where the log names none of them.
 * A model in our own language says by itself what it means.
 */
export async function quietOf(submission: Submission): Promise<ReadonlySet<string>> {
  return (await modelFormat(submission.format)?.quiet?.(submission)) ?? new Set();
}
