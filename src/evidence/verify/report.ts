import type { Statement } from '../statements/statement.ts';

/** The layers of a bundle, in the order in which each rests on the one before. */
export const LAYERS = [
  'bundle',
  'envelope',
  'statement',
  'subject',
  'evidence',
  'leaf',
  'inclusion',
  'checkpoint',
  'anchor',
  'status',
  'timestamp',
] as const;
export type LayerName = (typeof LAYERS)[number];

/**
 * - `proved`: computed again here, from bytes that a lower layer accepted; nobody has to be
 *   believed.
 * - `signed`: as good as the word of a key that the policy trusts.
 * - `skipped`: not there and not asked for, or not reached because a layer below did not pass.
 * - `untrusted`: possibly right, but resting on nobody whom the policy trusts.
 * - `failed`: wrong. Somebody changed something, or made it wrong.
 */
export type LayerStatus = 'proved' | 'signed' | 'skipped' | 'untrusted' | 'failed';

/** Every answer of a layer has a code that never changes its meaning. */
export const LAYER_CODES = {
  BUNDLE_COMPLETE: 'every file of a bundle is there',
  BUNDLE_SHAPE: 'a file that every bundle has is missing',
  BUNDLE_MANIFEST: 'bundle.json is not the canonical list of the files',
  BUNDLE_VERSION: 'the bundle is of another version of the format',
  BUNDLE_FILES: 'a file that bundle.json lists is missing, or one is there that it does not list',
  ENVELOPE_SIGNED: 'signed by a trusted verdict key',
  ENVELOPE_NOT_JSON: 'envelope.json is not JSON',
  ENVELOPE_NOT_CANONICAL:
    'envelope.json is not canonical JSON: a duplicate key, white space, key order or number form',
  ENVELOPE_SHAPE: 'envelope.json has a field too many or too few, or not strict base64',
  ENVELOPE_PAYLOAD_TYPE: 'the payload is not an in-toto statement',
  ENVELOPE_SIGNATURE: 'the signature of a trusted key does not verify',
  ENVELOPE_KEYID: 'the signature is by another key than it names',
  ENVELOPE_UNTRUSTED: 'no signature is by a verdict key of the policy',
  ENVELOPE_RETIRED: 'signed by a key that was retired before this was logged',
  STATEMENT_VALID: 'the statement has exactly the shape of a formal verdict',
  STATEMENT_NOT_CANONICAL: 'the payload is not canonical JSON (RFC 8785)',
  STATEMENT_PREDICATE_TYPE: 'the statement is of another predicate type',
  STATEMENT_SHAPE: 'the statement has an unknown field, lacks one, or one has the wrong type',
  STATEMENT_SIGNERS: 'the envelope has other signatures than the statement announces',
  STATEMENT_OPAQUE:
    'an answer of a tool alone claims more than that, or the answers are not those of the format',
  STATEMENT_PATHS:
    'the statement lists a file twice or under a name of its own, or names one that it does not list',
  STATEMENT_ISSUER: 'the statement names another key than the one that signed it',
  SUBJECT_MATCHES: 'source and canonical model are the ones that were checked',
  SUBJECT_MISSING: 'the source or the canonical model is missing',
  SUBJECT_DIGEST: 'the source or the canonical model is not the one that was checked',
  EVIDENCE_MATCHES: 'every file of the evidence is the one that was signed',
  EVIDENCE_MISSING: 'a file of the evidence is missing',
  EVIDENCE_DIGEST: 'a file of the evidence was changed',
  EVIDENCE_UNLISTED: 'the bundle has a file that nothing signs',
  LEAF_MATCHES: 'the leaf commits to this statement',
  LEAF_NOT_CANONICAL: 'leaf.bin is not canonical JSON',
  LEAF_SHAPE: 'leaf.bin is not a leaf',
  LEAF_KIND: 'the leaf is not that of a verdict',
  LEAF_ID: 'the leaf is of another verdict',
  LEAF_DIGEST: 'the leaf does not commit to this statement with this salt',
  INCLUSION_PROVED: 'the leaf is in the log of the checkpoint',
  RECEIPT_SHAPE: 'the receipt is not a c2sp.org/tlog-proof@v1',
  INCLUSION_INVALID: 'the proof does not lead from the leaf to the root of the checkpoint',
  CHECKPOINT_SIGNED:
    'the checkpoint is signed by a trusted log, and by the witnesses that the policy asks for',
  CHECKPOINT_SIGNATURE: 'a signature of a trusted key on the checkpoint does not verify',
  CHECKPOINT_STRAY:
    'the checkpoint has a signature twice, or one that is neither of its log nor a cosignature',
  CHECKPOINT_ORIGIN: 'the checkpoint is of another log than its key',
  CHECKPOINT_UNTRUSTED: 'the checkpoint is signed by no log of the policy',
  CHECKPOINT_RETIRED:
    'the checkpoint is larger than the last one of the retired key that signed it',
  CHECKPOINT_QUORUM: 'too few witnesses of the policy cosigned the checkpoint',
  ANCHOR_SIGNED:
    'a trusted ledger key signed the transaction; that the ledger accepted it takes a look online',
  ANCHOR_ABSENT: 'the bundle has no anchor',
  ANCHOR_SENDER_UNLISTED: 'the anchor is consistent in itself, but the policy names no ledger key',
  ANCHOR_REQUIRED: 'compliance asks for an anchor',
  ANCHOR_EMULATED: 'the anchor is on the emulated network, which compliance refuses',
  ANCHOR_NETWORK: 'the network, chain or package of the anchor is not a known one',
  ANCHOR_UNTRUSTED: 'the anchor was sent by an address that the policy does not list',
  ANCHOR_RETIRED:
    'the anchor was sent by a retired sender, and its checkpoint is larger than that one may anchor',
  ANCHOR_NOT_CANONICAL: 'anchor.json is not canonical JSON',
  ANCHOR_SHAPE: 'anchor.json has the wrong shape',
  ANCHOR_CHECKPOINT:
    'the anchored checkpoint is not of this log, or does not extend the one of the receipt',
  ANCHOR_TRANSACTION: 'the transaction is not the one with this digest, object and signature',
  ANCHOR_CONTENT: 'the transaction does not carry this checkpoint',
  STATUS_ABSENT:
    'the bundle does not say whether the verdict was revoked later; only a look online tells',
  STATUS_VALID: 'neither revoked nor superseded, in the word of the issuer, as of this checkpoint',
  STATUS_REVOKED: 'the issuer revoked the verdict, and the log has the revocation',
  STATUS_SUPERSEDED: 'another verdict stands in the place of this one, and the log says so',
  STATUS_EXPIRED: 'the time that the issuer set for the verdict has ended',
  STATUS_TOO_OLD: 'the verdict is older than the policy allows',
  STATUS_UNTRUSTED:
    'the status is signed by nobody that the policy trusts for it, or under no checkpoint that it trusts',
  STATUS_SHAPE: 'status.json is not canonical JSON of its shape, or speaks of another verdict',
  STATUS_SIGNATURE:
    'a signature of a trusted key on the status or on the revocation does not verify',
  STATUS_CHECKPOINT:
    'the checkpoint of the status is not of this log, or does not extend the one of the receipt',
  STATUS_REVOCATION: 'the revocation is not of this verdict, or not in the log',
  TIMESTAMP_SIGNED:
    'an authority that the policy pins signed that these bytes were there at this time',
  TIMESTAMP_UNLISTED: 'the timestamp is consistent in itself, but the policy names no authority',
  TIMESTAMP_UNTRUSTED: 'the timestamp is of an authority that the policy does not list',
  TIMESTAMP_CERTIFICATE:
    'the certificate of the authority was not valid at the time that it stamped',
  TIMESTAMP_ALGORITHM:
    'the timestamp is signed by an algorithm that is not known here; `openssl ts -verify` may know it',
  TIMESTAMP_SHAPE: 'timestamp.tsr is not a granted RFC 3161 response of one signer',
  TIMESTAMP_IMPRINT: 'the timestamp is of other bytes than envelope.json',
  TIMESTAMP_SIGNATURE: 'the timestamp is signed by the key of none of its certificates',
  NOT_REACHED: 'a layer below did not pass',
} as const;
export type LayerCode = keyof typeof LAYER_CODES;

