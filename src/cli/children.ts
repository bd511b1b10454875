import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Fault, type FaultCode } from '../errors/index.ts';
import type { Logger } from '../service/observe.ts';

/** What a child says once: that it is ready, with what others must know, or why it will not be. */
export type FromChild<Ready> =
  | { readonly ready: Ready }
  | { readonly failed: { readonly code: FaultCode; readonly message: string } };

export interface Supervised<Ready> {
  /** What the first of them said when it was ready. */
  readonly ready: Ready;
  pid(): number | undefined;
  stop(): Promise<void>;
}

interface Kept<Ready> {
  /** The file in `workers` that it begins with. */
  readonly entry: string;
  /** What it is, in the log and in messages. */
  readonly role: string;
  readonly logger: Logger;
  /** Its name and environment: of the n-th, and by what the first one said. */
  environment(generation: number, ready: Ready | undefined): NodeJS.ProcessEnv;
  onDied?(generation: number): void;
}

const RESTART_MS = [200, 1_000, 5_000] as const;

/**
 * Keeps one child process running: when it dies another is started, more slowly the sooner it dies
 * again. Neither takes the other along: a child that runs out of memory ends alone, and one whose
 * parent is gone ends in good order. Throws what the first one said where it did not come up.
 */
export async function keepRunning<Ready>(kept: Kept<Ready>): Promise<Supervised<Ready>> {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let first: Ready | undefined;
  let stopping = false;
  const start = (generation: number): Promise<Ready> =>
    new Promise((resolve, reject) => {
      const startedAt = Date.now();
      const started = fork(entryPoint(kept.entry), {
        execArgv: execArguments(kept.entry),
        env: kept.environment(generation, first),
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      child = started;
      started.once('message', (message: FromChild<Ready>) => {
        if ('ready' in message) resolve(message.ready);
        else reject(new Fault(message.failed.code, message.failed.message));
      });
      started.once('error', reject);
      started.once('exit', (code, signal) => {
        child = undefined;
        const how = String(code ?? signal);
        reject(
          new Fault('CHILD_CRASHED', `the ${kept.role} ended with ${how} before it was ready`),
        );
        if (stopping || first === undefined) return;
        kept.logger.warn(`${kept.role}.died`, { generation, code, signal });
        kept.onDied?.(generation);
        const quick = Date.now() - startedAt < 10_000;
        const pause = RESTART_MS[quick ? Math.min(generation, RESTART_MS.length - 1) : 0] ?? 0;
        timer = setTimeout(() => void start(generation + 1).catch(() => undefined), pause);
      });
    });
  const stop = async (): Promise<void> => {
    stopping = true;
    clearTimeout(timer);
    if (child) await end(child);
  };
  try {
    first = await start(0);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ready: first, pid: () => child?.pid, stop };
}

/** One that is asked to stop ends in good order; one that does not answer is killed. */
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

/** The compiled file below `dist`, or its source where the program itself runs from source. */
function entryPoint(name: string): string {
  const compiled = fileURLToPath(new URL(`../../workers/${name}.js`, import.meta.url));
  return existsSync(compiled)
    ? compiled
    : fileURLToPath(new URL(`../../workers/${name}.ts`, import.meta.url));
}

function execArguments(name: string): string[] {
  return entryPoint(name).endsWith('.ts') ? ['--import', 'tsx'] : [];
}
