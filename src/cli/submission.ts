import { basename } from 'node:path';
import { FORMAT_OPTIONS, formatNamed, formatOfText, strayOptions } from '../checking/formats.ts';
import type { Submission } from '../checking/types.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { FORMAT_NAMES, type FormatName } from '../model/formats.ts';
import { flagOf } from './command.ts';
import type { SubmissionValues } from './options.ts';
import { readText } from './textFile.ts';

/** What lies beside a file and is read with it. */
export type Companions = Partial<Pick<SubmissionValues, 'config' | 'modules'>>;

/** How a file is read whose format has others beside it: a row each. */
const GATHERED: Readonly<
  Partial<Record<FormatName, (file: string, beside: Companions) => Promise<Result<Submission>>>>
> = {
  tla: async (file, beside) => (await import('./gather.ts')).gatherTla(file, beside),
};

/**
 * A file with what goes beside it, as it is said on the command line. What its format does not know
 * is refused, also where it is said of the check.
 */
export async function submissionFrom(
  file: string,
  values: SubmissionValues,
): Promise<Result<Submission>> {
  const read = await readSubmission(file, values.format, values);
  if (!read.ok) return read;
  const said: Readonly<Record<string, unknown>> = values;
  const stray = strayOptions(
    read.value.format,
    FORMAT_OPTIONS.filter((name) => isGiven(said[name])),
    flagOf,
  );
  if (stray.length > 0) return bad(...stray);
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

const isGiven = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;

/** Reads a file as a submission, refusing early what is too large or no text. */
export async function readSubmission(
  file: string,
  format?: FormatName,
  beside: Companions = {},
): Promise<Result<Submission>> {
  const named = format ?? formatNamed(file);
  const gather = named && GATHERED[named];
  if (gather) return gather(file, beside);
  const source = await readText(file);
  if (!source.ok) return source;
  const known = named ?? formatOfText(source.value);
  return known === undefined
    ? bad(
        problem(
          'FORMAT_UNKNOWN',
          file,
          `the format of ${file} is not known; say --format ${FORMAT_NAMES.join(' or --format ')}`,
        ),
      )
    : ok({ source: source.value, format: known, name: basename(file) });
}