export interface VerifiedLayer {
  readonly layer: LayerName;
  readonly status: LayerStatus;
  readonly code: LayerCode;
  /** Which file, key or checkpoint, for people. Text from a bundle: escape it before showing it. */
  readonly detail?: string;
}

/**
 * `malformed`: not a bundle (exit 2). `failed`: tampered (exit 1). `untrusted`: by nobody we trust
 * (exit 3).
 */
export type VerifyStatus = 'verified' | 'untrusted' | 'failed' | 'malformed';

export interface VerifyReport {
  readonly status: VerifyStatus;
  readonly layers: readonly VerifiedLayer[];
  /** The verdict; only when verified, so that nothing else is ever shown as one. */
  readonly statement?: Statement;
}

/** What ended a verdict that is signed as it should be: no foreign key, and nothing changed. */
const ENDED: Readonly<Partial<Record<LayerCode, string>>> = {
  STATUS_REVOKED: 'revoked: its issuer withdrew this verdict, and it no longer stands',
  STATUS_SUPERSEDED: 'superseded: its issuer put another verdict in the place of this one',
  STATUS_EXPIRED: 'expired: its issuer gave this verdict an end, which is over',
  STATUS_TOO_OLD: 'too old: your policy takes no verdict of this age',
};

const CONCLUSIONS: Readonly<Record<VerifyStatus, string>> = {
  verified: 'verified',
  failed: 'not verified: something was changed; believe nothing in it',
  untrusted: 'untrusted: signed by nobody that your policy trusts for it',
  malformed: 'not a bundle',
};

