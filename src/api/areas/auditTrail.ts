import { auditEvents } from '../../service/auditTrail.ts';
import { DEFAULT_PAGE, given, pageLength, pageOf, refuse, type Area } from '../area.ts';
import { OFFICERS } from '../roles.ts';

export const auditTrail: Area = {
  operations: {
    auditEvents: {
      on: 'Query',
      roles: OFFICERS,
      run: async ({ service }, args) => {
        const first = pageLength(args);
        const cursor = given<string>(args, 'after');
        const after = cursor === undefined ? undefined : Number(cursor);
        if (after !== undefined && !Number.isSafeInteger(after))
          throw refuse('OPTION_INVALID', 'after', 'this is no id');
        const page = { first, ...(after !== undefined && { after }) };
        return pageOf(await auditEvents(service, page), first);
      },
    },
  },
  lists: { auditEvents: DEFAULT_PAGE },
};
