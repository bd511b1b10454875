import { randomBytes } from 'node:crypto';
import { link, open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../errors/index.ts';
import { makeFolder } from '../../processes/folders.ts';

/**
 * What a durable folder asks of a file system: one method per write that can fail, so that a test
 * can break each.
 */
export interface Files {
  /** Makes a file with this text and flushes it to the disk; rejects when the name is taken. */
  create(path: string, text: string): Promise<void>;
  /**
   * Gives a file a second name. Rejects with EEXIST when that is taken, between processes too: our
   * compare-and-swap.
   */
  link(path: string, name: string): Promise<void>;
  /**
   * Flushes the names in a folder: before that, a power cut may take back a file that everybody has
   * read.
   */
  sync(folder: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** The text, or nothing when there is no such file. */
  read(path: string): Promise<string | undefined>;
  list(folder: string): Promise<string[]>;
}

export const durableFiles: Files = {
  async create(path, text) {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  link,
  async sync(folder) {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  },
  remove: unlink,
  async read(path) {
    try {
      return await readFile(path, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw cause;
    }
  },
  list: readdir,
};

const ASIDE = '.writing-';
/** No write takes this long: what is older was left by a process that was killed. */
const ASIDE_LIVES_MS = 600_000;

/**
 * write aside → flush → link to the name → flush the folder: the file appears whole or not at all.
 * False when the name is taken. A rejection may come after the name was given; the caller has to
 * look.
 */
export async function publishFile(
  files: Files,
  folder: string,
  name: string,
  text: string,
): Promise<boolean> {
  const aside = join(folder, `${ASIDE}${randomBytes(8).toString('hex')}`);
  try {
    await files.create(aside, text);
    await files.link(aside, join(folder, name));
    await files.sync(folder);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw writeFault(folder, cause);
  } finally {
    await files.remove(aside).catch(() => undefined);
  }
}

/**
 * Makes the folder when it is not there, and clears away what killed writers left without a name.
 */
export async function openFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    for (const name of await readdir(folder)) {
      if (!name.startsWith(ASIDE)) continue;
      const path = join(folder, name);
      const left = await stat(path).then(
        ({ mtimeMs }) => Date.now() - mtimeMs > ASIDE_LIVES_MS,
        () => false,
      );
      if (left) await unlink(path).catch(() => undefined);
    }
  } catch (cause) {
    throw writeFault(folder, cause);
  }
}

const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG'];

export function writeFault(folder: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const full = FULL.includes((cause as NodeJS.ErrnoException).code ?? '');
  return new Fault(
    full ? 'DISK_FULL' : 'LOG_WRITE',
    `the transparency log in ${folder} could not be written`,
    { retryable: true, cause },
  );
}
