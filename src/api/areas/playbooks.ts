import type { PlaybookOutcome, PlaybookStepState } from '../../response/playbookRun.ts';
import { outcomesOpen } from '../../response/playbookRun.ts';
import { alertById } from '../../service/alerts.ts';
import {
  approveStep,
  cancelPlaybook,
  contentOfRun,
  isMovable,
  listPlaybookRuns,
  notesOfRun,
  placeOfStep,
  playbookRunById,
  settleStep,
  stepsOfRun,
  watchPlaybooks,
} from '../../service/playbookRuns.ts';
import { startPlaybook, type PlaybookStart } from '../../service/playbookStart.ts';
import type {
  AnnouncementRecord,
  PlaybookNoteRecord,
  PlaybookRunFilter,
  PlaybookRunRecord,
  PlaybookStepRecord,
} from '../../store/index.ts';
import { filterOf, given, idIn, valueOf, type Api, type Area } from '../area.ts';
import { connection, cursorPage, DEFAULT_PAGE, PLAIN_CONNECTION } from '../connection.ts';
import { payload } from '../payload.ts';
import { CARRIERS, WATCHERS } from '../roles.ts';

/** A step with the run that it is of: what it is called stands there. */
interface ShownStep extends PlaybookStepRecord {
  readonly run: PlaybookRunRecord;
}

const stepPayload = async ({ service }: Api, step: PlaybookStepRecord) => {
  const run = await playbookRunById(service, step.runId);
  return { run, step: { ...step, run } };
};

/** Playbooks that are carried out: started, approved step by step, to their end. */
export const playbookArea: Area = {
  operations: {
    playbookRun: {
      on: 'Query',
      roles: WATCHERS,
      run: ({ service }, { id }) => playbookRunById(service, String(id)),
    },
    playbookRuns: {
      on: 'Query',
      roles: WATCHERS,
      run: async ({ service }, args) => {
        const page = cursorPage(args);
        const filter = filterOf<PlaybookRunFilter>(args);
        return connection(await listPlaybookRuns(service, page, filter), page);
      },
    },
    playbookStart: {
      on: 'Mutation',
      roles: CARRIERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => ({
          run: valueOf(await startPlaybook(service, principal, input as PlaybookStart)),
        })),
    },
    playbookStepApprove: {
      on: 'Mutation',
      roles: CARRIERS,
      run: (api, { input }, principal) =>
        payload(async () => {
          const { byHand } = input as { readonly byHand?: boolean | null };
          const approved = approveStep(api.service, principal, idIn({ input }), byHand === true);
          return stepPayload(api, valueOf(await approved));
        }),
    },
    playbookStepSettle: {
      on: 'Mutation',
      roles: CARRIERS,
      run: (api, { input }, principal) =>
        payload(async () => {
          const { id, outcome, text } = input as {
            readonly id: string;
            readonly outcome: PlaybookOutcome;
            readonly text?: string | null;
          };
          const settled = await settleStep(api.service, principal, id, outcome, text);
          return stepPayload(api, valueOf(settled));
        }),
    },
    playbookCancel: {
      on: 'Mutation',
      roles: CARRIERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const { id, reason } = input as { readonly id: string; readonly reason: string };
          return { run: valueOf(await cancelPlaybook(service, principal, id, reason)) };
        }),
    },
    playbookMoved: {
      on: 'Subscription',
      roles: WATCHERS,
      run: async ({ service }, args) =>
        valueOf(await watchPlaybooks(service, given<string>(args, 'after'))),
    },
  },
  fields: {
    PlaybookRunConnection: PLAIN_CONNECTION,
    PlaybookRun: {
      alert: ({ service }, { alertId }: PlaybookRunRecord) =>
        alertId === null ? null : alertById(service, alertId),
      reason: (_api, { reason }: PlaybookRunRecord) => (reason === '' ? null : reason),
      steps: async ({ service }, run: PlaybookRunRecord) =>
        (await stepsOfRun(service, run)).map((step) => ({ ...step, run })),
      history: ({ service }, run: PlaybookRunRecord) => notesOfRun(service, run),
    },
    PlaybookStep: {
      name: (_api, step: ShownStep) => placeOfStep(step.run, step).name,
      does: (_api, step: ShownStep, _args, { answer: size }) =>
        size.json(contentOfRun(step.run).steps[placeOfStep(step.run, step).id] ?? {}),
      approval: (_api, step: ShownStep) => {
        const place = placeOfStep(step.run, step);
        return place.kind === 'act' ? (place.approval ?? null) : null;
      },
      condition: (_api, step: ShownStep) => {
        const place = placeOfStep(step.run, step);
        return place.kind === 'decide' ? place.condition : null;
      },
      outcomes: (_api, step: ShownStep) =>
        isMovable(step.run)
          ? outcomesOpen(placeOfStep(step.run, step), step.state as PlaybookStepState)
          : [],
    },
    PlaybookNote: {
      at: (_api, { createdAt }: PlaybookNoteRecord) => createdAt,
      step: (_api, { stepId }: PlaybookNoteRecord) => stepId,
    },
    MovedPlaybook: {
      cursor: (_api, { id }: AnnouncementRecord) => id,
      run: ({ service }, { subject }: AnnouncementRecord) => playbookRunById(service, subject),
    },
  },
  costs: { does: 2, playbookStart: 100, playbookStepApprove: 20 },
  lists: { playbookRuns: DEFAULT_PAGE },
};
