import type { STATEMENT_TYPE, Subject } from './statement.ts';

/**
 * What is said after a verdict: that it was revoked or superseded, that it still stands, that a key
 * was replaced by another. Each an in-toto Statement v1 with a predicate type of its own, signed as
 * DSSE; the first and the last are leaves of the log too.
 */

export const REVOCATION_TYPE = 'urn:probity:revocation:v1';
export const STATUS_TYPE = 'urn:probity:status:v1';
export const KEY_TYPE = 'urn:probity:key:v1';

interface StatementOf<Type extends string, Predicate> {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly [Subject];
  readonly predicateType: Type;
  readonly predicate: Predicate & {
    /** Its own id, the same as in its leaf where it has one. */
    readonly id: string;
    readonly issuer: { readonly name: string; readonly key: string };
    readonly issuedAt: string;
  };
}

export type WithdrawnState = 'revoked' | 'superseded';
export type VerdictState = 'valid' | WithdrawnState;

/**
 * The subject is the verdict: its id, and the SHA-256 of its statement. Its leaf's `prev` is the
 * digest of the verdict's leaf.
 */
export type Revocation = StatementOf<
  typeof REVOCATION_TYPE,
  {
    readonly verdict: string;
    readonly state: WithdrawnState;
    readonly reason: string;
    /** The verdict that stands in its place. */
    readonly by?: string;
  }
>;

/**
 * The issuer's word about a verdict under one checkpoint; what is not yet in the log cannot be
 * known. Same subject.
 */
export type Status = StatementOf<
  typeof STATUS_TYPE,
  {
    readonly verdict: string;
    readonly state: VerdictState;
    readonly asOf: { readonly origin: string; readonly size: number; readonly root: string };
    /** The id of the revocation that counts. */
    readonly revocation?: string;
  }
>;

/**
 * The subject is the new key: its id, and the SHA-256 of its 32 bytes. Signed by the old key, then
 * by the new one.
 */
export type KeyChange = StatementOf<
  typeof KEY_TYPE,
  {
    readonly role: 'verdict' | 'log' | 'ledger';
    readonly retired: string;
    readonly successor: string;
    readonly reason: string;
  }
>;

/** A statement with all that proves its place in the log. */
export interface LoggedStatement {
  readonly envelope: string;
  readonly leaf: string;
  /** Base64. */
  readonly salt: string;
  readonly receipt: string;
}

/** `status.json`. */
export interface StatusFile {
  readonly v: 1;
  readonly envelope: string;
  /** The note that `asOf` names. */
  readonly checkpoint: string;
  /** RFC 9162, base64: from the checkpoint of the verdict's receipt to this one. */
  readonly consistency: readonly string[];
  readonly revocation?: LoggedStatement;
}

export const STATUS_FILE = 'status.json';
/** An RFC 3161 response over the bytes of `envelope.json`. */
export const TIMESTAMP_FILE = 'timestamp.tsr';
