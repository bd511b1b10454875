import { createHash } from 'node:crypto';

/**
 * A monitor of a tiled log that knows it only by HTTP, written from https://c2sp.org/tlog-tiles,
 * RFC 6962 section 2.1 and nothing of ours: what it computes must agree with what the log signed.
 */
export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leafHash = (entry: Uint8Array): Buffer => sha256(Uint8Array.of(0), entry);
const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
  sha256(Uint8Array.of(1), left, right);

/** RFC 6962 section 2.1: MTH. */
function treeHash(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0] as Buffer;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return nodeHash(treeHash(hashes.slice(0, k)), treeHash(hashes.slice(k)));
}

export class Monitor {
  readonly #prefix: string;
  fetched = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  async head(): Promise<Head> {
    const text = await (await this.#get('checkpoint')).text();
    const [origin = '', size = '', root = ''] = text.split('\n');
    return { origin, size: Number(size), root };
  }

  /** All entries of a log of `size`, from bundles. */
  async entries(size: number): Promise<Buffer[]> {
    const entries: Buffer[] = [];
    for (let n = 0; n * 256 < size; n += 1) {
      const width = Math.min(256, size - n * 256);
      let bundle = Buffer.from(
        await (await this.#get(`tile/entries/${pathOf(n)}${partial(width)}`)).arrayBuffer(),
      );
      for (let at = 0; at < width; at += 1) {
        const length = bundle.readUInt16BE(0);
        entries.push(bundle.subarray(2, 2 + length));
        bundle = bundle.subarray(2 + length);
      }
      if (bundle.length > 0) throw new Error('a bundle has more than its entries');
    }
    return entries;
  }

  rootOf(entries: readonly Buffer[]): string {
    return treeHash(entries.map(leafHash)).toString('base64');
  }

  /**
   * MTH of the leaves [start, end) of a log of `size`, from tiles only; `start` is a multiple of
   * the range's power of two.
   */
  async hashOf(start: number, end: number, size: number): Promise<Buffer> {
    const count = end - start;
    let level = 0;
    while (
      256 ** (level + 1) <= count &&
      start % 256 ** (level + 1) === 0 &&
      count % 256 ** (level + 1) === 0
    )
      level += 1;
    const each = 256 ** level;
    if (
      count % each === 0 &&
      count / each <= 256 &&
      Math.floor(start / each / 256) === Math.floor((end / each - 1) / 256)
    ) {
      const n = Math.floor(start / each / 256);
      const available = Math.min(256, Math.floor(size / each) - n * 256);
      const tile = Buffer.from(
        await (await this.#get(`tile/${level}/${pathOf(n)}${partial(available)}`)).arrayBuffer(),
      );
      if (tile.length !== available * 32) throw new Error('a tile has another width');
      const first = start / each - n * 256;
      return treeHash(
        Array.from({ length: count / each }, (_, at) =>
          tile.subarray((first + at) * 32, (first + at + 1) * 32),
        ),
      );
    }
    let k = 1;
    while (k * 2 < count) k *= 2;
    return nodeHash(
      await this.hashOf(start, start + k, size),
      await this.hashOf(start + k, end, size),
    );
  }

  /** RFC 6962 section 2.1.1: that `entry` is leaf `index`, along its audit path made from tiles. */
  async includes(entry: Uint8Array, index: number, { size, root }: Head): Promise<boolean> {
    const path = async (start: number, end: number): Promise<Buffer> => {
      if (end - start === 1) return leafHash(entry);
      let k = 1;
      while (k * 2 < end - start) k *= 2;
      return index < start + k
        ? nodeHash(await path(start, start + k), await this.hashOf(start + k, end, size))
        : nodeHash(await this.hashOf(start, start + k, size), await path(start + k, end));
    };
    return (await path(0, size)).toString('base64') === root;
  }

  /**
   * That the log of the older head is the beginning of the newer one: the old root, from the new
   * log's tiles.
   */
  async extends(older: Head, newer: Head): Promise<boolean> {
    if (older.origin !== newer.origin || older.size > newer.size) return false;
    const [old, now] = await Promise.all([
      this.hashOf(0, older.size, newer.size),
      this.hashOf(0, newer.size, newer.size),
    ]);
    return old.toString('base64') === older.root && now.toString('base64') === newer.root;
  }

  async #get(path: string): Promise<Response> {
    this.fetched += 1;
    const response = await fetch(`${this.#prefix}/${path}`);
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
    return response;
  }
}

const partial = (width: number): string => (width === 256 ? '' : `.p/${width}`);

/** tlog-tiles: groups of three digits, all but the last with an `x` before them. */
function pathOf(n: number): string {
  const groups = [String(n % 1000).padStart(3, '0')];
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  return groups.join('/');
}
