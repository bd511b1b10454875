import { join, resolve } from 'node:path';
import { loadConfig, type Config } from '../config/index.ts';
import { Fault, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { addressOf } from '../evidence/ledger/address.ts';
import { openKeys, readKeys, readRetired, type Keys } from '../evidence/signing/keys.ts';
import { renderPolicy } from '../evidence/formats/policy.ts';
import { readWitnesses } from '../service/cosign.ts';
import { parseArgs, wrong } from './arguments.ts';
import { makeAdminKey } from './adminKey.ts';
import { attach, ATTACH_HELP, type AttachValues } from './attach.ts';
import { ask, serverFrom, type Server } from './client.ts';
import type { Io } from './io.ts';
import { talking } from './remote.ts';

export const KEYS_HELP = `probity keys show|init|policy|rotate|attach|admin [options]      the keys of this installation

  show              the public keys
  init              make the keys that are missing (0600), and show them
  policy            a trust policy for these keys, to hand to whoever verifies; with the witnesses and the
                    quorum of PROBITY_WITNESSES, where that is set
  rotate [ROLE]     replace the verdict, log or ledger key (default: verdict): asks the running service
                    (--server, --key of an admin, --reason TEXT), which logs the change and prints the
                    policy from then on. A new ledger key has an address of its own: send it coins
  attach            use a key in a token, behind a command or a key service: probity keys attach --help
  admin             a new admin key of the API, where the last one is lost: on the machine of the service,
                    whether it runs or not. An auditor sees that it was made this way
  --data DIR        the data folder · default: PROBITY_DATA_DIR, else ~/.probity
  --name NAME       what new keys are called: NAME/verdict, NAME/log · default: PROBITY_ORIGIN
  --json            as JSON

Secret keys stay in DIR/keys and are never printed.
exit: 0 done · 2 bad arguments, or no keys yet · 4 a key file that cannot be used
`;

const ATTACH_OPTIONS = {
  pkcs11: { type: 'string' },
  token: { type: 'string' },
  object: { type: 'string' },
  'pin-variable': { type: 'string' },
  command: { type: 'string' },
  url: { type: 'string' },
  'token-file': { type: 'string' },
  public: { type: 'string' },
} as const;
const ACTIONS = ['show', 'init', 'policy', 'rotate', 'attach', 'admin'] as const;
type Action = (typeof ACTIONS)[number];

interface KeysArgs {
  readonly action: Action;
  readonly folder: string;
  readonly dataDir: string;
  readonly database: Pick<Config, 'databaseUrl'>;
  readonly adminName: string;
  readonly name: string;
  readonly network: Config['iota']['network'];
  readonly json: boolean;
  /** The file of PROBITY_WITNESSES. */
  readonly witnessPolicy: string | undefined;
  readonly reason: string | undefined;
  readonly server: Server;
  readonly role: string;
  readonly attach: AttachValues;
}

export async function keysCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(args[0] === 'attach' ? ATTACH_HELP : KEYS_HELP);
    return 0;
  }
  const parsed = readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, args.includes('--json'), io);
  const { action, folder, name, network, json, witnessPolicy } = parsed.value;
  if (action === 'rotate') return rotate(parsed.value, io);
  if (action === 'admin') return admin(parsed.value, io);
  if (action === 'attach') return attach(parsed.value.role, parsed.value.attach, parsed.value, io);
  let keys: Keys | undefined;
  let witnesses: readonly string[] = [];
  try {
    if (action === 'policy' && witnessPolicy !== undefined)
      witnesses = (await readWitnesses(witnessPolicy)).lines;
    keys = action === 'init' ? await openKeys(folder, { name }) : await readKeys(folder);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    io.stderr(`${cause.code}  ${cause.message}\n`);
    return 4;
  }
  if (keys === undefined)
    return printProblems(
      [problem('NOT_FOUND', folder, 'no keys yet: `probity keys init`, or start the service once')],
      json,
      io,
    );
  const shown = {
    retired: await readRetired(folder),
    verdict: keys.verdict.vkey,
    log: keys.log.vkey,
    ledger: addressOf(keys.ledger.publicKey),
    network,
  };
  io.stdout(action === 'policy' ? policyText(shown, witnesses, json) : keysText(shown, json));
  return 0;
}

