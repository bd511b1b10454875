import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Fault } from '../../errors/index.ts';
import { clusterHome, postgresAccount } from './account.ts';
import { locateBinaries } from './binaries.ts';
import { alive, claimFolder } from './owner.ts';
import {
  failure,
  initialise,
  passwordIn,
  type ClusterPlace,
  spawnOptions,
  USER,
} from './cluster.ts';

/** A Postgres server of our own: loopback only, password only, stopped by whoever started it. */
export interface EmbeddedPostgres {
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  /** True when a server that outlived a killed service was found and taken over. */
  readonly adopted: boolean;
  /** Where cluster and server log are. */
  readonly home: string;
  /** Fast shutdown: open transactions roll back, what was committed stays. Idempotent. */
  stop(): Promise<void>;
}

/** What it takes to talk to a server that runs. */
type Reached = Pick<ClusterPlace, 'cluster' | 'password'>;

interface Running {
  readonly pid: number;
  readonly port: number;
}

const DATABASE = 'probity';

const START_TIMEOUT_MS = 60_000;

const ADOPT_TIMEOUT_MS = 15_000;

const STOP_TIMEOUT_MS = 15_000;

const WATCH_EVERY_MS = 500;

/**
 * Starts Postgres over the data folder, or takes over the one that a killed service left behind.
 * Listens on `port` if it is given and free, else on any. Throws `DATA_DIR`, `DISK_FULL` or
 * `DATABASE_EMBEDDED` with a remedy.
 */
