import { problem } from '../errors/index.ts';
import { apiKeyOf } from '../service/apiKeys.ts';
import {
  fetchApproval,
  keepApproval,
  needsApproval,
  settleApproval,
} from '../service/approvals.ts';
import { isId } from '../store/index.ts';
import { refuse, type Arguments, type InstallationApi } from './area.ts';
import type { Principal } from './auth.ts';
import { refusal } from './errors.ts';
import { userError } from './payload.ts';

/** A write that needs a second person, where an organisation has it so. */
interface Grave {
  /** It has no payload that could say so: it is an error. */
  readonly bare?: true;
  /** It answers with a secret of whoever asked: approved, it is asked once more, and answered. */
  readonly secret?: true;
  /** Whether these arguments are grave; absent: all are. */
  when?(api: InstallationApi, args: Arguments, principal: Principal): boolean | Promise<boolean>;
}

const inputOf = ({ input }: Arguments): Arguments => (input ?? {}) as Arguments;
const makesAdmin = (_api: InstallationApi, args: Arguments): boolean =>
  inputOf(args)['role'] === 'admin';

/** The key that is meant, if there is such a one. */
const keyOf = async ({ service }: InstallationApi, args: Arguments) => {
  const id = String(args['id'] ?? inputOf(args)['id']);
  return apiKeyOf(service, id);
};
const isAdmins = async (api: InstallationApi, args: Arguments): Promise<boolean> =>
  (await keyOf(api, args))?.role === 'admin';

/** An admin key whose text another one would get is that one's too. */
async function rotatesOwn(api: InstallationApi, args: Arguments, principal: Principal) {
  const key = await keyOf(api, args);
  if (key?.role !== 'admin') return false;
  if (key.owner === principal.owner) return true;
  throw refuse(
    'FORBIDDEN',
    'input.id',
    'with four eyes an admin key is rotated by its holder; revoke it, and make another',
  );
}

/** Erasures, changes of keys, and the end of this rule. */
export const GRAVE: Readonly<Record<string, Grave>> = {
  eraseVerdict: { bare: true },
  verdictErase: {},
  uploadErase: {},
  caseErase: {},
  eraseLearner: { bare: true },
  auditActorErase: {},
  createApiKey: { bare: true, secret: true, when: makesAdmin },
  apiKeyCreate: { secret: true, when: makesAdmin },
  organisationKeyCreate: { secret: true, when: makesAdmin },
  apiKeyRotate: { secret: true, when: rotatesOwn },
  revokeApiKey: { bare: true, when: isAdmins },
  apiKeyRevoke: { when: isAdmins },
  rotateKey: { bare: true },
  signingKeyRotate: {},
  fourEyesSet: { when: (_api, args) => inputOf(args)['required'] !== true },
};

/** Also a key for another organisation that has it so. */
async function isRequired({ service, installation }: InstallationApi, args: Arguments) {
  if (await needsApproval(service)) return true;
  const other = inputOf(args)['organisationId'];
  return typeof other === 'string' && isId(other) && (await needsApproval(installation.of(other)));
}

/** Does a write, or keeps it for a second person and says so. */
export async function withSecondPerson(
  api: InstallationApi,
  operation: string,
  args: Arguments,
  principal: Principal,
  run: () => Promise<unknown>,
): Promise<unknown> {
  const grave = GRAVE[operation];
  if (!grave || !(await isRequired(api, args))) return run();
  if (grave.when && !(await grave.when(api, args, principal))) return run();
  const asked = { operation, args };
  const { service } = api;
  const fetched = grave.secret && (await fetchApproval(service, principal, asked));
  if (fetched) {
    const result = await run();
    const { apiKey } = Object(result) as { readonly apiKey?: { readonly owner: string } };
    if (apiKey) await settleApproval(service, fetched, 'done', apiKey.owner);
    return result;
  }
  const approvalRequestId = await keepApproval(service, principal, asked);
  const again = grave.secret ? '; then ask the same once more' : '';
  const why = problem(
    'APPROVAL_NEEDED',
    '',
    `kept as ${approvalRequestId}: another admin has to approve it${again}`,
  );
  if (grave.bare) throw refusal([why]);
  return { userErrors: [{ ...userError(why), approvalRequestId }] };
}

/** Whether what was approved is done by whoever asked, who alone may see its answer. */
export const isFetched = (operation: string): boolean => GRAVE[operation]?.secret === true;
