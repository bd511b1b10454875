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
  /** One set of threats, under which everything is judged. */
  readonly underThreats?: readonly string[] | null;
  readonly engines?: readonly string[] | null;
  readonly limits?: {
    readonly timeoutMs?: number | null;
    readonly memoryMb?: number | null;
    readonly maxStates?: number | null;
  } | null;
  readonly assurance?: readonly string[] | null;
  /** Whether it is signed and logged; null: yes. */
  readonly seal?: boolean | null;
  /** Whether other engines are asked before; null: where it is sealed and no engine is named. */
  readonly crossCheck?: boolean | null;
}

/**
 * What a run row keeps of what was asked: how to check, and whether to sign. Rows of before say
 * nothing of either: they were sealed on what the plan asked.
 */
export interface RunOptions extends CheckOptions {
  readonly seal?: boolean;
}

/** The most that one request may take of the machine. */
const LIMITS = {
  timeoutMs: { least: 100, most: 3_600_000 },
  memoryMb: { least: 64, most: 65_536 },
  maxStates: { least: 1, most: 100_000_000 },
} as const;

/**
 * The options with defaults written out and names in order, so that the same wish is the same text;
 * or all problems. `known`: the names that properties have; `threats`: the ids of those that exist,
 * which is asked only where some are named: it takes the whole model. `ceilings`: the most that
 * this installation gives one run.
 */
export function readOptions(
  requested: RequestedOptions,
  known: ReadonlySet<string>,
  threats: () => ReadonlySet<string>,
  ceilings: Readonly<Partial<Record<keyof typeof LIMITS, number>>> = {},
): Result<RunOptions> {
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
  const engines = readEngines(requested, problems);
  problems.push(...crossingProblems(requested, engines));
  const assurance = readAssurance(requested, problems);
  const attacks = readAttacks(requested, threats, problems);
  const under = readUnder(requested, threats, problems);
  const limit = (name: keyof typeof LIMITS): number => {
    const value = requested.limits?.[name];
    const { least } = LIMITS[name];
    const most = Math.min(LIMITS[name].most, ceilings[name] ?? LIMITS[name].most);
    if (value === undefined || value === null) return Math.min(DEFAULT_OPTIONS[name], most);
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
  const seal = requested.seal ?? true;
  const options: RunOptions = {
    properties,
    engines,
    timeoutMs: limit('timeoutMs'),
    memoryMb: limit('memoryMb'),
    maxStates: limit('maxStates'),
    seal,
    crossCheck: requested.crossCheck ?? (seal && engines === 'auto' && under.length === 0),
    ...(assurance.length > 0 ? { assurance } : {}),
    ...(attacks ? { attacks } : {}),
    ...(under.length > 0 ? { threats: under } : {}),
  };
  return problems.length > 0 ? bad(...problems) : ok(options);
}

function crossingProblems({ crossCheck }: RequestedOptions, engines: CheckOptions['engines']) {
  return crossCheck === true && engines !== 'auto'
    ? [
        problem(
          'OPTION_INVALID',
          'input.crossCheck',
          'engines that are named are the only ones asked; leave out `engines`, or name all that are to agree and leave out `crossCheck`',
        ),
      ]
    : [];
}

function readEngines({ engines }: RequestedOptions, problems: Problem[]): CheckOptions['engines'] {
  const named = [...new Set(engines ?? [])].filter((name) => name !== 'auto').sort();
  for (const name of named)
    if (!(ENGINE_NAMES as readonly string[]).includes(name))
      problems.push(
        problem(
          'ENGINE_UNKNOWN',
          'input.engines',
          unknownName('engine', name, ['auto', ...ENGINE_NAMES]),
        ),
      );
  return named.length === 0 ? 'auto' : (named as EngineName[]);
}

function readAssurance({ assurance }: RequestedOptions, problems: Problem[]): Assurance[] {
  const named = [...new Set(assurance ?? [])].sort();
  for (const name of named)
    if (!(ASSURANCES as readonly string[]).includes(name))
      problems.push(
        problem('OPTION_INVALID', 'input.assurance', unknownName('assurance', name, ASSURANCES)),
      );
  return named as Assurance[];
}

/** `all`, or ids; a budget alone is one for all of them. */
function readAttacks(
  { threats, budget }: RequestedOptions,
  existing: () => ReadonlySet<string>,
  problems: Problem[],
): CheckOptions['attacks'] {
  const named = [...new Set(threats ?? [])].sort();
  const most = budget ?? null;
  if (named.length === 0 && most === null) return undefined;
  if (most !== null && most < 0)
    problems.push(problem('OPTION_INVALID', 'input.budget', 'a budget is a whole number from 0'));
  const ids = named.filter((id) => id !== 'all');
  problems.push(...unknownThreats(ids, existing, 'input.threats'));
  const isAll = named.length === 0 || named.includes('all');
  return { threats: isAll ? 'all' : named, budget: most };
}

/** The ids of the set under which everything is judged, in order; none where none is asked for. */
function readUnder(
  { threats, budget, underThreats, crossCheck }: RequestedOptions,
  existing: () => ReadonlySet<string>,
  problems: Problem[],
): readonly string[] {
  const ids = [...new Set(underThreats ?? [])].sort();
  if (ids.length === 0) return ids;
  if ((threats ?? []).length > 0 || typeof budget === 'number')
    problems.push(
      problem(
        'OPTION_INVALID',
        'input.underThreats',
        'answers are given under one set, or the sets are looked for: leave out `threats` and `budget`, or `underThreats`',
      ),
    );
  if (crossCheck === true)
    problems.push(
      problem(
        'OPTION_INVALID',
        'input.crossCheck',
        'under threats explore alone answers; leave out `crossCheck`',
      ),
    );
  problems.push(...unknownThreats(ids, existing, 'input.underThreats'));
  return ids;
}

function unknownThreats(
  ids: readonly string[],
  existing: () => ReadonlySet<string>,
  path: string,
): Problem[] {
  const known = ids.length > 0 ? existing() : new Set<string>();
  return ids
    .filter((id) => !known.has(id))
    .map((id) => id.slice(0, 80))
    .map((id) =>
      problem('THREAT_UNKNOWN', path, `the model has no threat \`${id}\`${didYouMean(id, known)}`),
    );
}
