import { auditEvents } from '../../service/auditTrail.ts';
import { refuse, type Area } from '../area.ts';
import { connection, CONNECTION_FIELDS, cursorPage, DEFAULT_PAGE } from '../connection.ts';
import { OFFICERS } from '../roles.ts';

export const auditTrail: Area = {
  operations: {
    auditEvents: {
      on: 'Query',
      roles: OFFICERS,
      run: async ({ service }, args) => {
        const page = cursorPage(args);
        if (page.cursor !== undefined && !/^\d{1,15}$/u.test(page.cursor))
          throw refuse('OPTION_INVALID', page.backward ? 'before' : 'after', 'this is no id');
        return connection(await auditEvents(service, page), page);
      },
    },
  },
  fields: { AuditEventConnection: CONNECTION_FIELDS },
  lists: { auditEvents: DEFAULT_PAGE },
};
