import type { Leaf } from './leaf.ts';
import type { KeyChange, Revocation, Status, StatusFile } from './laterStatements.ts';
import {
  ANCHOR_SCHEMA,
  KEY_SCHEMA,
  LEAF_SCHEMA,
  REVOCATION_SCHEMA,
  STATEMENT_SCHEMA,
  STATUS_FILE_SCHEMA,
  STATUS_SCHEMA,
} from './schemas.ts';
import { hasShape } from './shape.ts';
import type { Statement } from './statement.ts';
import type { AnchorRecord } from './ledger/ledger.ts';

/**
 * `anchor.json`: a ledger's record, and the path from the receipt's checkpoint to the anchored one.
 */
export interface BundledAnchor extends AnchorRecord {
  /** RFC 9162 consistency proof, base64; empty when the receipt's own checkpoint is anchored. */
  readonly consistency: readonly string[];
}

export const isStatement = (value: unknown): value is Statement =>
  hasShape(STATEMENT_SCHEMA, value);
export const isLeaf = (value: unknown): value is Leaf => hasShape(LEAF_SCHEMA, value);
export const isBundledAnchor = (value: unknown): value is BundledAnchor =>
  hasShape(ANCHOR_SCHEMA, value);
export const isRevocation = (value: unknown): value is Revocation =>
  hasShape(REVOCATION_SCHEMA, value);
export const isStatus = (value: unknown): value is Status => hasShape(STATUS_SCHEMA, value);
export const isKeyChange = (value: unknown): value is KeyChange => hasShape(KEY_SCHEMA, value);
export const isStatusFile = (value: unknown): value is StatusFile =>
  hasShape(STATUS_FILE_SCHEMA, value);
