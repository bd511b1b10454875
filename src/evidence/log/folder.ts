import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, invariant } from '../../errors/index.ts';
import { fromBase64, toBase64 } from '../encoding.ts';
import type { LogNode, LogStore } from './store.ts';
import { NodeMap } from './tree.ts';

/** One commit as a file: everything of it appears at once, when the file gets its final name. */
interface Segment {
  readonly v: 1;
  readonly firstIndex: number;
  readonly leaves: readonly string[];
  readonly nodes: readonly (readonly [level: number, index: number, hash: string])[];
  readonly checkpoint: string;
}

/**
 * A durable log in a folder: numbered, immutable segments, one per commit. A segment is written aside, flushed, and
 * then *linked* to its number; linking fails when the number is taken, which makes it the compare-and-swap, between
 * processes too. A crash leaves at most a file without a number, which nobody reads.
 *
 * Node hashes are held in memory (about 100 bytes a leaf); the leaves are read again when asked for.
 */
export async function folderLogStore(folder: string): Promise<LogStore> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw writeFault(folder, cause);
  }
  return new FolderLogStore(folder);
}

class FolderLogStore implements LogStore {
  readonly #folder: string;
  readonly #nodes = new NodeMap();
  /** The index of the first leaf of each segment. */
  readonly #firstIndex: number[] = [];
  #size = 0;
  #checkpoint: string | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async checkpoint(): Promise<string | undefined> {
    await this.#refresh();
    return this.#checkpoint;
  }

  async leaf(index: number): Promise<Uint8Array | undefined> {
    await this.#refresh();
    if (index < 0 || index >= this.#size) return undefined;
    const number = this.#firstIndex.findLastIndex((first) => first <= index);
    const segment = await this.#read(number);
    const text = segment?.leaves[index - (this.#firstIndex[number] ?? 0)];
    return text === undefined ? undefined : fromBase64(text);
  }

  async nodes(ids: Parameters<LogStore['nodes']>[0]): Promise<Uint8Array[]> {
    await this.#refresh();
    return ids.map((id) => {
      const hash = this.#nodes.get(id);
      if (hash === undefined) throw new Fault('LOG_CORRUPT', `node ${id.level}/${id.index} is missing in ${this.#folder}`);
      return hash;
    });
  }

  async commit(change: Parameters<LogStore['commit']>[0]): Promise<boolean> {
    await this.#refresh();
    if (change.expected !== this.#checkpoint) return false;
    invariant(change.firstIndex === this.#size, 'a commit that expects the checkpoint knows the size');
    const segment: Segment = {
      v: 1,
      firstIndex: change.firstIndex,
      leaves: change.leaves.map(toBase64),
      nodes: change.nodes.map(({ level, index, hash }) => [level, index, toBase64(hash)] as const),
      checkpoint: change.checkpoint,
    };
    const number = this.#firstIndex.length;
    const won = await this.#publish(number, `${JSON.stringify(segment)}\n`);
    await this.#refresh();
    return won;
  }

  /** write → fsync → link → fsync of the folder; false when the number is taken. */
  async #publish(number: number, text: string): Promise<boolean> {
    const temporary = join(this.#folder, `.writing-${randomBytes(8).toString('hex')}`);
    try {
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await link(temporary, this.#path(number));
      const directory = await open(this.#folder, 'r');
      await directory.sync().finally(() => directory.close());
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw writeFault(this.#folder, cause);
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
  }

  /** Takes in the segments that this or another process has added, one reader at a time. */
  #refresh(): Promise<void> {
    const next = this.#reading.catch(() => undefined).then(async () => {
      for (;;) {
        const segment = await this.#read(this.#firstIndex.length);
        if (segment === undefined) return;
        this.#take(segment);
      }
    });
    this.#reading = next;
    return next;
  }

  #take(segment: Segment): void {
    if (segment.firstIndex !== this.#size) throw new Fault('LOG_CORRUPT', `a segment is missing in ${this.#folder}`);
    for (const [level, index, encoded] of segment.nodes) {
      const hash = fromBase64(encoded);
      if (hash?.length !== 32) throw new Fault('LOG_CORRUPT', `a hash in ${this.#folder} cannot be read`);
      const node: LogNode = { level, index, hash };
      this.#nodes.set(node);
    }
    this.#firstIndex.push(segment.firstIndex);
    this.#size += segment.leaves.length;
    this.#checkpoint = segment.checkpoint;
  }

  async #read(number: number): Promise<Segment | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path(number), 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new Fault('LOG_CORRUPT', `${this.#path(number)} cannot be read`, { cause });
    }
    try {
      return JSON.parse(text) as Segment;
    } catch (cause) {
      throw new Fault('LOG_CORRUPT', `${this.#path(number)} is damaged`, { cause });
    }
  }

  #path(number: number): string {
    return join(this.#folder, `${String(number).padStart(10, '0')}.segment`);
  }
}

function writeFault(folder: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
  return new Fault(full ? 'DISK_FULL' : 'LOG_WRITE', `the transparency log in ${folder} could not be written`, { retryable: true, cause });
}
