import {
  approvalOf,
  approve,
  decline,
  listApprovals,
  needsApproval,
  requireApproval,
  settleApproval,
} from '../../service/approvals.ts';
import type { ApprovalRecord } from '../../store/index.ts';
import { idIn, refuse, valueOf, type Api, type Area, type Arguments } from '../area.ts';
import type { Principal } from '../auth.ts';
import { connection, idPage, PLAIN_CONNECTION } from '../connection.ts';
import { isFetched } from '../fourEyes.ts';
import { payload } from '../payload.ts';
import { isRole, ADMINS } from '../roles.ts';

/** Whoever asked, as far as what was asked needs it. */
function requester({ requestedBy, owner, role }: ApprovalRecord, { organisationId }: Principal) {
  if (!isRole(role)) throw refuse('FORBIDDEN', 'input.id', `there is no role \`${role}\` any more`);
  return { keyId: requestedBy, organisationId, name: requestedBy, role, owner };
}

async function carriedOut(api: Api, request: ApprovalRecord, principal: Principal) {
  const { service } = api;
  const { id, operation, input } = request;
  if (isFetched(operation)) return { request: await approvalOf(service, id) };
  try {
    const args = JSON.parse(input) as Arguments;
    const userErrors = await api.carryOut(operation, args, requester(request, principal));
    await settleApproval(service, id, userErrors.length > 0 ? 'failed' : 'done');
    return { request: await approvalOf(service, id), failed: userErrors };
  } catch (error) {
    await settleApproval(service, id, 'failed');
    throw error;
  }
}

/** What needs a second person, for admins. */
export const approvalArea: Area = {
  operations: {
    fourEyes: {
      on: 'Query',
      roles: ADMINS,
      run: ({ service }) => needsApproval(service),
    },
    approvalRequests: {
      on: 'Query',
      roles: ADMINS,
      run: async ({ service }, args) => {
        const page = idPage(args);
        return connection(await listApprovals(service, page), page);
      },
    },
    fourEyesSet: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, { input }) =>
        payload(async () => {
          const { required } = input as { readonly required: boolean };
          await requireApproval(service, required);
          return { required };
        }),
    },
    approvalApprove: {
      on: 'Mutation',
      roles: ADMINS,
      run: async (api, args, principal) => {
        const { failed = [], ...done } = (await payload(async () => {
          const request = valueOf(await approve(api.service, principal, idIn(args)));
          return carriedOut(api, request, principal);
        })) as Awaited<ReturnType<typeof carriedOut>> & { readonly userErrors: readonly object[] };
        return { ...done, userErrors: [...done.userErrors, ...failed] };
      },
    },
    approvalDecline: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, args, principal) =>
        payload(async () => ({
          request: valueOf(await decline(service, principal, idIn(args))),
        })),
    },
  },
  fields: {
    ApprovalRequest: {
      input: (_api, { input }: ApprovalRecord) => (input === '' ? null : JSON.parse(input)),
      state: (_api, { state, expiresAt }: ApprovalRecord) =>
        (state === 'pending' || state === 'approved') && expiresAt <= new Date()
          ? 'expired'
          : state,
    },
    ApprovalRequestConnection: PLAIN_CONNECTION,
  },
  costs: { approvalApprove: 10 },
};
