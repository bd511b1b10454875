import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok, problem, type Problem, type ProblemCode, type Result } from '../errors/index.ts';
import { checkShape, type JsonShape } from '../frontends/native/shape.ts';
import { readYaml } from '../frontends/native/yaml.ts';

/** What a file of the library holds, and how to say what is wrong in it. */
export interface LibraryFile<T> {
  readonly value: T;
  wrong(code: ProblemCode, path: readonly string[], message: string): Problem;
}

/** A file of a shape, or all that is wrong in it, with its name and place. */
export function readShaped<T>(
  folder: string,
  name: string,
  shape: JsonShape,
): Result<LibraryFile<T>> {
  const file = join(folder, name);
  const inFile = (problems: readonly Problem[]): { ok: false; problems: Problem[] } => ({
    ok: false,
    problems: problems.map((each) => ({
      ...each,
      path: each.path === '' ? file : `${file}: ${each.path}`,
    })),
  });
  if (!existsSync(file)) return inFile([problem('INPUT_UNREADABLE', '', 'the file is not there')]);
  const read = readYaml(readFileSync(file, 'utf8'));
  if (!read.ok) return inFile(read.problems);
  const { value, locate } = read.value;
  const wrong = checkShape(value, locate, shape);
  if (wrong.length > 0) return inFile(wrong);
  return ok({
    value: value as T,
    wrong: (code, path, message) =>
      problem(code, `${file}: ${path.join('.')}`, message, locate(path)),
  });
}
