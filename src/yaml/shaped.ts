import { ok, type Locate, type Problem, type Result } from '../errors/index.ts';
import { checkShape, type JsonShape } from './shape.ts';
import { readYaml } from './yaml.ts';

/** What a text says that has the shape that was asked for, and where each part of it stands. */
export interface Shaped<T> {
  readonly value: T;
  readonly locate: Locate;
}

/** Reads YAML or JSON of a shape: everything that is wrong with it, each with its place. */
export function readShaped<T>(source: string, shape: JsonShape): Result<Shaped<T>> {
  const read = readYaml(source);
  if (!read.ok) return read;
  const { value, locate } = read.value;
  const problems = checkShape(value, locate, shape);
  return problems.length > 0 ? { ok: false, problems } : ok({ value: value as T, locate });
}

/** The same problem, told with the file that it is in. */
export const inFile = (found: Problem, file: string): Problem => ({
  ...found,
  path: found.path === '' ? file : `${file}: ${found.path}`,
});
