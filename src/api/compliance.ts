import { problem, type Result } from '../errors/index.ts';
import { audited } from '../service/auditTrail.ts';
import { isKeyRole } from '../service/rotate.ts';
import type { Service } from '../service/service.ts';
import { reasonProblem } from '../service/withdraw.ts';
import { isId } from '../store/index.ts';
import type { Principal } from './auth.ts';
import { valueOf } from './area.ts';
import { refusal } from './errors.ts';

/**
 * Does what nothing takes back to a verdict or a key of the installation: with a reason, and a row
 * of the audit before it is done.
 */
export async function withReason<T>(
  service: Service,
  principal: Principal,
  operation: string,
  subject: string,
  reason: string,
  work: () => Promise<Result<T>>,
): Promise<T> {
  const wrong = reasonProblem(reason);
  if (wrong) throw refusal([wrong]);
  if (!isKeyRole(subject) && !isId(subject))
    throw refusal([problem('NOT_FOUND', 'id', 'there is no such verdict')]);
  await audited(service, principal, operation, subject, reason);
  return valueOf(await work());
}
