import { ANCHOR_QUEUE, CHECK_QUEUE, consume, type CheckJob } from '../queue/index.ts';
import { isFinished } from '../store/index.ts';
import { anchorDue } from './anchor.ts';
import { cosignDue } from './cosign.ts';
import { checkRun, isToBeSealed } from './check.ts';
import { describeError } from './observe.ts';
import { sealRun } from './seal.ts';
import type { Installation, Service } from './service.ts';
import { startSweeping } from './sweep.ts';

const QUIET_MS = 30_000;

export interface RunningWorker {
  /** Interrupts the run in hand, gives it back to the queue, and stops. Idempotent. */
  stop(): Promise<void>;
}

/**
 * From a job's run id to its seal: whatever the row says is still to do. Safe to call twice, and
 * from two workers.
 */
export async function processRun(
  installation: Installation,
  runId: string,
  worker: string,
  stop: AbortSignal,
): Promise<void> {
  const organisationId = await installation.store.all.runs.organisationOf(runId);
  if (organisationId !== undefined)
    await finishRun(installation.of(organisationId), runId, worker, stop);
}

/** The same, where it is known whose run it is. */
export async function finishRun(
  service: Service,
  runId: string,
  worker: string,
  stop: AbortSignal,
): Promise<void> {
  const run = await service.store.runs.get(runId);
  if (!run || isFinished(run.state)) return;
  const isChecked = run.state === 'checked' && !run.provisional;
  const checked = isChecked || (await checkRun(service, run, worker, stop));
  if (checked && isToBeSealed(run)) await sealRun(service, runId);
}

/** A queue that is away reports it several times a second. */
function onceAWhile(report: (error: Error) => void): (error: Error) => void {
  let next = 0;
  return (error) => {
    if (Date.now() < next) return;
    next = Date.now() + QUIET_MS;
    report(error);
  };
}

/**
 * Takes runs and anchors from the queue until stopped. `name` says who holds a run, and must be
 * this worker's alone.
 */
export async function startWorker(
  installation: Installation,
  name: string,
): Promise<RunningWorker> {
  const { config, logger } = installation;
  const place = { databaseUrl: config.databaseUrl ?? '', redisUrl: config.redisUrl };
  const stopping = new AbortController();
  const onError = onceAWhile((error) => logger.warn('queue.error', { message: error.message }));
  const settings = { concurrency: 1, leaseMs: config.leaseMs, onError };
  const checks = consume<CheckJob>(
    CHECK_QUEUE,
    place,
    async ({ runId }) => {
      try {
        await processRun(installation, runId, name, stopping.signal);
      } catch (error) {
        logger.warn('run.interrupted', { run: runId, ...describeError(error) });
        throw error;
      }
    },
    settings,
  );
  const anchors = consume(
    ANCHOR_QUEUE,
    place,
    async () => {
      await Promise.all([cosignDue(installation), anchorDue(installation)]);
    },
    settings,
  );
  await Promise.all([checks.ready(), anchors.ready()]);
  const stopSweeping = startSweeping(installation);
  logger.info('worker.started', { worker: name });
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopSweeping();
    stopping.abort();
    await Promise.all([checks.close(), anchors.close()]);
    logger.info('worker.stopped', { worker: name });
  };
  return { stop: () => (stopped ??= stop()) };
}
