import { invariant } from '../../errors/index.ts';
import type { Signer } from '../signing/signer.ts';
import type { IotaLedger } from './iota.ts';
import type { Ledger } from './ledger.ts';
import type { Network } from '../statements/networks.ts';

export interface LedgerOptions {
  /** `stardust` is a network of the legacy protocol, whose node must be named. */
  readonly network: Network | 'stardust';
  readonly signer: Signer;
  /** A node's URL. For `emulated`, left out: the embedded node is started with the ledger. */
  readonly url?: string;
  readonly packageId?: string;
  /** The port of the embedded node; a free one when left out. */
  readonly emulatorPort?: number;
  /** How long nobody may destroy an anchor. */
  readonly retentionYears?: number;
  /** What one anchor may cost at most, in nanos. */
  readonly gasBudget?: number;
}

export interface OpenLedger {
  readonly ledger: Ledger;
  /** The node that is used. */
  readonly url: string;
  close(): Promise<void>;
}

/** Ten years, the longest period for which European commercial law asks to keep books. */
const RETENTION_YEARS = 10;

/** Opens a ledger of today's protocol or the legacy one. */
export async function openLedger(options: LedgerOptions): Promise<OpenLedger> {
  const { network, ...rest } = options;
  if (network !== 'stardust') return openIota({ network, ...rest });
  invariant(options.url, 'the configuration names a node for a Stardust network');
  const { StardustLedger } = await import('./stardust.ts');
  return {
    ledger: new StardustLedger({ url: options.url }),
    url: options.url,
    close: async () => undefined,
  };
}

/**
 * Opens a ledger. The SDK is loaded here and nowhere before: it takes half a second, and the CLI
 * rarely needs it.
 */
export async function openIota(
  options: LedgerOptions & { readonly network: Network },
): Promise<OpenLedger & { readonly ledger: IotaLedger }> {
  const { IotaLedger: Driver } = await import('./iota.ts');
  const { NETWORK_PRESETS } = await import('../statements/networks.ts');
  const retainUntil = (): Date => {
    const date = new Date();
    date.setUTCFullYear(date.getUTCFullYear() + (options.retentionYears ?? RETENTION_YEARS));
    return date;
  };
  const { network, signer, packageId, gasBudget } = options;
  const spending = gasBudget === undefined ? {} : { gasBudget: BigInt(gasBudget) };
  if (network === 'emulated' && options.url === undefined) {
    const { startEmulator } = await import('./emulator.ts');
    const emulator = await startEmulator(
      options.emulatorPort === undefined ? {} : { port: options.emulatorPort },
    );
    const { url } = emulator;
    return {
      ledger: new Driver({ network, signer, url, retainUntil, ...spending }),
      url,
      close: () => emulator.close(),
    };
  }
  const url = options.url ?? NETWORK_PRESETS[network].url;
  const ledger = new Driver({
    network,
    signer,
    url,
    retainUntil,
    ...spending,
    ...(packageId === undefined ? {} : { packageId }),
  });
  return { ledger, url, close: async () => undefined };
}