/**
 * What came of a bundle, in words. One that rests on nobody whom the policy trusts is told from one
 * that its issuer withdrew, and from one whose anchor alone does not do.
 */
export function conclusionOf({ status, layers }: VerifyReport): string {
  if (status !== 'untrusted') return CONCLUSIONS[status];
  const open = layers.filter((layer) => layer.status === 'untrusted');
  const foreign = open.some(({ layer }) => layer === 'envelope' || layer === 'checkpoint');
  const [first] = open;
  if (foreign || !first) return CONCLUSIONS.untrusted;
  const ended = open.find(({ code }) => ENDED[code] !== undefined);
  return ended ? (ENDED[ended.code] ?? '') : `untrusted: ${LAYER_CODES[first.code]}`;
}

/** How a verdict was withdrawn, where that is all that speaks against it. */
export function withdrawalIn({ layers }: VerifyReport): VerifiedLayer | undefined {
  const open = layers.filter(({ status }) => status === 'untrusted' || status === 'failed');
  const [only] = open;
  return open.length === 1 &&
    (only?.code === 'STATUS_REVOKED' || only?.code === 'STATUS_SUPERSEDED')
    ? only
    : undefined;
}

/**
 * The worst layer decides; "changed" is worse than "unknown to me", and both are worse than "fine".
 */
export function statusOf(layers: readonly VerifiedLayer[]): VerifyStatus {
  if (layers.some(({ code }) => code === 'BUNDLE_SHAPE')) return 'malformed';
  if (layers.some(({ status }) => status === 'failed')) return 'failed';
  if (layers.some(({ status }) => status === 'untrusted')) return 'untrusted';
  return layers.some(({ code }) => code === 'NOT_REACHED') ? 'failed' : 'verified';
}
