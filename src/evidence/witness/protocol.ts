import { fromBase64, fromDecimal, toBase64 } from '../formats/encoding.ts';

/**
 * `add-checkpoint` of https://c2sp.org/tlog-witness: an old size, a consistency proof from it, and
 * a signed checkpoint.
 */
export interface AddCheckpoint {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  /** A signed note, verbatim. */
  readonly checkpoint: string;
}

export const MAX_PROOF_LINES = 63;
/** Far more than 63 hashes and a checkpoint with 64 signatures take. */
export const MAX_REQUEST_BYTES = 64 * 1024;
export const SIZE_TYPE = 'text/x.tlog.size';

export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  return `${[`old ${oldSize}`, ...proof.map(toBase64)].join('\n')}\n\n${checkpoint}`;
}

/**
 * Reads a request body; nothing when it deviates in any byte. The checkpoint is not looked into.
 */
export function parseAddCheckpoint(text: string): AddCheckpoint | undefined {
  const blank = text.indexOf('\n\n');
  if (blank < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, blank).split('\n');
  const oldSize = first.startsWith('old ') ? fromDecimal(first.slice('old '.length)) : undefined;
  if (oldSize === undefined || lines.length > MAX_PROOF_LINES) return undefined;
  const proof: Uint8Array[] = [];
  for (const line of lines) {
    const hash = fromBase64(line);
    if (hash?.length !== 32) return undefined;
    proof.push(hash);
  }
  return { oldSize, proof, checkpoint: text.slice(blank + 2) };
}
