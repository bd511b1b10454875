import { parseCheckpoint, type Checkpoint } from '../formats/checkpoint.ts';
import { nodeCrypto } from '../formats/nodeCrypto.ts';
import { parseNote, verifyNote, type VerificationKey } from '../formats/note.ts';
import type { TrustedKey } from '../formats/policy.ts';

export interface OpenedCheckpoint {
  /** As it says, whoever signed it; nothing when it is no checkpoint. */
  readonly checkpoint: Checkpoint | undefined;
  /**
   * `retired`: by a key of the past, and larger than its end. Nothing: by none of the keys, or by
   * one that did not sign this.
   */
  readonly by: VerificationKey | 'retired' | undefined;
}

/**
 * Reads a signed checkpoint by the keys of its log: the one of now, and those of the past, each up
 * to its end.
 */
export async function openCheckpoint(
  text: string,
  { signer, past }: { readonly signer: VerificationKey; readonly past: readonly TrustedKey[] },
): Promise<OpenedCheckpoint> {
  const note = parseNote(text);
  const checkpoint = note && parseCheckpoint(note.text);
  if (note === undefined || checkpoint === undefined)
    return { checkpoint: undefined, by: undefined };
  // The key of now first: one that is called retired while it is still in use counts as the one in
  // use.
  const verified = await verifyNote(note, [signer, ...past], nodeCrypto);
  if (verified.status !== 'verified') return { checkpoint, by: undefined };
  const by = (verified.by as readonly TrustedKey[]).find(
    ({ until }) => until === undefined || checkpoint.size <= until,
  );
  return { checkpoint, by: by ?? 'retired' };
}
