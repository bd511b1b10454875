import { readFile, stat } from 'node:fs/promises';
import { bad, ok, problem, type Result } from '../errors/index.ts';

/** The largest file of data that is read: event logs, Markov chains. */
const MAX_DATA_BYTES = 256 * 1024 * 1024;

/** The UTF-8 text of a file of data: larger than a model may be. */
export async function readLargeText(file: string): Promise<Result<string>> {
  try {
    const { size } = await stat(file);
    if (size > MAX_DATA_BYTES)
      return bad(
        problem(
          'INPUT_TOO_LARGE',
          file,
          `${file} has ${size} bytes; the limit is ${MAX_DATA_BYTES}`,
        ),
      );
    return ok(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file)),
    );
  } catch (error) {
    if (error instanceof TypeError)
      return bad(problem('INPUT_NOT_UTF8', file, `${file} is not UTF-8 text`));
    return bad(
      problem(
        'INPUT_UNREADABLE',
        file,
        `${file}: ${error instanceof Error ? error.message : String(error)}`,
      ),
    );
  }
}
