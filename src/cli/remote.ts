import type { ParseArgsConfig } from 'node:util';
import { parseArgs } from './arguments.ts';
import { bad, Fault, ok, problem } from '../errors/index.ts';
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
  try {
    const { values, positionals } = parseArgs({
      args,
      options,
      allowPositionals: true,
      strict: true,
    });
    const [only, ...more] = positionals;
    if (only === undefined || more.length > 0)
      return bad(problem('OPTION_INVALID', name, `exactly one ${name} is needed`));
    return ok({ only, values });
  } catch (cause) {
    return bad(problem('OPTION_INVALID', '', (cause as Error).message));
  }
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
