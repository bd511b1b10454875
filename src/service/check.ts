import { sha256, type Json } from '../canonical/index.ts';
import { Fault, invariant, type Result } from '../errors/index.ts';
import type { Report } from '../model/outcome.ts';
import type { RunClaim, RunHead, RunRecord } from '../store/index.ts';
import type { Progress, Verification } from '../checking/types.ts';
import { describeError } from './observe.ts';
import type { RunOptions } from './options.ts';
import { submissionOf } from './submission.ts';
import { deliver } from './submit.ts';
import { tallyRun } from './tally.ts';
import { assessRun, type KeptRisk } from './risk.ts';
import type { Service } from './service.ts';

/** A run that took this many workers down with it is not given to another. */
const MAX_ATTEMPTS = 5;
const PROGRESS_EVERY_MS = 250;

/**
 * Why a check was interrupted: the worker ends in good order, or the run is no longer this
 * worker's.
 */
type Interruption = 'stopping' | 'lost';

/**
 * `queued` → `running` → `checked`. True when the run has its report. Every write names the
 * attempt, so that of two workers that believe in the same run only the later one is heard.
 */
export async function checkRun(
  service: Service,
  run: RunRecord,
  worker: string,
  stop: AbortSignal,
  given?: RunClaim,
): Promise<boolean> {
  const { store, config, logger } = service;
  const claim = given ?? (await store.runs.claim(run.id, worker, config.leaseMs));
  if (!claim) return false;
  if (claim.attempt > MAX_ATTEMPTS) {
    await store.runs.fail(run.id, {
      code: 'CHILD_CRASHED',
      message: `the check ended its worker ${MAX_ATTEMPTS} times`,
    });
    return false;
  }
  const claimedAt = Date.now();
  const hold = holdClaim(service, claim, optionsOf(run).timeoutMs, stop);
  try {
    const result = await verifyRun(service, run, claim, hold);
    const risk =
      result.ok && !hold.signal.aborted ? await riskOf(service, run, hold.signal) : undefined;
    if (hold.signal.aborted)
      return await giveUp(service, run, worker, hold.signal.reason as Interruption);
    const recorded = await record(service, run, claim, result, risk);
    if (recorded && result.ok) {
      alarm(service, run, result.value.report);
      await tallyRun(service, run, claimedAt, result.value.report);
    }
    return recorded;
  } catch (error) {
    if (hold.signal.aborted)
      return await giveUp(service, run, worker, hold.signal.reason as Interruption);
    if (error instanceof Fault && error.retryable) {
      await store.runs.release(run.id, worker);
      throw error;
    }
    logger.error('run.failed', { run: run.id, ...describeError(error) });
    const known = error instanceof Fault;
    await store.runs.fail(run.id, {
      code: known ? error.code : 'INTERNAL',
      message: known ? error.message : 'a fault of ours; the log has it',
    });
    return false;
  } finally {
    hold.end();
  }
}

/** They were written by us (`options.ts`). */
const optionsOf = (run: RunHead): RunOptions => run.options as unknown as RunOptions;

/** Whether a run is signed and logged once it has its report. */
export const isToBeSealed = (run: RunHead): boolean => optionsOf(run).seal !== false;

async function verifyRun(
  service: Service,
  run: RunRecord,
  claim: RunClaim,
  { signal, stopped }: Hold,
): Promise<Result<Verification>> {
  const { store, config, checker, logger } = service;
  const model = await store.models.get(run.modelId);
  invariant(model, 'a run has its model');
  const onProgress = throttled((progress) => {
    store.runs
      .progress(claim, progress as unknown as Json)
      .catch((error: unknown) => logger.debug('run.progress_lost', describeError(error)));
  });
  let first: Promise<void> | undefined;
  const { seal: _seal, ...options } = optionsOf(run);
  const result = await checker.checkSubmission(submissionOf(model), options, {
    signal,
    stopped,
    onProgress,
    cacheDir: config.cacheDir,
    onFirst: (report) => {
      first = store.runs
        .answerFirst(claim, report)
        .catch((error: unknown) => logger.debug('run.first_lost', describeError(error)));
    },
  });
  // The last word is written after the first.
  await first;
  return result;
}

