import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What folders of ours are for; their names say so, and which process they belong to. */
export type ScratchKind = 'tlc' | 'raw' | 'warm' | 'print';

const NAME = /^probity-(?:tlc|raw|warm|print)-(\d+)-[A-Za-z0-9]{6}$/;
/** A process of another container may share the folder, and not be seen: it is given this long. */
const LEAST_AGE_MS = 3_600_000;

let swept: Promise<unknown> | undefined;

/**
 * A new folder for what a tool reads and writes. Whoever makes it removes it; the first one in a
 * process also removes what processes left behind that were killed.
 */
export function scratchFolder(kind: ScratchKind): Promise<string> {
  swept ??= sweepScratch().catch(() => undefined);
  return mkdtemp(join(tmpdir(), `probity-${kind}-${process.pid}-`));
}

/** Removes folders of ours whose process is gone, and says which. */
export async function sweepScratch(now = Date.now()): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await readdir(tmpdir())) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = join(tmpdir(), name);
    const entry = await lstat(folder).catch(() => undefined);
    const ours = entry?.isDirectory() === true && entry.uid === (process.getuid?.() ?? entry.uid);
    if (!ours || now - entry.mtimeMs < LEAST_AGE_MS) continue;
    await rm(folder, { recursive: true, force: true });
    removed.push(folder);
  }
  return removed;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
