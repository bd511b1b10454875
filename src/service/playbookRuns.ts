import { bad, invariant, ok, problem, type Problem, type Result } from '../errors/index.ts';
import {
  enteredAs,
  outcomesOpen,
  placeAfter,
  type PlaybookOutcome,
  type PlaybookStepState,
} from '../response/playbookRun.ts';
import {
  isId,
  type AnnouncementRecord,
  type NewPlaybookNote,
  type NewPlaybookStep,
  type Page,
  type PlaybookMove,
  type PlaybookNoteRecord,
  type PlaybookRunFilter,
  type PlaybookRunRecord,
  type PlaybookStepRecord,
} from '../store/index.ts';
import type { FlowPlace, PlaybookFlow } from '../threats/playbooks/flow.ts';
import { EVERYBODYS, isSettled } from './alerts.ts';
import { watchAnnouncements } from './announcements.ts';
import { isSamePerson, needsApproval, type ApprovalActor } from './approvals.ts';
import { audited, type AuditActor } from './auditTrail.ts';
import type { Listed } from './read.ts';
import type { Service } from './service.ts';

/** What a playbook said when it was started: its flow, and its steps as they stand in the file. */
export interface PlaybookContent {
  readonly flow: PlaybookFlow;
  readonly steps: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const MOST_TEXT = 4_000;
/** A flow that comes back to the same place for ever has to end somewhere. */
const MOST_STEPS = 1_000;

export const contentOfRun = ({ content }: PlaybookRunRecord): PlaybookContent =>
  content as unknown as PlaybookContent;

export function placeOfStep(run: PlaybookRunRecord, { place }: PlaybookStepRecord): FlowPlace {
  const found = contentOfRun(run).flow.places[place];
  invariant(found, 'a step has its place in the flow');
  return found;
}

export const playbookRunById = async (
  { store }: Service,
  id: string,
): Promise<PlaybookRunRecord | undefined> => (isId(id) ? store.playbookRuns.get(id) : undefined);

export const listPlaybookRuns = async (
  { store }: Service,
  page: Page,
  filter: PlaybookRunFilter,
): Promise<Listed<PlaybookRunRecord>> => ({
  ...(await store.playbookRuns.list(page, filter)),
  count: () => store.playbookRuns.count(filter),
});

export const stepsOfRun = (
  { store }: Service,
  { id }: PlaybookRunRecord,
): Promise<readonly PlaybookStepRecord[]> => store.playbookRuns.steps(id);

export const notesOfRun = (
  { store }: Service,
  { id }: PlaybookRunRecord,
): Promise<readonly PlaybookNoteRecord[]> => store.playbookRuns.notes(id);

/** Runs as they move. */
export const watchPlaybooks = (
  service: Service,
  after: string | undefined,
): Promise<Result<AsyncIterableIterator<AnnouncementRecord>>> =>
  watchAnnouncements(service, EVERYBODYS, ['playbook.moved'], after);

/** What is wrong with what somebody wrote. */
export function textProblems(field: string, text: string): Problem[] {
  if (text.length <= MOST_TEXT && !/[\0\p{Cs}]/u.test(text)) return [];
  return [problem('OPTION_INVALID', `input.${field}`, `a text of at most ${MOST_TEXT} characters`)];
}

/** What a person did. */
export const noteBy = (
  { keyId, role }: AuditActor,
  action: string,
  text = '',
): NewPlaybookNote => ({
  actor: keyId,
  role,
  action,
  text,
});

/** The step of a place, when it comes up. */
export function stepAt({ places }: PlaybookFlow, place: number): NewPlaybookStep {
  const at = places[place];
  invariant(at, 'a flow has the places that it goes to');
  const timeoutMs = at.kind === 'act' ? at.timeoutMs : undefined;
  return { place, state: enteredAs(at), timeoutMs };
}

/** What follows an outcome of a step: the next one, or the end of the run. */
export function onwardFrom(
  run: PlaybookRunRecord,
  step: PlaybookStepRecord,
  state: PlaybookStepState,
  note: NewPlaybookNote,
): PlaybookMove {
  const { flow } = contentOfRun(run);
  const to = placeAfter(flow, step.place, state);
  if (typeof to === 'string') return { note, step: { state }, ends: to };
  if (step.number >= MOST_STEPS) return { note, step: { state }, ends: 'failed' };
  return { note, step: { state }, next: stepAt(flow, to) };
}

/** Whether a run can be moved at this step: it runs, and the step is its last. */
export const isMovable = ({ state }: PlaybookRunRecord): boolean => state === 'running';

const stepOf = async (
  { store }: Service,
  id: string,
): Promise<Result<{ readonly run: PlaybookRunRecord; readonly step: PlaybookStepRecord }>> => {
  const step = isId(id) ? await store.playbookRuns.step(id) : undefined;
  const run = step && (await store.playbookRuns.get(step.runId));
  return run
    ? ok({ run, step })
    : bad(problem('NOT_FOUND', 'input.id', `there is no step \`${id}\``));
};

const closed = ({ state }: { readonly state: string }): Problem =>
  problem('PLAYBOOK_STEP_CLOSED', 'input.id', `the step is ${state}, and the run may be over`);

/**
 * Approves a step that acts: it is sent once, to the webhook that carries out steps, or carried out
 * by hand. The role is the step's, or admin; the alert must be settled (SEMANTICS 28); with four
 * eyes whoever started the run approves none of its steps.
 */
export async function approveStep(
  service: Service,
  by: ApprovalActor,
  id: string,
  byHand: boolean,
): Promise<Result<PlaybookStepRecord>> {
  const { store } = service;
  const found = await stepOf(service, id);
  if (!found.ok) return found;
  const { run, step } = found.value;
  const place = placeOfStep(run, step);
  const role = place.kind === 'act' ? place.approval : undefined;
  if (by.role !== role && by.role !== 'admin')
    return bad(
      problem('FORBIDDEN', 'input.id', `the step is approved by the role ${role ?? 'admin'}`),
    );
  const wrong: Problem[] = [];
  const starter = { keyId: run.startedBy, owner: run.owner };
  if ((await needsApproval(service)) && (await isSamePerson(service, by, starter)))
    wrong.push(
      problem('APPROVAL_SAME_PERSON', 'input.id', 'whoever started the run approves no step of it'),
    );
  if (!(await isSubjectSettled(service, run)))
    wrong.push(
      problem(
        'ALERT_UNSETTLED',
        'input.id',
        'a step that acts waits until nothing can come late that would withdraw the alert',
      ),
    );
  if (!byHand && !(await store.webhooks.carrier()))
    wrong.push(
      problem(
        'PLAYBOOK_NO_RECEIVER',
        'input.id',
        'nobody is sent the step: make a webhook with `carriesOut`, or approve it `byHand`',
      ),
    );
  if (wrong.length > 0) return bad(...wrong);
  const approvedAt = new Date();
  const moved = await store.playbookRuns.move(id, (now, at) =>
    isMovable(now) && at.state === 'waiting'
      ? {
          step: {
            state: byHand ? 'underWay' : 'approved',
            byHand,
            approvedBy: by.keyId,
            approvedAt,
            dueAt: byHand ? dueAfter(place, approvedAt) : null,
          },
          note: noteBy(by, byHand ? 'approveByHand' : 'approve'),
        }
      : undefined,
  );
  return changed(service, by, moved, id, byHand ? 'by hand' : undefined, 'playbookStepApprove');
}

const dueAfter = (place: FlowPlace, from: Date): Date | null =>
  place.kind === 'act' && place.timeoutMs !== undefined
    ? new Date(from.getTime() + place.timeoutMs)
    : null;

/** The step as it is after a move that was audited; refused where nothing moved. */
async function changed(
  service: Service,
  by: AuditActor,
  moved: PlaybookMove | undefined,
  id: string,
  detail: string | undefined,
  operation: string,
): Promise<Result<PlaybookStepRecord>> {
  const now = await service.store.playbookRuns.step(id);
  if (!moved || !now) return bad(closed(now ?? { state: 'gone' }));
  await audited(service, by, operation, id, detail);
  return ok(now);
}

async function isSubjectSettled(service: Service, run: PlaybookRunRecord): Promise<boolean> {
  const { store } = service;
  if (run.alertId !== null) {
    const alert = await store.alerts.get(run.alertId);
    return alert !== undefined && alert.standing !== 'withdrawn' && isSettled(service, alert);
  }
  const page = { limit: 1, oldestFirst: true };
  for (const standing of ['stands', 'resolved'] as const) {
    const { incidentId } = run;
    const [alert] = (await store.alerts.list(page, { incidentId, standing })).rows;
    if (alert && (await isSettled(service, alert))) return true;
  }
  return false;
}

/** What a person says came of a step, or what a condition comes to. */
export async function settleStep(
  service: Service,
  by: AuditActor,
  id: string,
  outcome: PlaybookOutcome,
  given: string | null | undefined,
): Promise<Result<PlaybookStepRecord>> {
  const text = given ?? '';
  const wrong = textProblems('text', text);
  if (wrong.length > 0) return bad(...wrong);
  const found = await stepOf(service, id);
  if (!found.ok) return found;
  const note = noteBy(by, outcome, text);
  const moved = await service.store.playbookRuns.move(id, (run, step) => {
    const open = outcomesOpen(placeOfStep(run, step), step.state as PlaybookStepState);
    if (!isMovable(run) || !open.includes(outcome)) return undefined;
    if (outcome === 'notSent') return { note, step: { state: 'waiting', dueAt: null } };
    return onwardFrom(run, step, outcome, note);
  });
  return changed(service, by, moved, id, outcome, 'playbookStepSettle');
}

/** Goes no further. What was sent is not called back: what becomes of it is noted, and no more. */
export async function cancelPlaybook(
  service: Service,
  by: AuditActor,
  id: string,
  reason: string,
): Promise<Result<PlaybookRunRecord>> {
  const wrong = textProblems('reason', reason);
  if (reason.trim() === '') wrong.push(problem('OPTION_INVALID', 'input.reason', 'say why'));
  if (wrong.length > 0) return bad(...wrong);
  const run = await playbookRunById(service, id);
  if (!run) return bad(problem('NOT_FOUND', 'input.id', `there is no run \`${id}\``));
  const { playbookRuns } = service.store;
  for (;;) {
    const last = (await playbookRuns.steps(id)).at(-1);
    invariant(last, 'a run has a step');
    const moved = await playbookRuns.move(last.id, (now, step) =>
      isMovable(now) ? cancelled(step, noteBy(by, 'cancel', reason)) : undefined,
    );
    if (moved) break;
    const now = await playbookRuns.get(id);
    if (now?.state !== 'running') return bad(closed({ state: now?.state ?? 'gone' }));
  }
  await audited(service, by, 'playbookCancel', id, reason);
  const now = await playbookRuns.get(id);
  invariant(now, 'a run stays');
  return ok(now);
}

const STOPPABLE: readonly string[] = ['open', 'waiting', 'approved'];

/** Nothing where the run has gone on to another step meanwhile. */
function cancelled(step: PlaybookStepRecord, note: NewPlaybookNote): PlaybookMove | undefined {
  if (STOPPABLE.includes(step.state))
    return { note, step: { state: 'cancelled' }, ends: 'cancelled' };
  const isSent = ['sending', 'underWay', 'unknown'].includes(step.state);
  return isSent ? { note, ends: 'cancelled' } : undefined;
}
