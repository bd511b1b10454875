import { parseCheckpoint, type Checkpoint } from '../formats/checkpoint.ts';
import type { VerifierCrypto } from '../formats/crypto.ts';
import { parseEnvelope } from '../formats/dsse.ts';
import { fromBase64, toBase64, toHex, utf8 } from '../formats/encoding.ts';
import type { Status, StatusFile } from '../statements/revocation.ts';
import { verifyConsistency } from '../formats/merkle.ts';
import { parseNote } from '../formats/note.ts';
import type { Statement } from '../statements/statement.ts';
import { isLeaf, isRevocation, isStatus, isStatusFile } from '../statements/validate.ts';
import { parseCanonicalJson } from '../formats/strictJson.ts';
import { judgeCheckpoint } from './checkpoint.ts';
import { openLogged } from './logged.ts';
import type { TrustPolicy } from '../formats/policy.ts';
import type { VerifiedLayer, LayerCode, LayerStatus } from './report.ts';
import { judgeSignatures } from './signatures.ts';

/** The verdict that a status must speak of. */
export interface Standing {
  readonly statement: Statement;
  /** The statement's bytes. */
  readonly payload: Uint8Array;
  /** The bytes of `leaf.bin`. */
  readonly leaf: Uint8Array;
  readonly receipt: Checkpoint;
}

interface Options {
  readonly crypto: VerifierCrypto;
  readonly now?: Date;
}

const DAY_MS = 86_400_000;

const answer = (status: LayerStatus, code: LayerCode, detail?: string): VerifiedLayer => ({
  layer: 'status',
  status,
  code,
  ...(detail === undefined ? {} : { detail }),
});

/**
 * Whether the verdict still stands: its own end, the age that the policy allows, and `status.json`,
 * if the bundle has one. A revocation is proved from the log; that there is none is the issuer's
 * word as of a checkpoint. Offline nobody can know what came after it.
 */
export async function verifyStatus(
  bytes: Uint8Array | undefined,
  standing: Standing,
  policy: TrustPolicy,
  options: Options,
): Promise<VerifiedLayer> {
  const stated =
    bytes === undefined
      ? answer('skipped', 'STATUS_ABSENT', `as of ${standing.receipt.size} leaves`)
      : await judgeFile(bytes, standing, policy, options.crypto);
  return stated.status === 'failed' || stated.status === 'untrusted'
    ? stated
    : (ended(standing.statement, policy, options.now) ?? stated);
}

function ended(
  { predicate: { issuedAt, validUntil } }: Statement,
  policy: TrustPolicy,
  now: Date | undefined,
): VerifiedLayer | undefined {
  if (now === undefined) return undefined;
  if (validUntil !== undefined && now.getTime() > Date.parse(validUntil))
    return answer('untrusted', 'STATUS_EXPIRED', validUntil);
  const { maxAgeDays } = policy;
  const old =
    maxAgeDays !== undefined && now.getTime() - Date.parse(issuedAt) > maxAgeDays * DAY_MS;
  return old
    ? answer('untrusted', 'STATUS_TOO_OLD', `${issuedAt}, at most ${maxAgeDays} days`)
    : undefined;
}

