import { concat } from '../formats/encoding.ts';

/**
 * A log as static resources (https://c2sp.org/tlog-tiles): tiles of 256 hashes, bundles of 256
 * entries. What is served never changes once it is there, so any monitor, mirror or cache can
 * follow.
 */

/** The height of a tile: 256 hashes. */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 2 ** TILE_HEIGHT;
/** An entry's length is a uint16. */
export const MAX_ENTRY_BYTES = 0xffff;

export type TileName =
  | {
      readonly kind: 'hashes';
      readonly level: number;
      readonly index: number;
      readonly width: number;
    }
  | { readonly kind: 'entries'; readonly index: number; readonly width: number };

const NAME =
  /^(?<place>entries|0|[1-9]\d?)\/(?<index>(?:x\d{3}\/){0,4}\d{3})(?:\.p\/(?<width>[1-9]\d{0,2}))?$/u;

/**
 * Reads what stands behind `<prefix>/tile/`; nothing when it is not the one spelling of a tile's
 * name.
 */
export function parseTileName(text: string): TileName | undefined {
  const { place, index: digits, width: widthText } = NAME.exec(text)?.groups ?? {};
  if (place === undefined || digits === undefined) return undefined;
  // The only spelling of an index has no leading group of zeroes.
  if (digits.startsWith('x000/')) return undefined;
  const index = Number(digits.replaceAll(/[x/]/gu, ''));
  const width = widthText === undefined ? TILE_WIDTH : Number(widthText);
  if (widthText !== undefined && width >= TILE_WIDTH) return undefined;
  if (place === 'entries') return { kind: 'entries', index, width };
  return Number(place) > 63 ? undefined : { kind: 'hashes', level: Number(place), index, width };
}

/** The name of a tile, as in its URL. */
export function tileName(name: TileName): string {
  const digits = String(name.index).padStart(Math.ceil(String(name.index).length / 3) * 3, '0');
  const groups = digits.match(/\d{3}/gu) ?? [];
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  const partial = name.width === TILE_WIDTH ? '' : `.p/${name.width}`;
  return `${name.kind === 'entries' ? 'entries' : name.level}/${path}${partial}`;
}

/** What a tile is made of: the log's own reading side. */
export interface TileSource {
  /** Whether a verified head covers this many leaves. */
  covers(size: number): Promise<boolean>;
  leaves(first: number, count: number): Promise<Uint8Array[]>;
  nodes(ids: readonly { readonly level: number; readonly index: number }[]): Promise<Uint8Array[]>;
}

/** The bytes of a tile; nothing when the log is not that long (yet). */
export async function readTile(log: TileSource, name: TileName): Promise<Uint8Array | undefined> {
  const first = name.index * TILE_WIDTH;
  const leavesEach = name.kind === 'entries' ? 1 : 2 ** (TILE_HEIGHT * name.level);
  const size = (first + name.width) * leavesEach;
  if (!Number.isSafeInteger(size) || !(await log.covers(size))) return undefined;
  if (name.kind === 'entries') {
    const leaves = await log.leaves(first, name.width);
    return leaves.length === name.width
      ? concat(...leaves.flatMap((leaf) => [uint16(leaf.length), leaf]))
      : undefined;
  }
  const level = TILE_HEIGHT * name.level;
  return concat(
    ...(await log.nodes(
      Array.from({ length: name.width }, (_, at) => ({ level, index: first + at })),
    )),
  );
}

const uint16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);

/** The entries of a bundle; nothing when the lengths do not add up. */
export function parseEntries(bytes: Uint8Array): Uint8Array[] | undefined {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const [high, low] = [bytes[at], bytes[at + 1]];
    if (high === undefined || low === undefined) return undefined;
    const end = at + 2 + high * 256 + low;
    if (end > bytes.length) return undefined;
    entries.push(bytes.slice(at + 2, end));
    at = end;
  }
  return entries;
}
