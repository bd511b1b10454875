import { concat, equalBytes, fromUtf8, utf8 } from './encoding.ts';

/**
 * A bundle as one file: a ZIP archive (APPNOTE 6.3.10) in which every byte is decided by the files.
 * Entries are sorted, stored without compression, dated 1980-01-01, with plain ASCII paths and
 * without extra fields, data descriptors, comments or attributes. Any tool can unpack it; the
 * reader accepts exactly what the writer makes.
 *
 * That refuses by one comparison all that makes ZIP dangerous to read: two directories that
 * disagree, names that lead out, twins, links, overlapping entries, bombs, data in front, behind
 * and in between.
 */

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** 1980-01-01, the first day that a ZIP can name: years since 1980, month, day. */
const DATE = (0 << 9) | (1 << 5) | 1;
const VERSION = 20;
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;
const MAX_ENTRIES = 10_000;
/**
 * The same rule as the statement's schema has for evidence: plain segments, nothing that leads
 * anywhere.
 */
const PATH = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,4}$/;
const MAX_PATH = 200;

export const isBundlePath = (path: string): boolean => path.length <= MAX_PATH && PATH.test(path);

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1)
    value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 as in APPNOTE 4.4.7. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1)
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Fields of 2 and 4 bytes, little-endian, in the order of APPNOTE. */
function fields(...values: readonly (readonly [value: number, bytes: 2 | 4])[]): Uint8Array {
  const bytes = new Uint8Array(values.reduce((length, [, size]) => length + size, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const [value, size] of values) {
    if (size === 2) view.setUint16(offset, value, true);
    else view.setUint32(offset, value, true);
    offset += size;
  }
  return bytes;
}

/**
 * The one archive of these files. Paths must be those of a bundle (`isBundlePath`); all else is a
 * bug of the caller.
 */
export function writeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const body: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const path of [...files.keys()].sort()) {
    const bytes = files.get(path) as Uint8Array;
    const name = utf8(path);
    // Flags, method "stored", time, date, CRC, size twice, length of the name, length of extra
    // fields.
    const common = fields(
      [VERSION, 2],
      [0, 2],
      [0, 2],
      [0, 2],
      [DATE, 2],
      [crc32(bytes), 4],
      [bytes.length, 4],
      [bytes.length, 4],
      [name.length, 2],
      [0, 2],
    );
    body.push(fields([LOCAL, 4]), common, name, bytes);
    // Comment length, disk, internal and external attributes, offset of the local header.
    directory.push(
      fields([CENTRAL, 4], [VERSION, 2]),
      common,
      fields([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]),
      name,
    );
    offset += LOCAL_SIZE + name.length + bytes.length;
  }
  const central = concat(...directory);
  const end = fields(
    [END, 4],
    [0, 2],
    [0, 2],
    [files.size, 2],
    [files.size, 2],
    [central.length, 4],
    [offset, 4],
    [0, 2],
  );
  return concat(...body, central, end);
}

/**
 * The files of an archive that `writeZip` made, or nothing: one changed byte anywhere makes it no
 * bundle.
 */
export function readZip(archive: Uint8Array): Map<string, Uint8Array> | undefined {
  const end = archive.length - END_SIZE;
  if (end < 0) return undefined;
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (view.getUint32(end, true) !== END || count > MAX_ENTRIES) return undefined;
  const files = new Map<string, Uint8Array>();
  let claimed = 0;
  for (let entry = 0; entry < count; entry += 1) {
    if (at + CENTRAL_SIZE > end) return undefined;
    const size = view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true);
    const start = view.getUint32(at + 42, true) + LOCAL_SIZE + nameLength;
    const path = fromUtf8(
      archive.subarray(at + CENTRAL_SIZE, Math.min(at + CENTRAL_SIZE + nameLength, end)),
    );
    if (path === undefined || !isBundlePath(path) || start + size > end) return undefined;
    // Entries that share bytes would make much out of little.
    claimed += size;
    if (claimed > archive.length) return undefined;
    files.set(path, archive.slice(start, start + size));
    at += CENTRAL_SIZE + nameLength;
  }
  // Whatever the fields said: only the one archive of these files is accepted. Compared by length
  // before it is built.
  const expected =
    END_SIZE +
    [...files].reduce(
      (sum, [path, bytes]) => sum + LOCAL_SIZE + CENTRAL_SIZE + 2 * path.length + bytes.length,
      0,
    );
  return expected === archive.length && equalBytes(writeZip(files), archive) ? files : undefined;
}
