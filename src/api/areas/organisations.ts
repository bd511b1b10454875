import type { NewApiKey } from '../../service/apiKeys.ts';
import {
  createKeyOf,
  createOrganisation,
  listOrganisations,
  updateOrganisation,
} from '../../service/organisations.ts';
import { given, valueOf, type Area, type Arguments } from '../area.ts';
import { payload } from '../payload.ts';
import { ADMINS } from '../roles.ts';
import { mustMakeNoWider } from '../scopes.ts';

/** The organisations of the installation, for those who run it. */
export const organisations: Area = {
  operations: {
    organisations: {
      on: 'Query',
      roles: ADMINS,
      reach: 'installation',
      run: ({ installation }) => listOrganisations(installation),
    },
    organisationCreate: {
      on: 'Mutation',
      roles: ADMINS,
      reach: 'installation',
      run: ({ installation }, { input }, principal) =>
        payload(async () => {
          const { name, publishes } = input as Arguments;
          const wanted = { name: String(name), publishes: publishes === true };
          const { organisation, key, record } = valueOf(
            await createOrganisation(installation, principal, principal.organisationId, wanted),
          );
          return { organisation, key, apiKey: record };
        }),
    },
    organisationUpdate: {
      on: 'Mutation',
      roles: ADMINS,
      reach: 'installation',
      run: ({ installation }, args, principal) =>
        payload(async () => {
          const input = args['input'] as Arguments;
          const [name, publishes] = [
            given<string>(input, 'name'),
            given<boolean>(input, 'publishes'),
          ];
          const organisation = await updateOrganisation(
            installation,
            principal,
            principal.organisationId,
            String(input['organisationId']),
            { ...(name !== undefined && { name }), ...(publishes !== undefined && { publishes }) },
          );
          return { organisation: valueOf(organisation) };
        }),
    },
    organisationKeyCreate: {
      on: 'Mutation',
      roles: ADMINS,
      reach: 'installation',
      run: (api, { input }, principal) =>
        payload(async () => {
          const { installation } = api;
          const { organisationId, ...wanted } = input as Arguments;
          mustMakeNoWider(api, principal, (wanted['scopes'] as string[] | null) ?? []);
          const { key, record } = valueOf(
            await createKeyOf(
              installation,
              principal,
              principal.organisationId,
              String(organisationId),
              wanted as unknown as NewApiKey,
            ),
          );
          return { key, apiKey: record };
        }),
    },
  },
  lists: { organisations: 20 },
};
