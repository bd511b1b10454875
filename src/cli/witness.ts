import { join, resolve } from 'node:path';
import { loadConfig } from '../config/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { nodeCrypto } from '../evidence/formats/nodeCrypto.ts';
import { openCosigner } from '../evidence/witness/cosigner.ts';
import { parsePolicy, type TrustedKey } from '../evidence/formats/policy.ts';
import { startWitness } from '../evidence/witness/server.ts';
import { parseArgs } from './arguments.ts';
import { printProblems } from './problems.ts';
import { EXIT, type Io } from './io.ts';

export const WITNESS_HELP = `probity witness --log VKEY [--log VKEY ...] [options]      cosigns logs that only grow (c2sp.org/tlog-witness), until Ctrl-C

  --log VKEY        a log that is cosigned: its public key, from somebody you trust. After its key was replaced, both:
                    --log "OLD until SIZE" --log NEW, as in its policy
  --name NAME       what the key of this witness is called when it is made · default: witness.local
  --data DIR        its key and what it has cosigned · default: witness in the data folder
  --host ADDRESS    where it listens · default: 127.0.0.1
  --port N          its port · default: 4610; 0 takes a free one
  --json            address and key as one JSON object

A witness is worth something only on another machine, in other hands than the log. Who loses its folder must make a new key.
exit: 0 stopped · 2 bad arguments · 4 a fault of the machine
`;

const OPTIONS = {
  log: { type: 'string', multiple: true },
  name: { type: 'string' },
  data: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  json: { type: 'boolean' },
} as const;

interface WitnessArgs {
  readonly logs: readonly TrustedKey[];
  readonly name: string;
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly json: boolean;
}

/** `until` ends it in tests; a terminal ends it by a signal. */
export async function witnessCommand(
  args: string[],
  io: Io,
  until: () => Promise<void> = signalled,
): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(WITNESS_HELP);
    return EXIT.ok;
  }
  const parsed = await readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, args.includes('--json'), io);
  const { logs, name, folder, host, port, json } = parsed.value;
  const cosigner = await openCosigner(folder, name);
  const running = await startWitness({
    logs,
    cosigner,
    folder,
    host,
    port,
    onFault: (cause) => io.stderr(`${cause instanceof Error ? cause.message : String(cause)}\n`),
  });
  const names = [...new Set(logs.map((log) => log.name))];
  io.stdout(
    json
      ? `${JSON.stringify({ url: running.url, vkey: cosigner.vkey, logs: names })}\n`
      : `cosigning ${names.join(', ')} at ${running.url}\nfor a policy: witness ${cosigner.name.replaceAll(/[^\w.-]/gu, '-')} ${cosigner.vkey} ${running.url}\n`,
  );
  await until();
  await running.close();
  return EXIT.ok;
}

function signalled(): Promise<void> {
  return new Promise((done) => {
    process.once('SIGINT', () => done());
    process.once('SIGTERM', () => done());
  });
}

async function readArgs(args: string[]): Promise<Result<WitnessArgs>> {
  const config = loadConfig(process.env);
  if (!config.ok) return config;
  const given = parseArgs({ args, options: OPTIONS });
  if (!given.ok) return given;
  const { values } = given.value;
  const problems: Problem[] = [];
  const read = await parsePolicy(
    [...(values.log ?? []).map((each) => `log ${each.replaceAll('\n', ' ')}`), 'quorum none'].join(
      '\n',
    ),
    nodeCrypto.sha256,
  );
  const logs = read.ok ? read.value.logs : [];
  if (!read.ok)
    problems.push(
      ...read.problems.map(({ line, message }) =>
        problem('OPTION_INVALID', '--log', `${values.log?.[(line ?? 1) - 1] ?? ''}: ${message}`),
      ),
    );
  if (logs.length === 0 && problems.length === 0)
    problems.push(problem('OPTION_INVALID', '--log', 'name at least one log'));
  const port = Number(values.port ?? 4610);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    problems.push(problem('OPTION_INVALID', '--port', 'a port is a number up to 65535'));
  if (problems.length > 0) return bad(...problems);
  const { name = 'witness.local', host = '127.0.0.1', json = false } = values;
  return ok({
    logs,
    name,
    host,
    port,
    json,
    folder: resolve(values.data ?? join(config.value.dataDir, 'witness')),
  });
}
