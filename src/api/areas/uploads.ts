import { audited } from '../../service/auditTrail.ts';
import { eraseUpload, uploadsOf } from '../../service/uploads.ts';
import { valueOf, type Area } from '../area.ts';
import { askerOf } from '../auth.ts';
import { payload } from '../payload.ts';
import { MODELLERS } from '../roles.ts';

export const uploadArea: Area = {
  operations: {
    uploads: {
      on: 'Query',
      roles: MODELLERS,
      run: ({ service }, _args, principal) => uploadsOf(service, askerOf(principal).owner),
    },
    uploadErase: {
      on: 'Mutation',
      roles: MODELLERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const { digest } = input as { readonly digest: string };
          const erased = valueOf(await eraseUpload(service, askerOf(principal).owner, digest));
          await audited(service, principal, 'uploadErase', digest);
          return { erased };
        }),
    },
  },
  costs: { uploads: 50, uploadErase: 10 },
};
