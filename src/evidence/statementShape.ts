import { Ajv, type ValidateFunction } from 'ajv';
import type { Leaf } from './leaf.ts';
import type { KeyChange, Revocation, Status, StatusFile } from './laterStatements.ts';
import { ANCHOR_SCHEMA, KEY_SCHEMA, LEAF_SCHEMA, REVOCATION_SCHEMA, STATEMENT_SCHEMA, STATUS_FILE_SCHEMA, STATUS_SCHEMA } from './schemas.ts';
import type { Statement } from './statement.ts';
import type { AnchorRecord } from './ledger/ledger.ts';

/** `anchor.json`: a ledger's record, and the path from the receipt's checkpoint to the anchored one. */
export interface BundledAnchor extends AnchorRecord {
  /** RFC 9162 consistency proof, base64; empty when the receipt's own checkpoint is anchored. */
  readonly consistency: readonly string[];
}

let compiled: Map<object, ValidateFunction> | undefined;

/** Compiled at first use: reading this file must cost nothing to a command that verifies nothing. */
function validate(schema: object, value: unknown): boolean {
  compiled ??= new Map();
  let check = compiled.get(schema);
  if (check === undefined) {
    check = new Ajv({ strict: true, strictTuples: false, validateSchema: false }).compile(schema);
    compiled.set(schema, check);
  }
  return check(value) === true;
}

export const isStatement = (value: unknown): value is Statement => validate(STATEMENT_SCHEMA, value);
export const isLeaf = (value: unknown): value is Leaf => validate(LEAF_SCHEMA, value);
export const isBundledAnchor = (value: unknown): value is BundledAnchor => validate(ANCHOR_SCHEMA, value);
export const isRevocation = (value: unknown): value is Revocation => validate(REVOCATION_SCHEMA, value);
export const isStatus = (value: unknown): value is Status => validate(STATUS_SCHEMA, value);
export const isKeyChange = (value: unknown): value is KeyChange => validate(KEY_SCHEMA, value);
export const isStatusFile = (value: unknown): value is StatusFile => validate(STATUS_FILE_SCHEMA, value);
