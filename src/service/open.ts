import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { invariant } from '../errors/index.ts';
import { keysStamp, openKeys, readRetired, type Keys } from '../evidence/keys.ts';
import { addressOf } from '../evidence/ledger/address.ts';
import type { Ledger } from '../evidence/ledger/ledger.ts';
import { openLedger, type OpenLedger } from '../evidence/ledger/open.ts';
import { folderLogStore } from '../evidence/log/folder.ts';
import { TransparencyLog } from '../evidence/log/log.ts';
import { seenInFolder } from '../evidence/log/seen.ts';
import { Queues } from '../queue/index.ts';
import { openStore } from '../store/index.ts';
import { openWitnesses } from './cosign.ts';
import type { Logger } from './observe.ts';
import type { Notary, Service, Verifier } from './service.ts';

export const SOFTWARE = { name: 'probity', version: '0.1.0' } as const;

/** The parts that a caller decides: the real ones are named in `compose.ts`. */
export interface Parts {
  readonly verifier: Verifier;
  readonly logger: Logger;
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
    const keysFolder = join(config.dataDir, 'keys');
    const ring = await openKeyRing(keysFolder, config.origin);
    const { keys } = ring.now;
    const logStore = config.logDir === undefined ? store.log : await folderLogStore(config.logDir);
    const log = await TransparencyLog.open(logStore, keys.log, { seen: await seenInFolder(join(config.dataDir, 'seen')) });
    const witnesses = config.witnesses === undefined ? undefined : await openWitnesses(config.witnesses.policy, config.witnesses.timeoutMs);
    const queues = new Queues({ databaseUrl: config.databaseUrl, redisUrl: config.redisUrl });
    const ledger = ledgerOnDemand(config, keys);
    opened.push(queues, ledger);
    const notary: Notary = {
      get keys() { return ring.now.keys; },
      get retired() { return ring.now.retired; },
      keysFolder, refresh: ring.refresh, log, issuer: config.origin, software: SOFTWARE, ledgerNetwork: ledger.network, ledgerSender: ledger.sender, openLedger: ledger.open,
      ...(witnesses ? { witnesses } : {}), witnessAlarms: new Map(),
    };
    return { service: { config, store, queues, verifier: parts.verifier, notary, logger: parts.logger }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The keys of the installation, read again when their files changed. */
async function openKeyRing(folder: string, name: string): Promise<{ readonly now: { readonly keys: Keys; readonly retired: readonly string[] }; refresh(): Promise<void> }> {
  const read = async () => {
    // The stamp first: what changes while the keys are read is noticed the next time.
    const stamp = await keysStamp(folder);
    return { stamp, keys: await openKeys(folder, { name }), retired: await readRetired(folder) };
  };
  let now = await read();
  // Keys that were made just now have stamps of their own: read again, so that no key is held under the stamp of another.
  now = await read();
  return {
    get now() { return now; },
    refresh: async () => { if ((await keysStamp(folder)) !== now.stamp) now = await read(); },
  };
}

function ledgerOnDemand({ iota }: Config, keys: Keys) {
  const { network, url, packageId, retentionYears, gasBudget } = iota;
  let opening: Promise<OpenLedger> | undefined;
  const open = async (): Promise<Ledger> => {
    invariant(network !== 'none', 'nothing is anchored where there is no ledger');
    opening ??= openLedger({ network, signer: keys.ledger, url, packageId, retentionYears, gasBudget });
    // What failed to open is tried again by the next anchor.
    opening.catch(() => { opening = undefined; });
    return (await opening).ledger;
  };
  return {
    open,
    network: network === 'none' ? undefined : network,
    sender: network === 'none' || network === 'stardust' ? undefined : { network, address: addressOf(keys.ledger.publicKey) },
    close: async () => { await (await opening?.catch(() => undefined))?.close(); },
  };
}
