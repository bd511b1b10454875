import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invariant } from '../errors/index.ts';

/**
 * The folder of package.json: two above this file in `src`, three above in `dist`. Files that are
 * not compiled lie below it.
 */
export function packageRoot(): string {
  for (
    let folder = dirname(fileURLToPath(import.meta.url));
    folder !== dirname(folder);
    folder = dirname(folder)
  ) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'schema.graphql')))
      return folder;
  }
  invariant(false, 'package.json is not above the program');
}
