import type { ModelRecord } from '../store/index.ts';
import type { Format, Submission } from '../verification/types.ts';

/** The model as it was submitted, to be read again. */
export function submissionOf({ source, format, name, annotations }: ModelRecord): Submission {
  return { source, format: format as Format, name, ...(annotations !== '' && { annotations }) };
}
