import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Fault } from '../../errors/fault.ts';
import { spawn } from 'node:child_process';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';

/**
 * Creates the cluster beside its place and moves it there when complete: a killed `initdb` leaves
 * nothing half done.
 */
export async function initialise(place: ClusterPlace): Promise<void> {
  if (
    await stat(join(place.cluster, 'PG_VERSION')).then(
      () => true,
      () => false,
    )
  )
    return;
  const staging = join(place.home, 'postgres.new');
  const passwordFile = join(staging, 'password');
  const data = join(staging, 'data');
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { mode: 0o700 });
  await writeFile(passwordFile, place.password, { mode: 0o600 });
  if (place.account)
    for (const path of [staging, passwordFile])
      await chown(path, place.account.uid, place.account.gid);
  const { code, output } = await runProgram(place, place.binaries.initdb, [
    `--pgdata=${data}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ]);
  if (code !== 0) throw failure('initdb failed', output);
  await rename(data, place.cluster);
  await rm(staging, { recursive: true, force: true });
}

/** Written before the cluster exists: a cluster is never without its password. */
export async function passwordIn(home: string): Promise<string> {
  const path = join(home, 'postgres.password');
  try {
    await writeFile(path, randomBytes(24).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new Fault('DATA_DIR', `the folder ${home} cannot be written`, { cause });
    }
  }
  return (await readFile(path, 'utf8')).trim();
}

function runProgram(
  place: ClusterPlace,
  program: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...spawnOptions(place),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-4000);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', (cause) =>
      reject(failure(`${program} cannot be run`, String(cause), cause)),
    );
    child.once('close', (code) => resolve({ code, output }));
  });
}

/**
 * A session of its own (`detached`), so that Ctrl-C on the terminal reaches us and not the server
 * below us.
 */
export function spawnOptions(place: ClusterPlace) {
  return {
    cwd: place.home,
    detached: true,
    uid: place.account?.uid,
    gid: place.account?.gid,
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: process.env.TZ ?? 'UTC' },
  };
}

export function failure(what: string, output: string, cause?: unknown): Fault {
  const text = output.trim();
  if (/no space left/iu.test(text))
    return new Fault('DISK_FULL', `${what}: the disk is full`, { cause });
  const reason =
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-3)
      .join(' · ') || 'no output';
  return new Fault('DATABASE_EMBEDDED', `${what}: ${reason}`, { cause });
}

export interface ClusterPlace {
  readonly home: string;
  readonly cluster: string;
  readonly logFile: string;
  readonly password: string;
  readonly account: Account | undefined;
  readonly binaries: Binaries;
}

export const USER = 'probity';
