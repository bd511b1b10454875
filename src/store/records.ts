import type { Json } from '../canonical/index.ts';
import type { Problem } from '../errors/index.ts';
import type { AuditFields } from '../evidence/formats/auditChain.ts';
import type { CheckedDocument } from '../model/specification.ts';
import type { Report } from '../model/outcome.ts';

/** What the store hands out: plain data, none of it a row of a library. Times are UTC. */

/** A tenant: whose rows are its own, and seen by nobody else. */
export interface OrganisationRecord {
  readonly id: string;
  readonly name: string;
  /** Whether anybody may look up the state of its verdicts. */
  readonly publishes: boolean;
  readonly createdAt: Date;
}

/**
 * The organisation that was there first. What was kept before there were others is its own, and its
 * admins run the installation.
 */
export const FIRST_ORGANISATION = 'org_00000000000000000000000000';

export interface KeyRecord {
  readonly id: string;
  readonly organisationId: string;
  readonly name: string;
  readonly role: string;
  /** Whose models and runs the key sees; several keys can share one. */
  readonly owner: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  /** The first characters of the key; empty for those of before. */
  readonly prefix: string;
  /** Operations that it is for, one space between two; empty: all of its role. */
  readonly scopes: string;
  readonly expiresAt: Date | null;
  /** As of a minute. */
  readonly lastUsedAt: Date | null;
}

export interface ModelRecord {
  readonly id: string;
  readonly organisationId: string;
  readonly owner: string;
  /** `sha256:…` of the canonical model, or of the specification as submitted. */
  readonly digest: string;
  /** `sha256:…` of the text that was submitted. */
  readonly sourceDigest: string;
  readonly name: string;
  readonly format: string;
  readonly source: string;
  /** The side file of a diagram; empty if it has none. */
  readonly annotations: string;
  readonly document: CheckedDocument;
  readonly createdAt: Date;
}

/**
 * `queued` waits for a worker; `running` has one, for as long as its lease is renewed; `checked`
 * has its report, and while that is provisional a worker too, else it waits for the seal; the
 * others are ends.
 */
export const RUN_STATES = [
  'queued',
  'running',
  'checked',
  'sealed',
  'unsigned',
  'failed',
  'cancelled',
] as const;
export type RunState = (typeof RUN_STATES)[number];
export const isFinished = (state: RunState): boolean =>
  state === 'sealed' || state === 'unsigned' || state === 'failed' || state === 'cancelled';

export interface RunFailure {
  readonly code: string;
  readonly message: string;
  /** What is wrong with the input, where that is the reason. */
  readonly problems?: readonly Problem[];
}

export interface RunRecord {
  readonly id: string;
  readonly organisationId: string;
  readonly owner: string;
  readonly modelId: string;
  readonly state: RunState;
  readonly options: Json;
  readonly cacheKey: string;
  /** How many workers have taken it up so far. */
  readonly attempt: number;
  readonly worker: string | null;
  readonly progress: Json | null;
  readonly report: Report | null;
  /** Whether the report is a first answer that other engines may still contradict. */
  readonly provisional: boolean;
  readonly risk: Json | null;
  readonly failure: RunFailure | null;
  /** Grows with every change of the row. */
  readonly version: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly checkedAt: Date | null;
  readonly finishedAt: Date | null;
}

export interface ArtifactRecord {
  readonly name: string;
  readonly mediaType: string;
  readonly text: string;
  readonly digest: string;
}

export interface VerdictRecord {
  readonly id: string;
  readonly organisationId: string;
  readonly runId: string;
  readonly owner: string;
  readonly statementDigest: string;
  readonly issuedAt: string;
  /** The DSSE envelope, as its canonical JSON text. */
  readonly envelope: string;
  /** Base64. Deleting it and the envelope erases the verdict; the leaf alone says nothing. */
  readonly salt: string;
  /** The JCS text that is the leaf. */
  readonly leaf: string;
  /** Files for people that the statement covers, by path. */
  readonly information: Readonly<Record<string, string>>;
  /** Null until the log has acknowledged the leaf. */
  readonly logIndex: number | null;
  readonly receipt: string | null;
  readonly createdAt: Date;
  readonly sealedAt: Date | null;
  /** Since when envelope, salt and all that the answer was made of are gone. */
  readonly erasedAt: Date | null;
  /**
   * Base64 of what a time-stamping authority gave for the envelope; null where none is configured,
   * or until it answers.
   */
  readonly timestamp: string | null;
}

/** A sealed verdict: its place in the log and its receipt are known. */
export type SealedVerdict = VerdictRecord & { readonly logIndex: number; readonly receipt: string };

export const isSealed = (verdict: VerdictRecord): verdict is SealedVerdict =>
  verdict.logIndex !== null && verdict.receipt !== null;

/**
 * A revocation, a supersession or a change of keys: signed, and in the log once `receipt` is there.
 */
export interface StatementRecord {
  readonly id: string;
  readonly kind: 'revocation' | 'key' | 'incident';
  /** The verdict's, alert's or incident's id, or the vkey of the key that was replaced. */
  readonly subject: string;
  /** `revoked` or `superseded`; of a key, its role; of an incident, what it says, by digest. */
  readonly state: string;
  /** The API key of who asked for it. */
  readonly actor: string;
  readonly statementDigest: string;
  readonly envelope: string;
  readonly salt: string;
  readonly leaf: string;
  readonly logIndex: number | null;
  readonly receipt: string | null;
  readonly createdAt: Date;
}

/** A run without what may be large. */
export type RunHead = Omit<RunRecord, 'report' | 'risk'>;

/** A model without its texts. */
export type ModelHead = Omit<ModelRecord, 'source' | 'annotations' | 'document'>;
export type ModelTexts = Pick<ModelRecord, 'source' | 'annotations' | 'document'>;

/** Somebody asked for something that an auditor would ask about. */
export interface AuditRecord extends AuditFields {
  readonly id: number;
  readonly at: Date;
}

export interface AnchorRow {
  /** The size of the tree under the checkpoint: it covers every leaf with a smaller index. */
  readonly size: number;
  readonly checkpoint: string;
  readonly state: 'pending' | 'confirmed' | 'superseded';
  /** What the ledger gave for the publication; it counts once the state is `confirmed`. */
  readonly record: Json | null;
  readonly attempts: number;
  readonly error: string | null;
  readonly confirmedAt: Date | null;
  /** When the transaction in `record` was signed. */
  readonly preparedAt: Date | null;
  /** What the ledger said when it confirmed. */
  readonly confirmation: Json | null;
}

/** A checkpoint that witnesses have signed as well. */
export interface CosignedRecord {
  readonly size: number;
  readonly note: string;
  /** As the policy calls them. */
  readonly witnesses: readonly string[];
  /** Whether they are enough. */
  readonly quorum: boolean;
  readonly cosignedAt: Date;
}
