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

/** `pending`: the ledger does not (or no longer) know the transaction; publish again. */
export type Confirmation = 'confirmed' | 'pending';

/**
 * Where checkpoints are anchored: the whole seam. Only origin, size and root of a log ever go there.
 * Both reject with LEDGER_UNAVAILABLE (retryable) when the ledger does not answer, LEDGER_REJECTED when it refuses.
 */
export interface Ledger {
  readonly network: string;
  /** The address that anchors are sent from, for trust policies. */
  readonly address: string;
  /** Publishes a signed checkpoint (a note). */
  publish(checkpoint: string): Promise<AnchorRecord>;
  /** Asks the ledger whether an anchor stands. */
  confirm(record: AnchorRecord): Promise<Confirmation>;
}
