import { hostname } from 'node:os';
import { describeError } from '../service/observe.ts';
import type { Installation } from '../service/service.ts';
import { deliver } from '../service/submit.ts';
import { keepRunning, type Supervised } from './children.ts';

export interface RunningWorkers {
  /** Process ids, for tests and for `doctor`. */
  pids(): number[];
  stop(): Promise<void>;
}

/**
 * Keeps `count` worker processes running. When one dies, its runs are given back at once rather
 * than when their lease ends.
 */
export async function startWorkers(
  installation: Installation,
  count: number,
  env: NodeJS.ProcessEnv,
): Promise<RunningWorkers> {
  const workers: Supervised<true>[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.stop()));
  };
  const start = async (slot: number): Promise<void> => {
    const nameOf = (generation: number): string =>
      `${hostname()}-${process.pid}-${slot}-${generation}`;
    workers.push(
      await keepRunning<true>({
        entry: 'run',
        role: 'worker',
        logger: installation.logger,
        environment: (generation) => ({ ...env, PROBITY_WORKER_NAME: nameOf(generation) }),
        onDied: (generation) => void giveBack(installation, nameOf(generation)),
      }),
    );
  };
  const started = await Promise.allSettled(Array.from({ length: count }, (_, slot) => start(slot)));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { stop, pids: () => workers.flatMap((worker) => worker.pid() ?? []) };
}

async function giveBack(installation: Installation, worker: string): Promise<void> {
  const { store, logger } = installation;
  try {
    for (const { organisationId, id } of await store.all.runs.heldBy(worker)) {
      const { runs } = store.of(organisationId);
      if (!(await runs.release(id, worker))) continue;
      const run = await runs.head(id);
      if (run) await deliver(installation, run);
    }
  } catch (error) {
    logger.warn('worker.runs_not_returned', { worker, ...describeError(error) });
  }
}
