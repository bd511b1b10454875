import { rm } from 'node:fs/promises';
import { startApi, type RunningApi } from '../../src/api/server.ts';
import { loadConfig, type Config } from '../../src/config/index.ts';
import { jsonLogger } from '../../src/service/observe.ts';
import { openService, type OpenService } from '../../src/service/open.ts';
import type { Checker, Service } from '../../src/service/service.ts';
import { startWorker } from '../../src/service/worker.ts';
import { FIRST_ORGANISATION } from '../../src/store/index.ts';
import { createDatabase, startPostgres, temporaryFolder } from '../servers.ts';
import { fakeChecker } from './fakeChecker.ts';

export const silent = jsonLogger('error', (line) => {
  if (process.env['PROBITY_TEST_LOG']) process.stderr.write(line);
});

export interface TestService extends OpenService {
  /** That of the first organisation. */
  readonly service: Service;
  readonly config: Config;
}

interface TestOptions {
  readonly redisUrl?: string;
  readonly leaseMs?: number;
  readonly checker?: Checker;
  readonly dataDir?: string;
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A service over a given database, in a data folder of its own. */
export async function openTestService(
  databaseUrl: string,
  options: TestOptions = {},
): Promise<TestService> {
  const dataDir = options.dataDir ?? (await temporaryFolder());
  const loaded = loadConfig({
    DATABASE_URL: databaseUrl,
    PROBITY_DATA_DIR: dataDir,
    REDIS_URL: options.redisUrl,
    PROBITY_LEASE_MS: String(options.leaseMs ?? 5_000),
    PROBITY_IOTA_NETWORK: 'none',
    PROBITY_ORIGIN: 'test.probity',
    ...options.env,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const config = loaded.value;
  const opened = await openService(config, {
    checker: options.checker ?? fakeChecker,
    logger: silent,
  });
  return {
    ...opened,
    service: opened.installation.of(FIRST_ORGANISATION),
    config,
    close: async () => {
      await opened.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** All of it: a cluster, a service, a worker and the API on a free port, up to `stop`. */
export interface TestApi {
  readonly opened: TestService;
  readonly api: RunningApi;
  /** Leaves what there is to do to others. */
  stopWorker(): Promise<void>;
  stop(): Promise<void>;
}

export async function openTestApi(workerName: string, options: TestOptions = {}): Promise<TestApi> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let end = stops.pop(); end; end = stops.pop()) await end();
  };
  try {
    const postgres = await startPostgres();
    stops.push(() => postgres.stop());
    const opened = await openTestService(await createDatabase(postgres), options);
    stops.push(() => opened.close());
    const worker = await startWorker(opened.installation, workerName);
    stops.push(() => worker.stop());
    const api = await startApi({ ...opened.installation, config: { ...opened.config, port: 0 } });
    stops.push(() => api.stop());
    return { opened, api, stopWorker: () => worker.stop(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export const ALICE = { owner: 'alice', seesAll: false } as const;
export const BOB = { owner: 'bob', seesAll: false } as const;
