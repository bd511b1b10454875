import { bad, Fault, ok, problem, type Result } from '../errors/index.ts';
import { parseEnvelope } from '../evidence/formats/dsse.ts';
import { utf8 } from '../evidence/formats/encoding.ts';
import { KEY_ROLES, type KeyRole, promoteKey, successorKey } from '../evidence/signing/keys.ts';
import type { Signer } from '../evidence/signing/signer.ts';
import { signKeyChange } from '../evidence/signing/revocation.ts';
import type { LoggedLeaf } from '../evidence/log/head.ts';
import { newId, type StatementRecord } from '../store/index.ts';
import { findInLog, KEYS_LOCK } from './seal.ts';
import type { SharedService } from './service.ts';
import { reasonProblem } from './withdraw.ts';

export interface Rotation {
  readonly retired: string;
  readonly successor: string;
  /** The leaf of the change: what the old key signed counts before it, and not from it on. */
  readonly index: number;
}

export const isKeyRole = (role: string): role is KeyRole =>
  (KEY_ROLES as readonly string[]).includes(role);

/**
 * Replaces a key, while nobody signs:
 *
 *   1. the new key is there: `<role>.next.key`, made now or put there
 *   2. a statement that one follows the other, signed by both, is kept
 *   3. its leaf is the last of the log: there the old key's trust ends
 *   4. the end is written down (`retired`), then the new key takes the old one's place, whose
 * secret is gone
 *   5. the log's new key signs the latest checkpoint anew
 *
 * Killed at any line, calling it again goes on where it stopped: the statement that was kept stays,
 * and so does the new key. What the old key signed between the two calls counts as well, since the
 * leaf is appended again behind it.
 */
export async function rotateKey(
  service: SharedService,
  role: KeyRole,
  actor: string,
  reason: string,
): Promise<Result<Rotation>> {
  const { locks } = service.store;
  const wrong = reasonProblem(reason);
  if (wrong) return bad(wrong);
  const alone = (): Promise<Result<Rotation>> =>
    locks.hold(KEYS_LOCK, () => replace(service, role, actor, reason));
  // Nobody signs for the ledger meanwhile either. What was signed before is sent as it is.
  return role === 'ledger' ? locks.hold('anchor', alone) : alone();
}

async function replace(
  service: SharedService,
  role: KeyRole,
  actor: string,
  reason: string,
): Promise<Result<Rotation>> {
  const { store, notary, logger } = service;
  await notary.refresh();
  const retired = notary.keys[role];
  if (role === 'ledger' && !notary.ledgerSender)
    return bad(
      problem(
        'OPTION_INVALID',
        'role',
        'no anchor is signed here: where none ever was, delete ledger.key and start again',
      ),
    );
  const successor = await successorKey(notary.keysFolder, role, retired.name);
  if (successor.vkey === retired.vkey)
    return bad(problem('OPTION_INVALID', `${role}.next.key`, 'this is the key that is in use'));
  if (role === 'log' && successor.name !== retired.name)
    return bad(
      problem('OPTION_INVALID', 'log.next.key', `the log keeps its name: ${retired.name}`),
    );
  const kept = await keepChange(service, { role, retired, successor, actor, reason });
  const logged = await appendLast(service, kept);
  await store.keyChanges.log(kept.id, logged);
  await promoteKey(notary.keysFolder, role, retiredLine(service, role, retired, logged.index));
  await notary.refresh();
  if (role === 'log') await notary.log.signAnew();
  logger.info('key.rotated', {
    role,
    retired: retired.keyId,
    successor: successor.keyId,
    index: logged.index,
  });
  return ok({ retired: retired.vkey, successor: successor.vkey, index: logged.index });
}

/** The statement, signed by both keys; the first that was kept stays. */
async function keepChange(
  { store, notary }: SharedService,
  {
    role,
    retired,
    successor,
    actor,
    reason,
  }: {
    readonly role: KeyRole;
    readonly retired: Signer;
    readonly successor: Signer;
    readonly actor: string;
    readonly reason: string;
  },
): Promise<StatementRecord> {
  const id = newId('rot');
  const { statementDigest, envelope, salt, leaf } = await signKeyChange(
    { id, role, retired, successor, reason },
    notary.issuer,
  );
  const kept = await store.keyChanges.keep({
    id,
    kind: 'key',
    subject: retired.vkey,
    state: role,
    actor,
    statementDigest,
    envelope,
    salt,
    leaf,
  });
  const begun = parseEnvelope(utf8(kept.envelope));
  if (!begun.ok || begun.envelope.signatures[1]?.keyid !== successor.keyId) {
    throw new Fault(
      'KEY_FILE',
      `a change to another key than ${successor.keyId} was begun and is in the log or on its way: put that key back as ${role}.next.key`,
    );
  }
  return kept;
}

/**
 * The leaf at the end of the log, where it may be already; under a checkpoint that ends with it.
 */
async function appendLast(service: SharedService, kept: StatementRecord): Promise<LoggedLeaf> {
  const { log } = service.notary;
  const found =
    kept.logIndex === null || kept.receipt === null
      ? await findInLog(service, kept)
      : { index: kept.logIndex, receipt: kept.receipt };
  return found && found.index + 1 === (await log.size()) ? found : log.append(utf8(kept.leaf));
}

/**
 * A line of a policy: how far the trust in the old key goes. A checkpoint that ends with the leaf
 * has one leaf more than its index.
 */
function retiredLine(
  { notary }: SharedService,
  role: KeyRole,
  retired: Signer,
  index: number,
): string {
  if (role === 'verdict') return `verdict ${retired.vkey} until ${index}`;
  if (role === 'log') return `log ${retired.vkey} until ${index + 1}`;
  return `ledger ${notary.ledgerSender?.network} ${notary.ledgerSender?.address} until ${index + 1}`;
}
