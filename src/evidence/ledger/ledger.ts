import type { AnchorRecord } from '../statements/anchor.ts';

/**
 * What a Stardust network gives back: a block that is dated by a milestone, and signed by nobody.
 * Bundles do not carry it.
 */
export interface StardustRecord {
  readonly v: 1;
  readonly driver: 'iota-stardust';
  readonly network: string;
  /** As the node calls its network. */
  readonly networkName: string;
  /** BLAKE2b-256 of the block, in hex. */
  readonly blockId: string;
  /** TIP-24, base64. */
  readonly block: string;
  readonly checkpoint: string;
}

export type LedgerRecord = AnchorRecord | StardustRecord;

export const idOf = (record: LedgerRecord): string =>
  'blockId' in record ? record.blockId : record.transactionDigest;

/**
 * What became of a signed transaction.
 *
 * - `confirmed`: it stands, in this checkpoint of the ledger, since then.
 * - `pending`: it may yet be taken. Send the same bytes again; nothing else may be signed with its
 *   coin.
 * - `dead`: it can never be taken, since its coin went another way, or it was taken and failed.
 *   Another may be signed.
 */
export type Settlement =
  | {
      readonly state: 'confirmed';
      readonly ledgerCheckpoint: string;
      readonly timestampMs: string | null;
    }
  | { readonly state: 'pending' }
  | { readonly state: 'dead'; readonly reason: string };

/**
 * Where checkpoints are anchored: the whole seam. Only origin, size and root of a log ever go
 * there.
 *
 *     prepare → keep the record durably → send → settle
 *
 * All reject with LEDGER_UNAVAILABLE (retryable) when the ledger does not answer, LEDGER_FUNDS
 * (retryable) when there is nothing to pay with, LEDGER_REJECTED when it refuses.
 */
export interface Ledger<R extends LedgerRecord = LedgerRecord> {
  readonly network: string;
  /**
   * Builds and signs the transaction for a signed checkpoint (a note). Nothing that could be acted
   * on leaves us.
   */
  prepare(checkpoint: string): Promise<R>;
  /** Sends the very bytes of a record: however often, the ledger takes them once. */
  send(record: R): Promise<void>;
  settle(record: R): Promise<Settlement>;
}

/** All in one, for a caller that keeps nothing: tests, and the demonstration. */
export async function publishOnce<R extends LedgerRecord>(
  ledger: Ledger<R>,
  checkpoint: string,
): Promise<R> {
  const record = await ledger.prepare(checkpoint);
  await ledger.send(record);
  return record;
}
