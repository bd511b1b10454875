import { Fault } from '../../errors/index.ts';
import { limitedBody } from '../../processes/limitedBody.ts';
import { parseCheckpoint } from '../formats/checkpoint.ts';
import { parseNote } from '../formats/note.ts';
import type { LogReader } from './store.ts';
import type { NodeId } from '../formats/merkle.ts';
import { parseEntries, TILE_HEIGHT, TILE_WIDTH, tileName, type TileName } from './tiles.ts';
import { NodeMap } from './tree.ts';

const TIMEOUT_MS = 30_000;
/** A bundle of the longest entries, and some. */
const MAX_BYTES = 17_000_000;
const REMEMBERED = 32;

/**
 * A log that somebody else serves (https://c2sp.org/tlog-tiles): what it says is compared, never
 * believed.
 */
export function httpLogReader(prefix: string): LogReader {
  const base = prefix.replace(/\/+$/u, '');
  const tiles = new Map<string, Promise<Uint8Array | undefined>>();
  let size = 0;

  const tile = (name: TileName): Promise<Uint8Array | undefined> => {
    const path = tileName(name);
    const known = tiles.get(path) ?? get(`${base}/tile/${path}`);
    tiles.delete(path);
    tiles.set(path, known);
    if (tiles.size > REMEMBERED) tiles.delete(tiles.keys().next().value ?? '');
    return known;
  };
  /** The widest tile that a log of this size has at a place. */
  const widthAt = (level: number, index: number): number =>
    Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH);

  return {
    async checkpoint() {
      const bytes = await get(`${base}/checkpoint`);
      if (bytes === undefined) return undefined;
      const note = new TextDecoder().decode(bytes);
      size = parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0;
      return note;
    },
    async leaves(first, count) {
      const index = Math.floor(first / TILE_WIDTH);
      const width = widthAt(0, index);
      if (width < 1) return [];
      const bundle = await tile({ kind: 'entries', index, width });
      const entries = bundle && parseEntries(bundle);
      if (entries?.length !== width)
        throw new Fault(
          'LOG_CORRUPT',
          `bundle ${index} of ${base} has not the ${width} entries that it should`,
        );
      const skip = first - index * TILE_WIDTH;
      const here = entries.slice(skip, skip + count);
      const rest = count - here.length;
      return here.length > 0 && rest > 0 && first + here.length < size
        ? [...here, ...(await this.leaves(first + here.length, rest))]
        : here;
    },
    nodes: (ids) => Promise.all(ids.map((id) => nodeFrom(id, widthAt, tile, base))),
  };
}

/** A node is in a tile, or is the hash of some that are: tiles have every eighth level only. */
async function nodeFrom(
  { level, index }: NodeId,
  widthAt: (level: number, index: number) => number,
  tile: (name: TileName) => Promise<Uint8Array | undefined>,
  base: string,
): Promise<Uint8Array> {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const count = 2 ** (level % TILE_HEIGHT);
  const first = index * count;
  const tileIndex = Math.floor(first / TILE_WIDTH);
  const width = widthAt(tileLevel, tileIndex);
  const bytes =
    width < 1
      ? undefined
      : await tile({ kind: 'hashes', level: tileLevel, index: tileIndex, width });
  const from = first - tileIndex * TILE_WIDTH;
  if (bytes?.length !== width * 32 || from + count > width)
    throw new Fault('LOG_CORRUPT', `${base} has no node ${level}/${index}`);
  const nodes = new NodeMap();
  for (let at = 0; at < count; at += 1)
    nodes.set({ level: 0, index: at, hash: bytes.slice((from + at) * 32, (from + at + 1) * 32) });
  return hashOfAll(nodes, count);
}

/** The hash over `count` (a power of two) hashes that are not leaves. */
function hashOfAll(nodes: NodeMap, count: number): Uint8Array {
  for (let [level, width] = [0, count]; width > 1; level += 1, width /= 2) {
    for (let index = 0; index < width / 2; index += 1) nodes.join(level, index);
  }
  return nodes.hashOf({ start: 0, end: count });
}

/** The body, or nothing for 404. A server that is away or misbehaves is the world's fault. */
async function get(url: string): Promise<Uint8Array | undefined> {
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    bytes = await limitedBody(response, MAX_BYTES);
  } catch (cause) {
    throw new Fault('LOG_UNAVAILABLE', `${url} does not answer`, { retryable: true, cause });
  }
  if (response.status === 404) return undefined;
  if (response.status !== 200)
    throw new Fault('LOG_UNAVAILABLE', `${url} answers ${response.status}`, { retryable: true });
  return bytes;
}
