import { isSpecification } from '../model/specification.ts';
import type { ModelRecord } from '../store/index.ts';
import type { Format, Submission } from '../checking/types.ts';

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
  const files =
    isSpecification(document) && document.format === 'tla'
      ? [
          { name: `${document.root}.cfg`, text: document.configuration },
          ...Object.entries(document.modules).flatMap(([module, text]) =>
            module === document.root ? [] : [{ name: `${module}.tla`, text }],
          ),
        ]
      : undefined;
  return {
    source,
    format: format as Format,
    name,
    ...(annotations !== '' && { annotations }),
    ...(files && { files }),
  };
}
