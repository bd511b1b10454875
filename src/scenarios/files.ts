import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bad, ok, problem, type Problem, type ProblemCode, type Result } from '../errors/index.ts';
import type { JsonShape } from '../yaml/shape.ts';
import { inFile, readShaped } from '../yaml/shaped.ts';

/** What a file of the library holds, and how to say what is wrong in it. */
export interface LibraryFile<T> {
  readonly value: T;
  wrong(code: ProblemCode, path: readonly string[], message: string): Problem;
}

/** A file of a shape, or all that is wrong in it, with its name and place. */
export function readLibraryFile<T>(
  folder: string,
  name: string,
  shape: JsonShape,
): Result<LibraryFile<T>> {
  const file = join(folder, name);
  if (!existsSync(file))
    return bad(inFile(problem('INPUT_UNREADABLE', '', 'the file is not there'), file));
  const read = readShaped<T>(readFileSync(file, 'utf8'), shape);
  if (!read.ok) return bad(...read.problems.map((each) => inFile(each, file)));
  const { value, locate } = read.value;
  return ok({
    value,
    wrong: (code, path, message) =>
      problem(code, `${file}: ${path.join('.')}`, message, locate(path)),
  });
}
