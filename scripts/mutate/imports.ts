import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const IMPORT = /(?:\bfrom\s+|\bimport\s+|\bimport\()'(\.[^']+)'/gu;

/**
 * The files of the tree that a file reaches by its imports, itself among them: a test that does not
 * reach the file with the fault cannot notice it.
 */
export class Imports {
  readonly #root: string;
  readonly #direct = new Map<string, readonly string[]>();

  constructor(root: string) {
    this.#root = root;
  }

  reachedFrom(file: string): ReadonlySet<string> {
    const reached = new Set([file]);
    for (const each of reached) for (const next of this.#importsOf(each)) reached.add(next);
    return reached;
  }

  #importsOf(file: string): readonly string[] {
    const known = this.#direct.get(file);
    if (known !== undefined) return known;
    const path = join(this.#root, file);
    const text = existsSync(path) && /\.m?ts$/u.test(file) ? readFileSync(path, 'utf8') : '';
    const found = [...text.matchAll(IMPORT)].map((match) => join(dirname(file), match[1] ?? ''));
    this.#direct.set(file, found);
    return found;
  }
}
