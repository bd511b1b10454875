import { bad, Fault, ok, problem, type Result } from '../errors/index.ts';
import { parseEnvelope } from '../evidence/dsse.ts';
import { utf8 } from '../evidence/encoding.ts';
import { promoteKey, successorKey } from '../evidence/keys.ts';
import { signKeyChange } from '../evidence/later.ts';
import { newId } from '../store/index.ts';
import { findInLog, KEYS_LOCK } from './seal.ts';
import type { Service } from './service.ts';
import { reasonProblem } from './withdraw.ts';

export interface Rotation {
  readonly retired: string;
  readonly successor: string;
  /** The leaf of the change: what the old key signed counts before it, and not from it on. */
  readonly index: number;
}

/**
 * Replaces the verdict key, while nobody signs:
 *
 *   1. the new key is there: `verdict.next.key`, made now or put there
 *   2. a statement that one follows the other, signed by both, is kept
 *   3. its leaf is in the log, at the index where the old key's trust ends
 *   4. the end is written down (`retired`), then the new key takes the old one's place, whose secret is gone
 *
 * Killed at any line, calling it again goes on where it stopped: the statement that was kept stays, and so does the new key.
 */
export async function rotateVerdictKey(service: Service, actor: string, reason: string): Promise<Result<Rotation>> {
  const { store, notary, logger } = service;
  const wrong = reasonProblem(reason);
  if (wrong) return bad(wrong);
  return store.locks.hold(KEYS_LOCK, async () => {
    await notary.refresh();
    const retired = notary.keys.verdict;
    const successor = await successorKey(notary.keysFolder, 'verdict', retired.name);
    if (successor.vkey === retired.vkey) return bad(problem('OPTION_INVALID', 'verdict.next.key', 'this is the key that is in use'));
    const id = newId('rot');
    const signed = await signKeyChange({ id, role: 'verdict', retired, successor, reason }, notary.issuer);
    const { statementDigest, envelope, salt, leaf } = signed;
    const kept = await store.statements.keep({ id, kind: 'key', subject: retired.vkey, state: 'verdict', actor, statementDigest, envelope, salt, leaf });
    const begun = parseEnvelope(utf8(kept.envelope));
    if (!begun.ok || begun.envelope.signatures[1]?.keyid !== successor.keyId) {
      throw new Fault('KEY_FILE', `a change to another key than ${successor.keyId} was begun and is in the log or on its way: put that key back as verdict.next.key`);
    }
    const logged = kept.logIndex === null ? ((await findInLog(service, kept)) ?? (await notary.log.append(utf8(kept.leaf)))) : { index: kept.logIndex, receipt: kept.receipt ?? '' };
    await store.statements.log(kept.id, logged);
    await promoteKey(notary.keysFolder, 'verdict', `verdict ${retired.vkey} until ${logged.index}`);
    await notary.refresh();
    logger.info('key.rotated', { retired: retired.keyId, successor: successor.keyId, index: logged.index });
    return ok({ retired: retired.vkey, successor: successor.vkey, index: logged.index });
  });
}
