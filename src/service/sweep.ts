import { cosignDue } from './cosign.ts';
import { finishIncidents } from './incidents.ts';
import { describeError } from './observe.ts';
import { deliver } from './submit.ts';
import type { Installation } from './service.ts';
import { stampDue } from './stamp.ts';
import { eraseOldUploads } from './uploads.ts';
import { finishWithdrawals } from './withdraw.ts';

/**
 * A row that nothing has happened to for this long has lost its job: the queue was away, emptied or
 * restored.
 */
const IDLE_MS = 15_000;
const SWEEP_EVERY_MS = 10_000;
const AT_ONCE = 100;

/**
 * Delivers again what the queue has forgotten: the rows are the truth. Jobs carry the attempt in
 * their id, so what is still waiting in the queue is not added twice. One process at a time.
 */
export async function sweepRuns(
  installation: Installation,
  idleMs: number = IDLE_MS,
): Promise<number> {
  const { store, queues, notary } = installation;
  const delivered = await store.locks.tryHold('sweep', async () => {
    const stalled = await store.all.runs.stalled(idleMs, AT_ONCE);
    for (const run of stalled) await deliver(installation, run);
    for (const organisationId of await store.all.statements.unlogged())
      await finishWithdrawals(installation.of(organisationId));
    for (const organisationId of await store.all.statements.unlogged('incident'))
      await finishIncidents(installation.of(organisationId));
    await stampDue(installation);
    await tellTime(installation);
    await forgetOld(installation);
    await eraseOldUploads(installation);
    const due = notary.ledgerNetwork ? await store.anchors.next() : undefined;
    if (due) await queues.sendAnchor(`${due.size}-${due.attempts}`);
    return stalled.length;
  });
  await cosignDue(installation);
  return delivered ?? 0;
}

/**
 * Stores the time in the streams of monitors that need to be told it: a deadline is past, or an
 * alert settles, and nothing came that said so. What has not judged all is asked again later.
 */
export async function tellTime({ store }: Installation, now = new Date()): Promise<number> {
  const found = await store.all.monitors.untold(now, AT_ONCE);
  for (const organisationId of found) await store.of(organisationId).events.tick(now);
  return found.length;
}

const DAY_MS = 86_400_000;

/** What was announced long ago. */
async function forgetOld({ store, config }: Installation): Promise<void> {
  const since = new Date(Date.now() - config.limits.announcementDays * DAY_MS);
  await store.all.announcements.deleteBefore(since, 1_000);
}

/** Sweeps now and then until stopped; a sweep that fails is followed by the next. */
export function startSweeping(installation: Installation): () => void {
  const once = (): void => {
    sweepRuns(installation).catch((error: unknown) =>
      installation.logger.warn('sweep.failed', describeError(error)),
    );
  };
  const timer = setInterval(once, SWEEP_EVERY_MS);
  once();
  return () => clearInterval(timer);
}
