import { basename } from 'node:path';
import { formatOf } from '../checking/inspect.ts';
import { FORMATS, type Format, type Submission } from '../checking/types.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import type { SubmissionValues } from './options.ts';
import { readText } from './textFile.ts';

/** A file with what goes beside it, as it is said on the command line. */
export async function submissionOf(
  file: string,
  values: SubmissionValues,
): Promise<Result<Submission>> {
  const read = await readSubmission(file, values.format, values);
  if (!read.ok) return read;
  const annotations =
    values.annotations === undefined ? undefined : await readText(values.annotations);
  if (annotations?.ok === false) return annotations;
  return ok({
    ...read.value,
    ...(values.channels && { channels: values.channels }),
    ...(values.outside && { outside: values.outside }),
    ...(values.strict && { strict: true }),
    ...(annotations && { annotations: annotations.value }),
  });
}

/**
 * Reads a file as a submission, refusing early what is too large or no text; a TLA+ module with
 * what it needs.
 */
export async function readSubmission(
  file: string,
  format?: Format,
  beside: Partial<Pick<SubmissionValues, 'config' | 'modules'>> = {},
): Promise<Result<Submission>> {
  if (format === 'tla' || (format === undefined && /\.tla$/i.test(file)))
    return (await import('./gather.ts')).gatherSpecification(file, {
      configuration: beside.config,
      modules: beside.modules,
    });
  const source = await readText(file);
  if (!source.ok) return source;
  const known = format ?? formatOf(file, source.value);
  return known === undefined
    ? bad(
        problem(
          'FORMAT_UNKNOWN',
          file,
          `the format of ${file} is not known; say --format ${FORMATS.join(' or --format ')}`,
        ),
      )
    : ok({ source: source.value, format: known, name: basename(file) });
}
