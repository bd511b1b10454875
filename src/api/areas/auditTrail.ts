import { auditEvents, eraseActor, judgeTrail } from '../../service/auditTrail.ts';
import { refuse, valueOf, type Area } from '../area.ts';
import { connection, CONNECTION_FIELDS, cursorPage, DEFAULT_PAGE } from '../connection.ts';
import { payload } from '../payload.ts';
import { ADMINS, OFFICERS } from '../roles.ts';

/** Findings that are shown: where one row is forged, all later ones may not follow. */
const SHOWN = 100;

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
    auditChain: {
      on: 'Query',
      roles: OFFICERS,
      run: async ({ service }) => {
        const judged = await judgeTrail(service);
        const { findings } = judged;
        return { ...judged, whole: findings.length === 0, findings: findings.slice(0, SHOWN) };
      },
    },
    auditActorErase: {
      on: 'Mutation',
      roles: ADMINS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const { actor } = input as { readonly actor: string };
          return { erased: valueOf(await eraseActor(service, principal, actor)) };
        }),
    },
  },
  fields: { AuditEventConnection: CONNECTION_FIELDS },
  costs: { auditChain: 500 },
  lists: { auditEvents: DEFAULT_PAGE },
};
