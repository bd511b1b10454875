import type { EngineProgress } from '../../model/engine.ts';
import { runChild, supervise, type ChildRun } from '../../processes/child.ts';
import {
  archiveFlags,
  classPath,
  JVM_FLAGS,
  SMALL_RUN_FLAGS,
  tlcHost,
  type TlcHost,
} from './host.ts';
import { hostProgress, progressIn, withoutProgress } from './output.ts';
import { takeWarm, type WarmJvm } from './pool.ts';
import type { Toolchain } from './toolchain.ts';

/** One run of TLC on texts of our own. */
export interface TlcJob {
  /** Where the module and the configuration lie, and where TLC may write. */
  readonly folder: string;
  readonly config: string;
  readonly module: string;
  readonly deadlock: boolean;
  /** It is over soon: a JVM that waits will do, and one that compiles little. */
  readonly isSmall: boolean;
}

export interface JvmLimits {
  readonly deadline: number;
  readonly memoryMb: number;
  readonly diskMb: number;
  readonly signal: AbortSignal;
}

/** How the process ended, and whether it had been started in advance. */
export interface TlcChild extends ChildRun {
  readonly jvm: 'warm' | 'cold';
}

/** What the JVM needs beside TLC's heap: code, stacks, the fingerprints off the heap. */
const BESIDE_HEAP_MB = 512;

/**
 * Runs TLC on a small model in a JVM that waits for it, where there is one; in a new one else, and
 * where the heap of the first was too small.
 */
export async function runTlc(
  tools: Toolchain,
  cacheDir: string,
  job: TlcJob,
  limits: JvmLimits,
  onProgress: (progress: EngineProgress) => void,
): Promise<TlcChild> {
  const host = await tlcHost(cacheDir, tools);
  const warm = job.isSmall ? takeWarm(tools, host) : undefined;
  if (warm) {
    const run = await runWarm(warm, job, limits, onProgress);
    if (!gaveUp(run) || limits.signal.aborted) return run;
  }
  return runCold(tools, host, job, limits, onProgress);
}

/**
 * A JVM that was killed from outside, or whose small heap was not enough, has said nothing;
 * whatever else it said stands.
 */
function gaveUp({ end, stdout }: ChildRun): boolean {
  return (
    end.kind === 'signalled' ||
    end.kind === 'failed' ||
    (end.kind === 'exited' &&
      (/OutOfMemoryError|@!@!@STARTMSG 100[123]:/.test(stdout) || stdout === ''))
  );
}

async function runWarm(
  warm: WarmJvm,
  job: TlcJob,
  limits: JvmLimits,
  onProgress: (progress: EngineProgress) => void,
): Promise<TlcChild> {
  const args = tlcArguments(job);
  warm.child.ref();
  const run = await supervise(warm.child, childLimits(job, limits), {
    leash: true,
    input: `${args.length}\n${args.join('\n')}\n`,
    onStderr: (chunk) => hostProgress(chunk, onProgress),
  });
  await warm.dispose();
  return { ...run, stderr: withoutProgress(run.stderr), jvm: 'warm' };
}

async function runCold(
  tools: Toolchain,
  host: TlcHost,
  job: TlcJob,
  limits: JvmLimits,
  onProgress: (progress: EngineProgress) => void,
): Promise<TlcChild> {
  const heap = Math.max(128, Math.floor(limits.memoryMb * 0.8));
  const { flags, keep } = await archiveFlags(host);
  const main =
    host.jar === undefined
      ? ['-cp', tools.jar, 'tlc2.TLC']
      : ['-cp', classPath(tools, host.jar), 'TlcHost', '--run'];
  const run = await runChild(
    tools.java,
    [
      ...JVM_FLAGS,
      ...(job.isSmall ? SMALL_RUN_FLAGS : []),
      ...flags,
      `-Xmx${heap}m`,
      `-Djava.io.tmpdir=${job.folder}`,
      ...main,
      ...tlcArguments(job),
    ],
    childLimits(job, limits),
    {
      cwd: job.folder,
      leash: host.jar !== undefined,
      onStdout: (chunk) => progressIn(chunk, onProgress),
      onStderr: (chunk) => hostProgress(chunk, onProgress),
    },
  );
  await keep();
  return { ...run, stderr: withoutProgress(run.stderr), jvm: 'cold' };
}

function tlcArguments(job: TlcJob): string[] {
  const metadir = `${job.folder}/states-${job.module}`;
  return [
    '-tool',
    '-workers',
    '1',
    '-metadir',
    metadir,
    ...(job.deadlock ? [] : ['-deadlock']),
    '-config',
    `${job.folder}/${job.config}`,
    `${job.folder}/${job.module}.tla`,
  ];
}

function childLimits(job: TlcJob, limits: JvmLimits): Parameters<typeof runChild>[2] {
  return {
    timeoutMs: Math.max(1, limits.deadline - Date.now()),
    memoryMb: limits.memoryMb + BESIDE_HEAP_MB,
    signal: limits.signal,
    disk: { folder: job.folder, mb: limits.diskMb },
  };
}
