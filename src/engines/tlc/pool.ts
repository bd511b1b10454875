import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toolEnvironment } from '../../processes/confined.ts';
import { scratchFolder } from '../../processes/scratch.ts';
import { archiveFlags, classPath, JVM_FLAGS, SMALL_RUN_FLAGS, type TlcHost } from './host.ts';
import type { Toolchain } from './toolchain.ts';

/**
 * JVMs that have started, have run TLC once on a model of no interest, and wait. Each serves one
 * job and ends: TLC keeps static state, and what a job did to its JVM must not reach the next
 * (FACTS: it also leaks). They are for small runs, and started for those. A process that lives long
 * keeps some; a command that checks one model has no use for them.
 */
export interface WarmJvm {
  readonly child: ChildProcessWithoutNullStreams;
  /** Removes what it wrote; the next one starts. */
  dispose(): Promise<void>;
}

/** Enough for what a warm JVM is for; a job that needs more is run again in a cold one. */
const WARM_HEAP_MB = 512;
/** A JVM that is not ready by then never will be. */
const READY_MS = 60_000;

let wanted = 0;
/** Counted before the process is there: two that ask at once start one. */
let pending = 0;
const ready: WarmJvm[] = [];
const starting = new Set<ChildProcessWithoutNullStreams>();

/**
 * From the first use of TLC on, this process keeps so many JVMs waiting. 0 ends those that wait.
 */
export function keepWarm(count: number): void {
  wanted = count;
  if (count > 0) return;
  for (const jvm of ready.splice(0)) {
    kill(jvm.child);
    void jvm.dispose();
  }
  for (const child of starting) kill(child);
}

/** How many wait now. */
export function warmJvms(): number {
  return ready.length;
}

/** One that waits, if there is one. Where there is none yet, some are started for the next. */
export function takeWarm(tools: Toolchain, host: TlcHost): WarmJvm | undefined {
  if (wanted === 0 || host.jar === undefined) return undefined;
  const jvm = ready.shift();
  if (jvm === undefined) fill(tools, host);
  return (
    jvm && {
      ...jvm,
      dispose: async () => {
        await jvm.dispose();
        fill(tools, host);
      },
    }
  );
}

function fill(tools: Toolchain, host: TlcHost): void {
  if (ready.length + pending >= wanted) return;
  pending += 1;
  void start(tools, host)
    .catch(() => undefined)
    .then((jvm) => {
      pending -= 1;
      if (jvm && wanted > 0) {
        ready.push(jvm);
        fill(tools, host);
      } else if (jvm) {
        kill(jvm.child);
        void jvm.dispose();
      }
    });
}

/** Written once for each JVM: every construct that our modules use, once. */
const MODEL = `---- MODULE Warm ----
EXTENDS Integers, Sequences, FiniteSets, Bags, TLC
VARIABLES n, f, b, q
vars == << n, f, b, q >>
Init == n = 0 /\\ f = [x \\in {"a", "b"} |-> 0] /\\ b = EmptyBag /\\ q = <<>>
Step(x) == /\\ n < 3
           /\\ n' = n + 1
           /\\ f' = [f EXCEPT ![x] = n]
           /\\ b' = b (+) SetToBag({[k |-> x]})
           /\\ q' = Append(q, x)
Next == (\\E x \\in {"a", "b"} : Step(x)) \\/ (n = 3 /\\ UNCHANGED vars)
Spec == Init /\\ [][Next]_vars /\\ WF_vars(\\E x \\in {"a", "b"} : Step(x))
Fine == n \\in 0..3 /\\ \\A x \\in {"a", "b"} : f[x] >= 0 /\\ BagCardinality(b) = Len(q)
Ends == <>(n = 3)
====
`;
const CONFIGURATION = 'SPECIFICATION Spec\nINVARIANT Fine\nPROPERTY Ends\n';

async function start(tools: Toolchain, host: TlcHost): Promise<WarmJvm | undefined> {
  const folder = await scratchFolder('warm');
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  await writeFile(join(folder, 'Warm.tla'), MODEL);
  await writeFile(join(folder, 'Warm.cfg'), CONFIGURATION);
  const { flags } = await archiveFlags(host);
  const dummy = [
    '-tool',
    '-workers',
    '1',
    '-metadir',
    join(folder, 'states'),
    '-config',
    join(folder, 'Warm.cfg'),
    join(folder, 'Warm.tla'),
  ];
  // An archive is written at exit, and with the classes of one job: only a cold run writes one.
  const child = spawn(
    tools.java,
    [
      ...JVM_FLAGS,
      ...SMALL_RUN_FLAGS,
      ...flags.filter((flag) => !flag.includes('AtExit')),
      `-Xmx${WARM_HEAP_MB}m`,
      `-Djava.io.tmpdir=${folder}`,
      '-cp',
      classPath(tools, host.jar ?? ''),
      'TlcHost',
      '--warm',
      tools.jar,
      ...dummy,
    ],
    { cwd: folder, env: toolEnvironment(), detached: true, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  starting.add(child);
  const isReady = await readiness(child);
  starting.delete(child);
  if (!isReady) {
    kill(child);
    await dispose();
    return undefined;
  }
  // Waiting must not keep our own process alive. When it ends, the JVM reads the end of its input
  // and ends too.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr] as unknown as { unref?(): void }[])
    stream.unref?.();
  child.once('exit', () => {
    const at = ready.findIndex((jvm) => jvm.child === child);
    if (at >= 0) {
      ready.splice(at, 1);
      void dispose();
    }
  });
  return { child, dispose };
}

function readiness(child: ChildProcessWithoutNullStreams): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    const timer = setTimeout(() => settle(false), READY_MS);
    const onData = (chunk: Buffer): void => {
      said += chunk.toString('latin1');
      if (said.includes('READY')) settle(true);
    };
    const onEnd = (): void => settle(false);
    const settle = (answer: boolean): void => {
      clearTimeout(timer);
      child.stdout.off('data', onData);
      child.off('exit', onEnd);
      child.off('error', onEnd);
      child.stdout.pause();
      resolve(answer);
    };
    child.stdout.on('data', onData);
    child.once('exit', onEnd);
    child.once('error', onEnd);
  });
}

function kill(child: ChildProcessWithoutNullStreams): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
