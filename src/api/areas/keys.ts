import { createApiKey, listApiKeys, revokeApiKey, type NewApiKey } from '../../service/apiKeys.ts';
import { trustPolicy } from '../../service/policy.ts';
import { rotateKey } from '../../service/rotate.ts';
import type { KeyRole } from '../../evidence/signing/keys.ts';
import { withReason } from '../compliance.ts';
import { valueOf, type Area } from '../area.ts';
import { ADMINS } from '../roles.ts';

/** The keys of those who ask, and those of the installation. */
export const keys: Area = {
  operations: {
    apiKeys: { on: 'Query', roles: ADMINS, run: ({ service }) => listApiKeys(service) },
    createApiKey: {
      on: 'Mutation',
      roles: ADMINS,
      run: async ({ service }, { input }, principal) => {
        const { key, record } = valueOf(await createApiKey(service, principal, input as NewApiKey));
        return { key, apiKey: record };
      },
    },
    revokeApiKey: {
      on: 'Mutation',
      roles: ADMINS,
      run: async ({ service, authenticator }, { id }, principal) => {
        const record = valueOf(await revokeApiKey(service, principal, String(id)));
        authenticator.forget();
        return record;
      },
    },
    rotateKey: {
      on: 'Mutation',
      roles: ADMINS,
      reach: 'installation',
      run: async ({ service }, { role, reason }, principal) => {
        const which = role as KeyRole;
        const rotation = await withReason(
          service,
          principal,
          'rotateKey',
          which,
          String(reason),
          () => rotateKey(service, which, principal.keyId, String(reason)),
        );
        return { ...rotation, policy: await trustPolicy(service) };
      },
    },
  },
  lists: { apiKeys: 10 },
};
