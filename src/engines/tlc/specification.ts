import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Budget, EngineProgress } from '../../model/engine.ts';
import { runChild, type ChildRun } from '../../processes/child.ts';
import { confined } from '../../processes/confined.ts';
import { scratchFolder } from '../../processes/scratch.ts';
import { archiveFlags, classPath, JVM_FLAGS, tlcHost } from './host.ts';
import {
  hostProgress,
  parseMessages,
  progressIn,
  statsOf,
  withoutProgress,
  type TlcMessage,
} from './output.ts';
import { toolchain } from './toolchain.ts';

/** What TLC is given: texts under names of their own, nothing else. */
export interface SpecificationInput {
  readonly root: string;
  readonly modules: ReadonlyMap<string, string>;
  readonly configuration: string;
  readonly deadlock: boolean;
}

export interface SpecificationRun {
  readonly child: ChildRun;
  readonly messages: readonly TlcMessage[];
  readonly generated: number | undefined;
  readonly distinct: number | undefined;
  readonly left: number | undefined;
  readonly depth: number | undefined;
  /** Whether the process could see anything but its own folder and the tools. */
  readonly sandbox: 'bubblewrap' | 'none';
  readonly version: string;
  readonly jarSha256: string;
}

/** More than this nobody prints who wants an answer. */
const MAX_OUTPUT = 32 * 1024 * 1024;
/** More than this nobody may write: states and fingerprints that do not fit into memory. */
export const MAX_DISK_MB = 8_192;

/**
 * Runs TLC on text that somebody sent. It is hostile until shown otherwise: a folder of its own
 * with nothing but `.tla` and `.cfg` text in it (TLC loads a class that lies beside a module), a
 * class path of the jar alone, no network and no other files where bubblewrap can be had, limits on
 * time, memory and output.
 */
export async function runSpecification(
  input: SpecificationInput,
  budget: Budget,
  deadline: number,
  signal: AbortSignal,
  onProgress: (progress: EngineProgress) => void = () => undefined,
): Promise<SpecificationRun> {
  const tools = await toolchain(budget.cacheDir);
  const folder = await realpath(await scratchFolder('specification'));
  try {
    for (const [name, text] of input.modules) await writeFile(join(folder, `${name}.tla`), text);
    const config = 'submitted.cfg';
    await writeFile(join(folder, config), input.configuration);
    const scratch = join(folder, 'scratch');
    await mkdir(scratch);
    const heap = Math.max(128, Math.floor(budget.memoryMb * 0.8));
    const host = await tlcHost(budget.cacheDir, tools);
    const started = await archiveFlags(host);
    // Text of others never writes what later runs load: an archive is used where there is one, and
    // not made.
    const archive = started.flags.filter((flag) => flag.startsWith('-XX:SharedArchiveFile='));
    const main =
      host.jar === undefined
        ? ['-cp', tools.jar, 'tlc2.TLC']
        : ['-cp', classPath(tools, host.jar), 'TlcHost', '--run'];
    const java = [
      ...JVM_FLAGS,
      ...archive,
      '-Xss64m',
      `-Xmx${heap}m`,
      '-Dfile.encoding=UTF-8',
      `-Djava.io.tmpdir=${scratch}`,
      ...main,
      '-tool',
      '-workers',
      '1',
      '-metadir',
      join(scratch, 'states'),
      ...(input.deadlock ? [] : ['-deadlock']),
      '-config',
      join(folder, config),
      join(folder, `${input.root}.tla`),
    ];
    const home = process.env['JAVA_HOME'];
    const jars = [tools.jar, ...(host.jar === undefined ? [] : [host.jar])];
    const program = confined(tools.java, java, {
      readable: [...jars.map(dirname), ...(home ? [home] : [])],
      writable: folder,
    });
    const limits = {
      timeoutMs: Math.max(1, deadline - Date.now()),
      memoryMb: budget.memoryMb + 768,
      signal,
      outputBytes: MAX_OUTPUT,
      disk: { folder, mb: MAX_DISK_MB },
    };
    const told = {
      cwd: folder,
      leash: host.jar !== undefined,
      onStdout: (chunk: string): void => progressIn(chunk, onProgress),
      onStderr: (chunk: string): void => hostProgress(chunk, onProgress),
    };
    const ran = await runChild(program.command, program.args, limits, told);
    const child = { ...ran, stderr: withoutProgress(ran.stderr) };
    const messages = parseMessages(child.stdout);
    return {
      child,
      messages,
      ...statsOf(messages),
      sandbox: program.sandbox,
      jarSha256: tools.jarSha256,
      version: `TLC jar sha256:${tools.jarSha256.slice(0, 12)} on Java ${tools.javaVersion}`,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
