import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { bad, ok, problem, type Result } from '../errors/index.ts';

const MAX_FILES = 10_000;
const MAX_BYTES = 512 * 1024 * 1024;

/**
 * The files of a bundle folder by path, forward slashes. A bundle comes from somebody we do not trust: links are
 * refused, so that it cannot show us a file of our own, and its size is limited.
 */
export async function readBundle(folder: string): Promise<Result<Map<string, Uint8Array>>> {
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = relative(folder, path).split(sep).join('/');
      if (entry.isDirectory()) continue;
      if (!entry.isFile()) return bad(problem('BUNDLE_SHAPE', name, 'neither a file nor a folder'));
      bytes += (await stat(path)).size;
      if (files.size >= MAX_FILES || bytes > MAX_BYTES) return bad(problem('BUNDLE_SHAPE', name, 'the bundle is too large'));
      files.set(name, new Uint8Array(await readFile(path)));
    }
  } catch (cause) {
    return bad(problem('BUNDLE_SHAPE', folder, `cannot be read: ${(cause as Error).message}`));
  }
  return ok(files);
}
