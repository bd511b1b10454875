import { companionsOf } from '../checking/identify.ts';
import type { ModelRecord } from '../store/index.ts';
import type { FormatName } from '../model/formats.ts';
import type { Submission } from '../checking/types.ts';

/**
 * What was submitted, as it is checked. The files of a specification are those of its document: of
 * one that was accepted, all are needed.
 */
export function submissionOf({
  source,
  format,
  name,
  annotations,
  document,
}: ModelRecord): Submission {
  const files = companionsOf(document);
  return {
    source,
    format: format as FormatName,
    name,
    ...(annotations !== '' && { annotations }),
    ...(files && { files }),
  };
}
