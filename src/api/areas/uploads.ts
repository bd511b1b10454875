import { audited } from '../../service/auditTrail.ts';
import { eraseUpload, uploadsOf } from '../../service/uploads.ts';
import { valueOf, type Area } from '../area.ts';
import { askerOf } from '../auth.ts';
import { MODELLERS } from '../roles.ts';

export const uploadArea: Area = {
  operations: {
    uploads: {
      on: 'Query',
      roles: MODELLERS,
      run: ({ service }, _args, principal) => uploadsOf(service, askerOf(principal).owner),
    },
    eraseUpload: {
      on: 'Mutation',
      roles: MODELLERS,
      run: async ({ service }, { digest }, principal) => {
        const erased = await eraseUpload(service, askerOf(principal).owner, String(digest));
        if (erased.ok) await audited(service, principal, 'eraseUpload', String(digest));
        return valueOf(erased);
      },
    },
  },
  costs: { uploads: 50, eraseUpload: 10 },
};
