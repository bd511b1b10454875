import { join } from 'node:path';
import { Fault, invariant } from '../../errors/index.ts';
import { exactObject, jsonOf } from '../formats/dsse.ts';
import { fromBase64, toBase64 } from '../formats/encoding.ts';
import { durableFiles, openFolder, publishFile, writeFault, type Files } from './files.ts';
import { HashLevels } from './levels.ts';
import type { LogStore, StoreAudit } from './store.ts';
import type { NodeId } from '../formats/merkle.ts';

/** One commit as a file: everything of it appears at once, when the file gets its final name. */
interface Segment {
  readonly v: 1;
  readonly firstIndex: number;
  readonly leaves: readonly string[];
  readonly nodes: readonly (readonly [level: number, index: number, hash: string])[];
  readonly checkpoint: string;
}

/**
 * A durable log in a folder: numbered, immutable segments, one per commit. A segment is written
 * aside, flushed, and then *linked* to its number; linking fails when the number is taken, which
 * makes it the compare-and-swap, between processes too. A crash leaves at most a file without a
 * number, which nobody reads.
 *
 * Node hashes are held in memory (64 bytes a leaf); the leaves are read again when asked for.
 */
export async function folderLogStore(
  folder: string,
  files: Files = durableFiles,
): Promise<LogStore> {
  await openFolder(folder);
  const numbers = (await files.list(folder))
    .filter((name) => name.endsWith(ENDING))
    .map((name) => Number.parseInt(name, 10));
  await files.sync(folder).catch((cause: unknown) => {
    throw writeFault(folder, cause);
  });
  return new FolderLogStore(
    folder,
    files,
    numbers.reduce((most, number) => Math.max(most, number + 1), 0),
  );
}

class FolderLogStore implements LogStore {
  readonly #folder: string;
  readonly #files: Files;
  readonly #nodes = new HashLevels();
  /** The index of the first leaf of each segment. */
  readonly #firstIndex: number[] = [];
  #size = 0;
  #checkpoint: string | undefined;
  /**
   * Segments whose names are known to be on the disk, not only in a cache that a power cut empties.
   */
  #flushed: number;
  #reading: Promise<void> = Promise.resolve();

  constructor(folder: string, files: Files, flushed: number) {
    this.#folder = folder;
    this.#files = files;
    this.#flushed = flushed;
  }

  async checkpoint(): Promise<string | undefined> {
    await this.#refresh();
    return this.#checkpoint;
  }

