import { readlinkSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What folders of ours are for; their names say so, and which process they belong to. */
export type ScratchKind = 'tlc' | 'specification' | 'warm' | 'print' | 'pip';

const NAME = /^probity-(?:tlc|specification|warm|print|pip)-(\d+)-(\d+)-[A-Za-z0-9]{6}$/;
/** Processes of other containers may share the folder, and not be seen: theirs get this long. */
const FOREIGN_MS = 86_400_000;

let swept: Promise<unknown> | undefined;

/**
 * A new folder for what a tool reads and writes. Whoever makes it removes it; the first one in a
 * process also removes what processes left behind that were killed.
 */
export function scratchFolder(kind: ScratchKind): Promise<string> {
  swept ??= sweepScratch().catch(() => undefined);
  return mkdtemp(join(tmpdir(), `probity-${kind}-${space()}-${process.pid}-`));
}

/** Removes folders of ours whose process is gone, and says which. */
export async function sweepScratch(now = Date.now()): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await readdir(tmpdir())) {
    const [, where, pid] = NAME.exec(name) ?? [];
    if (pid === undefined || (where === space() && isAlive(Number(pid)))) continue;
    const folder = join(tmpdir(), name);
    const entry = await lstat(folder).catch(() => undefined);
    const ours = entry?.isDirectory() === true && entry.uid === (process.getuid?.() ?? entry.uid);
    if (!ours || (where !== space() && now - entry.mtimeMs < FOREIGN_MS)) continue;
    await rm(folder, { recursive: true, force: true });
    removed.push(folder);
  }
  return removed;
}

/** Which processes can see each other: the number of Linux's pid namespace; elsewhere all can. */
export function space(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
