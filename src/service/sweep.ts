import { cosignDue } from './cosign.ts';
import { describeError } from './observe.ts';
import { deliver } from './submit.ts';
import type { Service } from './service.ts';
import { stampDue } from './stamp.ts';
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
export async function sweepRuns(service: Service, idleMs: number = IDLE_MS): Promise<number> {
  const { store, queues, notary } = service;
  const delivered = await store.locks.tryHold('sweep', async () => {
    const stalled = await store.runs.stalled(idleMs, AT_ONCE);
    for (const run of stalled) await deliver(service, run);
    await finishWithdrawals(service);
    await stampDue(service);
    const due = notary.ledgerNetwork ? await store.anchors.next() : undefined;
    if (due) await queues.sendAnchor(`${due.size}-${due.attempts}`);
    return stalled.length;
  });
  await cosignDue(service);
  return delivered ?? 0;
}

/** Sweeps now and then until stopped; a sweep that fails is followed by the next. */
export function startSweeping(service: Service): () => void {
  const once = (): void => {
    sweepRuns(service).catch((error: unknown) =>
      service.logger.warn('sweep.failed', describeError(error)),
    );
  };
  const timer = setInterval(once, SWEEP_EVERY_MS);
  once();
  return () => clearInterval(timer);
}
