import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { didYouMean, unknownName } from '../errors/nearest.ts';
import type { Assurance } from '../model/outcome.ts';
import { ASSURANCES } from '../checking/assurance.ts';
import { ENGINE_NAMES, type EngineName } from '../model/engine.ts';
import { DEFAULT_OPTIONS, type CheckOptions } from '../checking/types.ts';

/** What a request may say of how to check. Everything is optional; nothing is ignored. */
export interface RequestedOptions {
  readonly properties?: readonly string[] | null;
  readonly threats?: readonly string[] | null;
  readonly budget?: number | null;
  readonly engines?: readonly string[] | null;
  readonly limits?: {
    readonly timeoutMs?: number | null;
    readonly memoryMb?: number | null;
    readonly maxStates?: number | null;
  } | null;
  readonly assurance?: readonly string[] | null;
}

/** The most that one request may take of the machine. */
const LIMITS = {
  timeoutMs: { least: 100, most: 3_600_000 },
  memoryMb: { least: 64, most: 65_536 },
  maxStates: { least: 1, most: 100_000_000 },
} as const;

/**
 * The options with defaults written out and names in order, so that the same wish is the same text;
 * or all problems. `known`: the names that properties have; `threats`: the ids of those that exist.
 */
export function readOptions(
  requested: RequestedOptions,
  known: ReadonlySet<string>,
  threats: ReadonlySet<string>,
): Result<CheckOptions> {
  const problems: Problem[] = [];
  const properties = [...new Set(requested.properties ?? [])].sort();
  for (const name of properties) {
    if (!known.has(name))
      problems.push(
        problem(
          'PROPERTY_UNKNOWN',
          'input.properties',
          `the model has no property "${name.slice(0, 80)}"${didYouMean(name.slice(0, 80), known)}`,
        ),
      );
  }
  const engines = [...new Set(requested.engines ?? [])].filter((name) => name !== 'auto').sort();
  for (const name of engines) {
    if (!(ENGINE_NAMES as readonly string[]).includes(name)) {
      problems.push(
        problem(
          'ENGINE_UNKNOWN',
          'input.engines',
          unknownName('engine', name, ['auto', ...ENGINE_NAMES]),
        ),
      );
    }
  }
  const assurance = [...new Set(requested.assurance ?? [])].sort() as Assurance[];
  for (const name of assurance) {
    if (!(ASSURANCES as readonly string[]).includes(name))
      problems.push(
        problem('OPTION_INVALID', 'input.assurance', unknownName('assurance', name, ASSURANCES)),
      );
  }
  const attacks = readAttacks(requested, threats, problems);
  const limit = (name: keyof typeof LIMITS): number => {
    const value = requested.limits?.[name];
    if (value === undefined || value === null) return DEFAULT_OPTIONS[name];
    const { least, most } = LIMITS[name];
    if (value < least || value > most)
      problems.push(
        problem(
          'OPTION_INVALID',
          `input.limits.${name}`,
          `${name} is a whole number from ${least} to ${most}`,
        ),
      );
    return value;
  };
  const options: CheckOptions = {
    properties,
    engines: engines.length === 0 ? 'auto' : (engines as EngineName[]),
    timeoutMs: limit('timeoutMs'),
    memoryMb: limit('memoryMb'),
    maxStates: limit('maxStates'),
    ...(assurance.length > 0 ? { assurance } : {}),
    ...(attacks ? { attacks } : {}),
  };
  return problems.length > 0 ? bad(...problems) : ok(options);
}

/** `all`, or ids; a budget alone is one for all of them. */
function readAttacks(
  { threats, budget }: RequestedOptions,
  known: ReadonlySet<string>,
  problems: Problem[],
): CheckOptions['attacks'] {
  const named = [...new Set(threats ?? [])].sort();
  const most = budget ?? null;
  if (named.length === 0 && most === null) return undefined;
  if (most !== null && most < 0)
    problems.push(problem('OPTION_INVALID', 'input.budget', 'a budget is a whole number from 0'));
  for (const id of named)
    if (id !== 'all' && !known.has(id))
      problems.push(
        problem(
          'THREAT_UNKNOWN',
          'input.threats',
          `the model has no threat \`${id.slice(0, 80)}\`${didYouMean(id.slice(0, 80), known)}`,
        ),
      );
  const isAll = named.length === 0 || named.includes('all');
  return { threats: isAll ? 'all' : named, budget: most };
}
