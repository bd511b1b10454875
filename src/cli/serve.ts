import { resolve } from 'node:path';
import { loadConfig, misspelt, type Config } from '../config/index.ts';
import { Fault, type Problem, type Result } from '../errors/index.ts';
import { parseArgs } from './arguments.ts';
import { startHost, type Host } from './host.ts';
import { EXIT, type Io } from './io.ts';

export const SERVE_HELP = `probity serve [options]      the service: API, workers, embedded servers, until Ctrl-C

  --port N          port of the API · default: PROBITY_PORT, else 4600; 0 takes a free one
  --host ADDRESS    where it listens · default: PROBITY_HOST, else 127.0.0.1
  --data DIR        the data folder · default: PROBITY_DATA_DIR, else ~/.probity
  --workers N       worker processes · default: PROBITY_WORKERS, else 2
  --json            addresses as one JSON object

DATABASE_URL and REDIS_URL name servers of yours; without them Postgres is embedded and carries the queue.
exit: 0 stopped · 2 bad arguments · 4 a fault of ours or of the machine
`;

/** As a shell reports a Ctrl-C. */
const INTERRUPTED = 130;

/** `probity serve`: runs until SIGINT or SIGTERM, then stops everything in order. */
export async function serveCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(SERVE_HELP);
    return EXIT.ok;
  }
  const config = readServeArgs(args);
  if (!config.ok) return printProblems(config.problems, io);
  for (const each of misspelt(process.env)) io.stderr(`${each}\n`);
  const stopped = untilSignal();
  let host: Host;
  try {
    let up = false;
    // What was started by then ends with us: workers by their channel, Postgres by its exit hook.
    void stopped.then(() => {
      if (!up) process.exit(INTERRUPTED);
    });
    host = await startHost(config.value);
    up = true;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    io.stderr(`${error.code}  ${error.message}\n`);
    return EXIT.fault;
  }
  io.stdout(args.includes('--json') ? `${JSON.stringify(addressesOf(host))}\n` : banner(host));
  await stopped;
  io.stderr('stopping …\n');
  await host.stop();
  return EXIT.ok;
}

function readServeArgs(args: string[]): Result<Config> {
  const options = {
    port: { type: 'string' },
    host: { type: 'string' },
    data: { type: 'string' },
    workers: { type: 'string' },
    json: { type: 'boolean' },
  } as const;
  const read = parseArgs({ args, options });
  if (!read.ok) return read;
  const { values } = read.value;
  const given = {
    PROBITY_PORT: values.port,
    PROBITY_HOST: values.host,
    // What is said on the command line is said of the folder one is in.
    PROBITY_DATA_DIR: values.data === undefined ? undefined : resolve(values.data),
    PROBITY_WORKERS: values.workers,
  };
  const overrides = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  return loadConfig({ ...process.env, ...overrides });
}

/**
 * Later signals are ignored: npm forwards a Ctrl-C that the terminal has sent already, and stopping
 * takes a moment.
 */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve());
  });
}

function addressesOf(host: Host) {
  const ws = host.url.replace(/^http/u, 'ws');
  return {
    graphql: `${host.url}/graphql`,
    subscriptions: `${ws}/graphql`,
    health: `${host.url}/healthz`,
    ready: `${host.url}/readyz`,
    metrics: `${host.url}/metrics`,
    checkpoint: `${host.url}/log/checkpoint`,
    database: host.database,
    queue: host.queue,
    ledger: host.ledger,
    workers: host.workerPids().length,
    dataDir: host.config.dataDir,
    ...(host.firstAdminKey === undefined ? {} : { firstAdminKey: host.firstAdminKey }),
  };
}

function banner(host: Host): string {
  const at = addressesOf(host);
  const rows = [
    ['GraphQL', at.graphql],
    ['live', at.subscriptions],
    ['health', `${at.health}  ${at.ready}`],
    ['metrics', at.metrics],
    ['log', at.checkpoint],
    ['database', at.database],
    ['queue', at.queue],
    ['ledger', at.ledger],
    ['workers', String(at.workers)],
    ['data', at.dataDir],
  ];
  const key =
    host.firstAdminKey === undefined
      ? []
      : [
          '',
          'The first admin key, shown this once (it is not stored):',
          '',
          `  ${host.firstAdminKey}`,
          '',
          `  export PROBITY_KEY=${host.firstAdminKey}`,
        ];
  return [
    'Probity is up. Ctrl-C stops it.',
    '',
    ...rows.map(([name = '', value = '']) => `  ${name.padEnd(9)} ${value}`),
    ...key,
    '',
    '',
  ].join('\n');
}

function printProblems(problems: readonly Problem[], io: Io): number {
  for (const { code, message } of problems) io.stderr(`${code}  ${message}\n`);
  return EXIT.badInput;
}
