import {
  listPlatforms,
  ltiAddresses,
  removePlatform,
  scoresOfPlatform,
  setPlatform,
  type PlatformInput,
} from '../../service/lti/platforms.ts';
import type { PlatformRecord, ScoreStanding } from '../../store/index.ts';
import { idIn, valueOf, type Api, type Area } from '../area.ts';
import { payload } from '../payload.ts';
import { ADMINS } from '../roles.ts';

const addressOf =
  (name: keyof ReturnType<typeof ltiAddresses>) =>
  ({ service }: Api, { id }: PlatformRecord): string | undefined => {
    const { lti } = service.config;
    return lti && ltiAddresses(lti, id)[name];
  };

/** Learning platforms, for admins. */
export const ltiArea: Area = {
  operations: {
    ltiPlatforms: { on: 'Query', roles: ADMINS, run: ({ service }) => listPlatforms(service) },
    ltiPlatformSet: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, { input }, principal) =>
        payload(async () => ({
          platform: valueOf(await setPlatform(service, principal, input as PlatformInput)),
        })),
    },
    ltiPlatformRemove: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, args, principal) =>
        payload(async () => ({
          removedId: valueOf(await removePlatform(service, principal, idIn(args))),
        })),
    },
  },
  fields: {
    LtiPlatform: {
      loginUrl: addressOf('loginUrl'),
      launchUrl: addressOf('launchUrl'),
      toolKeysUrl: addressOf('toolKeysUrl'),
      scores: ({ service }, platform: PlatformRecord) => scoresOfPlatform(service, platform),
    },
    LtiScores: {
      lastStatus: (_api, { status }: ScoreStanding) => status,
      lastError: (_api, { error }: ScoreStanding) => error,
    },
  },
  costs: { scores: 5 },
  lists: { ltiPlatforms: 10 },
};
