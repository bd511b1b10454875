import type { VerifierCrypto } from '../formats/crypto.ts';
import { parseEnvelope, type Envelope, type EnvelopeProblem } from '../formats/dsse.ts';
import { fromUtf8, toHex } from '../formats/encoding.ts';
import { parseCheckpoint, type Checkpoint } from '../formats/checkpoint.ts';
import { STATUS_FILE, TIMESTAMP_FILE } from '../statements/revocation.ts';
import { factsOf, isSpecificationFormat } from '../../model/formats.ts';
import { leafDigest, SALT_BYTES } from '../statements/leaf.ts';
import { MANIFEST_FILE, parseManifest } from '../bundle/manifest.ts';
import { leafInput, verifyInclusion } from '../formats/merkle.ts';
import { parseNote, type Note } from '../formats/note.ts';
import { parseReceipt, type Receipt } from '../formats/receipt.ts';
import { MODEL_FILE, PREDICATE_TYPE, type Statement } from '../statements/statement.ts';
import { isLeaf, isStatement } from '../statements/validate.ts';
import { parseCanonicalJson } from '../formats/strictJson.ts';
import { verifyAnchor } from './anchor.ts';
import { judgeCheckpoint } from './checkpoint.ts';
import type { TrustPolicy } from '../formats/policy.ts';
import { verifyTimestamp } from './timestamp.ts';
import { judgeSignatures } from './signatures.ts';
import { verifyStatus } from './status.ts';
import {
  statusOf,
  type VerifiedLayer,
  type LayerCode,
  type LayerName,
  type LayerStatus,
  type VerifyReport,
} from './report.ts';

/**
 * The offline verifier. It reaches no key, store, network or clock; trust comes only from `policy`,
 * which must not come from the bundle. Imports nothing that signs or writes, so that a reader need
 * not trust that it does not.
 */

export type BundleFiles = ReadonlyMap<string, Uint8Array>;

export interface VerifyOptions {
  readonly crypto: VerifierCrypto;
  /** Ask for an anchor on a real network, sent by a ledger key of the policy. */
  readonly compliance?: boolean;
  /**
   * The reader's clock, for what ends: without it `validUntil` and `max-age` are not judged, and
   * the layer says so.
   */
  readonly now?: Date;
}

const ENVELOPE_CODES: Readonly<Record<EnvelopeProblem, LayerCode>> = {
  NOT_JSON: 'ENVELOPE_NOT_JSON',
  NOT_CANONICAL: 'ENVELOPE_NOT_CANONICAL',
  ENVELOPE_SHAPE: 'ENVELOPE_SHAPE',
  PAYLOAD_TYPE: 'ENVELOPE_PAYLOAD_TYPE',
};

/** The files that every bundle has; the source and the evidence are named by the statement. */
const REQUIRED = [
  MANIFEST_FILE,
  'envelope.json',
  'receipt.tlog-proof',
  'leaf.bin',
  'salt.bin',
  'model.json',
] as const;

/**
 * What a layer said, and what it hands to the layers above; nothing to hand on when it did not
 * pass.
 */
interface Step<T> {
  readonly layer: VerifiedLayer;
  readonly value?: T;
}

const step = <T>(
  layer: LayerName,
  status: LayerStatus,
  code: LayerCode,
  detail?: string,
  value?: T,
): Step<T> => ({
  layer: { layer, status, code, ...(detail === undefined ? {} : { detail }) },
  ...(value === undefined ? {} : { value }),
});

const notReached = <T>(layer: LayerName): Step<T> => step(layer, 'skipped', 'NOT_REACHED');

/**
 * Verifies a bundle, layer by layer, going on as far as the layers below allow, so that a reader
 * sees all that is wrong. Replaying traces and proving obligations again is done by a floor above,
 * with the statement that this returns.
 */
