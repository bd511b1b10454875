/**
 * What a ledger gives back for a checkpoint: all that an offline check needs, and where to look
 * online.
 */
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
