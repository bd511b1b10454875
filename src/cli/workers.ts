import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Fault } from '../errors/index.ts';
import { describeError } from '../service/observe.ts';
import type { Service } from '../service/service.ts';
import { deliver } from '../service/submit.ts';

export interface RunningWorkers {
  /** Process ids, for tests and for `doctor`. */
  pids(): number[];
  stop(): Promise<void>;
}

const RESTART_MS = [200, 1_000, 5_000] as const;

/**
 * Keeps `count` worker processes running. When one dies, its runs are given back at once rather
 * than when their lease ends, and another is started, more slowly the sooner it dies again.
 */
export async function startWorkers(
  service: Service,
  count: number,
  env: NodeJS.ProcessEnv,
): Promise<RunningWorkers> {
  const children = new Map<number, ChildProcess>();
  const timers = new Set<NodeJS.Timeout>();
  let stopping = false;

  const start = (slot: number, generation: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const name = `${hostname()}-${process.pid}-${slot}-${generation}`;
      const startedAt = Date.now();
      const child = fork(entryPoint(), {
        execArgv: execArguments(),
        env: { ...env, PROBITY_WORKER_NAME: name },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      children.set(slot, child);
      child.once('message', () => resolve());
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        children.delete(slot);
        reject(
          new Fault('CHILD_CRASHED', `a worker ended with ${code ?? signal} before it was ready`),
        );
        if (stopping) return;
        service.logger.warn('worker.died', { worker: name, code, signal });
        void giveBack(service, name);
        const quick = Date.now() - startedAt < 10_000;
        const pause = RESTART_MS[quick ? Math.min(generation, RESTART_MS.length - 1) : 0] ?? 0;
        const timer = setTimeout(() => {
          timers.delete(timer);
          start(slot, generation + 1).catch(() => undefined);
        }, pause);
        timers.add(timer);
      });
    });

  const stop = async (): Promise<void> => {
    stopping = true;
    for (const timer of timers) clearTimeout(timer);
    await Promise.all([...children.values()].map(end));
  };
  try {
    await Promise.all(Array.from({ length: count }, (_, slot) => start(slot, 0)));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop, pids: () => [...children.values()].flatMap(({ pid }) => pid ?? []) };
}

/**
 * A worker that is asked to stop gives its run back. One that does not answer is killed: its run is
 * found by its lease.
 */
function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    if (!child.kill('SIGTERM')) resolve();
  });
}

async function giveBack(service: Service, worker: string): Promise<void> {
  const { store, logger } = service;
  try {
    for (const id of await store.runs.heldBy(worker)) {
      if (!(await store.runs.release(id, worker))) continue;
      const run = await store.runs.get(id);
      if (run) await deliver(service, run);
    }
  } catch (error) {
    logger.warn('worker.runs_not_returned', { worker, ...describeError(error) });
  }
}

/** The compiled worker below `dist`, or its source where the program itself runs from source. */
function entryPoint(): string {
  const compiled = fileURLToPath(new URL('../../workers/run.js', import.meta.url));
  return existsSync(compiled)
    ? compiled
    : fileURLToPath(new URL('../../workers/run.ts', import.meta.url));
}

function execArguments(): string[] {
  return entryPoint().endsWith('.ts') ? ['--import', 'tsx'] : [];
}