async function judgeFile(
  bytes: Uint8Array,
  standing: Standing,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<VerifiedLayer> {
  const json = parseCanonicalJson(bytes);
  if (!json.ok || !isStatusFile(json.value)) return answer('failed', 'STATUS_SHAPE');
  const file = json.value;
  const parsed = parseEnvelope(utf8(file.envelope));
  const payload = parsed.ok ? parseCanonicalJson(parsed.envelope.payload) : undefined;
  if (!parsed.ok || !payload?.ok || !isStatus(payload.value))
    return answer('failed', 'STATUS_SHAPE');
  const { subject, predicate } = payload.value;
  const about = toHex(await crypto.sha256(standing.payload));
  const mine =
    predicate.verdict === standing.statement.predicate.id &&
    subject[0].name === predicate.verdict &&
    subject[0].digest.sha256 === about;
  if (
    !mine ||
    parsed.envelope.signatures.length !== 1 ||
    parsed.envelope.signatures[0]?.keyid !== predicate.issuer.key
  )
    return answer('failed', 'STATUS_SHAPE');

  const wrongCheckpoint = await judgeAsOf(file, predicate.asOf, standing.receipt, policy, crypto);
  if (wrongCheckpoint !== undefined) return wrongCheckpoint;
  // Up to its end the log had `until` leaves; a status of that size is the last one that a retired
  // key could give.
  const signed = await judgeSignatures(
    parsed.envelope,
    policy.verdicts,
    predicate.asOf.size - 1,
    crypto,
  );
  if (signed.status === 'broken') return answer('failed', 'STATUS_SIGNATURE', signed.detail);
  if (signed.status !== 'signed') return answer('untrusted', 'STATUS_UNTRUSTED', signed.detail);
  return judgeState(file, payload.value, { ...standing, about }, policy, crypto);
}

/**
 * The status's checkpoint is of a trusted log, is the one that it names, and extends the one of the
 * receipt.
 */
async function judgeAsOf(
  file: StatusFile,
  asOf: Status['predicate']['asOf'],
  receipt: Checkpoint,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<VerifiedLayer | undefined> {
  const note = parseNote(file.checkpoint);
  const checkpoint = note === undefined ? undefined : parseCheckpoint(note.text);
  const proof = file.consistency.map(fromBase64);
  if (
    note === undefined ||
    checkpoint === undefined ||
    !proof.every((hash): hash is Uint8Array => hash?.length === 32)
  )
    return answer('failed', 'STATUS_SHAPE');
  const named =
    asOf.origin === checkpoint.origin &&
    asOf.size === checkpoint.size &&
    asOf.root === toBase64(checkpoint.root);
  const sizes = {
    size1: receipt.size,
    size2: checkpoint.size,
    root1: receipt.root,
    root2: checkpoint.root,
  };
  if (
    !named ||
    checkpoint.origin !== receipt.origin ||
    !(await verifyConsistency(sizes, proof, crypto.sha256))
  )
    return answer('failed', 'STATUS_CHECKPOINT');
  const judged = await judgeCheckpoint(note, checkpoint, { ...policy, quorum: 'none' }, crypto);
  if (judged.status === 'failed') return answer('failed', 'STATUS_CHECKPOINT', judged.detail);
  return judged.status === 'signed'
    ? undefined
    : answer('untrusted', 'STATUS_UNTRUSTED', judged.detail);
}

async function judgeState(
  file: StatusFile,
  { predicate }: Status,
  verdict: Standing & { readonly about: string },
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<VerifiedLayer> {
  const when = `as of ${predicate.asOf.size} leaves, ${predicate.issuedAt}`;
  if (predicate.state === 'valid') {
    return file.revocation === undefined && predicate.revocation === undefined
      ? answer('signed', 'STATUS_VALID', when)
      : answer('failed', 'STATUS_REVOCATION');
  }
  const opened =
    file.revocation === undefined
      ? undefined
      : await openLogged(file.revocation, policy.verdicts, policy, crypto);
  if (opened?.ok === false && opened.reason === 'untrusted')
    return answer('untrusted', 'STATUS_UNTRUSTED', when);
  if (opened?.ok !== true || !isRevocation(opened.value))
    return answer('failed', 'STATUS_REVOCATION');
  const {
    value: { subject, predicate: revocation },
    leaf,
    index,
    checkpoint,
  } = opened;
  const own = parseCanonicalJson(verdict.leaf);
  const same =
    leaf.kind === 'revocation' &&
    leaf.id === revocation.id &&
    revocation.id === predicate.revocation &&
    own.ok &&
    isLeaf(own.value) &&
    leaf.prev === own.value.digest &&
    subject[0].digest.sha256 === verdict.about &&
    revocation.verdict === predicate.verdict &&
    revocation.state === predicate.state &&
    checkpoint.origin === predicate.asOf.origin &&
    index < predicate.asOf.size;
  if (!same) return answer('failed', 'STATUS_REVOCATION');
  const by = revocation.by === undefined ? '' : ` by ${revocation.by}`;
  return answer(
    'untrusted',
    predicate.state === 'revoked' ? 'STATUS_REVOKED' : 'STATUS_SUPERSEDED',
    `${revocation.issuedAt}${by}: ${revocation.reason}`,
  );
}
