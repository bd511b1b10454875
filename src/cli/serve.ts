import { resolve } from 'node:path';
import { loadConfig, misspelt, type Config } from '../config/index.ts';
import type { Result } from '../errors/index.ts';
import type { CommandIo, Ended } from './command.ts';
import { startHost, type Host } from './host.ts';
import { orInterrupted } from './interrupted.ts';
import { EXIT, untilInterrupted } from './io.ts';

interface Asked {
  readonly port: number | undefined;
  readonly host: string | undefined;
  readonly data: string | undefined;
  readonly workers: number | undefined;
}

/** `probity serve`: runs until it is stopped, then stops everything in order. */
export async function serve(asked: Asked, io: CommandIo): Promise<Ended> {
  const config = configOf(asked);
  if (!config.ok) return config;
  for (const each of misspelt(process.env)) io.stderr(`${each}\n`);
  const host = await orInterrupted(io, startHost(config.value));
  io.stdout(io.json ? `${JSON.stringify(addressesOf(host))}\n` : banner(host));
  await untilInterrupted(io);
  io.stderr('stopping …\n');
  await host.stop();
  return { exit: EXIT.ok };
}

/** What is said on the command line goes before the environment. */
function configOf({ port, host, data, workers }: Asked): Result<Config> {
  const given = {
    PROBITY_PORT: port,
    PROBITY_HOST: host,
    // What is said on the command line is said of the folder one is in.
    PROBITY_DATA_DIR: data === undefined ? undefined : resolve(data),
    PROBITY_WORKERS: workers,
  };
  const overrides = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  return loadConfig({ ...process.env, ...Object.fromEntries(overrides) });
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
