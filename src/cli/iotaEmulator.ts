import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import {
  faultFrom,
  isFaultName,
  startEmulator,
  type LedgerFaults,
} from '../evidence/ledger/emulator.ts';
import { parseArgs } from './arguments.ts';
import { printProblems } from './problems.ts';
import { EXIT, type Io } from './io.ts';

export const EMULATOR_HELP = `probity iota-emulator [options]      a ledger node for development that proves nothing, until Ctrl-C

  --port N          its port · default: 4620; 0 takes a free one
  --host ADDRESS    where it listens · default: 127.0.0.1
  --fault NAME[=X]  what goes wrong, may be repeated:
                      down             answers nothing
                      delayMs=500      answers late
                      loseAnswers=1    takes so many transactions and loses the answer
                      forget=1         answers so many as taken, and knows nothing of them afterwards
                      staleCoins       shows coins as they were before the last transaction
                      broke            nobody has coins
                      reject=WORDS     refuses every transaction
                      chainId=6364aad5 is of another chain
  --json            the address as a JSON object

GET /admin/faults shows faults and counts; POST /admin/faults with a JSON object changes them while it runs.
PROBITY_IOTA_NETWORK=emulated PROBITY_IOTA_URL=http://127.0.0.1:4620 lets a service use it. All is forgotten when it ends.
exit: 0 stopped · 2 bad arguments · 4 a fault of the machine
`;

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  fault: { type: 'string', multiple: true },
  json: { type: 'boolean' },
} as const;

/** `until` ends it in tests; a terminal ends it by a signal. */
export async function emulatorCommand(
  args: string[],
  io: Io,
  until: () => Promise<void> = signalled,
): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(EMULATOR_HELP);
    return EXIT.ok;
  }
  const parsed = readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, args.includes('--json'), io);
  const { json, ...options } = parsed.value;
  const emulator = await startEmulator(options);
  io.stdout(
    json
      ? `${JSON.stringify({ url: emulator.url, faults: emulator.faults })}\n`
      : `an emulated ledger at ${emulator.url}, faults at ${emulator.url}/admin/faults\n`,
  );
  await until();
  await emulator.close();
  return EXIT.ok;
}

/** The node alone would not keep the process alive. */
function signalled(): Promise<void> {
  const alive = setInterval(() => undefined, 2 ** 30);
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.once(signal, () => {
        clearInterval(alive);
        done();
      });
  });
}

function readArgs(
  args: string[],
): Result<{ port: number; host?: string; faults: Partial<LedgerFaults>; json: boolean }> {
  const given = parseArgs({ args, options: OPTIONS });
  if (!given.ok) return given;
  const { values } = given.value;
  const problems: Problem[] = [];
  const faults: Partial<LedgerFaults> = {};
  for (const text of values.fault ?? []) {
    const [name = '', ...rest] = text.split('=');
    const fault = isFaultName(name)
      ? faultFrom(name, rest.length === 0 ? undefined : rest.join('='))
      : undefined;
    if (fault === undefined)
      problems.push(problem('OPTION_INVALID', '--fault', `${text} is no fault`));
    Object.assign(faults, fault);
  }
  const port = Number(values.port ?? 4620);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    problems.push(problem('OPTION_INVALID', '--port', 'a port is a number up to 65535'));
  if (problems.length > 0) return bad(...problems);
  return ok({
    port,
    faults,
    json: values.json ?? false,
    ...(values.host === undefined ? {} : { host: values.host }),
  });
}
