import { Fault } from '../errors/index.ts';
import { postPinned } from '../network/post.ts';
import { PROBITY_EXTENSION } from '../response/playbookShape.ts';
import { awaitsOutcome, type PlaybookStepState } from '../response/playbookRun.ts';
import {
  isId,
  type ClaimedStep,
  type PlaybookMove,
  type PlaybookRunRecord,
  type PlaybookStepRecord,
} from '../store/index.ts';
import { Bell } from './bell.ts';
import { signedHeaders } from './deliveries.ts';
import { describeError } from './observe.ts';
import { contentOfRun, isMovable, onwardFrom, placeOfStep } from './playbookRuns.ts';
import type { Installation, Service } from './service.ts';

/** The CloudEvents type with which a receiver says what came of a step. */
export const PLAYBOOK_OUTCOME_TYPE = 'probity.playbook.outcome';

/** How much longer than a request may take the sending of a step is ours. */
const SPARE_MS = 5_000;
const SLOTS = 8;
const LOOK_EVERY_MS = 1_000;

const senderNote = (action: string, text = '') => ({ actor: '', role: 'sender', action, text });

/** What came of sending: the receiver has the step, has it not, or nobody knows. */
export type SendingAnswer = 'taken' | 'refused' | 'unclear';

/** What an answer says. A proxy that gives up (408, 5xx, …) may have passed the step on. */
export function answerSays(status: number): SendingAnswer {
  if (status >= 200 && status < 300) return 'taken';
  return status >= 400 && status < 500 && status !== 408 ? 'refused' : 'unclear';
}

/** Before a connection there was, nothing can have been sent over it. */
const NEVER_CONNECTED: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

export function faultSays({ code, cause }: Fault): SendingAnswer {
  if (code === 'TARGET_REFUSED' || code === 'KEY_FILE') return 'refused';
  const isUnsent =
    code === 'TARGET_UNAVAILABLE' &&
    (cause === undefined || NEVER_CONNECTED.has((cause as NodeJS.ErrnoException).code));
  return isUnsent ? 'refused' : 'unclear';
}

/** What a receiver is sent: the shape of `schemas/webhook.schema.json`, type `playbook.step`. */
async function stepBody(
  { store }: Service,
  run: PlaybookRunRecord,
  step: PlaybookStepRecord,
): Promise<string> {
  const place = placeOfStep(run, step);
  const { step_extensions: extensions, ...said } = contentOfRun(run).steps[place.id] ?? {};
  const others = Object.entries((extensions as object | undefined) ?? {}).filter(
    ([id]) => id !== PROBITY_EXTENSION,
  );
  const alert = run.alertId === null ? undefined : await store.alerts.get(run.alertId);
  const incident = await store.alerts.incident(run.incidentId);
  return JSON.stringify({
    type: 'playbook.step',
    timestamp: (step.approvedAt ?? step.createdAt).toISOString(),
    id: step.id,
    data: {
      run: run.id,
      playbook: { id: run.playbookId, name: run.name, digest: run.digest },
      step: place.id,
      number: step.number,
      does: { ...said, ...(others.length > 0 && { step_extensions: Object.fromEntries(others) }) },
      monitor: run.monitorId,
      incident: run.incidentId,
      kind: incident?.kind ?? '',
      property: incident?.property ?? '',
      ...(alert && { alert: alert.id, case: alert.caseKey }),
      outcome: PLAYBOOK_OUTCOME_TYPE,
    },
  });
}

/** Sends a step that is ours, once, and notes what is known then. */
async function sendClaimed(service: Service, { id }: ClaimedStep, until: number): Promise<void> {
  const { store, config, logger } = service;
  const step = await store.playbookRuns.step(id);
  const run = step && (await store.playbookRuns.get(step.runId));
  if (!run) return;
  let says: SendingAnswer = 'refused';
  let why = 'no webhook carries out steps';
  const carrier = await store.webhooks.carrier();
  if (carrier)
    try {
      const body = await stepBody(service, run, step);
      const headers = await signedHeaders(service, carrier.id, id, body);
      const { timeoutMs } = config.webhooks;
      const options = { rules: config.webhooks, timeoutMs };
      // A process that slept beyond its lease: a person may have decided otherwise meanwhile.
      if (Date.now() > until) throw new Fault('TARGET_REFUSED', 'it was too late to send it');
      const { status } = await postPinned(carrier.url, headers, body, options);
      [says, why] = [answerSays(status), `${carrier.id} answered ${status}`];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      [says, why] = [faultSays(error), `${carrier.id}: ${error.message}`];
    }
  logger.info('playbook.sent', { step: id, says, why });
  await store.playbookRuns.move(id, (now, at) =>
    at.sentAt?.getTime() === step.sentAt?.getTime() ? afterSending(now, at, says, why) : undefined,
  );
}

