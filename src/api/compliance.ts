import { problem, type Result } from '../errors/index.ts';
import { installationPolicy } from '../service/policy.ts';
import { isKeyRole, rotateKey } from '../service/rotate.ts';
import type { Service } from '../service/service.ts';
import { eraseVerdict, reasonProblem, withdrawVerdict } from '../service/withdraw.ts';
import { isId } from '../store/index.ts';
import { askerOf, type Principal } from './auth.ts';
import { refusal } from './errors.ts';
import { LIMITS } from './limits.ts';

type Operation = (args: Record<string, unknown>, principal: Principal) => Promise<unknown>;

/** Whom to trust to read this installation's verdicts. */
export async function trustPolicy({ notary }: Service): Promise<string> {
  await notary.refresh();
  return installationPolicy(notary);
}

/**
 * Notes who did what. Before the answer: what was handed out or done must not be missing because a
 * write failed.
 */
export function audited(
  { store }: Service,
  { keyId, role }: Principal,
  operation: string,
  subject: string,
  detail?: string,
): Promise<void> {
  return store.audit.add({
    actor: keyId,
    role,
    operation,
    subject,
    ...(detail === undefined ? {} : { detail }),
  });
}

/** What compliance officers and admins do to verdicts and keys. Each is a row of the audit. */
export function complianceMutations(service: Service): Record<string, Operation> {
  const done = async <T>(
    principal: Principal,
    operation: string,
    subject: string,
    reason: string,
    work: () => Promise<Result<T>>,
  ): Promise<T> => {
    const wrong = reasonProblem(reason);
    if (wrong) throw refusal([wrong]);
    if (!isKeyRole(subject) && !isId(subject))
      throw refusal([problem('NOT_FOUND', 'id', 'there is no such verdict')]);
    await audited(service, principal, operation, subject, reason);
    const result = await work();
    if (!result.ok) throw refusal(result.problems);
    return result.value;
  };
  return {
    revokeVerdict: ({ id, reason }, principal) =>
      done(principal, 'revokeVerdict', String(id), String(reason), () =>
        withdrawVerdict(service, askerOf(principal), principal.keyId, String(id), {
          state: 'revoked',
          reason: String(reason),
        }),
      ),
    supersedeVerdict: ({ id, by, reason }, principal) =>
      done(principal, 'supersedeVerdict', String(id), String(reason), () =>
        withdrawVerdict(service, askerOf(principal), principal.keyId, String(id), {
          state: 'superseded',
          by: String(by),
          reason: String(reason),
        }),
      ),
    eraseVerdict: ({ id, reason }, principal) =>
      done(principal, 'eraseVerdict', String(id), String(reason), () =>
        eraseVerdict(service, askerOf(principal), principal.keyId, String(id)),
      ),
    rotateKey: async ({ role, reason }, principal) => {
      const which = String(role);
      if (!isKeyRole(which))
        throw refusal([problem('OPTION_INVALID', 'role', 'a role is one of verdict, log, ledger')]);
      const rotation = await done(principal, 'rotateKey', which, String(reason), () =>
        rotateKey(service, which, principal.keyId, String(reason)),
      );
      return { ...rotation, policy: await trustPolicy(service) };
    },
  };
}

export function complianceQueries({ store }: Service): Record<string, Operation> {
  return {
    auditEvents: async ({ first, after }) => {
      const count = Number(first ?? 20);
      const before = after === null || after === undefined ? undefined : Number(after);
      if (count < 1 || count > LIMITS.pageSize)
        throw refusal([
          problem('OPTION_INVALID', 'first', `a page has 1 to ${LIMITS.pageSize} entries`),
        ]);
      if (before !== undefined && !Number.isSafeInteger(before))
        throw refusal([problem('OPTION_INVALID', 'after', 'this is no id')]);
      const nodes = await store.audit.list({
        first: count,
        ...(before === undefined ? {} : { after: before }),
      });
      return { nodes, endCursor: nodes.length === count ? String(nodes.at(-1)?.id) : null };
    },
  };
}
