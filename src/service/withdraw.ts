import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { signRevocation } from '../evidence/signing/revocation.ts';
import type { WithdrawnState } from '../evidence/statements/revocation.ts';
import { newId, type StatementRecord, isSealed, type SealedVerdict } from '../store/index.ts';
import { requestAnchor } from './anchor.ts';
import { checkpointIn } from './seal.ts';
import type { Service } from './service.ts';
import { finishStatements, stateAbout, type StatementKind } from './statements.ts';
import { revocationIn } from './status.ts';
import type { Asker } from './submit.ts';
import { visibleVerdict } from './verdict.ts';

export interface WithdrawalInput {
  readonly state: WithdrawnState;
  readonly reason: string;
  /** The verdict that stands in its place. */
  readonly by?: string;
}

const MAX_REASON = 2_000;

export function reasonProblem(reason: string): Problem | undefined {
  const fine =
    reason.trim() !== '' && reason.length <= MAX_REASON && !/[\p{Cc}\p{Surrogate}]/u.test(reason);
  return fine
    ? undefined
    : problem('REQUEST_SHAPE', 'reason', `a reason has 1 to ${MAX_REASON} printable characters`);
}

/**
 * Revokes a verdict, or names the one that stands in its place: signed, kept, logged, in this
 * order. Asked again it answers the same; a superseded verdict can still be revoked, and nothing is
 * ever taken back.
 */
export async function withdrawVerdict(
  service: Service,
  asker: Asker,
  actor: string,
  id: string,
  input: WithdrawalInput,
): Promise<Result<SealedVerdict>> {
  const { store, logger } = service;
  const problems: Problem[] = [];
  const wrong = reasonProblem(input.reason);
  if (wrong) problems.push(wrong);
  const verdict = await visibleVerdict(service, asker, id);
  if (!verdict) problems.push(problem('NOT_FOUND', 'id', 'there is no such verdict'));
  if (verdict?.erasedAt)
    problems.push(
      problem('VERDICT_ERASED', 'id', 'the verdict was erased, and cannot be spoken of any more'),
    );
  if (
    input.by !== undefined &&
    (input.by === id || !(await visibleVerdict(service, asker, input.by)))
  )
    problems.push(problem('NOT_FOUND', 'by', 'there is no such other verdict'));
  else if (input.by !== undefined && (await store.statements.withdrawals(input.by)).length > 0)
    problems.push(
      problem(
        'VERDICT_WITHDRAWN',
        'by',
        'that verdict was revoked or superseded itself, and can stand in the place of no other',
      ),
    );
  if (!verdict || problems.length > 0) return bad(...problems);
  const logged = await stateAbout(service, WITHDRAWALS, id, async () => {
    // Who asks the same question again gets an answer of his own, not the one that was withdrawn.
    await store.runs.forget(verdict.runId);
    return keepRevocation(service, verdict, actor, input);
  });
  logger.info('verdict.withdrawn', {
    verdict: id,
    state: input.state,
    by: actor,
    index: logged.logIndex,
  });
  await requestAnchor(service, checkpointIn(logged.receipt ?? ''));
  return ok(verdict);
}

async function keepRevocation(
  { store, notary }: Service,
  verdict: SealedVerdict,
  actor: string,
  { state, reason, by }: WithdrawalInput,
): Promise<StatementRecord> {
  const id = newId('rev');
  const leafDigest = (JSON.parse(verdict.leaf) as { digest: string }).digest;
  const about = {
    id,
    verdict: verdict.id,
    statementDigest: verdict.statementDigest,
    state,
    reason,
    leafDigest,
    ...(by === undefined ? {} : { by }),
  };
  const { statementDigest, envelope, salt, leaf } = await signRevocation(about, {
    signer: notary.keys.verdict,
    issuer: notary.issuer,
  });
  return store.statements.keep({
    id,
    kind: 'revocation',
    subject: verdict.id,
    state,
    actor,
    statementDigest,
    envelope,
    salt,
    leaf,
  });
}

function signAgain({ notary }: Service, kept: StatementRecord): ReturnType<typeof signRevocation> {
  const { predicate, subject } = revocationIn(kept.envelope);
  const { id, verdict, state, reason, by } = predicate;
  const leafDigest = (JSON.parse(kept.leaf) as { prev: string }).prev;
  const about = {
    id,
    verdict,
    state,
    reason,
    leafDigest,
    statementDigest: `sha256:${subject[0].digest.sha256}`,
    ...(by === undefined ? {} : { by }),
  };
  return signRevocation(about, { signer: notary.keys.verdict, issuer: notary.issuer });
}

const WITHDRAWALS: StatementKind = {
  lockOf: (verdict) => `withdraw ${verdict}`,
  rows: ({ statements }) => statements,
  sign: signAgain,
};

export const finishWithdrawals = (service: Service): Promise<void> =>
  finishStatements(service, WITHDRAWALS);

/**
 * Erases what a verdict says: envelope, salt, report, evidence, and the model when nothing else
 * needs it. Its leaf stays, and says nothing to anybody; the log stays valid. Bundles that left the
 * service are out of reach.
 */
export async function eraseVerdict(
  service: Service,
  asker: Asker,
  actor: string,
  id: string,
): Promise<Result<SealedVerdict>> {
  const verdict = await visibleVerdict(service, asker, id);
  if (!verdict) return bad(problem('NOT_FOUND', 'id', 'there is no such verdict'));
  const erased = await service.store.locks.hold(WITHDRAWALS.lockOf(id), () =>
    service.store.verdicts.erase(id),
  );
  service.logger.info('verdict.erased', { verdict: id, by: actor });
  return erased && isSealed(erased)
    ? ok(erased)
    : bad(problem('NOT_FOUND', 'id', 'there is no such verdict'));
}
