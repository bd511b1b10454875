import { rm } from 'node:fs/promises';
import { loadConfig, type Config } from '../../src/config/index.ts';
import { jsonLogger } from '../../src/service/observe.ts';
import { openService, type OpenService } from '../../src/service/open.ts';
import type { Verifier } from '../../src/service/service.ts';
import { temporaryFolder } from '../servers.ts';
import { fakeVerifier } from './fakeVerifier.ts';

export const silent = jsonLogger('error', (line) => { if (process.env['PROBITY_TEST_LOG']) process.stderr.write(line); });

export interface TestService extends OpenService {
  readonly config: Config;
}

/** A service over a given database, in a data folder of its own. */
export async function openTestService(databaseUrl: string, options: {
  readonly redisUrl?: string; readonly leaseMs?: number; readonly verifier?: Verifier; readonly dataDir?: string;
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
} = {}): Promise<TestService> {
  const dataDir = options.dataDir ?? (await temporaryFolder());
  const loaded = loadConfig({
    DATABASE_URL: databaseUrl, PROBITY_DATA_DIR: dataDir, REDIS_URL: options.redisUrl, PROBITY_LEASE_MS: String(options.leaseMs ?? 5_000),
    PROBITY_IOTA_NETWORK: 'none', PROBITY_ORIGIN: 'test.probity', ...options.env,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const config = loaded.value;
  const opened = await openService(config, { verifier: options.verifier ?? fakeVerifier, logger: silent });
  return {
    ...opened, config,
    close: async () => {
      await opened.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export const ALICE = { owner: 'alice', seesAll: false } as const;
export const BOB = { owner: 'bob', seesAll: false } as const;
