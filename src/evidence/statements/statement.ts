import type {
  Agreement,
  Assumptions,
  Assurance,
  EngineReport,
  Evidence,
  HoldsMethod,
  OutcomeKind,
  ScriptAnswer,
  UnknownReason,
  Vacuity,
  WitnessKind,
} from '../../model/outcome.ts';

/** Names for ever: a verifier of any year recognises a verdict by these. */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'urn:probity:formal-verdict:v1';

/** What a digest set of in-toto looks like; we write SHA-256 only, as 64 hexadecimal digits. */
export interface DigestSet {
  readonly sha256: string;
}

export interface Subject {
  readonly name: string;
  readonly digest: DigestSet;
}

/** A file of the bundle that the signature covers. */
export interface EvidenceFile {
  readonly path: string;
  readonly mediaType: string;
  readonly digest: DigestSet;
}

/**
 * One property's answer. The trace is a file of the evidence; durations are left out, they say
 * nothing of the model.
 */
export interface PropertyVerdict {
  readonly name: string;
  readonly kind: string;
  readonly outcome: OutcomeKind;
  readonly method?: HoldsMethod;
  readonly witness?: WitnessKind;
  readonly reason?: UnknownReason;
  readonly bound?: string;
  readonly message?: string;
  readonly severityEur?: number;
  readonly references?: readonly string[];
  readonly assurance: readonly Assurance[];
  readonly threats: readonly string[];
  readonly engines: readonly Omit<EngineReport, 'durationMs' | 'message'>[];
  /**
   * Whose word a definite answer is, and why nobody else's. Absent in statements of before it was
   * signed.
   */
  readonly agreement?: Agreement;
  /** The path of the trace in the bundle. */
  readonly trace?: string;
  readonly facts?: Evidence;
}

/**
 * What solvers said to each `check-sat` of a script, in order; `results` is the path of what they
 * printed for each command.
 */
export interface ScriptVerdict {
  readonly answers: readonly ScriptAnswer[];
  readonly engines: readonly { readonly name: string; readonly version: string }[];
  readonly results: string;
}

/** A JSON object whose inside is not ours to fix here. */
export type OpenObject = Readonly<Record<string, unknown>>;

export interface Predicate {
  /** The verdict's id, the same as in its leaf. */
  readonly id: string;
  readonly issuer: {
    readonly name: string;
    /** `name+hash` of the key that signs. */
    readonly key: string;
    /**
     * Keys that sign as well, in the order of the envelope's signatures. Reserved for algorithms to
     * come (ML-DSA-44); we write none. A signature under it that a verifier cannot check counts for
     * nothing, and the one of `key` is needed as ever.
     */
    readonly also?: readonly string[];
    readonly software: { readonly name: string; readonly version: string };
  };
  /** ISO 8601, UTC, milliseconds. The issuer's word; the log and the anchor bound it from above. */
  readonly issuedAt: string;
  /**
   * When the issuer's word ends, in the same form: what was true of a model says less of a shop
   * that moved on.
   */
  readonly validUntil?: string;
  /** The version of `SEMANTICS.md` that the answers are meant in. */
  readonly semantics: string;
  readonly model: { readonly name: string; readonly format: string };
  readonly properties: readonly PropertyVerdict[];
  readonly assumptions: Assumptions;
  /** Of an SMT-LIB script, which has answers in place of properties. */
  readonly script?: ScriptVerdict;
  readonly vacuity?: Vacuity;
  /** What was asked: engines, limits, bounds, threat budget. */
  readonly options: OpenObject;
  readonly evidence: readonly EvidenceFile[];
  /** Numbers beside the verdict, never part of it; `card` is the path of their model card. */
  readonly risk?: { readonly scores: OpenObject; readonly card: string };
}

/**
 * in-toto Statement v1 (https://github.com/in-toto/attestation) about one source and its canonical
 * model.
 */
export interface Statement {
  readonly _type: typeof STATEMENT_TYPE;
  /**
   * The source as submitted (`source.<ext>`), then the canonical model, or the specification as it
   * is (`model.json`).
   */
  readonly subject: readonly [Subject, Subject];
  readonly predicateType: typeof PREDICATE_TYPE;
  readonly predicate: Predicate;
}

export const MODEL_FILE = 'model.json';
export const SOURCE_PREFIX = 'source.';
/** The version of `SEMANTICS.md` that this software answers in. */
export const SEMANTICS_VERSION = '1';
