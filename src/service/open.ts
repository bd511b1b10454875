import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { invariant } from '../errors/index.ts';
import { openKeys, type Keys } from '../evidence/keys.ts';
import type { Ledger } from '../evidence/ledger/ledger.ts';
import { TransparencyLog } from '../evidence/log/log.ts';
import { Queues } from '../queue/index.ts';
import { openStore } from '../store/index.ts';
import type { Logger } from './observe.ts';
import type { Service, Verifier } from './service.ts';

export const SOFTWARE = { name: 'probity', version: '0.1.0' } as const;

/** The parts that a caller decides: the real ones are named in `compose.ts`. */
export interface Parts {
  readonly verifier: Verifier;
  readonly logger: Logger;
  /** Nothing is anchored without one. */
  readonly openLedger?: (keys: Keys) => Promise<Ledger | undefined>;
}

export interface OpenService {
  readonly service: Service;
  close(): Promise<void>;
}

/** Opens store (migrating it), keys, log and queue, in that order. `config.databaseUrl` must be there by now. */
export async function openService(config: Config, parts: Parts): Promise<OpenService> {
  invariant(config.databaseUrl, 'a database is known before the service opens');
  const store = await openStore(config.databaseUrl);
  const opened: { close(): Promise<void> }[] = [store];
  const close = async (): Promise<void> => {
    for (const each of opened.splice(0).reverse()) await each.close();
  };
  try {
    const keys = await openKeys(join(config.dataDir, 'keys'), { name: config.origin });
    const log = await TransparencyLog.open(store.log, keys.log);
    const ledger = await parts.openLedger?.(keys);
    const queues = new Queues({ databaseUrl: config.databaseUrl, redisUrl: config.redisUrl });
    opened.push(queues);
    const notary = { keys, log, issuer: config.origin, software: SOFTWARE, ledger };
    return { service: { config, store, queues, verifier: parts.verifier, notary, logger: parts.logger }, close };
  } catch (error) {
    await close();
    throw error;
  }
}
