import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import {
  faultFrom,
  isFaultName,
  startEmulator,
  type LedgerFaults,
} from '../evidence/ledger/emulator.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT, untilInterrupted } from './io.ts';

interface Asked {
  readonly port: number;
  readonly host: string | undefined;
  readonly fault: readonly string[];
}

/** `probity iota-emulator`: serves until it is stopped. */
export async function emulator({ port, host, fault }: Asked, io: CommandIo): Promise<Ended> {
  const faults = faultsFrom(fault);
  if (!faults.ok) return faults;
  const running = await startEmulator({
    port,
    faults: faults.value,
    ...(host !== undefined && { host }),
  });
  const { url, faults: set } = running;
  io.stdout(
    io.json
      ? `${JSON.stringify({ url, faults: set })}\n`
      : `an emulated ledger at ${url}, faults at ${url}/admin/faults\n`,
  );
  await untilInterrupted(io);
  await running.close();
  return { exit: EXIT.ok };
}

function faultsFrom(given: readonly string[]): Result<Partial<LedgerFaults>> {
  const problems: Problem[] = [];
  const faults: Partial<LedgerFaults> = {};
  for (const text of given) {
    const [name = '', ...rest] = text.split('=');
    const fault = isFaultName(name)
      ? faultFrom(name, rest.length === 0 ? undefined : rest.join('='))
      : undefined;
    if (fault === undefined)
      problems.push(
        problem('OPTION_INVALID', '--fault', `--fault: unknown or without its value: \`${text}\``),
      );
    Object.assign(faults, fault);
  }
  return problems.length > 0 ? bad(...problems) : ok(faults);
}