async function riskOf(
  service: Service,
  run: RunRecord,
  signal: AbortSignal,
): Promise<KeptRisk | undefined> {
  const model = await service.store.models.get(run.modelId);
  invariant(model, 'a run has its model');
  return assessRun(service, run, model, signal);
}

/** Engines that contradict each other: one of them is wrong, and somebody must look. */
function alarm({ logger }: Service, run: RunRecord, { properties }: Report): void {
  const disputed = properties.filter(({ reason }) => reason === 'disagreement');
  if (disputed.length > 0)
    logger.error('run.disagreement', {
      run: run.id,
      properties: disputed.map(({ name, message }) => `${name}: ${message}`),
    });
}

async function record(
  { store }: Service,
  run: RunRecord,
  claim: RunClaim,
  result: Result<Verification>,
  risk: KeptRisk | undefined,
): Promise<boolean> {
  if (!result.ok) {
    const [first] = result.problems;
    await store.runs.fail(claim.runId, {
      code: first?.code ?? 'MODEL_SHAPE',
      message: first?.message ?? 'the input was refused',
      problems: result.problems,
    });
    return false;
  }
  const { report, artifacts } = result.value;
  return store.runs.check(claim, {
    report,
    artifacts: artifacts.map((artifact) => ({ ...artifact, digest: sha256(artifact.text) })),
    seal: isToBeSealed(run),
    cacheable: isCacheable(report) && risk?.kind !== 'failed',
    ...(risk ? { risk: risk as unknown as Json } : {}),
  });
}

/** "Unknown" may be the weather of one day: it is never given as an answer to another request. */
export function isCacheable(report: Report): boolean {
  return (
    report.script?.answers.includes('unknown') !== true &&
    report.properties.every(
      ({ outcome, engines }) =>
        outcome !== 'unknown' && engines.every((engine) => engine.reason !== 'crash'),
    )
  );
}

async function giveUp(
  service: Service,
  run: RunRecord,
  worker: string,
  reason: Interruption,
): Promise<false> {
  if (reason === 'stopping' && (await service.store.runs.release(run.id, worker))) {
    const released = await service.store.runs.get(run.id);
    if (released) await deliver(service, released);
  }
  return false;
}

interface Hold {
  readonly signal: AbortSignal;
  stopped(): boolean;
  end(): void;
}

/** A run that takes this much longer than it was given hangs: another worker may have it. */
const OVERTIME_MS = 600_000;

/**
 * Keeps the lease, and watches for cancellation, for as long as the check runs. The lease is kept
 * by a thread of the store, which no check can block.
 */
function holdClaim(
  { store, config }: Service,
  claim: RunClaim,
  timeoutMs: number,
  stop: AbortSignal,
): Hold {
  const controller = new AbortController();
  const interrupt = (reason: Interruption): void => controller.abort(reason);
  const mostMs = 2 * timeoutMs + OVERTIME_MS;
  const kept = store.leases.keep(claim, config.leaseMs, mostMs, () => interrupt('lost'));
  const unwatch = store.notices.onRun(claim.runId, () => {
    store.runs.holds(claim).then(
      (ours) => {
        if (!ours) interrupt('lost');
      },
      () => undefined,
    );
  });
  const onStop = (): void => interrupt('stopping');
  if (stop.aborted) onStop();
  stop.addEventListener('abort', onStop, { once: true });
  return {
    signal: controller.signal,
    stopped: () => kept.isLost(),
    end: () => {
      kept.end();
      unwatch();
      stop.removeEventListener('abort', onStop);
    },
  };
}

/** At most a few writes a second, whatever an engine reports. */
function throttled(write: (progress: Progress) => void): (progress: Progress) => void {
  let next = 0;
  return (progress) => {
    const now = Date.now();
    if (now < next) return;
    next = now + PROGRESS_EVERY_MS;
    write(progress);
  };
}