  async leaves(first: number, count: number): Promise<Uint8Array[]> {
    await this.#refresh();
    const end = Math.min(first + count, this.#size);
    const leaves: Uint8Array[] = [];
    let number = this.#segmentOf(first);
    for (let at = first; at < end; number += 1) {
      const segment = await this.#read(number);
      for (const text of segment?.leaves.slice(
        at - (this.#firstIndex[number] ?? 0),
        end - (this.#firstIndex[number] ?? 0),
      ) ?? []) {
        const leaf = fromBase64(text);
        if (leaf === undefined) throw new Fault('LOG_CORRUPT', `${this.#path(number)} is damaged`);
        leaves.push(leaf);
        at += 1;
      }
      if (at < end && this.#firstIndex[number + 1] !== at)
        throw new Fault('LOG_CORRUPT', `${this.#path(number)} lost leaves`);
    }
    return leaves;
  }

  async nodes(ids: readonly NodeId[]): Promise<Uint8Array[]> {
    await this.#refresh();
    return ids.map((id) => {
      const hash = this.#nodes.get(id);
      if (hash === undefined)
        throw new Fault(
          'LOG_CORRUPT',
          `node ${id.level}/${id.index} is missing in ${this.#folder}`,
        );
      return hash;
    });
  }

  async find(leafHash: Uint8Array): Promise<number | undefined> {
    await this.#refresh();
    return this.#nodes.find(leafHash);
  }

  /** All segments again, for their checkpoints; the files that no reader of the log comes to. */
  async audit(): Promise<StoreAudit> {
    await this.#refresh();
    const known = this.#firstIndex.length;
    const history = [];
    for (let number = 0; number < known - 1; number += 1) {
      history.push({
        from: nameOf(number),
        note: (await this.#read(number))?.checkpoint ?? '',
        size: this.#firstIndex[number + 1] ?? 0,
      });
    }
    const names = await this.#files.list(this.#folder).catch((cause: unknown) => {
      throw writeFault(this.#folder, cause);
    });
    // What was written aside and never linked is of a writer that was killed, or is at work.
    const strange = names.filter(
      (name) =>
        name.endsWith(ENDING) &&
        !(Number.parseInt(name, 10) < known && nameOf(Number.parseInt(name, 10)) === name),
    );
    return { leaves: this.#size, nodes: this.#nodes.count(), history, strange };
  }

  async commit(change: Parameters<LogStore['commit']>[0]): Promise<boolean> {
    await this.#refresh();
    if (change.expected !== this.#checkpoint) return false;
    invariant(
      change.firstIndex === this.#size,
      'a commit that expects the checkpoint knows the size',
    );
    const segment: Segment = {
      v: 1,
      firstIndex: change.firstIndex,
      leaves: change.leaves.map(toBase64),
      nodes: change.nodes.map(({ level, index, hash }) => [level, index, toBase64(hash)] as const),
      checkpoint: change.checkpoint,
    };
    const number = this.#firstIndex.length;
    const won = await publishFile(
      this.#files,
      this.#folder,
      nameOf(number),
      `${JSON.stringify(segment)}\n`,
    );
    if (won) this.#flushed = Math.max(this.#flushed, number + 1);
    await this.#refresh();
    return won;
  }

  /**
   * Takes in the segments that this or another process has added, one reader at a time. What was
   * linked but perhaps not flushed (its writer was killed in between) is flushed here: nothing that
   * was seen may be taken back by a power cut.
   */
  #refresh(): Promise<void> {
    const next = this.#reading
      .catch(() => undefined)
      .then(async () => {
        for (;;) {
          const number = this.#firstIndex.length;
          const segment = await this.#read(number);
          if (segment === undefined) return;
          if (number >= this.#flushed) {
            await this.#files.sync(this.#folder).catch((cause: unknown) => {
              throw writeFault(this.#folder, cause);
            });
            this.#flushed = number + 1;
          }
          this.#take(segment);
        }
      });
    this.#reading = next;
    return next;
  }

  #take(segment: Segment): void {
    if (segment.firstIndex !== this.#size)
      throw new Fault('LOG_CORRUPT', `a segment is missing in ${this.#folder}`);
    for (const [level, index, encoded] of segment.nodes) {
      const hash = fromBase64(encoded);
      if (hash === undefined || !this.#nodes.append({ level, index, hash })) {
        throw new Fault(
          'LOG_CORRUPT',
          `node ${level}/${index} in ${this.#folder} cannot be read, or is not the next of its level`,
        );
      }
    }
    this.#firstIndex.push(segment.firstIndex);
    this.#size += segment.leaves.length;
    this.#checkpoint = segment.checkpoint;
  }

  /** By halving: a log has as many segments as it had commits. */
  #segmentOf(leaf: number): number {
    let [low, high] = [0, this.#firstIndex.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#firstIndex[middle] ?? 0) <= leaf) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async #read(number: number): Promise<Segment | undefined> {
    let text: string | undefined;
    try {
      text = await this.#files.read(this.#path(number));
    } catch (cause) {
      throw new Fault('LOG_CORRUPT', `${this.#path(number)} cannot be read`, { cause });
    }
    if (text === undefined) return undefined;
    const segment = parseSegment(text);
    if (segment === undefined)
      throw new Fault('LOG_CORRUPT', `${this.#path(number)} is damaged, or of another version`);
    return segment;
  }

  #path(number: number): string {
    return join(this.#folder, nameOf(number));
  }
}

/** A segment exactly as it is written, or nothing. */
function parseSegment(text: string): Segment | undefined {
  const value = jsonOf(text);
  const shape = exactObject(value, ['v', 'firstIndex', 'leaves', 'nodes', 'checkpoint']);
  if (
    shape?.['v'] !== 1 ||
    !Number.isSafeInteger(shape['firstIndex']) ||
    typeof shape['checkpoint'] !== 'string'
  )
    return undefined;
  const { leaves, nodes } = shape;
  const wellFormed =
    Array.isArray(leaves) &&
    leaves.every((leaf) => typeof leaf === 'string') &&
    Array.isArray(nodes) &&
    nodes.every(
      (node) =>
        Array.isArray(node) &&
        node.length === 3 &&
        Number.isSafeInteger(node[0]) &&
        Number.isSafeInteger(node[1]) &&
        typeof node[2] === 'string',
    );
  return wellFormed ? (value as Segment) : undefined;
}

const ENDING = '.segment';
const nameOf = (number: number): string => `${String(number).padStart(10, '0')}${ENDING}`;
