import {
  flagOf,
  type Command,
  type CommandGroup,
  type CommandRow,
  type Option,
  type Options,
} from './command.ts';

/** Help, printed from the rows of commands: the same form for each. */

const WIDTH = 100;
const MARGIN = 2;
/** The names of options stand in a column of at most this. */
const MAX_NAMES = 28;

/** What exit codes mean wherever a command says nothing else. */
const COMMON_EXITS: Readonly<Record<number, string>> = {
  2: 'bad input: each problem with its code, and its place where it has one',
  4: 'a fault of the machine, of a server or of ours, with its code',
  130: 'interrupted',
};

/** All commands, a line each. */
export function overviewText(rows: readonly CommandRow[]): string {
  return sections(
    ['probity COMMAND [options]'],
    ['Commands', ...columns(rows.map(({ name, about }) => [name, about]))],
    [
      'More',
      ...columns([
        ['probity COMMAND --help', 'what a command takes, with examples and exit codes'],
        ['probity --version', 'the version'],
      ]),
    ],
  );
}

export function groupText(group: CommandGroup): string {
  const { name, about, notes = [], commands } = group;
  return sections(
    [`probity ${name} COMMAND [options]`, about],
    ['Commands', ...columns(commands.map((each) => [signature(each, each.name), each.about]))],
    ...notes.map((note) => wrapped(note, WIDTH)),
    ['More', ...columns([[`probity ${name} COMMAND --help`, 'its options, with examples']])],
  );
}

/** `path` is the command with what it stands under: `keys rotate`. */
export function commandText(command: Command, path: string): string {
  const { about, positionals = {}, options = {}, notes = [], examples, exits } = command;
  const headings = [...new Set(Object.values(options).map((option) => option.under ?? ''))].sort(
    (a, b) => Number(a !== '') - Number(b !== ''),
  );
  const own = Object.entries(positionals).map(
    ([name, option]) => [option.value?.shown ?? name, aboutText(option)] as const,
  );
  return sections(
    [`probity ${signature(command, path)} [options]`, ...wrapped(about, WIDTH)],
    ...(own.length > 0 ? [['Arguments', ...columns(own)]] : []),
    ...headings
      .filter((heading) => heading !== '')
      .reduce(
        (parts, heading) => [
          ...parts,
          [`Options ${heading}`, ...columns(rowsOf(options, heading))],
        ],
        [['Options', ...columns([...rowsOf(options, ''), ...commonRows(command)])]],
      ),
    ...notes.map((note) => wrapped(note, WIDTH)),
    ['Examples', ...examples.flatMap(exampleLines)],
    ['Exit codes', ...columns(Object.entries({ ...COMMON_EXITS, ...exits }))],
  );
}

/** A command with what it must be given: `keys rotate [ROLE] --reason TEXT`. */
function signature({ positionals = {}, options = {} }: Command, path: string): string {
  const places = Object.entries(positionals).map(([name, { value, isRequired, isRepeated }]) => {
    const shown = `${value?.shown ?? name}${isRepeated ? ' …' : ''}`;
    return isRequired ? shown : `[${shown}]`;
  });
  const needed = Object.entries(options).flatMap(([name, { value, isRequired }]) =>
    isRequired ? [`${flagOf(name)} ${value?.shown ?? ''}`.trim()] : [],
  );
  return [path, ...places, ...needed].join(' ');
}

type Row = readonly [name: string, about: string];

function rowsOf(options: Options, heading: string): Row[] {
  return Object.entries(options)
    .filter(([, option]) => (option.under ?? '') === heading)
    .map(([name, option]) => [
      `${flagOf(name)}${option.value ? ` ${option.value.shown}` : ''}`,
      aboutText(option),
    ]);
}

function commonRows({ json }: Command): Row[] {
  return [
    ...(json === false ? [] : [['--json', json ?? 'the answer as JSON; problems too'] as const]),
    ['--help', 'this page'],
  ];
}

function aboutText(option: Option<unknown>): string {
  const { about, value, isRepeated, fallback, alias } = option;
  const choices = value?.choices;
  return [
    about,
    ...(choices === undefined ? [] : [choices.join(' | ')]),
    ...(isRepeated ? ['may be repeated'] : []),
    ...(alias === undefined ? [] : [`also --${alias}`]),
    ...(fallback === undefined ? [] : [`default: ${fallback}`]),
  ].join(' · ');
}

function exampleLines({ line, about }: Command['examples'][number]): string[] {
  return [`${' '.repeat(MARGIN)}probity ${line}`, ...indented(about, MARGIN + 4)];
}

/** Names on the left, what is said of them on the right, wrapped. */
function columns(rows: readonly Row[]): string[] {
  const longest = rows.reduce((most, [name]) => Math.max(most, name.length), 0);
  const column = Math.min(longest, MAX_NAMES) + 2;
  return rows.flatMap(([name, about]) => {
    const [first = '', ...more] = wrapped(about, WIDTH - MARGIN - column);
    const left = ' '.repeat(MARGIN);
    const rest = more.map((line) => `${left}${' '.repeat(column)}${line}`);
    return name.length > column - 2
      ? [`${left}${name}`, `${left}${' '.repeat(column)}${first}`, ...rest]
      : [`${left}${name.padEnd(column)}${first}`.trimEnd(), ...rest];
  });
}

const indented = (text: string, by: number): string[] =>
  wrapped(text, WIDTH - by).map((line) => `${' '.repeat(by)}${line}`);

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

const sections = (...parts: readonly (readonly string[])[]): string =>
  `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
