import type { Config } from '../config/index.ts';
import { composeService } from '../service/compose.ts';
import type { Installation } from '../service/service.ts';
import {
  FIRST_ORGANISATION,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../store/index.ts';
import { keepRunning } from './children.ts';
import { startWorkers } from './workers.ts';

/**
 * Everything that one installation runs: this process, which answers nobody and computes nothing,
 * and its children.
 */
export interface Host {
  readonly url: string;
  readonly config: Config;
  readonly installation: Installation;
  readonly database: string;
  readonly queue: string;
  readonly ledger: string;
  /** Only the first time: the key exists nowhere else. */
  readonly firstAdminKey?: string;
  readonly workerPids: () => number[];
  readonly apiPid: () => number | undefined;
  stop(): Promise<void>;
}

type Step = (message: string) => void;

/**
 * Brings everything up: database → ledger node → service → first key → API → workers. What was
 * started is stopped again, in reverse, when a later part fails and when the host stops.
 */
export async function startHost(given: Config, step: Step = () => undefined): Promise<Host> {
  const opened: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      for (const close of opened.reverse()) await close().catch(() => undefined);
    })());
  try {
    step('database');
    const postgres =
      given.databaseUrl === undefined ? await startEmbeddedPostgres(given.dataDir) : undefined;
    if (postgres) opened.push(() => postgres.stop());
    step('ledger');
    const emulatorUrl = await startEmulatedLedger(given, opened);
    const config: Config = {
      ...given,
      databaseUrl: given.databaseUrl ?? postgres?.url,
      iota: { ...given.iota, url: given.iota.url ?? emulatorUrl },
    };
    step('service');
    const { installation, close } = await composeService(config, 'host');
    opened.push(close);
    step('queue');
    await installation.queues.depth();
    const firstAdminKey = await ensureAdminKey(installation);
    step('api, workers');
    const environment = childEnvironment(config);
    const [api, workers] = await started(
      opened,
      keepRunning<{ url: string; port: number }>({
        entry: 'serve',
        role: 'api',
        logger: installation.logger,
        environment: (_, first) => ({
          ...environment,
          PROBITY_HOST: config.host,
          PROBITY_PORT: String(first?.port ?? config.port),
        }),
      }),
      startWorkers(installation, config.workers, environment),
    );
    return {
      url: api.ready.url,
      config,
      installation,
      firstAdminKey,
      workerPids: workers.pids,
      apiPid: api.pid,
      stop,
      database: describeDatabase(given, postgres),
      queue: config.redisUrl === undefined ? 'in the same Postgres' : 'Redis',
      ledger: describeLedger(config),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Two that start beside each other. Whatever has started is stopped, also where the other fails.
 */
async function started<A extends Stoppable, B extends Stoppable>(
  opened: (() => Promise<void>)[],
  ...parts: readonly [Promise<A>, Promise<B>]
): Promise<readonly [A, B]> {
  for (const part of await Promise.allSettled(parts))
    if (part.status === 'fulfilled') opened.push(() => part.value.stop());
  return Promise.all(parts);
}

interface Stoppable {
  stop(): Promise<void>;
}

/** The embedded node must be one for all workers, so it runs here and they are told its address. */
async function startEmulatedLedger(
  { iota }: Config,
  opened: (() => Promise<void>)[],
): Promise<string | undefined> {
  if (iota.network !== 'emulated' || iota.url !== undefined) return undefined;
  const { startEmulator } = await import('../evidence/ledger/emulator.ts');
  const emulator = await startEmulator();
  opened.push(() => emulator.close());
  return emulator.url;
}

async function ensureAdminKey({ store }: Installation): Promise<string | undefined> {
  const { keys } = store.of(FIRST_ORGANISATION);
  return store.locks.hold('first admin key', async () => {
    if ((await keys.livingWithRole('admin')) > 0) return undefined;
    return (await keys.create({ name: 'first admin', role: 'admin' })).key;
  });
}

/**
 * Children read the environment like any process: what was decided here is written out for them.
 */
function childEnvironment(config: Config): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PROBITY_DATA_DIR: config.dataDir,
    PROBITY_CACHE_DIR: config.cacheDir,
    DATABASE_URL: config.databaseUrl,
    REDIS_URL: config.redisUrl ?? '',
    PROBITY_LEASE_MS: String(config.leaseMs),
    PROBITY_ORIGIN: config.origin,
    PROBITY_TSA_URL: config.tsaUrl ?? '',
    PROBITY_VALID_DAYS: config.validDays === undefined ? '' : String(config.validDays),
    PROBITY_LOG_LEVEL: config.logLevel,
    PROBITY_LOG_DIR: config.logDir ?? '',
    PROBITY_WITNESSES: config.witnesses?.policy ?? '',
    PROBITY_IOTA_NETWORK: config.iota.network,
    PROBITY_IOTA_URL: config.iota.url ?? '',
  };
}

function describeDatabase(given: Config, postgres: EmbeddedPostgres | undefined): string {
  if (!postgres) return `Postgres at ${new URL(given.databaseUrl ?? 'postgresql://?').host}`;
  return `embedded Postgres, port ${postgres.port}, in ${postgres.home}${postgres.adopted ? ' (taken over from a service that was killed)' : ''}`;
}

function describeLedger({ iota }: Config): string {
  if (iota.network === 'none') return 'none: nothing is anchored';
  return iota.network === 'emulated'
    ? `IOTA, emulated node at ${iota.url ?? '?'} (no proof for compliance)`
    : `IOTA ${iota.network}`;
}
