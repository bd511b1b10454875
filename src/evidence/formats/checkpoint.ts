import { fromBase64, fromDecimal, toBase64 } from './encoding.ts';

/**
 * What a log commits to (https://c2sp.org/tlog-checkpoint): its identity, its size and the root of
 * its Merkle tree.
 */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** The text of a checkpoint, which the log signs as a note. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Reads the text of a checkpoint; extension lines are accepted, and mean nothing to us. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  if (!text.endsWith('\n')) return undefined;
  const [origin, sizeText, rootText, ...extensions] = text.slice(0, -1).split('\n');
  if (!origin || sizeText === undefined || rootText === undefined || extensions.includes(''))
    return undefined;
  const size = fromDecimal(sizeText);
  const root = fromBase64(rootText);
  return size === undefined || root?.length !== 32 ? undefined : { origin, size, root };
}
