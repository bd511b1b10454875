import { parseCheckpoint, type Checkpoint } from '../formats/checkpoint.ts';
import type { VerifierCrypto } from '../formats/crypto.ts';
import { parseEnvelope, type Envelope } from '../formats/dsse.ts';
import { fromBase64, utf8 } from '../formats/encoding.ts';
import type { LoggedStatement } from '../statements/revocation.ts';
import { leafDigest, SALT_BYTES, type Leaf } from '../statements/leaf.ts';
import { leafInput, verifyInclusion } from '../formats/merkle.ts';
import { parseNote } from '../formats/note.ts';
import { parseReceipt } from '../formats/receipt.ts';
import { isLeaf } from '../statements/validate.ts';
import { parseCanonicalJson } from '../formats/strictJson.ts';
import { judgeCheckpoint } from './checkpoint.ts';
import type { TrustedKey, TrustPolicy } from '../formats/policy.ts';
import { judgeSignatures } from './signatures.ts';

export type OpenedStatement =
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly envelope: Envelope;
      readonly leaf: Leaf;
      readonly index: number;
      readonly checkpoint: Checkpoint;
    }
  | {
      readonly ok: false;
      readonly reason: 'shape' | 'signature' | 'leaf' | 'inclusion' | 'untrusted';
    };

/**
 * A statement with its place in the log: signed by one of `signers`, committed to by its leaf, and
 * the leaf under a checkpoint of a log of the policy. Witnesses are not asked for here: what rests
 * on it has a checkpoint of its own.
 */
export async function openLogged(
  { envelope: text, leaf: leafText, salt: saltText, receipt: receiptText }: LoggedStatement,
  signers: readonly TrustedKey[],
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<OpenedStatement> {
  const parsed = parseEnvelope(utf8(text));
  const leafJson = parseCanonicalJson(utf8(leafText));
  const salt = fromBase64(saltText);
  const receipt = parseReceipt(receiptText);
  const note =
    receipt === undefined || receipt.extra !== undefined
      ? undefined
      : parseNote(receipt.checkpoint);
  const checkpoint = note === undefined ? undefined : parseCheckpoint(note.text);
  if (
    !parsed.ok ||
    !leafJson.ok ||
    !isLeaf(leafJson.value) ||
    salt?.length !== SALT_BYTES ||
    receipt === undefined ||
    note === undefined ||
    checkpoint === undefined
  ) {
    return { ok: false, reason: 'shape' };
  }
  const { envelope } = parsed;
  const json = parseCanonicalJson(envelope.payload);
  if (!json.ok) return { ok: false, reason: 'shape' };
  if (leafJson.value.digest !== (await leafDigest(salt, envelope.payload, crypto.sha256)))
    return { ok: false, reason: 'leaf' };
  const leafHash = await crypto.sha256(leafInput(utf8(leafText)));
  const claim = { index: receipt.index, size: checkpoint.size, leafHash, root: checkpoint.root };
  if (!(await verifyInclusion(claim, receipt.proof, crypto.sha256)))
    return { ok: false, reason: 'inclusion' };
  const signed = await judgeSignatures(envelope, signers, receipt.index, crypto);
  if (signed.status === 'broken') return { ok: false, reason: 'signature' };
  const covered = await judgeCheckpoint(note, checkpoint, { ...policy, quorum: 'none' }, crypto);
  if (covered.status === 'failed') return { ok: false, reason: 'signature' };
  if (signed.status !== 'signed' || covered.status !== 'signed')
    return { ok: false, reason: 'untrusted' };
  return {
    ok: true,
    value: json.value,
    envelope,
    leaf: leafJson.value,
    index: receipt.index,
    checkpoint,
  };
}
