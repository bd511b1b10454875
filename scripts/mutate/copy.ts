import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Neither source nor test: not linked. `dist` is written by tests, so that it is copied. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git', '.probity', 'out']);

/**
 * A copy of the tree for the faults to be put into, made of hard links: it takes no time, and
 * whoever is killed in the middle leaves the tree itself as it was.
 */
export function copyTree(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'probity-mutate-'));
  link(root, copy, '');
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  if (existsSync(join(root, 'dist'))) {
    cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  }
  return copy;
}

/** Replaces a file of the copy. Writing in place would write through the link, into the tree. */
export function replaceFile(copy: string, file: string, text: string): void {
  rmSync(join(copy, file));
  writeFileSync(join(copy, file), text);
}

export function removeCopy(copy: string): void {
  rmSync(copy, { recursive: true, force: true });
}

function link(root: string, copy: string, folder: string): void {
  mkdirSync(join(copy, folder), { recursive: true });
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (folder === '' && LEFT_OUT.has(entry.name)) continue;
    if (entry.isDirectory()) link(root, copy, path);
    else if (entry.isFile()) linkOrCopy(join(root, path), join(copy, path));
  }
}

/** A link cannot leave its file system. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
