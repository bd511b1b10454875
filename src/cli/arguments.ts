import { parseArgs as parse, type ParseArgsConfig } from 'node:util';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';

/** As Node's own; what it refuses is a problem, and of an option that is not there the likeliest. */
export function parseArgs<T extends ParseArgsConfig>(
  config: T,
): Result<ReturnType<typeof parse<T>>> {
  try {
    return ok(parse(config));
  } catch (error) {
    const { message } = error as Error;
    const unknown = /^Unknown option '(--?[^' ]+)/.exec(message)?.[1];
    if (unknown === undefined) return wrong(message);
    const names = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    return wrong(`there is no option ${unknown}${didYouMean(unknown, names)}`);
  }
}

/** What is wrong with the arguments; `at` names an option, or what is to be given. */
export function wrong(message: string, at = ''): Result<never> {
  return bad(problem('OPTION_INVALID', at, message));
}

/** What is said of a choice that is none of these. */
export function noneOf(option: string, choices: readonly string[], given: string): string {
  return `--${option} is one of ${choices.join(', ')}, not \`${given}\``;
}
