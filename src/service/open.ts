import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { invariant } from '../errors/index.ts';
import {
  keysStamp,
  openKeys,
  pastLogKeys,
  readRetired,
  type InstallationKeys,
  type LogKeys,
} from '../evidence/signing/keys.ts';
import { addressOf } from '../evidence/ledger/address.ts';
import type { Ledger } from '../evidence/ledger/ledger.ts';
import { openLedger, type OpenLedger } from '../evidence/ledger/open.ts';
import { folderLogStore } from '../evidence/log/folder.ts';
import { TransparencyLog } from '../evidence/log/log.ts';
import { seenInFolder } from '../evidence/log/seen.ts';
import { Queues } from '../queue/index.ts';
import type { TrustedKey } from '../evidence/formats/policy.ts';
import { openStore } from '../store/index.ts';
import { compareLog } from './compare.ts';
import { openWitnesses } from './cosign.ts';
import type { Logger } from './observe.ts';
import type { Notary, Installation, Checker } from './service.ts';

export const SOFTWARE = { name: 'probity', version: '0.1.0' } as const;

/** The parts that a caller decides: the real ones are named in `compose.ts`. */
export interface Parts {
  readonly checker: Checker;
  readonly logger: Logger;
}

export interface OpenService {
  readonly installation: Installation;
  close(): Promise<void>;
}

/**
 * Opens store (migrating it), keys, log and queue, in that order. `config.databaseUrl` must be
 * there by now.
 */
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
    const logStore = config.logDir === undefined ? store.log : await folderLogStore(config.logDir);
    const log = await TransparencyLog.open(logStore, logKeysOf(ring), {
      seen: await seenInFolder(join(config.dataDir, 'seen')),
    });
    const witnesses =
      config.witnesses === undefined
        ? undefined
        : await openWitnesses(config.witnesses.policy, config.witnesses.timeoutMs);
    await compareLog(store, log, witnesses);
    const queues = new Queues({ databaseUrl: config.databaseUrl, redisUrl: config.redisUrl });
    const ledger = ledgerOnDemand(config, ring);
    opened.push(queues, ledger);
    const notary: Notary = {
      get keys() {
        return ring.now.keys;
      },
      get retired() {
        return ring.now.retired;
      },
      keysFolder,
      refresh: ring.refresh,
      log,
      issuer: config.origin,
      software: SOFTWARE,
      ledgerNetwork: ledger.network,
      get ledgerSender() {
        return ledger.sender();
      },
      openLedger: ledger.open,
      ...(witnesses ? { witnesses } : {}),
      witnessAlarms: new Map(),
    };
    const shared = { config, queues, checker: parts.checker, notary, logger: parts.logger };
    const installation: Installation = {
      ...shared,
      store,
      of(organisationId) {
        // Of the parts that this has now: whoever replaces one of them replaces it in all.
        const { of: _of, store: whole, ...parts } = this;
        return { ...parts, store: whole.of(organisationId) };
      },
    };
    return { installation, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface KeyRing {
  readonly now: {
    readonly keys: InstallationKeys;
    readonly retired: readonly string[];
    readonly pastLogs: readonly TrustedKey[];
  };
  refresh(): Promise<void>;
}

const logKeysOf = (ring: KeyRing): LogKeys => ({
  get signer() {
    return ring.now.keys.log;
  },
  get past() {
    return ring.now.pastLogs;
  },
  refresh: ring.refresh,
});

/** The keys of the installation, read again when their files changed. */
async function openKeyRing(folder: string, name: string): Promise<KeyRing> {
  const read = async () => {
    // The stamp first: what changes while the keys are read is noticed the next time.
    const stamp = await keysStamp(folder);
    const [keys, retired] = [await openKeys(folder, { name }), await readRetired(folder)];
    return { stamp, keys, retired, pastLogs: await pastLogKeys(retired) };
  };
  let now = await read();
  // Keys that were made just now have stamps of their own: read again, so that no key is held under
  // the stamp of another.
  now = await read();
  return {
    get now() {
      return now;
    },
    refresh: async () => {
      if ((await keysStamp(folder)) !== now.stamp) now = await read();
    },
  };
}

/**
 * Opened by the first anchor, and again for the key that replaced the one before; an embedded node
 * stays the same one.
 */
function ledgerOnDemand({ iota }: Config, ring: KeyRing) {
  const { network, packageId, retentionYears, gasBudget } = iota;
  const opened: OpenLedger[] = [];
  let current: { readonly vkey: string; readonly ledger: Promise<OpenLedger> } | undefined;
  const open = async (): Promise<Ledger> => {
    invariant(network !== 'none', 'nothing is anchored where there is no ledger');
    await ring.refresh();
    const signer = ring.now.keys.ledger;
    if (current?.vkey === signer.vkey) return (await current.ledger).ledger;
    const ledger = openLedger({
      network,
      signer,
      url: opened[0]?.url ?? iota.url,
      packageId,
      retentionYears,
      gasBudget,
    });
    current = { vkey: signer.vkey, ledger };
    try {
      opened.push(await ledger);
    } catch (cause) {
      // What failed to open is tried again by the next anchor.
      current = undefined;
      throw cause;
    }
    return (await ledger).ledger;
  };
  return {
    open,
    network: network === 'none' ? undefined : network,
    sender: () =>
      network === 'none' || network === 'stardust'
        ? undefined
        : { network, address: addressOf(ring.now.keys.ledger.publicKey) },
    close: async () => {
      await current?.ledger.catch(() => undefined);
      for (const each of opened) await each.close();
    },
  };
}
