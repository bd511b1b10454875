import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it that are missing. Not by Node's `recursive`, which never comes
 * back where a file system says of a folder that can be seen that it is not there, as /proc does.
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(folder); !(await isThere(at)); at = dirname(at)) missing.push(at);
  for (const each of missing.reverse())
    await mkdir(each, { mode }).catch((error: NodeJS.ErrnoException) => {
      // Somebody else was sooner.
      if (error.code !== 'EEXIST') throw error;
    });
  if (!(await stat(folder)).isDirectory())
    throw Object.assign(new Error(`${folder} is no folder`), { code: 'ENOTDIR' });
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => dirname(path) === path,
  );
}
