import { fromBase64, fromDecimal, toBase64 } from './encoding.ts';

/**
 * That a leaf is in a log, checkable offline (https://c2sp.org/tlog-proof). We write no `extra`
 * line.
 */
export interface Receipt {
  readonly extra?: Uint8Array;
  readonly index: number;
  /** The audit path, from the leaf's sibling upwards; 32 bytes each. */
  readonly proof: readonly Uint8Array[];
  /** A signed checkpoint, verbatim. */
  readonly checkpoint: string;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
/** A path is as long as the tree is high. */
const MAX_PROOF = 64;

export function formatReceipt({ extra, index, proof, checkpoint }: Receipt): string {
  const head = extra === undefined ? [HEADER] : [HEADER, `extra ${toBase64(extra)}`];
  return `${[...head, `index ${index}`, ...proof.map(toBase64)].join('\n')}\n\n${checkpoint}`;
}

/**
 * Reads a receipt; nothing when it deviates from the format in any byte. The checkpoint is not
 * looked into.
 */
export function parseReceipt(text: string): Receipt | undefined {
  const blank = text.indexOf('\n\n');
  if (blank < 0) return undefined;
  const lines = text.slice(0, blank).split('\n');
  if (lines.shift() !== HEADER) return undefined;
  let extra: Uint8Array | undefined;
  if (lines[0]?.startsWith('extra ')) {
    extra = fromBase64((lines.shift() ?? '').slice('extra '.length));
    if (extra === undefined) return undefined;
  }
  const indexLine = lines.shift();
  const index = indexLine?.startsWith('index ')
    ? fromDecimal(indexLine.slice('index '.length))
    : undefined;
  if (index === undefined || lines.length > MAX_PROOF) return undefined;
  const proof: Uint8Array[] = [];
  for (const line of lines) {
    const hash = fromBase64(line);
    if (hash?.length !== 32) return undefined;
    proof.push(hash);
  }
  return {
    ...(extra === undefined ? {} : { extra }),
    index,
    proof,
    checkpoint: text.slice(blank + 2),
  };
}