export async function verifyBundle(
  files: BundleFiles,
  policy: TrustPolicy,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const { crypto } = options;
  const missing = REQUIRED.filter((path) => !files.has(path));
  if (missing.length > 0) {
    return {
      status: 'malformed',
      layers: [step('bundle', 'failed', 'BUNDLE_SHAPE', missing.join(', ')).layer],
    };
  }
  const bundle = checkManifest(files);
  const file = (path: string): Uint8Array => files.get(path) ?? new Uint8Array(0);

  const inclusion = await checkInclusion(file('receipt.tlog-proof'), file('leaf.bin'), crypto);
  const envelope = await checkEnvelope(
    file('envelope.json'),
    inclusion.value?.index,
    policy,
    crypto,
  );
  const statement =
    envelope.value === undefined
      ? notReached<Statement>('statement')
      : checkStatement(envelope.value);
  const subject =
    statement.value === undefined
      ? notReached('subject')
      : await checkSubject(statement.value, files, crypto);
  const evidence =
    statement.value === undefined
      ? notReached('evidence')
      : await checkEvidence(statement.value, files, crypto);
  const leaf =
    statement.value === undefined || envelope.value === undefined
      ? notReached('leaf')
      : await checkLeaf(
          { leaf: file('leaf.bin'), salt: file('salt.bin') },
          envelope.value.envelope,
          statement.value,
          crypto,
        );
  const checkpoint =
    inclusion.value === undefined
      ? notReached('checkpoint')
      : await checkCheckpoint(inclusion.value, policy, crypto, options.now);
  const anchor =
    inclusion.value === undefined
      ? notReached('anchor')
      : {
          layer: await verifyAnchor(
            files.get('anchor.json'),
            inclusion.value.checkpoint,
            policy,
            options,
          ),
        };
  const standing =
    statement.value === undefined || envelope.value === undefined || inclusion.value === undefined
      ? notReached('status')
      : {
          layer: await verifyStatus(
            files.get(STATUS_FILE),
            {
              statement: statement.value,
              payload: envelope.value.envelope.payload,
              leaf: file('leaf.bin'),
              receipt: inclusion.value.checkpoint,
            },
            policy,
            options,
          ),
        };

  const stamped = await verifyTimestamp(
    files.get(TIMESTAMP_FILE),
    file('envelope.json'),
    policy,
    crypto,
  );

  const layers = [
    bundle,
    envelope,
    statement,
    subject,
    evidence,
    leaf,
    inclusion,
    checkpoint,
    anchor,
    standing,
  ].map((each) => each.layer);
  if (stamped !== undefined) layers.push(stamped);
  const status = statusOf(layers);
  return {
    status,
    layers,
    ...(status === 'verified' && statement.value !== undefined
      ? { statement: statement.value }
      : {}),
  };
}

/**
 * The format's version, and that the files are those that were put together: none lost, none added.
 */
function checkManifest(files: BundleFiles): Step<true> {
  const parsed = parseManifest(files.get(MANIFEST_FILE) ?? new Uint8Array(0));
  if (!parsed.ok)
    return step(
      'bundle',
      'failed',
      parsed.reason === 'version' ? 'BUNDLE_VERSION' : 'BUNDLE_MANIFEST',
      parsed.detail,
    );
  const listed = new Set(parsed.manifest.files);
  const differing = [
    ...parsed.manifest.files.filter((path) => !files.has(path)),
    ...[...files.keys()].filter((path) => path !== MANIFEST_FILE && !listed.has(path)),
  ];
  if (differing.length > 0) return step('bundle', 'failed', 'BUNDLE_FILES', differing.join(', '));
  return step(
    'bundle',
    'proved',
    'BUNDLE_COMPLETE',
    `version ${parsed.manifest.v}, ${listed.size} files`,
    true,
  );
}

/**
 * The envelope as parsed once (DSSE: what was verified is what is used), and who signed it, if
 * somebody trusted did.
 */
interface OpenEnvelope {
  readonly envelope: Envelope;
  readonly keyId: string | undefined;
}

/**
 * `index` is where in the log the leaf was proved to be: a retired key counts only for what came
 * before its end.
 */