export async function startEmbeddedPostgres(
  dataDir: string,
  wanted: { readonly port?: number } = {},
): Promise<EmbeddedPostgres> {
  const account = await postgresAccount();
  const home = await clusterHome(dataDir, account);
  const release = await claimFolder(home);
  try {
    const place: ClusterPlace = {
      home,
      account,
      cluster: join(home, 'postgres'),
      logFile: join(home, 'postgres.log'),
      password: await passwordIn(home),
      binaries: await locateBinaries(account?.uid, join(home, 'cache')),
    };
    await initialise(place);
    const adopted = await adopt(place);
    const running = adopted ?? (await launch(place, wanted.port, 'or another'));
    await createDatabase(place, running.port);
    return keep(place, running, adopted !== undefined, release);
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * The address of the server that runs over a data folder, of whatever process; nothing where none
 * does. Nothing is started, taken over or stopped: for commands beside a running service.
 */
export async function runningEmbeddedPostgres(dataDir: string): Promise<string | undefined> {
  const account = await postgresAccount();
  const home = await clusterHome(dataDir, account);
  const password = await readFile(join(home, 'postgres.password'), 'utf8').catch(() => undefined);
  if (password === undefined) return undefined;
  const place = { cluster: join(home, 'postgres'), password: password.trim() };
  const found = await postmaster(place);
  return found && (await answers(place, found.port))
    ? urlOf(place, found.port, DATABASE)
    : undefined;
}

/**
 * Holds a running server until it is told to stop; one that dies by itself is started again on the
 * same port.
 */
function keep(
  place: ClusterPlace,
  first: Running,
  adopted: boolean,
  release: () => Promise<void>,
): EmbeddedPostgres {
  let { pid } = first;
  let restarting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  const watch = setInterval(() => {
    if (restarting || stopping || alive(pid)) return;
    restarting = launch(place, first.port, 'or none')
      .then(
        (again) => {
          pid = again.pid;
        },
        () => undefined,
      )
      .finally(() => {
        restarting = undefined;
      });
  }, WATCH_EVERY_MS).unref();
  // Without it a service that dies of a bug would leave its server behind. (After kill -9 the next
  // start adopts it.)
  const atExit = (): void => signal(pid, 'SIGINT');
  process.once('exit', atExit);
  const end = async (): Promise<void> => {
    clearInterval(watch);
    await restarting;
    await stop(pid);
    process.removeListener('exit', atExit);
    await release();
  };
  return {
    url: urlOf(place, first.port, DATABASE),
    port: first.port,
    adopted,
    home: place.home,
    get pid() {
      return pid;
    },
    stop: () => (stopping ??= end()),
  };
}

function urlOf(place: Pick<ClusterPlace, 'password'>, port: number, database: string): string {
  return `postgresql://${USER}:${place.password}@127.0.0.1:${port}/${database}`;
}

/**
 * Takes over a server that is still running on our cluster. One that does not answer is ended, and
 * nothing returned.
 */
async function adopt(place: ClusterPlace): Promise<Running | undefined> {
  const found = await postmaster(place);
  if (!found) return undefined;
  const deadline = Date.now() + ADOPT_TIMEOUT_MS;
  while (alive(found.pid)) {
    if (await answers(place, found.port)) return found;
    if (Date.now() > deadline) {
      await stop(found.pid);
      return undefined;
    }
    await sleep(50);
  }
  return undefined;
}

/**
 * What `postmaster.pid` says, if that process lives and is a Postgres; a file that lies about it is
 * removed.
 */
async function postmaster(place: Pick<ClusterPlace, 'cluster'>): Promise<Running | undefined> {
  const path = join(place.cluster, 'postmaster.pid');
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  if (!alive(pid)) return undefined;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (commandLine !== undefined && !commandLine.includes('postgres')) {
    // The pid was reused. Postgres would take the stranger for itself and refuse to start.
    await rm(path, { force: true });
    return undefined;
  }
  return { pid, port };
}

async function answers(place: Reached, port: number): Promise<boolean> {
  return query(place, port, 'SHOW data_directory').then(
    (rows) =>
      (rows[0] as { data_directory?: string } | undefined)?.data_directory === place.cluster,
    () => false,
  );
}

async function query(
  place: Pick<ClusterPlace, 'password'>,
  port: number,
  sql: string,
): Promise<unknown[]> {
  const client = new pg.Client({
    connectionString: urlOf(place, port, 'postgres'),
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Starts the server on the wanted port, or on a free one. A port that was taken in between, or
 * memory that a dying server still holds, is tried again.
 */
async function launch(
  place: ClusterPlace,
  wanted: number | undefined,
  otherwise: 'or another' | 'or none',
): Promise<Running> {
  let last = '';
  let taken = false;
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const port = wanted !== undefined && !taken ? wanted : await freePort();
    const offset = await stat(place.logFile).then(
      ({ size }) => size,
      () => 0,
    );
    const child = startServer(place, port);
    const error = await readiness(place, child, port);
    if (error === undefined && child.pid !== undefined) return { pid: child.pid, port };
    last = `${error ?? ''}\n${(await readFile(place.logFile, 'utf8').catch(() => '')).slice(offset).slice(-4_000)}`;
    if (/shared memory block|is another (postmaster|postgres)/iu.test(last)) await sleep(500);
    else if (/address already in use/iu.test(last) && otherwise === 'or another') taken = true;
    else break;
  }
  throw failure('the embedded Postgres did not start', last);
}

function startServer(place: ClusterPlace, port: number): ChildProcess {
  const log = openSync(place.logFile, 'a', 0o600);
  try {
    const settings: Record<string, string | number> = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: '',
      max_connections: 200,
      shared_buffers: '64MB',
      max_wal_size: '256MB',
      io_method: 'sync',
      jit: 'off',
      log_min_messages: 'warning',
      log_timezone: 'UTC',
    };
    const child = spawn(
      place.binaries.postgres,
      [
        '-D',
        place.cluster,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      { ...spawnOptions(place), stdio: ['ignore', log, log] },
    );
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Resolves to nothing when the server answers, or to what went wrong. */
async function readiness(
  place: ClusterPlace,
  child: ChildProcess,
  port: number,
): Promise<string | undefined> {
  let ended: string | undefined;
  child.once('error', (cause) => {
    ended = String(cause);
  });
  child.once('exit', (code, name) => {
    ended = `postgres ended with ${code ?? name}`;
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (ended === undefined) {
    if (await answers(place, port)) return undefined;
    if (Date.now() > deadline) {
      if (child.pid !== undefined) await stop(child.pid);
      return `no answer within ${START_TIMEOUT_MS / 1_000} s`;
    }
    await sleep(20);
  }
  return ended;
}

async function createDatabase(place: ClusterPlace, port: number): Promise<void> {
  const rows = await query(place, port, `SELECT 1 FROM pg_database WHERE datname = '${DATABASE}'`);
  if (rows.length > 0) return;
  await query(
    place,
    port,
    `CREATE DATABASE "${DATABASE}" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`,
  );
}

/** Fast shutdown, then immediate, then none of its business any more. */
async function stop(pid: number): Promise<void> {
  for (const name of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    signal(pid, name);
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    while (Date.now() < deadline) {
      if (!alive(pid)) return;
      await sleep(20);
    }
  }
  throw new Fault('DATABASE_EMBEDDED', `Postgres (process ${pid}) does not end`);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone, which is what was wanted.
  }
}

/** A loopback port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}
