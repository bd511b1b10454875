import { join } from 'node:path';
import { Fault } from '../../errors/index.ts';
import { parseCheckpoint } from '../formats/checkpoint.ts';
import { parseNote } from '../formats/note.ts';
import { durableFiles, openFolder, publishFile, writeFault, type Files } from './files.ts';

/**
 * The newest checkpoint that this installation has shown to anybody, kept apart from the log's
 * store: whoever puts an older copy of the store back does not put this back with it.
 */
export interface Seen {
  /** A signed note, or nothing before the first. */
  newest(): Promise<string | undefined>;
  /** Durable when it resolves. LOG_FORKED when another checkpoint of the same size was kept. */
  keep(checkpoint: string): Promise<void>;
}

/**
 * One file per checkpoint, named by its size, the largest counts, smaller ones are removed
 * afterwards. So any number of processes may keep what they saw, in any order and killed at any
 * moment, and none can move the mark back.
 */
export async function seenInFolder(folder: string, files: Files = durableFiles): Promise<Seen> {
  await openFolder(folder);
  let turn: Promise<unknown> = Promise.resolve();
  return {
    newest: () => newest(folder, files),
    keep: (checkpoint) => {
      const next = turn.catch(() => undefined).then(() => keep(folder, files, checkpoint));
      turn = next;
      return next;
    },
  };
}

async function newest(folder: string, files: Files): Promise<string | undefined> {
  for (;;) {
    const name = (await names(folder, files)).at(-1);
    if (name === undefined) return undefined;
    const text = await read(folder, files, name);
    // Gone in between: another process kept a larger one.
    if (text === undefined) continue;
    if (nameOf(text) !== name)
      throw new Fault(
        'LOG_CORRUPT',
        `${join(folder, name)} is not the checkpoint that its name says`,
      );
    return text;
  }
}

async function keep(folder: string, files: Files, checkpoint: string): Promise<void> {
  const name = nameOf(checkpoint);
  if (!(await publishFile(files, folder, name, checkpoint))) {
    const before = await read(folder, files, name);
    if (before !== undefined && parseNote(before)?.text !== parseNote(checkpoint)?.text) {
      throw new Fault(
        'LOG_FORKED',
        `two checkpoints of one size: ${join(folder, name)} and the log's`,
      );
    }
    // Linked by somebody who may have been killed before flushing.
    await files.sync(folder).catch((cause: unknown) => {
      throw writeFault(folder, cause);
    });
  }
  for (const smaller of (await names(folder, files)).filter((other) => other < name)) {
    await files.remove(join(folder, smaller)).catch(() => undefined);
  }
}

const ENDING = '.checkpoint';

async function names(folder: string, files: Files): Promise<string[]> {
  const all = await files.list(folder).catch((cause: unknown) => {
    throw writeFault(folder, cause);
  });
  return all.filter((name) => name.endsWith(ENDING)).sort();
}

async function read(folder: string, files: Files, name: string): Promise<string | undefined> {
  return files.read(join(folder, name)).catch((cause: unknown) => {
    throw writeFault(folder, cause);
  });
}

function nameOf(checkpoint: string): string {
  const size = parseCheckpoint(parseNote(checkpoint)?.text ?? '')?.size;
  if (size === undefined) throw new Fault('LOG_CORRUPT', 'what is to be kept is no checkpoint');
  return `${String(size).padStart(16, '0')}${ENDING}`;
}
