import { parseArgs } from 'node:util';
import { bad, ok, problem, type Problem, type Refusal, type Result } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';
import { flagOf, Wrong, type Command, type Option, type Options } from './command.ts';

/** What is wrong with the arguments; `at` names an option, or what is to be given. */
export function wrong(message: string, at = ''): Refusal {
  return bad(problem('OPTION_INVALID', at, message));
}

/** Every command has these. */
export const COMMON_FLAGS = ['--json', '--help', '--version'] as const;

/** What was asked of the runner itself, wherever it stands. */
export function asksFor(args: readonly string[], ...names: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).some((arg) => names.includes(arg));
}

/** The values that a command is run with, by its own table; or all that is wrong with them. */
export function readArguments(
  command: Command,
  args: readonly string[],
): Result<Readonly<Record<string, unknown>>> {
  const { positionals = {}, options = {} } = command;
  const given = sorted(command, args);
  const problems = [...given.problems];
  const values: Record<string, unknown> = {};
  const collect = (name: string, called: string, option: Option<unknown>): void => {
    const value = option.collect(given.texts.get(name) ?? []);
    if (value instanceof Wrong)
      problems.push(problem(value.code, called, `${called} ${value.message}`));
    else values[name] = value;
  };
  for (const [name, option] of Object.entries(positionals))
    collect(name, option.value?.shown ?? name, option);
  for (const [name, option] of Object.entries(options)) collect(name, flagOf(name), option);
  return problems.length > 0 ? bad(...problems) : ok(values);
}

interface Sorted {
  /** What was given, by the name in the table. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly Problem[];
}

/** Which argument is of which option. */
function sorted(command: Command, args: readonly string[]): Sorted {
  const { positionals = {}, options = {} } = command;
  const names = namesIn(options);
  const texts = new Map<string, string[]>();
  const problems: Problem[] = [];
  const add = (name: string, value: string): void => {
    texts.set(name, [...(texts.get(name) ?? []), value]);
  };
  const places = Object.entries(positionals);
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      [...names].map(([name, key]) => [
        name.slice(2),
        { type: options[key]?.value ? 'string' : 'boolean' } as const,
      ]),
    ),
  });
  const extra: Problem[] = [];
  let at = 0;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      const [name, place] = places[Math.min(at, places.length - 1)] ?? [];
      if (name === undefined || (at >= places.length && place?.isRepeated !== true))
        extra.push(tooMuch(command, token.value));
      else add(name, token.value);
      at += 1;
      continue;
    }
    const { rawName, value, inlineValue } = token;
    if (rawName === '-h' || commonFlags(command).includes(rawName)) continue;
    const name = names.get(rawName);
    if (name === undefined) problems.push(noOption(command, rawName, names));
    else if (options[name]?.value === undefined) {
      if (value === undefined) add(name, '');
      else problems.push(problem('OPTION_INVALID', rawName, `${rawName} takes no value`));
    } else if (value === undefined || (!inlineValue && value.startsWith('--')))
      problems.push(valueMissing(rawName, options[name].value.shown, value));
    else add(name, value);
  }
  // What follows an option that is not there may have been meant for it.
  return { texts, problems: problems.length > 0 ? problems : extra };
}

/** `--max-states`, and each alias, to the name in the table. */
function namesIn(options: Options): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(options).flatMap(([name, { alias }]) => [
      [flagOf(name), name] as const,
      ...(alias === undefined ? [] : [[`--${alias}`, name] as const]),
    ]),
  );
}

/** What every command takes; but `--json` where there is no other form of the answer. */
export const commonFlags = ({ json }: Pick<Command, 'json'>): readonly string[] =>
  COMMON_FLAGS.filter((flag) => flag !== '--json' || json !== false);

function noOption(command: Command, given: string, names: ReadonlyMap<string, string>): Problem {
  const known = [...names.keys(), ...commonFlags(command)];
  return problem('OPTION_INVALID', given, `unknown option ${given}${didYouMean(given, known)}`);
}

function valueMissing(name: string, shown: string, next: string | undefined): Problem {
  const instead = next === undefined ? '' : `; \`${next}\` is an option (or write ${name}=${next})`;
  return problem('OPTION_INVALID', name, `${name} takes a value, ${name} ${shown}${instead}`);
}

function tooMuch({ name, positionals = {} }: Command, given: string): Problem {
  const taken = Object.values(positionals).map(({ value }) => value?.shown ?? '');
  return problem(
    'OPTION_INVALID',
    taken.at(-1) ?? '',
    `\`${given}\` is one too many: ${name} takes ${taken.length === 0 ? 'options only' : taken.join(' ')}`,
  );
}