async function checkEnvelope(
  bytes: Uint8Array,
  index: number | undefined,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<Step<OpenEnvelope>> {
  const parsed = parseEnvelope(bytes);
  if (!parsed.ok) return step('envelope', 'failed', ENVELOPE_CODES[parsed.reason]);
  const { envelope } = parsed;
  const signed = await judgeSignatures(envelope, policy.verdicts, index ?? Infinity, crypto);
  const value: OpenEnvelope = { envelope, keyId: signed.keyId };
  if (signed.status === 'broken') return step('envelope', 'failed', signed.code, signed.detail);
  if (signed.status === 'signed')
    return step('envelope', 'signed', 'ENVELOPE_SIGNED', signed.keyId, value);
  return step(
    'envelope',
    'untrusted',
    signed.status === 'retired' ? 'ENVELOPE_RETIRED' : 'ENVELOPE_UNTRUSTED',
    signed.detail,
    value,
  );
}

/**
 * Shape and issuer. Signatures are no part of what is signed, so the statement says by whom it is
 * signed: one that it does not announce was added by somebody else.
 */
function checkStatement({ envelope, keyId }: OpenEnvelope): Step<Statement> {
  const json = parseCanonicalJson(envelope.payload);
  if (!json.ok) return step('statement', 'failed', 'STATEMENT_NOT_CANONICAL');
  const type = (json.value as { predicateType?: unknown } | null)?.predicateType;
  if (type !== PREDICATE_TYPE)
    return step('statement', 'failed', 'STATEMENT_PREDICATE_TYPE', String(type));
  if (!isStatement(json.value)) return step('statement', 'failed', 'STATEMENT_SHAPE');
  const { id, issuer } = json.value.predicate;
  if (keyId !== undefined && issuer.key !== keyId)
    return step('statement', 'failed', 'STATEMENT_ISSUER', issuer.key);
  const announced = [issuer.key, ...(issuer.also ?? [])];
  const signers = envelope.signatures.map(({ keyid }) => keyid);
  if (
    keyId !== undefined &&
    (signers.length !== announced.length || signers.some((keyid, at) => keyid !== announced[at]))
  ) {
    return step('statement', 'failed', 'STATEMENT_SIGNERS', signers.join(', '));
  }
  const claim = claimOfAnother(json.value);
  if (claim !== undefined) return step('statement', 'failed', 'STATEMENT_OPAQUE', claim);
  const stray = strayPath(json.value);
  if (stray !== undefined) return step('statement', 'failed', 'STATEMENT_PATHS', stray);
  return step('statement', 'proved', 'STATEMENT_VALID', id, json.value);
}

/**
 * An assurance where only a tool has spoken, or answers of the other kind of format: nothing that
 * is checked as it is was replayed or proved.
 */
function claimOfAnother({
  predicate: { model, properties, script },
}: Statement): string | undefined {
  if ((factsOf(model.format)?.answers === 'script') !== (script !== undefined)) return model.format;
  if (script !== undefined && properties.length > 0) return properties[0]?.name;
  return isSpecificationFormat(model.format)
    ? properties.find(({ assurance }) => assurance.length > 0)?.name
    : undefined;
}

/**
 * A path that is listed twice or as one of the bundle's own files, or that is named and not listed:
 * two readers could read two things.
 */
function strayPath({
  subject,
  predicate: { evidence, properties, risk, script },
}: Statement): string | undefined {
  const listed = [...subject.map(({ name }) => name), ...evidence.map(({ path }) => path)];
  const own = new Set<string>([
    ...REQUIRED.filter((path) => path !== MODEL_FILE),
    'anchor.json',
    STATUS_FILE,
    TIMESTAMP_FILE,
  ]);
  const twice = listed.find((path, at) => own.has(path) || listed.indexOf(path) !== at);
  const named = [
    ...properties.flatMap(({ trace }) => trace ?? []),
    ...(risk === undefined ? [] : [risk.card]),
    ...(script === undefined ? [] : [script.results]),
  ];
  return twice ?? named.find((path) => !evidence.some((file) => file.path === path));
}

async function checkSubject(
  { subject }: Statement,
  files: BundleFiles,
  crypto: VerifierCrypto,
): Promise<Step<true>> {
  for (const { name, digest } of subject) {
    const bytes = files.get(name);
    if (bytes === undefined) return step('subject', 'failed', 'SUBJECT_MISSING', name);
    if (toHex(await crypto.sha256(bytes)) !== digest.sha256)
      return step('subject', 'failed', 'SUBJECT_DIGEST', name);
  }
  return step('subject', 'proved', 'SUBJECT_MATCHES', `sha256:${subject[1].digest.sha256}`, true);
}

async function checkEvidence(
  statement: Statement,
  files: BundleFiles,
  crypto: VerifierCrypto,
): Promise<Step<true>> {
  const { evidence } = statement.predicate;
  for (const { path, digest } of evidence) {
    const bytes = files.get(path);
    if (bytes === undefined) return step('evidence', 'failed', 'EVIDENCE_MISSING', path);
    if (toHex(await crypto.sha256(bytes)) !== digest.sha256)
      return step('evidence', 'failed', 'EVIDENCE_DIGEST', path);
  }
  const known = new Set<string>([
    ...REQUIRED,
    'anchor.json',
    STATUS_FILE,
    TIMESTAMP_FILE,
    ...statement.subject.map(({ name }) => name),
    ...evidence.map(({ path }) => path),
  ]);
  const unlisted = [...files.keys()].filter((path) => !known.has(path));
  if (unlisted.length > 0)
    return step('evidence', 'failed', 'EVIDENCE_UNLISTED', unlisted.join(', '));
  return step('evidence', 'proved', 'EVIDENCE_MATCHES', `${evidence.length} files`, true);
}

async function checkLeaf(
  { leaf, salt }: { readonly leaf: Uint8Array; readonly salt: Uint8Array },
  envelope: Envelope,
  statement: Statement,
  crypto: VerifierCrypto,
): Promise<Step<true>> {
  const json = parseCanonicalJson(leaf);
  if (!json.ok) return step('leaf', 'failed', 'LEAF_NOT_CANONICAL');
  if (!isLeaf(json.value)) return step('leaf', 'failed', 'LEAF_SHAPE');
  if (json.value.kind !== 'verdict') return step('leaf', 'failed', 'LEAF_KIND', json.value.kind);
  if (json.value.id !== statement.predicate.id)
    return step('leaf', 'failed', 'LEAF_ID', json.value.id);
  const digest =
    salt.length === SALT_BYTES
      ? await leafDigest(salt, envelope.payload, crypto.sha256)
      : undefined;
  if (json.value.digest !== digest) return step('leaf', 'failed', 'LEAF_DIGEST');
  return step('leaf', 'proved', 'LEAF_MATCHES', digest, true);
}

/**
 * A checkpoint that the leaf was proved to be under; whether anybody signed it is the next layer.
 */
export interface OpenCheckpoint {
  readonly note: Note;
  readonly checkpoint: Checkpoint;
  /** Where in the log the leaf is. */
  readonly index: number;
}

async function checkInclusion(
  receiptBytes: Uint8Array,
  leaf: Uint8Array,
  crypto: VerifierCrypto,
): Promise<Step<OpenCheckpoint>> {
  const receipt: Receipt | undefined = parseReceipt(fromUtf8(receiptBytes) ?? '');
  // `extra` is authenticated by nothing and means nothing to us, so it must not be there.
  const note =
    receipt === undefined || receipt.extra !== undefined
      ? undefined
      : parseNote(receipt.checkpoint);
  const checkpoint = note === undefined ? undefined : parseCheckpoint(note.text);
  if (receipt === undefined || note === undefined || checkpoint === undefined)
    return step('inclusion', 'failed', 'RECEIPT_SHAPE');
  const leafHash = await crypto.sha256(leafInput(leaf));
  const claim = { index: receipt.index, size: checkpoint.size, leafHash, root: checkpoint.root };
  const proved = await verifyInclusion(claim, receipt.proof, crypto.sha256);
  const where = `leaf ${receipt.index} of ${checkpoint.size}`;
  return proved
    ? step('inclusion', 'proved', 'INCLUSION_PROVED', where, {
        note,
        checkpoint,
        index: receipt.index,
      })
    : step('inclusion', 'failed', 'INCLUSION_INVALID', where);
}

async function checkCheckpoint(
  { note, checkpoint }: OpenCheckpoint,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
  now: Date | undefined,
): Promise<Step<true>> {
  const { status, code, detail } = await judgeCheckpoint(note, checkpoint, policy, crypto, now);
  return step('checkpoint', status, code, detail, true);
}
