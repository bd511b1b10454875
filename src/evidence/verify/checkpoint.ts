import type { Checkpoint } from '../formats/checkpoint.ts';
import type { VerifierCrypto } from '../formats/crypto.ts';
import { equalBytes } from '../formats/encoding.ts';
import { isTimely, keyIdOf, verifyNote, type Note, type NoteSignature } from '../formats/note.ts';
import { meetsQuorum, type TrustedKey, type TrustPolicy } from '../formats/policy.ts';
import type { LayerCode, LayerStatus } from './report.ts';

export interface Judgement {
  readonly status: LayerStatus;
  readonly code: LayerCode;
  readonly detail: string;
}

/**
 * Lengths of what a cosigner adds, behind the key's hash: a time of 8 bytes, then Ed25519 or
 * ML-DSA-44 (c2sp.org/tlog-cosignature).
 */
const COSIGNATURE_LENGTHS: readonly number[] = [8 + 64, 8 + 2420];

/**
 * Whether a checkpoint is signed by a log of the policy under its own name, and cosigned by enough
 * witnesses (C2SP tlog-policy). signed-note asks to ignore signatures of unknown keys, and so it is
 * for cosigners that a policy does not name. A cosignature without a time, or of a time to come,
 * counts for no quorum. Signatures that no honest writer makes are refused, so
 * that nobody passes on a checkpoint with something stuck to it.
 */
export async function judgeCheckpoint(
  note: Note,
  checkpoint: Checkpoint,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
  now: Date = new Date(),
): Promise<Judgement> {
  const where = `${checkpoint.origin}, ${checkpoint.size} leaves`;
  const stray = straySignature(note.signatures, policy);
  if (stray !== undefined)
    return { status: 'failed', code: 'CHECKPOINT_STRAY', detail: keyIdOf(stray) };
  const byLog = await verifyNote(note, policy.logs, crypto);
  if (byLog.status === 'invalid')
    return { status: 'failed', code: 'CHECKPOINT_SIGNATURE', detail: keyIdOf(byLog.key) };
  if (byLog.status === 'unknown')
    return { status: 'untrusted', code: 'CHECKPOINT_UNTRUSTED', detail: where };
  const own = (byLog.by as readonly TrustedKey[]).filter(({ name }) => name === checkpoint.origin);
  if (own.length === 0) return { status: 'failed', code: 'CHECKPOINT_ORIGIN', detail: where };
  if (!own.some(({ until }) => until === undefined || checkpoint.size <= until))
    return { status: 'untrusted', code: 'CHECKPOINT_RETIRED', detail: where };
  const byWitnesses = await verifyNote(note, [...policy.witnesses.values()], crypto);
  if (byWitnesses.status === 'invalid')
    return { status: 'failed', code: 'CHECKPOINT_SIGNATURE', detail: keyIdOf(byWitnesses.key) };
  const timely = new Set(
    note.signatures.filter(({ signature }) => isTimely(signature, now)).map(keyIdOf),
  );
  const keys =
    byWitnesses.status === 'verified'
      ? byWitnesses.by.filter((key) => timely.has(keyIdOf(key)))
      : [];
  const cosigned = new Set(
    [...policy.witnesses]
      .filter(([, witness]) => keys.some((key) => equalBytes(key.publicKey, witness.publicKey)))
      .map(([name]) => name),
  );
  if (!meetsQuorum(policy, cosigned))
    return { status: 'untrusted', code: 'CHECKPOINT_QUORUM', detail: where };
  return {
    status: 'signed',
    code: 'CHECKPOINT_SIGNED',
    detail: cosigned.size === 0 ? where : `${where}, ${cosigned.size} cosigned`,
  };
}

/**
 * The first signature that is there twice, or that is by nobody in the policy and is no cosignature
 * either; a cosignature whose name or hash alone is that of a known key counts as one that was
 * tampered with. A note of an unknown log is left to be untrusted.
 */
function straySignature(
  signatures: readonly NoteSignature[],
  policy: TrustPolicy,
): NoteSignature | undefined {
  const keys = [...policy.logs, ...policy.witnesses.values()];
  const known = (signature: NoteSignature): boolean =>
    keys.some((key) => keyIdOf(key) === keyIdOf(signature));
  const twice = signatures.find(
    (signature, at) =>
      signatures.findIndex((other) => keyIdOf(other) === keyIdOf(signature)) !== at,
  );
  if (twice !== undefined) return twice;
  if (
    !signatures.some((signature) => policy.logs.some((log) => keyIdOf(log) === keyIdOf(signature)))
  )
    return undefined;
  return signatures.find(
    (each) =>
      !known(each) &&
      (!COSIGNATURE_LENGTHS.includes(each.signature.length) ||
        keys.some(({ name, hash }) => name === each.name || hash === each.hash)),
  );
}
