import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { ownConfig, misspelt, type Config } from '../config/index.ts';
import { toolVersion } from '../checking/check.ts';
import { ENGINE_NAMES, type EngineName } from '../model/engine.ts';
import { findNativeZ3 } from '../engines/z3/nativeZ3.ts';
import { mayConfine } from '../processes/confined.ts';
import { clusterHome, postgresAccount } from '../store/embedded/account.ts';
import { locateBinaries } from '../store/embedded/binaries.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT, type Io } from './io.ts';
import { painter } from './style.ts';
import { CLEAR_LINE } from './terminal.ts';

interface Finding {
  readonly name: string;
  /** `missing`: something optional; the service runs without it, and says so where it matters. */
  readonly state: 'ok' | 'missing' | 'broken';
  readonly detail: string;
  readonly remedy?: string;
}

interface Examination {
  readonly name: string;
  look(config: Config): Promise<Finding | readonly Finding[]>;
}

/** One line per thing that can be there or not. */
const EXAMINATIONS: readonly Examination[] = [
  { name: 'node', look: node },
  { name: 'settings', look: settings },
  { name: 'data folder', look: dataFolder },
  { name: 'database', look: database },
  { name: 'queue', look: queue },
  { name: 'port', look: port },
  { name: 'keys', look: keys },
  { name: 'java', look: java },
  { name: 'maven', look: maven },
  { name: 'native z3', look: nativeSolver },
  { name: 'sandbox', look: sandbox },
  ...ENGINE_NAMES.map((name): Examination => ({ name, look: (config) => engine(name, config) })),
  { name: 'ledger', look: ledger },
];
const WIDTH = EXAMINATIONS.reduce((most, { name }) => Math.max(most, name.length), 0);

/** `probity doctor`: each finding is printed as it is found. */
export async function doctor(io: CommandIo): Promise<Ended> {
  const config = ownConfig();
  if (!config.ok) return config;
  const findings: Finding[] = [];
  for (const { name, look } of EXAMINATIONS) {
    // Finding out may start Java, or fetch a jar: who waits sees for what.
    const waits = io.isTTY === true && !io.json;
    if (waits) io.stderr(`${CLEAR_LINE}  … ${name}`);
    const found = await look(config.value).catch((error: unknown): Finding => ({
      name,
      state: 'broken',
      detail: error instanceof Error ? error.message : String(error),
    }));
    if (waits) io.stderr(CLEAR_LINE);
    for (const finding of [found].flat()) {
      findings.push(finding);
      if (!io.json) io.stdout(findingText(finding, io));
    }
  }
  const exit = findings.some(({ state }) => state === 'broken') ? EXIT.fault : EXIT.ok;
  return {
    exit,
    json: { findings, exit },
    text: () =>
      `\n${exit === EXIT.ok ? 'the service can run' : 'the service cannot run as it is configured'}   exit ${exit}\n`,
  };
}

function findingText({ name, state, detail, remedy }: Finding, io: Io): string {
  const paint = painter(io);
  const marks = {
    ok: paint('green', '✓'),
    missing: paint('yellow', '–'),
    broken: paint('red', '✗'),
  } as const;
  return [
    `  ${marks[state]} ${name.padEnd(WIDTH)}  ${detail}\n`,
    ...(remedy === undefined ? [] : [`    ${' '.repeat(WIDTH)}  → ${remedy}\n`]),
  ].join('');
}

async function settings(): Promise<Finding | readonly Finding[]> {
  return misspelt(process.env).map((detail): Finding => ({
    name: 'settings',
    state: 'missing',
    detail,
    remedy: 'it is ignored: rename it, or unset it',
  }));
}

async function sandbox(): Promise<Finding> {
  return mayConfine()
    ? {
        name: 'sandbox',
        state: 'ok',
        detail: 'bubblewrap: solvers and TLC see nothing of this machine',
      }
    : {
        name: 'sandbox',
        state: 'missing',
        detail: 'solvers and TLC run as this account does',
        remedy: 'install bubblewrap, and let it make user namespaces',
      };
}

async function node(): Promise<Finding> {
  const major = Number(process.versions.node.split('.')[0]);
  return {
    name: 'node',
    state: major >= 20 ? 'ok' : 'broken',
    detail: process.version,
    remedy: major >= 20 ? undefined : 'install Node 20 or newer',
  };
}

async function dataFolder({ dataDir }: Config): Promise<Finding> {
  const account = await postgresAccount();
  const home = await clusterHome(dataDir, account);
  await access(dataDir, constants.W_OK | constants.X_OK);
  const apart =
    home === dataDir
      ? ''
      : ` · Postgres apart, in ${home}: the account ${account?.name} cannot pass through to the data folder`;
  return { name: 'data folder', state: 'ok', detail: `${dataDir}${apart}` };
}

