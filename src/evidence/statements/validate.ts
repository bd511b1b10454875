import type { Leaf } from './leaf.ts';
import type { IncidentFile, IncidentStatement } from './incident.ts';
import type { KeyChange, Revocation, Status, StatusFile } from './revocation.ts';
import {
  ANCHOR_SCHEMA,
  INCIDENT_FILE_SCHEMA,
  INCIDENT_SCHEMA,
  KEY_SCHEMA,
  LEAF_SCHEMA,
  REVOCATION_SCHEMA,
  STATEMENT_SCHEMA,
  STATUS_FILE_SCHEMA,
  STATUS_SCHEMA,
} from './schemas.ts';
import { conforms } from '../formats/jsonSchema.ts';
import type { Statement } from './statement.ts';
import type { AnchorRecord } from './anchor.ts';

/**
 * `anchor.json`: a ledger's record, and the path from the receipt's checkpoint to the anchored one.
 */
export interface BundledAnchor extends AnchorRecord {
  /** RFC 9162 consistency proof, base64; empty when the receipt's own checkpoint is anchored. */
  readonly consistency: readonly string[];
}

export const isStatement = (value: unknown): value is Statement =>
  conforms(STATEMENT_SCHEMA, value);
export const isLeaf = (value: unknown): value is Leaf => conforms(LEAF_SCHEMA, value);
export const isBundledAnchor = (value: unknown): value is BundledAnchor =>
  conforms(ANCHOR_SCHEMA, value);
export const isRevocation = (value: unknown): value is Revocation =>
  conforms(REVOCATION_SCHEMA, value);
export const isStatus = (value: unknown): value is Status => conforms(STATUS_SCHEMA, value);
export const isKeyChange = (value: unknown): value is KeyChange => conforms(KEY_SCHEMA, value);
export const isStatusFile = (value: unknown): value is StatusFile =>
  conforms(STATUS_FILE_SCHEMA, value);
export const isIncident = (value: unknown): value is IncidentStatement =>
  conforms(INCIDENT_SCHEMA, value);
export const isIncidentFile = (value: unknown): value is IncidentFile =>
  conforms(INCIDENT_FILE_SCHEMA, value);
