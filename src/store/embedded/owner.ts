import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../errors/index.ts';

/**
 * One service per data folder. The file names its owner by pid and start time, so that neither a
 * kill -9 nor a reused pid keeps the folder closed. Resolves to a function that gives the folder
 * back.
 */
export async function claimFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'owner.json');
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      await writeFile(path, mine, { flag: 'wx', mode: 0o644 });
      return async () => {
        if ((await readFile(path, 'utf8').catch(() => '')) === mine)
          await rm(path, { force: true });
      };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new Fault('DATA_DIR', `the data folder ${folder} cannot be written`, { cause });
      }
      const other = await ownerIn(path);
      if (other !== undefined && other !== process.pid) {
        throw new Fault(
          'DATA_DIR',
          `the data folder ${folder} is in use by process ${other}; stop it, or set PROBITY_DATA_DIR to another folder`,
        );
      }
      if (other === process.pid)
        throw new Fault('DATA_DIR', `the data folder ${folder} is already in use by this process`);
      await rm(path, { force: true });
    }
  }
  throw new Fault('DATA_DIR', `the data folder ${folder} is claimed by several processes at once`, {
    retryable: true,
  });
}

async function ownerIn(path: string): Promise<number | undefined> {
  try {
    const { pid, started } = JSON.parse(await readFile(path, 'utf8')) as {
      pid: number;
      started: string | null;
    };
    return alive(pid) && startOf(pid) === started ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process has this id; one of another account counts. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The kernel's start time of a process, in ticks since boot; null where /proc is not there. */
function startOf(pid: number): string | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