async function admin({ database, dataDir, adminName, json }: KeysArgs, io: Io): Promise<number> {
  try {
    return await makeAdminKey(database, dataDir, { name: adminName, json }, io);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    io.stderr(`${cause.code}  ${cause.message}\n`);
    return 4;
  }
}

/**
 * Only the service can do it: the change goes into its log, and every process of it must stop using
 * the old key.
 */
async function rotate({ reason, server, json, role: named }: KeysArgs, io: Io): Promise<number> {
  const role = named || 'verdict';
  if (reason === undefined)
    return printProblems(
      [problem('OPTION_INVALID', '--reason', 'say why: --reason TEXT')],
      json,
      io,
    );
  return talking(io, json, async () => {
    const { rotateKey } = await ask<{
      rotateKey: { retired: string; successor: string; index: number; policy: string };
    }>(
      server,
      'mutation ($role: KeyRole!, $reason: String!) { rotateKey(role: $role, reason: $reason) { retired successor index policy } }',
      { role, reason },
    );
    io.stdout(json ? `${JSON.stringify(rotateKey, null, 2)}\n` : rotateKey.policy);
    const coins =
      role === 'ledger'
        ? ' Send coins to its address; what is left at the old one, `ledger.<hash>.key` among the keys still moves.'
        : '';
    const witnesses =
      role === 'log' ? ' And to your witnesses: until they know the key they cosign nothing.' : '';
    if (!json)
      io.stderr(
        `${rotateKey.successor} signs from now on; what ${rotateKey.retired} signed counts ${role === 'verdict' ? 'before' : 'up to'} leaf ${rotateKey.index}. Hand the policy above to whoever verifies.${witnesses}${coins}\n`,
      );
    return 0;
  });
}

interface Shown {
  readonly retired: readonly string[];
  readonly verdict: string;
  readonly log: string;
  readonly ledger: string;
  readonly network: Config['iota']['network'];
}

function keysText(shown: Shown, json: boolean): string {
  if (json) return `${JSON.stringify(shown, null, 2)}\n`;
  const past = shown.retired.map((line) => `retired  ${line}\n`).join('');
  return `${past}verdict  ${shown.verdict}\nlog      ${shown.log}\nledger   ${shown.ledger} (${shown.network})\n`;
}

function policyText(
  { verdict, log, ledger, network, retired }: Shown,
  witnesses: readonly string[],
  json: boolean,
): string {
  const ledgers =
    network === 'none' || network === 'stardust' ? [] : [{ network, address: ledger }];
  const policy = renderPolicy({ verdicts: [verdict], logs: [log], ledgers, retired, witnesses });
  return json ? `${JSON.stringify({ policy }, null, 2)}\n` : policy;
}

function readArgs(args: string[]): Result<KeysArgs> {
  const config = loadConfig(process.env);
  if (!config.ok) return config;
  const options = {
    data: { type: 'string' },
    name: { type: 'string' },
    json: { type: 'boolean' },
    reason: { type: 'string' },
    server: { type: 'string' },
    key: { type: 'string' },
    ...ATTACH_OPTIONS,
  } as const;
  const given = parseArgs({ args, options, allowPositionals: true });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const action = ACTIONS.find((each) => each === positionals[0]);
  if (
    action === undefined ||
    positionals.length > (action === 'attach' || action === 'rotate' ? 2 : 1)
  )
    return wrong(`one of ${ACTIONS.join(', ')} is needed`);
  const { dataDir, origin, iota, witnesses } = config.value;
  const data = resolve(values.data ?? dataDir);
  const folder = join(data, 'keys');
  return ok({
    action,
    folder,
    dataDir: data,
    database: config.value,
    adminName: values.name ?? 'made here',
    name: values.name ?? origin,
    network: iota.network,
    json: values.json ?? false,
    witnessPolicy: witnesses?.policy,
    reason: values.reason,
    server: serverFrom(values),
    role: positionals[1] ?? '',
    attach: values,
  });
}

function printProblems(problems: readonly Problem[], json: boolean, io: Io): number {
  if (json) io.stdout(`${JSON.stringify({ problems }, null, 2)}\n`);
  else
    for (const { code, path, message } of problems)
      io.stderr(`${path === '' ? '' : `${path}  `}${code}  ${message}\n`);
  return 2;
}
