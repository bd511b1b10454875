import { join, resolve } from 'node:path';
import { ownConfig } from '../config/index.ts';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { nodeCrypto } from '../evidence/formats/nodeCrypto.ts';
import { openCosigner } from '../evidence/witness/cosigner.ts';
import { parsePolicy, type TrustedKey } from '../evidence/formats/policy.ts';
import { startWitness } from '../evidence/witness/server.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT, untilInterrupted } from './io.ts';

interface Asked {
  readonly log: readonly string[];
  readonly name: string;
  readonly data: string | undefined;
  readonly host: string;
  readonly port: number;
}

/** `probity witness`: serves until it is stopped. */
export async function witness(asked: Asked, io: CommandIo): Promise<Ended> {
  const config = ownConfig();
  if (!config.ok) return config;
  const trusted = await logsOf(asked.log);
  if (!trusted.ok) return trusted;
  const logs = trusted.value;
  const folder = resolve(asked.data ?? join(config.value.dataDir, 'witness'));
  const { host, port } = asked;
  const cosigner = await openCosigner(folder, asked.name);
  const running = await startWitness({
    logs,
    cosigner,
    folder,
    host,
    port,
    onFault: (cause) => io.stderr(`${cause instanceof Error ? cause.message : String(cause)}\n`),
  });
  const names = [...new Set(logs.map((log) => log.name))];
  const { vkey } = cosigner;
  io.stdout(
    io.json
      ? `${JSON.stringify({ url: running.url, vkey, logs: names })}\n`
      : `cosigning ${names.join(', ')} at ${running.url}\nfor a policy: witness ${cosigner.name.replaceAll(/[^\w.-]/gu, '-')} ${vkey} ${running.url}\n`,
  );
  await untilInterrupted(io);
  await running.close();
  return { exit: EXIT.ok };
}

/** The logs as the lines of a policy name them. */
async function logsOf(lines: readonly string[]): Promise<Result<readonly TrustedKey[]>> {
  const read = await parsePolicy(
    [...lines.map((each) => `log ${each.replaceAll('\n', ' ')}`), 'quorum none'].join('\n'),
    nodeCrypto.sha256,
  );
  return read.ok
    ? ok(read.value.logs)
    : bad(
        ...read.problems.map(({ line, message }) =>
          problem('OPTION_INVALID', '--log', `${lines[(line ?? 1) - 1] ?? ''}: ${message}`),
        ),
      );
}