async function database({ databaseUrl, dataDir }: Config): Promise<Finding> {
  if (databaseUrl === undefined) {
    const account = await postgresAccount();
    const { postgres } = await locateBinaries(
      account?.uid,
      join(await clusterHome(dataDir, account), 'cache'),
    );
    const version = spawnSync(postgres, ['--version'], {
      encoding: 'utf8',
      uid: account?.uid,
      gid: account?.gid,
      cwd: '/',
    });
    if (version.status === 0)
      return {
        name: 'database',
        state: 'ok',
        detail: `embedded, ${version.stdout.trim()}${account ? ` · runs as ${account.name}` : ''}`,
      };
    return {
      name: 'database',
      state: 'broken',
      detail: `the embedded Postgres does not run: ${version.stderr || String(version.error)}`,
      remedy: 'set DATABASE_URL to a Postgres server',
    };
  }
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string }>('SELECT version()');
    return {
      name: 'database',
      state: 'ok',
      detail: `${new URL(databaseUrl).host} · ${rows[0]?.version.split(' on ')[0] ?? ''}`,
    };
  } catch (error) {
    return {
      name: 'database',
      state: 'broken',
      detail: `${new URL(databaseUrl).host}: ${(error as Error).message}`,
      remedy: 'start it, or unset DATABASE_URL to use the embedded one',
    };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function queue({ redisUrl }: Config): Promise<Finding> {
  if (redisUrl === undefined)
    return {
      name: 'queue',
      state: 'ok',
      detail: 'in the same Postgres (REDIS_URL moves it to Redis)',
    };
  const client = new Redis(redisUrl, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
    return { name: 'queue', state: 'ok', detail: `Redis at ${new URL(redisUrl).host}` };
  } catch (error) {
    return {
      name: 'queue',
      state: 'broken',
      detail: `Redis at ${new URL(redisUrl).host}: ${(error as Error).message}`,
      remedy: 'start it, or unset REDIS_URL to use Postgres',
    };
  } finally {
    client.disconnect();
  }
}

function port({ host, port: wanted }: Config): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve({
        name: 'port',
        state: 'missing',
        detail: `${host}:${wanted} cannot be taken (${error.code})`,
        remedy: 'if that is a running Probity, all is well; else set PROBITY_PORT to another',
      }),
    );
    server.listen(wanted, host, () =>
      server.close(() =>
        resolve({ name: 'port', state: 'ok', detail: `${host}:${wanted} is free` }),
      ),
    );
  });
}

async function keys({ dataDir }: Config): Promise<Finding> {
  const folder = join(dataDir, 'keys');
  const mode = await stat(folder).then(
    (entry) => entry.mode & 0o777,
    () => undefined,
  );
  if (mode === undefined)
    return {
      name: 'keys',
      state: 'ok',
      detail: `none yet; the first start makes them in ${folder}`,
    };
  const open = (mode & 0o077) !== 0;
  return {
    name: 'keys',
    state: open ? 'broken' : 'ok',
    detail: `${folder} (${mode.toString(8).padStart(4, '0')})`,
    remedy: open ? `chmod 700 ${folder}` : undefined,
  };
}

async function java(): Promise<Finding> {
  const home = process.env['JAVA_HOME'];
  const program = home ? join(home, 'bin', 'java') : 'java';
  const { status, stderr } = spawnSync(program, ['-version'], { encoding: 'utf8' });
  const major = Number(/version "(\d+)/u.exec(stderr ?? '')?.[1] ?? 0);
  if (status === 0 && major >= 17)
    return { name: 'java', state: 'ok', detail: (stderr ?? '').split('\n')[0] ?? '' };
  return {
    name: 'java',
    state: 'missing',
    detail: status === 0 ? `version ${major}, too old for TLC` : `${program} does not run`,
    remedy: 'install Java 17 or newer, or set JAVA_HOME; without it TLC is unavailable',
  };
}

async function maven(): Promise<Finding> {
  if (process.env['TLA2TOOLS_JAR']) {
    const jar = process.env['TLA2TOOLS_JAR'];
    const there = await access(jar, constants.R_OK).then(
      () => true,
      () => false,
    );
    return {
      name: 'tlc jar',
      state: there ? 'ok' : 'missing',
      detail: jar,
      remedy: there ? undefined : 'TLA2TOOLS_JAR names no readable file',
    };
  }
  const { status, stdout } = spawnSync('mvn', ['-v'], { encoding: 'utf8' });
  if (status === 0)
    return {
      name: 'maven',
      state: 'ok',
      detail: stripVTControlCharacters(stdout).split('\n')[0] ?? '',
    };
  return {
    name: 'maven',
    state: 'missing',
    detail: 'mvn does not run',
    remedy: 'install Maven, which fetches the TLC jar once, or set TLA2TOOLS_JAR to one',
  };
}

async function nativeSolver({ cacheDir }: Config): Promise<Finding> {
  const name = 'native z3';
  const given = process.env['Z3_BIN'];
  const detail = given || (await findNativeZ3(cacheDir, 'now'));
  if (detail !== undefined) return { name, state: 'ok', detail };
  return {
    name,
    state: 'missing',
    detail: 'none: the packaged one answers the same, several times slower',
    remedy: 'install pip for Python 3, which fetches one once, or set Z3_BIN to one',
  };
}

async function engine(name: EngineName, { cacheDir }: Config): Promise<Finding> {
  await mkdir(dirname(cacheDir), { recursive: true });
  const version = await toolVersion(name, cacheDir);
  const missing = version.startsWith('unavailable');
  return {
    name,
    state: missing ? 'missing' : 'ok',
    detail: version,
    remedy: missing ? 'its answers are left out and said to be; see above' : undefined,
  };
}

async function ledger({ iota }: Config): Promise<Finding> {
  if (iota.network === 'none')
    return { name: 'ledger', state: 'ok', detail: 'none: nothing is anchored' };
  if (iota.network === 'emulated')
    return {
      name: 'ledger',
      state: 'ok',
      detail:
        'the emulated node: runs the whole path, proves nothing (PROBITY_IOTA_NETWORK=mainnet anchors for real)',
    };
  return {
    name: 'ledger',
    state: 'ok',
    detail: `IOTA ${iota.network}${iota.url === undefined ? '' : ` through ${iota.url}`} · \`probity keys show\` has the address that pays`,
  };
}
