import type { ParseArgsConfig } from 'node:util';
import { parseArgs, wrong } from './arguments.ts';
import { Fault, ok } from '../errors/index.ts';
import { printProblems } from './problems.ts';
import { Refused } from './client.ts';
import { EXIT, type Io } from './io.ts';

export const SERVER_OPTIONS = {
  server: { type: 'string' },
  key: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;
export const SERVER_HELP = `  --server URL      default: PROBITY_SERVER, else http://127.0.0.1:4600
  --key KEY         default: PROBITY_KEY
  --json            the answer as JSON
`;

/** Arguments with exactly one positional. */
export function readOne<T extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  name: string,
  options: T,
) {
  const given = parseArgs({
    args,
    options,
    allowPositionals: true,
    strict: true,
  });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const [only, ...more] = positionals;
  if (only === undefined || more.length > 0) return wrong(`exactly one ${name} is needed`, name);
  return ok({ only, values });
}

/**
 * Runs a command that talks to a server: what it refuses is bad input, what does not answer is a
 * fault.
 */
export async function talking(io: Io, json: boolean, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) return printProblems(error.problems, json, io);
    if (!(error instanceof Fault)) throw error;
    if (json)
      io.stdout(
        `${JSON.stringify({ fault: { code: error.code, message: error.message } }, null, 2)}\n`,
      );
    else io.stderr(`${error.code}  ${error.message}\n`);
    return EXIT.fault;
  }
}
