import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toolEnvironment } from './confined.ts';

/** How a child ended. A child that was killed never looks like one that finished. */
export type ChildEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'timeout' | 'cancelled' | 'memory' | 'disk' | 'output' }
  | { readonly kind: 'failed'; readonly message: string };

export interface ChildRun {
  readonly end: ChildEnd;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildLimits {
  readonly timeoutMs: number;
  /** Resident memory over which the child is killed; none when absent. */
  readonly memoryMb?: number;
  readonly signal: AbortSignal;
  /** Bytes of output over which the child is killed. */
  readonly outputBytes?: number;
  /** A folder that the child writes into, and the size over which it is killed. */
  readonly disk?: { readonly folder: string; readonly mb: number };
}

export interface ChildOptions {
  readonly cwd?: string;
  /** Default: what a tool may know of ours. */
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  onStdout?(chunk: string): void;
  onStderr?(chunk: string): void;
  /** The standard input stays open: a child that reads its end knows that we are gone. */
  readonly leash?: boolean;
}

const DEFAULT_OUTPUT = 64 * 1024 * 1024;

/**
 * Runs a child in a process group of its own, and kills the whole group at a limit: a child of the
 * child never outlives it. Resolves always; `end` says how it went.
 */
export function runChild(
  command: string,
  args: readonly string[],
  limits: ChildLimits,
  options: ChildOptions = {},
): Promise<ChildRun> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? toolEnvironment(),
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return supervise(child, limits, options);
}

/**
 * The same for a child that runs already, leads a group of its own, and has not been listened to.
 */
export function supervise(
  child: ChildProcessWithoutNullStreams,
  limits: ChildLimits,
  options: Omit<ChildOptions, 'cwd' | 'env'> = {},
): Promise<ChildRun> {
  return new Promise((resolve) => {
    let killedFor:
      | Extract<ChildEnd, { kind: 'timeout' | 'cancelled' | 'memory' | 'disk' | 'output' }>['kind']
      | undefined;
    const out: string[] = [];
    const err: string[] = [];
    let bytes = 0;
    const kill = (why: NonNullable<typeof killedFor>): void => {
      killedFor ??= why;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The group is gone already.
      }
    };
    const timer = setTimeout(() => kill('timeout'), limits.timeoutMs);
    const watchdog =
      limits.memoryMb === undefined
        ? undefined
        : setInterval(() => {
            void residentMb(child.pid).then((mb) => {
              if (mb > (limits.memoryMb ?? Infinity)) kill('memory');
            });
          }, 200);
    const { disk } = limits;
    const scales =
      disk === undefined
        ? undefined
        : setInterval(() => {
            void folderMb(disk.folder).then((mb) => {
              if (mb > disk.mb) kill('disk');
            });
          }, 1_000);
    const onAbort = (): void => kill('cancelled');
    if (limits.signal.aborted) onAbort();
    limits.signal.addEventListener('abort', onAbort, { once: true });
    const collect =
      (into: string[], forward?: (chunk: string) => void) =>
      (chunk: string): void => {
        bytes += chunk.length;
        if (bytes > (limits.outputBytes ?? DEFAULT_OUTPUT)) return kill('output');
        into.push(chunk);
        forward?.(chunk);
      };
    child.stdout.setEncoding('utf8').on('data', collect(out, options.onStdout));
    child.stderr.setEncoding('utf8').on('data', collect(err, options.onStderr));
    child.stdout.resume();
    const settle = (end: ChildEnd): void => {
      clearTimeout(timer);
      clearInterval(watchdog);
      clearInterval(scales);
      limits.signal.removeEventListener('abort', onAbort);
      resolve({ end, stdout: out.join(''), stderr: err.join('') });
    };
    child.on('error', (error) => settle({ kind: 'failed', message: error.message }));
    child.on('close', (code, signal) => {
      if (killedFor) settle({ kind: killedFor });
      else if (signal !== null) settle({ kind: 'signalled', signal });
      else settle({ kind: 'exited', code: code ?? -1 });
    });
    child.stdin.on('error', () => {
      // A child that ends before it has read everything; how it ended says the rest.
    });
    if (options.leash === true) child.stdin.write(options.input ?? '');
    else child.stdin.end(options.input ?? '');
  });
}

/**
 * Resident memory of a process and what it has started, by /proc; 0 where there is no such thing.
 */
export async function residentMb(pid: number | undefined): Promise<number> {
  const [status, children] = await Promise.all(
    [`/proc/${pid}/status`, `/proc/${pid}/task/${pid}/children`].map((file) =>
      readFile(file, 'utf8').catch(() => ''),
    ),
  );
  const own = Number(/VmRSS:\s+(\d+) kB/.exec(status ?? '')?.[1] ?? 0) / 1024;
  const below = (children ?? '')
    .trim()
    .split(' ')
    .filter((each) => each !== '');
  const sizes = await Promise.all(below.map((each) => residentMb(Number(each))));
  return sizes.reduce((sum, size) => sum + size, own);
}

/** What lies in a folder and below; what goes away meanwhile does not count. */
async function folderMb(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(
        async (entry) =>
          (await stat(join(entry.parentPath ?? entry.path, entry.name)).catch(() => undefined))
            ?.size ?? 0,
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / (1024 * 1024);
}
