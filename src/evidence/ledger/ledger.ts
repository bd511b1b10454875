/** What a ledger gives back for a checkpoint: all that an offline check needs, and where to look online. */
export interface AnchorRecord {
  readonly v: 1;
  readonly network: string;
  readonly chainId: string;
  readonly packageId: string;
  /** Base58, as explorers show it. */
  readonly transactionDigest: string;
  /** BCS of the transaction data, base64. */
  readonly transaction: string;
  /** flag(1) ‖ signature(64) ‖ public key(32), base64. */
  readonly signature: string;
  readonly objectId: string;
  /** The signed note whose text's SHA-256 the transaction carries. */
  readonly checkpoint: string;
}

/**
 * What became of a signed transaction.
 *
 * - `confirmed`: it stands, in this checkpoint of the ledger, since then.
 * - `pending`: it may yet be taken. Send the same bytes again; nothing else may be signed with its coin.
 * - `dead`: it can never be taken, since its coin went another way, or it was taken and failed. Another may be signed.
 */
export type Settlement =
  | { readonly state: 'confirmed'; readonly ledgerCheckpoint: string; readonly timestampMs: string | null }
  | { readonly state: 'pending' }
  | { readonly state: 'dead'; readonly reason: string };

/**
 * Where checkpoints are anchored: the whole seam. Only origin, size and root of a log ever go there.
 *
 *     prepare → keep the record durably → send → settle
 *
 * All reject with LEDGER_UNAVAILABLE (retryable) when the ledger does not answer, LEDGER_FUNDS (retryable) when there is
 * nothing to pay with, LEDGER_REJECTED when it refuses.
 */
export interface Ledger {
  readonly network: string;
  /** The address that anchors are sent from, for trust policies. */
  readonly address: string;
  /** Builds and signs the transaction for a signed checkpoint (a note). Nothing that could be acted on leaves us. */
  prepare(checkpoint: string): Promise<AnchorRecord>;
  /** Sends the very bytes of a record: however often, the ledger takes them once. */
  send(record: AnchorRecord): Promise<void>;
  settle(record: AnchorRecord): Promise<Settlement>;
}

/** All in one, for a caller that keeps nothing: tests, and the demonstration. */
export async function publishOnce(ledger: Ledger, checkpoint: string): Promise<AnchorRecord> {
  const record = await ledger.prepare(checkpoint);
  await ledger.send(record);
  return record;
}
