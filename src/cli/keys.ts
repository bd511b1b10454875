import { join, resolve } from 'node:path';
import { ownConfig, type Config } from '../config/index.ts';
import { bad, problem } from '../errors/index.ts';
import { addressOf } from '../evidence/ledger/address.ts';
import {
  openKeys,
  readKeys,
  readRetired,
  type InstallationKeys,
} from '../evidence/signing/keys.ts';
import { renderPolicy } from '../evidence/formats/policy.ts';
import { readWitnesses } from '../service/cosign.ts';
import type { Ended } from './command.ts';
import { EXIT } from './io.ts';

interface Asked {
  readonly data: string | undefined;
  /** What keys are called that are made here. */
  readonly name?: string | undefined;
}

/** `probity keys show`, and `init`, which makes those that are missing first. */
export async function showKeys(asked: Asked, makesMissing: boolean): Promise<Ended> {
  const config = ownConfig();
  if (!config.ok) return config;
  const folder = keysFolder(asked, config.value);
  const keys = makesMissing
    ? await openKeys(folder, { name: asked.name ?? config.value.origin })
    : await readKeys(folder);
  if (keys === undefined) return noKeys(folder);
  const shown = await shownOf(folder, keys, config.value);
  return { exit: EXIT.ok, json: shown, text: () => keysText(shown) };
}

/** `probity keys policy`: with the witnesses of PROBITY_WITNESSES. */
export async function printPolicy(asked: Asked): Promise<Ended> {
  const config = ownConfig();
  if (!config.ok) return config;
  const folder = keysFolder(asked, config.value);
  const named = config.value.witnesses?.policy;
  const witnesses = named === undefined ? [] : (await readWitnesses(named)).lines;
  const keys = await readKeys(folder);
  if (keys === undefined) return noKeys(folder);
  const { verdict, log, ledger, network, retired } = await shownOf(folder, keys, config.value);
  const ledgers =
    network === 'none' || network === 'stardust' ? [] : [{ network, address: ledger }];
  const policy = renderPolicy({ verdicts: [verdict], logs: [log], ledgers, retired, witnesses });
  return { exit: EXIT.ok, json: { policy }, text: () => policy };
}

const keysFolder = ({ data }: Asked, { dataDir }: Config): string =>
  join(resolve(data ?? dataDir), 'keys');

const noKeys = (folder: string): Ended =>
  bad(problem('NOT_FOUND', folder, 'no keys yet: `probity keys init`, or start the service once'));

interface Shown {
  readonly retired: readonly string[];
  readonly verdict: string;
  readonly log: string;
  readonly ledger: string;
  readonly network: Config['iota']['network'];
}

async function shownOf(folder: string, keys: InstallationKeys, { iota }: Config): Promise<Shown> {
  return {
    retired: await readRetired(folder),
    verdict: keys.verdict.vkey,
    log: keys.log.vkey,
    ledger: addressOf(keys.ledger.publicKey),
    network: iota.network,
  };
}

function keysText({ retired, verdict, log, ledger, network }: Shown): string {
  const past = retired.map((line) => `retired  ${line}\n`).join('');
  return `${past}verdict  ${verdict}\nlog      ${log}\nledger   ${ledger} (${network})\n`;
}
