import { isAbsolute, normalize } from 'node:path';
import { problem, type Problem } from '../errors/index.ts';
import { ABSOLUTE } from './places.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads one variable each; an empty one counts as absent, as shells and compose files write it. */
export class Reader {
  readonly problems: Problem[] = [];
  /** Every variable that was asked for. */
  readonly names = new Set<string>();
  private readonly env: Environment;

  constructor(env: Environment) {
    this.env = env;
  }

  text(name: string): string | undefined {
    this.names.add(name);
    const value = this.env[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** A file or folder, wherever the process runs. */
  path(name: string): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    return isAbsolute(value) ? normalize(value) : this.refuse(name, ABSOLUTE);
  }

  integer(name: string, least: number, most: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/u.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    return this.refuse(name, `a whole number from ${least} to ${most}`);
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    return (
      allowed.find((each) => each === value) ?? this.refuse(name, `one of ${allowed.join(', ')}`)
    );
  }

  matching(name: string, pattern: RegExp, description: string): string | undefined {
    const value = this.text(name);
    if (value === undefined || pattern.test(value)) return value;
    return this.refuse(name, description);
  }

  url(name: string, protocols: readonly string[]): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    if (parsed && protocols.includes(parsed.protocol)) return value;
    return this.refuse(
      name,
      `an address that starts with ${protocols.map((each) => `${each}//`).join(' or ')}`,
    );
  }

  /** The value is not repeated: it may carry a password. */
  refuse(name: string, wanted: string): undefined {
    this.problems.push(problem('OPTION_INVALID', name, `${name} must be ${wanted}`));
    return undefined;
  }
}
