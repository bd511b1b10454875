/**
 * The networks that an anchor can name. A verifier knows them too, so this file imports nothing.
 */
export const NETWORKS = ['mainnet', 'testnet', 'devnet', 'emulated'] as const;
export type Network = (typeof NETWORKS)[number];

export interface NetworkPreset {
  readonly url: string;
  /**
   * The first four bytes of the genesis checkpoint's digest, as `iota_getChainIdentifier` answers.
   */
  readonly chainId: string;
  /** The published IOTA Notarization package. */
  readonly packageId: string;
  /** Where people look at a transaction, with `{digest}` for its digest. */
  readonly explorer?: string;
}

const explorerOf = (network: string): string =>
  `https://explorer.iota.org/txblock/{digest}?network=${network}`;

export const NETWORK_PRESETS: Readonly<Record<Network, NetworkPreset>> = {
  mainnet: {
    url: 'https://api.mainnet.iota.cafe',
    explorer: explorerOf('mainnet'),
    chainId: '6364aad5',
    packageId: '0x909ce9dcd9a5e97b7b8884fac8e018fad9dece348bf73837379b8694ff684cf3',
  },
  testnet: {
    url: 'https://api.testnet.iota.cafe',
    explorer: explorerOf('testnet'),
    chainId: '2304aa97',
    packageId: '0x00412bd469b7f980227c6c574090348239852e43aa07818b315854fdd8a2d25f',
  },
  devnet: {
    url: 'https://api.devnet.iota.cafe',
    explorer: explorerOf('devnet'),
    chainId: 'daf90477',
    packageId: '0x72c8433b88e6bdee0eb02a257fdebd0ec2b6c990043f35b155cb4c5cf727fdca',
  },
  /**
   * ASCII `emul` and `probity-emulated-notarization`: no package of a real chain, and to be seen in
   * the bytes.
   */
  emulated: {
    url: 'http://127.0.0.1:0',
    chainId: '656d756c',
    packageId: '0x70726f626974792d656d756c617465642d6e6f746172697a6174696f6e000000',
  },
};

/** The address of a transaction for people; nothing where there is no explorer. */
export function explorerUrl(
  network: string,
  digest: string,
  template = isNetwork(network) ? NETWORK_PRESETS[network].explorer : undefined,
): string | undefined {
  return template?.replace('{digest}', encodeURIComponent(digest));
}

export function isNetwork(name: string): name is Network {
  return (NETWORKS as readonly string[]).includes(name);
}
