import { createHash } from 'node:crypto';
import { canonicalRow } from '../../graph/canonicalRow.ts';
import type { Graph } from '../../graph/graph.ts';

/** Above this many states the digest is left out: it costs one SHA-256 per state. */
export const DIGEST_LIMIT = 100_000;

/**
 * An order-independent digest of the whole state set: the sum modulo 2^256 of SHA-256 over each
 * row's words joined by commas (Bellare and Micciancio 1997, AdHash). Rows are laid out by the
 * canonical model, so that anybody can recompute it.
 */
export function stateSetDigest(graph: Graph): string {
  const canonical = canonicalRow(graph.semantics.layout);
  let sum = 0n;
  for (let index = 0; index < graph.store.count; index += 1) {
    sum += BigInt(
      `0x${createHash('sha256')
        .update(canonical(graph.store.get(index)).join(','))
        .digest('hex')}`,
    );
  }
  return `adhash-sha256:${(sum % 2n ** 256n).toString(16).padStart(64, '0')}`;
}
