import { isRecord } from '../../canonical/record.ts';
import type { Problem } from '../../errors/index.ts';
import { attackChanges } from '../../service/attackChanges.ts';
import { listRuns, modelOfRun, reportOfRun, riskOfRun, verdictOfRun } from '../../service/read.ts';
import {
  cancelRun,
  requestVerification,
  visibleRun,
  type VerificationInput,
} from '../../service/submit.ts';
import { watchRun } from '../../service/watch.ts';
import type { RunHead, RunState } from '../../store/index.ts';
import { given, refuse, valueOf, type Area } from '../area.ts';
import { askerOf } from '../auth.ts';
import { connection, CONNECTION_FIELDS, DEFAULT_PAGE, filterFrom, pageFor } from '../connection.ts';
import { payload } from '../payload.ts';
import { MODELLERS, STAFF } from '../roles.ts';
import { LOADS } from '../turns.ts';

export const runs: Area = {
  operations: {
    run: {
      on: 'Query',
      roles: STAFF,
      run: ({ service }, { id }, principal) => visibleRun(service, askerOf(principal), String(id)),
    },
    runs: {
      on: 'Query',
      roles: STAFF,
      run: async ({ service }, args, principal) => {
        const page = pageFor(args, principal);
        const filter = filterFrom(args, 'modelId');
        const state = given<RunState>(args, 'state');
        const states = state ? [state] : (filter['states'] as readonly RunState[] | undefined);
        return connection(await listRuns(service, page, { ...filter, states }), page);
      },
    },
    attackChanges: {
      on: 'Query',
      roles: STAFF,
      run: async ({ service }, args, principal) =>
        valueOf(
          await attackChanges(service, askerOf(principal), {
            run: String(args['run']),
            against: String(args['against']),
          }),
        ),
    },
    requestVerification: {
      on: 'Mutation',
      roles: MODELLERS,
      run: async ({ service }, { input }, principal) =>
        valueOf(await requestVerification(service, askerOf(principal), input as VerificationInput)),
    },
    cancelRun: {
      on: 'Mutation',
      roles: MODELLERS,
      run: async ({ service }, { id }, principal) =>
        valueOf(await cancelRun(service, askerOf(principal), String(id))),
    },
    verificationRequest: {
      on: 'Mutation',
      roles: MODELLERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const asked = input as VerificationInput;
          return { run: valueOf(await requestVerification(service, askerOf(principal), asked)) };
        }),
    },
    runCancel: {
      on: 'Mutation',
      roles: MODELLERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const { id } = input as { readonly id: string };
          return { run: valueOf(await cancelRun(service, askerOf(principal), id)) };
        }),
    },
    runUpdated: {
      on: 'Subscription',
      roles: STAFF,
      run: async ({ service }, { id }, principal) => {
        if (!(await visibleRun(service, askerOf(principal), String(id))))
          throw refuse('NOT_FOUND', 'id', 'there is no such run');
        return watchRun(service, String(id));
      },
    },
  },
  fields: {
    Run: {
      model: ({ service }, run: RunHead) => modelOfRun(service, run),
      report: ({ service }, run: RunHead, _args, { answer }) =>
        answer.once(
          `report ${run.id}`,
          async () => {
            const report = await reportOfRun(service, run);
            // For the address of a trace that is left out.
            const properties = report?.properties.map((each) => ({ ...each, runId: run.id }));
            return report && { ...report, properties };
          },
          LOADS,
        ),
      risk: async ({ service }, run: RunHead, _args, { answer }) =>
        answer.json(await answer.once(`risk ${run.id}`, () => riskOfRun(service, run), LOADS)),
      learnedRisk: async ({ service }, run: RunHead, _args, { answer }) =>
        typedRisk(
          answer.json(await answer.once(`risk ${run.id}`, () => riskOfRun(service, run), LOADS)),
        ),
      verdict: ({ service }, run: RunHead) => verdictOfRun(service, run),
    },
    RunConnection: CONNECTION_FIELDS,
    Failure: {
      problems: (_api, { problems }: { readonly problems?: readonly Problem[] }) => problems ?? [],
    },
  },
  costs: { report: 5, risk: 5, learnedRisk: 5, attackChanges: 10 },
  lists: { runs: DEFAULT_PAGE },
};

/** What is kept of a risk, as the fields of `LearnedRisk`. */
function typedRisk(shown: unknown): object | null {
  if (!isRecord(shown)) return null;
  const { problems, scores, card } = shown;
  return isRecord(scores) ? { ...scores, card, problems: [] } : { problems };
}
