import { digestOf } from '../canonical/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { isId, type ApprovalRecord, type Page, type Slice } from '../store/index.ts';
import { audited, type AuditActor } from './auditTrail.ts';
import type { Service } from './service.ts';

/** Who asks, or decides: a person is whoever shares keys of one owner, or is one subject. */
export interface ApprovalActor extends AuditActor {
  readonly owner: string;
}

interface AskedWrite {
  readonly operation: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Whether an organisation has it so. */
export const needsApproval = ({ store }: Service): Promise<boolean> => store.approvals.required();

export const requireApproval = ({ store }: Service, required: boolean): Promise<void> =>
  store.approvals.require(required);

/** What came of one; `madeOwner`: of the key that was made by it. */
export const settleApproval = (
  { store }: Service,
  id: string,
  state: 'done' | 'failed',
  madeOwner?: string,
): Promise<void> => store.approvals.settle(id, state, madeOwner);

export const approvalOf = ({ store }: Service, id: string): Promise<ApprovalRecord | undefined> =>
  store.approvals.get(id);

const DAY_MS = 86_400_000;

/** Keeps what somebody asked for until another one decides; the id of the request. */
export async function keepApproval(
  service: Service,
  { keyId, owner, role, address }: ApprovalActor,
  { operation, args }: AskedWrite,
): Promise<string> {
  const input = JSON.stringify(args);
  const id = await service.store.approvals.keep({
    operation,
    input,
    inputDigest: digestOf(JSON.parse(input)),
    requestedBy: keyId,
    owner,
    role,
    expiresAt: new Date(Date.now() + service.config.limits.approvalDays * DAY_MS),
  });
  await audited(service, { keyId, role, address }, 'approvalRequest', id, operation);
  return id;
}

/** What was approved to this key with this very input, and not done yet: only one gets it. */
export const fetchApproval = (
  { store }: Service,
  { keyId }: ApprovalActor,
  { operation, args }: AskedWrite,
): Promise<string | undefined> =>
  store.approvals.fetch({
    operation,
    inputDigest: digestOf(JSON.parse(JSON.stringify(args))),
    requestedBy: keyId,
  });

export const listApprovals = (
  { store }: Service,
  page: Omit<Page, 'owner'>,
): Promise<Slice<ApprovalRecord>> => store.approvals.list(page);

/** One that waits still. */
async function decidable({ store }: Service, id: string): Promise<Result<ApprovalRecord>> {
  const request = isId(id) ? await store.approvals.get(id) : undefined;
  if (!request) return bad(problem('NOT_FOUND', 'input.id', 'there is no such request'));
  if (request.state !== 'pending') return bad(closed(`was decided: it is ${request.state}`));
  if (request.expiresAt <= new Date()) return bad(closed('has expired; ask again'));
  return ok(request);
}

const closed = (why: string): Problem =>
  problem('APPROVAL_CLOSED', 'input.id', `the request ${why}`);

/** Whether two are one person, or one made a key for the other. */
export const isSamePerson = async (
  { store }: Service,
  one: Pick<ApprovalActor, 'keyId' | 'owner'>,
  other: Pick<ApprovalActor, 'keyId' | 'owner'>,
): Promise<boolean> =>
  one.keyId === other.keyId ||
  one.owner === other.owner ||
  store.approvals.madeBetween(other.owner, one.owner);

/**
 * Approves it; whoever gets its value does it. Not the one who asked, under whatever key, nor who
 * made a key for that one.
 */
export async function approve(
  service: Service,
  by: ApprovalActor,
  id: string,
): Promise<Result<ApprovalRecord>> {
  const { approvals, keys } = service.store;
  const found = await decidable(service, id);
  if (!found.ok) return found;
  const { owner, requestedBy, operation } = found.value;
  if (await isSamePerson(service, by, { keyId: requestedBy, owner }))
    return bad(
      problem(
        'APPROVAL_SAME_PERSON',
        'input.id',
        'whoever asked, or made a key of theirs, cannot approve it; another admin can',
      ),
    );
  if ((await keys.get(requestedBy))?.revokedAt)
    return bad(closed('was made with a key that was revoked; decline it'));
  if (!(await approvals.decide(id, 'approved', by.keyId)))
    return bad(closed('was decided meanwhile'));
  await audited(service, by, 'approvalApprove', id, operation);
  return found;
}

/** Declines it; whoever asked may do that too. */
export async function decline(
  service: Service,
  by: ApprovalActor,
  id: string,
): Promise<Result<ApprovalRecord>> {
  const { approvals } = service.store;
  const found = await decidable(service, id);
  if (!found.ok) return found;
  if (!(await approvals.decide(id, 'declined', by.keyId)))
    return bad(closed('was decided meanwhile'));
  await audited(service, by, 'approvalDecline', id, found.value.operation);
  return ok((await approvals.get(id)) ?? found.value);
}
