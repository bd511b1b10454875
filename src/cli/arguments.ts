import { parseArgs as parse, type ParseArgsConfig } from 'node:util';
import { didYouMean } from '../errors/nearest.ts';

/** As Node's own, but for what is said of an option that is not there. */
export function parseArgs<T extends ParseArgsConfig>(config: T): ReturnType<typeof parse<T>> {
  try {
    return parse(config);
  } catch (error) {
    const unknown = /^Unknown option '(--?[^' ]+)/.exec((error as Error).message)?.[1];
    if (unknown === undefined) throw error;
    const names = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    throw new Error(`there is no option ${unknown}${didYouMean(unknown, names)}`, { cause: error });
  }
}
