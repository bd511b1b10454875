import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';

/**
 * All that a tool is told of our environment: where programs and their libraries are. The rest is
 * nobody's affair: `DATABASE_URL` has a password in it.
 */
const TOLD = [
  'PATH',
  'LD_LIBRARY_PATH',
  'JAVA_HOME',
  'TMPDIR',
  'LANG',
  'LC_ALL',
  'TZ',
  'SystemRoot',
  'TEMP',
  'TMP',
] as const;

export function toolEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    TOLD.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** What a confined program may see beside the system's own programs and libraries. */
export interface VisiblePlaces {
  readonly readable: readonly string[];
  /** Where it may write, and begins. */
  readonly writable?: string;
}

export interface Confined {
  readonly command: string;
  readonly args: readonly string[];
  readonly sandbox: 'bubblewrap' | 'none';
}

const SYSTEM = ['/usr', '/bin', '/lib', '/lib64', '/etc/alternatives', '/etc/java-17-openjdk'];

const ALONE = (
  '--unshare-all --die-with-parent --new-session --uid 65534 --gid 65534 --clearenv ' +
  '--setenv PATH /usr/bin:/bin'
).split(' ');
const MOUNTS = '--proc /proc --dev /dev --tmpfs /tmp'.split(' ');

let permitted: boolean | undefined;

/** Whether this machine has bubblewrap and lets us use it: asked once. */
export function mayConfine(): boolean {
  permitted ??=
    spawnSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true'], { timeout: 10_000 })
      .status === 0;
  return permitted;
}

/**
 * A program in a sandbox, where bubblewrap can be had: no network, no other processes, no files but
 * those of the system and the given ones, an empty environment. It ends with us.
 */
export function confined(
  command: string,
  args: readonly string[],
  places: VisiblePlaces,
): Confined {
  if (!mayConfine()) return { command, args, sandbox: 'none' };
  const { readable, writable } = places;
  const program = isAbsolute(command) ? command : (onPath(command) ?? command);
  const own = existsSync(program) ? [program, realpathSync(program)].map(folderOf) : [];
  const libraries = process.env['LD_LIBRARY_PATH'] ?? '';
  return {
    command: 'bwrap',
    sandbox: 'bubblewrap',
    args: [
      ...ALONE,
      ...(libraries === '' ? [] : ['--setenv', 'LD_LIBRARY_PATH', libraries]),
      ...[...SYSTEM, ...libraries.split(delimiter).filter(isAbsolute)].flatMap((path) => [
        '--ro-bind-try',
        path,
        path,
      ]),
      ...MOUNTS,
      ...[...new Set([...own, ...readable])].flatMap((path) => ['--ro-bind', path, path]),
      ...(writable === undefined ? ['--chdir', '/tmp'] : ['--bind', writable, writable]),
      ...(writable === undefined ? [] : ['--chdir', writable]),
      program,
      ...args,
    ],
  };
}

function onPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** The folder of a program, and of what is installed with it. */
function folderOf(program: string): string {
  const folder = dirname(program);
  return basename(folder) === 'bin' ? dirname(folder) : folder;
}
