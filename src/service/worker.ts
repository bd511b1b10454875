import { ANCHOR_QUEUE, CHECK_QUEUE, consume, type CheckJob } from '../queue/index.ts';
import { isFinished, type RunClaim } from '../store/index.ts';
import { anchorDue } from './anchor.ts';
import { cosignDue } from './cosign.ts';
import { checkRun, isToBeSealed } from './check.ts';
import { describeError } from './observe.ts';
import { sealRun } from './seal.ts';
import type { Installation, Service } from './service.ts';
import { startJudging } from './judge.ts';
import { startSweeping } from './sweep.ts';
import { startDelivering } from './deliveries.ts';
import { startCarryingOut } from './playbookSending.ts';
import { startReturningGrades } from './lti/grades.ts';

const QUIET_MS = 30_000;

export interface RunningWorker {
  /** Interrupts the run in hand, gives it back to the queue, and stops. Idempotent. */
  stop(): Promise<void>;
}

/**
 * What a job is for: a run that waits for its seal is sealed; else it is somebody's turn, and whose
 * is for the rows to say (`claimNext`), not for the order of the queue. There are as many jobs as
 * runs that wait. One whose worker fell silent is taken up by the job that names it.
 */
export async function takeTurn(
  installation: Installation,
  runId: string,
  worker: string,
  stop: AbortSignal,
): Promise<void> {
  const { store, config } = installation;
  const named = await store.all.runs.find(runId);
  if (named?.state === 'checked' && !named.provisional)
    return finishRun(installation.of(named.organisationId), runId, worker, stop);
  const isHeld = named && (named.state === 'running' || named.provisional);
  const claim =
    (isHeld && (await store.of(named.organisationId).runs.claim(runId, worker, config.leaseMs))) ||
    (await store.all.runs.claimNext(worker, config.leaseMs));
  if (claim)
    await finishRun(installation.of(claim.organisationId), claim.runId, worker, stop, claim);
}

/**
 * From a run's id to its seal: whatever the row says is still to do. Safe to call twice, and from
 * two workers. `claim`: it was taken up already.
 */
export async function finishRun(
  service: Service,
  runId: string,
  worker: string,
  stop: AbortSignal,
  claim?: RunClaim,
): Promise<void> {
  const run = await service.store.runs.get(runId);
  if (!run || isFinished(run.state)) return;
  const isChecked = run.state === 'checked' && !run.provisional;
  const checked = isChecked || (await checkRun(service, run, worker, stop, claim));
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
        await takeTurn(installation, runId, name, stopping.signal);
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
  const stopJudging = startJudging(installation);
  const stopDelivering = startDelivering(installation);
  const stopCarryingOut = startCarryingOut(installation);
  const stopGrades = startReturningGrades(installation);
  logger.info('worker.started', { worker: name });
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopSweeping();
    stopping.abort();
    await Promise.all([
      checks.close(),
      anchors.close(),
      stopJudging(),
      stopDelivering(),
      stopCarryingOut(),
      stopGrades(),
    ]);
    logger.info('worker.stopped', { worker: name });
  };
  return { stop: () => (stopped ??= stop()) };
}
