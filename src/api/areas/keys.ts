import {
  apiKeyOf,
  createApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  type NewApiKey,
} from '../../service/apiKeys.ts';
import { trustPolicy } from '../../service/policy.ts';
import { rotateKey } from '../../service/rotate.ts';
import type { KeyRole } from '../../evidence/signing/keys.ts';
import type { KeyRecord } from '../../store/index.ts';
import { withReason } from '../compliance.ts';
import { refuse, valueOf, type Api, type Area, type InstallationApi } from '../area.ts';
import type { Principal } from '../auth.ts';
import { payload } from '../payload.ts';
import { mustCover, mustMakeNoWider } from '../scopes.ts';
import { ADMINS } from '../roles.ts';

const scopesOf = ({ scopes }: KeyRecord): string[] =>
  scopes.split(' ').filter((each) => each !== '');

async function create(api: Api, principal: Principal, input: NewApiKey) {
  mustMakeNoWider(api, principal, input.scopes ?? []);
  const { key, record } = valueOf(await createApiKey(api.service, principal, input));
  return { key, apiKey: record };
}

async function revoke({ service, authenticator }: Api, principal: Principal, id: string) {
  const record = valueOf(await revokeApiKey(service, principal, id));
  authenticator.forget();
  return record;
}

async function rotate(
  { service, installation }: InstallationApi,
  principal: Principal,
  role: KeyRole,
  reason: string,
) {
  const rotation = await withReason(service, principal, 'rotateKey', role, reason, () =>
    rotateKey(installation, role, principal.keyId, reason),
  );
  return { ...rotation, policy: await trustPolicy(installation) };
}

/** The keys of those who ask, and those of the installation. */
export const keys: Area = {
  operations: {
    apiKeys: { on: 'Query', roles: ADMINS, run: ({ service }) => listApiKeys(service) },
    createApiKey: {
      on: 'Mutation',
      roles: ADMINS,
      run: async (api, { input }, principal) => {
        const made = await create(api, principal, input as NewApiKey);
        if (made.key !== null) return made;
        throw refuse(
          'IDEMPOTENCY_CONFLICT',
          'input.idempotencyKey',
          'an earlier request made this key, and its text is gone; apiKeyCreate gives what is left',
        );
      },
    },
    revokeApiKey: {
      on: 'Mutation',
      roles: ADMINS,
      run: (api, { id }, principal) => revoke(api, principal, String(id)),
    },
    rotateKey: {
      on: 'Mutation',
      roles: ADMINS,
      reach: 'installation',
      run: (api, { role, reason }, principal) =>
        rotate(api, principal, role as KeyRole, String(reason)),
    },
    apiKeyCreate: {
      on: 'Mutation',
      roles: ADMINS,
      run: (api, { input }, principal) => payload(() => create(api, principal, input as NewApiKey)),
    },
    apiKeyRotate: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service, authenticator }, { input }, principal) =>
        payload(async () => {
          const asked = input as Parameters<typeof rotateApiKey>[2];
          const before = await apiKeyOf(service, asked.id);
          if (before) mustCover(principal, scopesOf(before));
          const { key, record } = valueOf(await rotateApiKey(service, principal, asked));
          authenticator.forget();
          return { key, apiKey: record };
        }),
    },
    apiKeyRevoke: {
      on: 'Mutation',
      roles: ADMINS,
      run: (api, { input }, principal) =>
        payload(async () => ({
          apiKey: await revoke(api, principal, (input as { readonly id: string }).id),
        })),
    },
    signingKeyRotate: {
      on: 'Mutation',
      roles: ADMINS,
      reach: 'installation',
      run: (api, { input }, principal) =>
        payload(async () => {
          const { role, reason } = input as { readonly role: KeyRole; readonly reason: string };
          return { rotation: await rotate(api, principal, role, reason) };
        }),
    },
  },
  fields: {
    ApiKey: {
      scopes: (_api, record: KeyRecord) => scopesOf(record),
    },
  },
  lists: { apiKeys: 10 },
};
