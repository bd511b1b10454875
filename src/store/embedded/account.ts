import { chmod, mkdir, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../../errors/index.ts';
import { reachableBy } from './binaries.ts';

/** Postgres refuses to run as root: the account that it runs as instead. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Root's stand-in: `postgres` if the machine has it, else `nobody`. No account is created: that is
 * the administrator's business. Undefined for an ordinary user, who runs Postgres as himself.
 */
export async function postgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => ''))
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [name, , uid, gid] = lines.find(([each]) => each === wanted) ?? [];
    if (name && Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Fault(
    'DATABASE_EMBEDDED',
    'Postgres cannot run as root and /etc/passwd has neither postgres nor nobody; run as an ordinary user, add one of them, or set DATABASE_URL',
  );
}

/**
 * The folder for cluster, password and server log: the data folder itself, unless the account
 * cannot pass through to it (root's home is often 0700); then a folder of its own under
 * /var/lib/probity, named by the data folder it serves.
 */
export async function clusterHome(dataDir: string, account: Account | undefined): Promise<string> {
  await makeFolder(dataDir, account ? 0o755 : 0o700);
  if (!account || (await reachableBy(account.uid, dataDir))) return dataDir;
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  for (const folder of ['/var/lib/probity', `/var/lib/probity/${name}`])
    await makeFolder(folder, 0o755);
  return join('/var/lib/probity', name);
}

/** Creates a folder with exactly this mode, whatever the umask; one that exists keeps its own. */
async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    const created = await mkdir(path, { recursive: true, mode });
    if (created !== undefined) await chmod(path, mode);
  } catch (cause) {
    throw new Fault(
      'DATA_DIR',
      `the folder ${path} cannot be created; set PROBITY_DATA_DIR to one that can be written`,
      { cause },
    );
  }
}
