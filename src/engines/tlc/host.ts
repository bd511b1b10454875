import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../config/packageRoot.ts';
import { exists, type Toolchain } from './toolchain.ts';

const run = promisify(execFile);

/** What makes TLC start sooner; all of it may be absent, and TLC runs without. */
export interface TlcHost {
  /**
   * Our `TlcHost`, compiled: it tells how far TLC is, ends when we do, and can be started in
   * advance. Needs a JDK.
   */
  readonly jar: string | undefined;
  /** Where the JVM's archive of loaded classes (AppCDS) belongs. */
  readonly archive: string | undefined;
}

const NONE: TlcHost = { jar: undefined, archive: undefined };
const hosts = new Map<string, Promise<TlcHost>>();

/**
 * Compiles `TlcHost.java` on first use, into the cache. Without a compiler, or where others can
 * write there: nothing.
 */
export function tlcHost(cacheDir: string, tools: Toolchain): Promise<TlcHost> {
  const key = `${cacheDir}\n${tools.java}\n${tools.jarSha256}`;
  let host = hosts.get(key);
  if (!host) {
    host = prepare(cacheDir, tools).catch(() => NONE);
    hosts.set(key, host);
  }
  return host;
}

async function prepare(cacheDir: string, tools: Toolchain): Promise<TlcHost> {
  await mkdir(cacheDir, { recursive: true });
  // Unlike the jar of TLC, what is made here has no published digest: it is believed only where
  // nobody else can have put it.
  if (!(await isOurs(cacheDir))) return NONE;
  const source = join(packageRoot(), 'src', 'engines', 'tlc', 'TlcHost.java');
  const of = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 12);
  const java = tools.javaVersion.replace(/[^\w.-]/g, '_');
  const jar = join(cacheDir, `tlc-host-${of}-${java}.jar`);
  if (!(await exists(jar))) await compile(cacheDir, source, jar);
  return { jar, archive: join(cacheDir, `tlc-${tools.jarSha256.slice(0, 12)}-${of}-${java}.jsa`) };
}

export const JVM_FLAGS: readonly string[] = [
  '-XX:+UseSerialGC',
  '-Xss16m',
  '-Xlog:disable',
  '-Xshare:auto',
];

/** One compiler alone: a small run takes a quarter of the processor less. */
export const SMALL_RUN_FLAGS: readonly string[] = ['-XX:TieredStopAtLevel=1'];

export function classPath(tools: Toolchain, hostJar: string): string {
  return [tools.jar, hostJar].join(delimiter);
}

/**
 * Uses the archive of loaded classes where there is one, else has this run write it: the second
 * start is the first that is faster.
 */
export async function archiveFlags(
  host: TlcHost,
): Promise<{ readonly flags: readonly string[]; keep(): Promise<void> }> {
  const { archive } = host;
  const nothing = async (): Promise<void> => undefined;
  if (archive === undefined) return { flags: [], keep: nothing };
  if (await exists(archive)) return { flags: [`-XX:SharedArchiveFile=${archive}`], keep: nothing };
  const partial = `${archive}.${process.pid}.${Date.now()}`;
  return {
    flags: [`-XX:ArchiveClassesAtExit=${partial}`],
    keep: () => rename(partial, archive).catch(() => undefined),
  };
}

async function isOurs(folder: string): Promise<boolean> {
  const { uid, mode } = await stat(folder);
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}

async function compile(cacheDir: string, source: string, jar: string): Promise<void> {
  const tool = (name: string): string =>
    process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin', name) : name;
  const folder = await mkdtemp(join(cacheDir, 'host-'));
  try {
    await run(tool('javac'), ['-d', join(folder, 'classes'), source], { timeout: 60_000 });
    await run(
      tool('jar'),
      ['--create', '--file', join(folder, 'host.jar'), '-C', join(folder, 'classes'), '.'],
      { timeout: 60_000 },
    );
    await rename(join(folder, 'host.jar'), jar);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
