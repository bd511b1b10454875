import { utf8 } from '../formats/encoding.ts';
import type { Sealable, Sealed, Staged } from '../bundle/contents.ts';
import { type Sealer, stage } from '../signing/stage.ts';
import type { TransparencyLog } from './log.ts';
import type { LoggedLeaf } from './head.ts';

/**
 * Appends a staged verdict's leaf. Repeating it after a crash adds the leaf once more, which
 * contradicts nothing.
 */
export async function appendStaged(staged: Staged, log: TransparencyLog): Promise<Sealed> {
  const { index, receipt }: LoggedLeaf = await log.append(utf8(staged.leaf));
  return { ...staged, leafIndex: index, receipt };
}

/** `stage`, then `appendStaged`: a verdict that is signed and logged, or nothing acknowledged. */
export async function seal(
  parts: Sealable,
  sealer: Omit<Sealer, 'logVkey'>,
  log: TransparencyLog,
): Promise<Sealed> {
  return appendStaged(await stage(parts, { ...sealer, logVkey: log.vkey }), log);
}