/** Whoever was overtaken by an outcome, the clock or another process has nothing to say. */
function afterSending(
  run: PlaybookRunRecord,
  { state }: PlaybookStepRecord,
  says: SendingAnswer,
  why: string,
): PlaybookMove | undefined {
  if (state !== 'sending') return undefined;
  const note = senderNote(says, why);
  if (says === 'taken') return { note, step: { state: 'underWay' } };
  if (says === 'unclear') return { note, step: { state: 'unknown' } };
  const back = isMovable(run) ? 'waiting' : 'cancelled';
  return { note, step: { state: back, dueAt: null } };
}

/** What the clock says of steps: their time is over, or whoever sent them is gone. */
export async function judgeOverdue(installation: Installation, now = new Date()): Promise<number> {
  const found = await installation.store.all.playbookSteps.overdue();
  for (const { organisationId, id } of found) {
    const { store, logger } = installation.of(organisationId);
    const moved = await store.playbookRuns.move(id, (run, step) => overdue(run, step, now));
    if (moved) logger.warn('playbook.overdue', { step: id, action: moved.note.action });
  }
  return found.length;
}

function overdue(
  run: PlaybookRunRecord,
  step: PlaybookStepRecord,
  now: Date,
): PlaybookMove | undefined {
  const clock = (action: string) => ({ actor: '', role: 'clock', action, text: '' });
  if (awaitsOutcome(step.state as PlaybookStepState) && step.dueAt && step.dueAt <= now) {
    const note = clock('timedOut');
    return isMovable(run)
      ? onwardFrom(run, step, 'timedOut', note)
      : { note, step: { state: 'timedOut' } };
  }
  // Its sender died, or was taken down: the receiver has it or not.
  if (step.state === 'sending') return { note: clock('unclear'), step: { state: 'unknown' } };
  return undefined;
}

interface SaidOutcome {
  readonly step: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly text: string;
}

/** The outcome of a step that an event tells of, if it does. */
function outcomeIn(event: unknown): SaidOutcome | undefined {
  const { type, data } = event as { readonly type?: unknown; readonly data?: unknown };
  if (type !== PLAYBOOK_OUTCOME_TYPE || typeof data !== 'object' || data === null) return undefined;
  const { step, outcome, text } = data as Readonly<Record<string, unknown>>;
  if (typeof step !== 'string' || !isId(step)) return undefined;
  if (outcome !== 'succeeded' && outcome !== 'failed') return undefined;
  return { step, outcome, text: typeof text === 'string' ? text.slice(0, MOST_SAID) : '' };
}

const MOST_SAID = 4_000;

/**
 * Moves the run on whose step an event tells the outcome of; whether it did. One of a step that was
 * not sent, is over, or timed out, is noted where it is new, and moves nothing. Told again it is
 * the same.
 */
export async function applyOutcome(
  { store }: { readonly store: Pick<Service['store'], 'playbookRuns'> },
  event: unknown,
  isNew: boolean,
): Promise<boolean> {
  const said = outcomeIn(event);
  if (!said) return false;
  const { source } = event as { readonly source: string };
  const note = (action: string) => ({
    actor: source.slice(0, 200),
    role: 'event',
    action,
    text: said.text,
  });
  const moved = await store.playbookRuns.move(said.step, (run, step) => {
    if (!awaitsOutcome(step.state as PlaybookStepState))
      return isNew ? { note: note(`${said.outcome}Unheard`) } : undefined;
    return isMovable(run)
      ? onwardFrom(run, step, said.outcome, note(said.outcome))
      : { note: note(said.outcome), step: { state: said.outcome } };
  });
  return moved?.step !== undefined;
}

/** Sends steps that were approved, and looks at the clock, until stopped. */
export function startCarryingOut(installation: Installation): () => Promise<void> {
  const { store, logger, config } = installation;
  const stopping = new AbortController();
  const { signal } = stopping;
  const underWay = new Set<Promise<void>>();
  const bell = new Bell();
  const unwatch = store.notices.onAnyAnnouncement(() => bell.ring());
  const warn = (error: unknown): undefined => {
    logger.warn('playbook.interrupted', describeError(error));
    return undefined;
  };
  const leaseMs = config.webhooks.timeoutMs + SPARE_MS;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      if (underWay.size >= SLOTS) {
        await Promise.race(underWay);
        continue;
      }
      const until = Date.now() + SPARE_MS;
      const claim = await store.all.playbookSteps.claim(leaseMs).catch(warn);
      if (!claim) {
        await judgeOverdue(installation).catch(warn);
        if (!signal.aborted) await bell.wait(LOOK_EVERY_MS);
        continue;
      }
      const work = sendClaimed(installation.of(claim.organisationId), claim, until)
        .catch(warn)
        .finally(() => underWay.delete(work));
      underWay.add(work);
    }
    await Promise.all(underWay);
  };
  const running = run();
  return async () => {
    stopping.abort();
    unwatch();
    bell.ring();
    await running;
  };
}
