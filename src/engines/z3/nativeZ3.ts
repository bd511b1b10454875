import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toolEnvironment } from '../../processes/confined.ts';
import { scratchFolder } from '../../processes/scratch.ts';
import { fileDigest } from '../../processes/fileDigest.ts';

const run = promisify(execFile);

/** The native build of the packaged Z3's version, by platform: its wheel, and the binary in it. */
const PINNED: Readonly<Record<string, { readonly wheel: string; readonly binary: string }>> = {
  'linux x64': {
    wheel: 'dfad9e309d7010b1ff6bdb33f21570a1603ef4727373221c7117a74448f0cfef',
    binary: '54bae839dd54e262edac6f755fc99659ce2a121301faff20a3e3b94478dcead0',
  },
  'linux arm64': {
    wheel: '1dcfcccb4b027951d7adf267b5b236e7a67b8433cc358d802dcb0280151587bf',
    binary: 'f12647df960955e4484afcba8cd0ffa02a9fd5d73dd2429a07578600ab299969',
  },
  'darwin x64': {
    wheel: '069feb3ecfa0cbf40524b6a06bf0a02d604e1710bd42012ac197e2e343e39cc0',
    binary: 'ccc5449c46b7dafcecbda81ae31fc9bb2b498be0c245464d98c321b25887da6c',
  },
  'darwin arm64': {
    wheel: '399a38a85d784105e5df5a05c04a581481bfdb80af7424779cf76fa843b4e66c',
    binary: '164c85de5f5dcb7d57cbab64b1a11580a982c1658384120b2b65358f41847418',
  },
};
const PACKAGE = 'z3-solver==5.1.0.0';

/** What `Z3_BIN` says where no native Z3 is wanted, nor to be fetched. */
export const PACKAGED_ONLY = 'packaged';

/**
 * Whether pip may be asked: not at all, once a day where it has nothing to give or was not waited
 * for, or now, whatever it said before.
 */
export type Fetching = 'no' | 'daily' | 'now';

/** Longer nobody waits for pip at a first check. */
const FETCH_MS = 60_000;
const ASK_AGAIN_MS = 86_400_000;

/** The one that was found in the cache or fetched, once it was looked for. */
let found: string | undefined;
const looked = new Map<string, Promise<string | undefined>>();

/** The native Z3 that this process uses, if any: `Z3_BIN`, else what was found. */
export function nativeZ3(): string | undefined {
  const given = process.env['Z3_BIN'];
  return given ? (given === PACKAGED_ONLY ? undefined : given) : found;
}

/**
 * Looks for a native Z3 once: `Z3_BIN`, else the cache, else pip, as TLC's jar comes by Maven. Only
 * the pinned bytes get into the cache, and only they are run from it. Nothing where there is none:
 * the packaged one answers the same, several times slower.
 */
export async function findNativeZ3(
  cacheDir: string,
  fetching: Fetching = 'daily',
): Promise<string | undefined> {
  if (process.env['Z3_BIN']) return nativeZ3();
  const key = `${cacheDir} ${fetching}`;
  const looking = looked.get(key) ?? locate(cacheDir, fetching);
  looked.set(key, looking);
  found = (await looking) ?? found;
  return found;
}

async function locate(cacheDir: string, fetching: Fetching): Promise<string | undefined> {
  const pinned = PINNED[`${process.platform} ${process.arch}`];
  if (!pinned || cacheDir === '') return undefined;
  // A folder of its own: what runs in a sandbox sees the folder that it lies in.
  const folder = join(cacheDir, `z3-${pinned.binary.slice(0, 12)}`);
  const binary = join(folder, 'z3');
  if ((await digestOf(binary)) === pinned.binary) return binary;
  const note = join(cacheDir, `z3-${pinned.binary.slice(0, 12)}.absent`);
  if (fetching === 'no' || (fetching === 'daily' && (await isFresh(note)))) return undefined;
  try {
    await mkdir(cacheDir, { recursive: true });
    // Whoever is killed while it waits must not have the next one wait as well.
    await writeFile(note, 'pip was asked, and not waited for\n');
    await fetchInto(folder, pinned);
    await rm(note, { force: true });
    return (await digestOf(binary)) === pinned.binary ? binary : undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await writeFile(note, `${why}\n`).catch(() => undefined);
    return undefined;
  }
}

/** pip compares the wheel with its digest before anything of it is looked at. */
async function fetchInto(
  folder: string,
  { wheel, binary }: { readonly wheel: string; readonly binary: string },
): Promise<void> {
  const scratch = await scratchFolder('pip');
  const options = { timeout: FETCH_MS, cwd: scratch, env: environmentOfPip() };
  const python = (...args: readonly string[]) => run('python3', ['-I', '-m', ...args], options);
  try {
    await writeFile(join(scratch, 'wanted.txt'), `${PACKAGE} --hash=sha256:${wheel}\n`);
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
    const once = ['--retries', '0', '--timeout', '10'];
    const only = ['--no-deps', '--only-binary', ':all:', '--require-hashes', '-r', 'wanted.txt'];
    await python('pip', 'download', ...quiet, ...once, ...only, '--dest', 'wheel');
    const [file] = await readdir(join(scratch, 'wheel'));
    await python('zipfile', '-e', join('wheel', file ?? ''), 'files');
    const name = (await readdir(join(scratch, 'files'))).find((each) => each.endsWith('.data'));
    const unpacked = join(scratch, 'files', name ?? '', 'data', 'bin', 'z3');
    if ((await digestOf(unpacked)) !== binary) throw new Error('the wheel has another z3');
    await mkdir(folder, { recursive: true });
    const beside = join(folder, `z3.${process.pid}`);
    await copyFile(unpacked, beside);
    await chmod(beside, 0o755);
    await rename(beside, join(folder, 'z3'));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Where its user told pip to look, and by which proxy. */
function environmentOfPip(): NodeJS.ProcessEnv {
  const asked = Object.entries(process.env).filter(([name]) =>
    /^(?:PIP_[A-Z_]+|HOME|(?:HTTPS?|NO|ALL)_PROXY|(?:https?|no|all)_proxy)$/u.test(name),
  );
  return { ...toolEnvironment(), ...Object.fromEntries(asked) };
}

const isFresh = (path: string): Promise<boolean> =>
  stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs < ASK_AGAIN_MS,
    () => false,
  );

const digestOf = (path: string): Promise<string | undefined> =>
  fileDigest(path).catch(() => undefined);
