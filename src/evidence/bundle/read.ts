import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { readZip } from '../formats/zip.ts';

const MAX_FILES = 10_000;
const MAX_BYTES = 512 * 1024 * 1024;

/**
 * The files of a bundle by path, forward slashes: of a folder, or of one `.probity.zip`. A bundle
 * comes from somebody we do not trust: links are refused, so that it cannot show us a file of our
 * own, pipes are not waited for, its size is limited.
 */
export async function readBundle(path: string): Promise<Result<Map<string, Uint8Array>>> {
  try {
    return (await stat(path)).isFile()
      ? await readArchive(await realpath(path))
      : await readFolder(path);
  } catch (cause) {
    return bad(problem('BUNDLE_SHAPE', path, `cannot be read: ${(cause as Error).message}`));
  }
}

async function readArchive(file: string): Promise<Result<Map<string, Uint8Array>>> {
  const archive = await readRegular(file, MAX_BYTES);
  const files = archive instanceof Uint8Array ? readZip(archive) : undefined;
  if (archive === 'large') return bad(problem('BUNDLE_SHAPE', file, 'the bundle is too large'));
  if (files !== undefined) return ok(files);
  return bad(
    problem(
      'BUNDLE_SHAPE',
      file,
      'not a .probity.zip as Probity writes it, or damaged; what another tool packed can be unpacked and verified as a folder',
    ),
  );
}

async function readFolder(folder: string): Promise<Result<Map<string, Uint8Array>>> {
  const files = new Map<string, Uint8Array>();
  const folded = new Set<string>();
  let left = MAX_BYTES;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join('/');
    if (entry.isDirectory()) continue;
    if (!entry.isFile()) return bad(problem('BUNDLE_SHAPE', name, 'neither a file nor a folder'));
    // Two names that are one on another file system: there, another of the two would be read.
    const fold = name.normalize('NFC').toLowerCase();
    if (folded.has(fold))
      return bad(problem('BUNDLE_SHAPE', name, 'another file has the same name but for capitals'));
    folded.add(fold);
    const bytes = files.size < MAX_FILES ? await readRegular(path, left) : 'large';
    if (bytes === 'large') return bad(problem('BUNDLE_SHAPE', name, 'the bundle is too large'));
    if (bytes === 'other') return bad(problem('BUNDLE_SHAPE', name, 'neither a file nor a folder'));
    left -= bytes.length;
    files.set(name, bytes);
  }
  return ok(files);
}

/** Opened without following a link and judged by its handle: what was looked at is what is read. */
async function readRegular(path: string, most: number): Promise<Uint8Array | 'large' | 'other'> {
  const handle = await open(
    path,
    constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
  );
  try {
    const about = await handle.stat();
    const { size } = about;
    if (!about.isFile()) return 'other';
    if (size > most) return 'large';
    const bytes = new Uint8Array(size);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await handle.read(bytes, length, size - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}
