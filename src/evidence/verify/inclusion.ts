import { type Checkpoint, parseCheckpoint } from '../formats/checkpoint.ts';
import { leafInput, verifyInclusion } from '../formats/merkle.ts';
import { fromUtf8 } from '../formats/encoding.ts';
import type { VerifierCrypto } from '../formats/crypto.ts';
import { type Note, parseNote } from '../formats/note.ts';
import { type LayerStep, step } from './step.ts';
import { parseReceipt, type Receipt } from '../formats/receipt.ts';
import type { Envelope } from '../formats/dsse.ts';
import { parseCanonicalJson } from '../formats/strictJson.ts';
import { leafDigest, SALT_BYTES } from '../statements/leaf.ts';
import type { Statement } from '../statements/statement.ts';
import { isLeaf } from '../statements/validate.ts';

/**
 * A checkpoint that the leaf was proved to be under; whether anybody signed it is the next layer.
 */

export interface OpenCheckpoint {
  readonly note: Note;
  readonly checkpoint: Checkpoint;
  /** Where in the log the leaf is. */
  readonly index: number;
}

export async function checkInclusion(
  receiptBytes: Uint8Array,
  leaf: Uint8Array,
  crypto: VerifierCrypto,
): Promise<LayerStep<OpenCheckpoint>> {
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

export async function checkLeaf(
  { leaf, salt }: { readonly leaf: Uint8Array; readonly salt: Uint8Array },
  { envelope, statement }: { readonly envelope: Envelope; readonly statement: Statement },
  crypto: VerifierCrypto,
): Promise<LayerStep<true>> {
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
