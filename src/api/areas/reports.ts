import type { AttackSet, ThreatenedProperty } from '../../checking/attackSets/types.ts';
import type { ShownProperty } from '../../store/index.ts';
import type { Area } from '../area.ts';

/** Where the trace of a property is fetched that is too large for an answer (`fileRoutes.ts`). */
const traceAddress = (runId: string, property: string): string =>
  `/runs/${runId}/trace?property=${encodeURIComponent(property)}`;

type PropertyOfRun = ShownProperty & { readonly runId: string };

/** The report of a run: no operation of its own. */
export const reports: Area = {
  operations: {},
  fields: {
    PropertyReport: {
      trace: (_api, { trace }: PropertyOfRun, _args, { answer }) => answer.json(trace),
      traceSteps: (_api, { trace, traceSteps }: PropertyOfRun) => traceSteps ?? trace?.steps.length,
      traceAddress: (_api, { runId, name, traceSteps }: PropertyOfRun) =>
        traceSteps === undefined ? null : traceAddress(runId, name),
      evidence: (_api, { evidence }: PropertyOfRun, _args, { answer }) => answer.json(evidence),
    },
    ThreatenedProperty: {
      complete: (_api, { complete }: ThreatenedProperty) => complete === true,
      engine: (_api, { engine }: ThreatenedProperty) => engine ?? 'explore',
      openBecause: (_api, { reason }: ThreatenedProperty) => reason ?? null,
      completeUpTo: (_api, { complete }: ThreatenedProperty) =>
        complete === true ? null : complete.upTo,
      resilience: (_api, { resilience }: ThreatenedProperty) =>
        resilience === 'all' ? null : resilience,
      resistsAll: (_api, { resilience }: ThreatenedProperty) => resilience === 'all',
    },
    AttackSet: {
      trace: (_api, { trace }: AttackSet, _args, { answer }) => answer.json(trace),
    },
  },
  costs: { trace: 5, evidence: 2 },
};
