/**
 * DER (X.690), as far as timestamps and certificates need it: definite lengths, tags of one byte.
 */

export interface DerNode {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
  /** What follows. */
  readonly rest: Uint8Array;
}

export const SEQUENCE = 0x30;
export const SET = 0x31;
export const INTEGER = 0x02;
export const OCTET_STRING = 0x04;
export const OBJECT_ID = 0x06;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;

/**
 * The first element of some bytes; nothing when they are none, or a length is not the shortest that
 * can be written.
 */
export function readDer(bytes: Uint8Array): DerNode | undefined {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) return undefined;
  const long = first & 0x80 ? first & 0x7f : 0;
  if (first === 0x80 || long > 3 || bytes.length < 2 + long) return undefined;
  const length =
    long === 0 ? first : bytes.subarray(2, 2 + long).reduce((sum, byte) => sum * 256 + byte, 0);
  if (long > 0 && (length < 0x80 || bytes[2] === 0)) return undefined;
  const start = 2 + long;
  const end = start + length;
  return end > bytes.length
    ? undefined
    : {
        tag,
        content: bytes.subarray(start, end),
        whole: bytes.subarray(0, end),
        rest: bytes.subarray(end),
      };
}

/** The elements that some bytes consist of; none when something else is left over. */
export function derElements(bytes: Uint8Array | undefined): readonly DerNode[] {
  const nodes: DerNode[] = [];
  for (let left = bytes ?? new Uint8Array(0); left.length > 0;) {
    const node = readDer(left);
    if (node === undefined) return [];
    nodes.push(node);
    left = node.rest;
  }
  return nodes;
}

/** The elements of a node with this tag; none of another, or of nothing. */
export const inside = (node: DerNode | undefined, tag: number): readonly DerNode[] =>
  node?.tag === tag ? derElements(node.content) : [];

/** The elements of one constructed element that is all of some bytes. */
export function derChildren(bytes: Uint8Array | undefined, tag: number): readonly DerNode[] {
  const node = readDer(bytes ?? new Uint8Array(0));
  return node?.tag === tag && node.rest.length === 0 ? derElements(node.content) : [];
}

/** The content of an OBJECT IDENTIFIER, in dots. */
export function objectId(node: DerNode | undefined): string {
  if (node?.tag !== OBJECT_ID) return '';
  const numbers: number[] = [];
  let value = 0;
  for (const byte of node.content) {
    value = value * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    if (numbers.length > 0) numbers.push(value);
    else
      numbers.push(
        Math.min(Math.floor(value / 40), 2),
        value - 40 * Math.min(Math.floor(value / 40), 2),
      );
    value = 0;
  }
  return numbers.join('.');
}

/**
 * Milliseconds since 1970 of a UTCTime or GeneralizedTime in UTC (RFC 5280, section 4.1.2.5);
 * nothing when it is neither.
 */
export function derTime(node: DerNode | undefined): number | undefined {
  const text = new TextDecoder('latin1').decode(node?.content);
  const match =
    node?.tag === UTC_TIME
      ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text)
      : node?.tag === GENERALIZED_TIME
        ? /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.\d+)?Z$/.exec(text)
        : null;
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  const full = node?.tag === UTC_TIME ? (year < 50 ? 2000 : 1900) + year : year;
  const time = Date.UTC(full, month - 1, day, hour, minute, second);
  return new Date(time).getUTCMonth() === month - 1 && new Date(time).getUTCDate() === day
    ? time
    : undefined;
}
