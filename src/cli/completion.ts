import {
  allCommands,
  flagOf,
  isGroup,
  type Command,
  type CommandIo,
  type CommandRow,
  type Ended,
  type Option,
  type ValueKind,
} from './command.ts';
import { commonFlags } from './arguments.ts';
import { EXIT } from './io.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** `probity completion`: a script of the shell's own, printed from the rows of commands. */
export async function completion(shell: Shell, { commands }: CommandIo): Promise<Ended> {
  return { exit: EXIT.ok, text: () => SCRIPTS[shell](commands) };
}

const SCRIPTS: Readonly<Record<Shell, (rows: readonly CommandRow[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** What may follow, of one command: words, files or nothing. */
interface Choice {
  readonly words: readonly string[];
  readonly path: 'file' | 'folder' | undefined;
}

const choiceOf = (value: ValueKind<unknown> | undefined): Choice => ({
  words: value?.choices ?? [],
  path: value?.path,
});

interface Named extends Choice {
  readonly flags: readonly string[];
  readonly about: string;
  readonly takesValue: boolean;
}

/** The options of a command, those of all commands among them. */
function optionsOf(command: Command): readonly Named[] {
  const own = Object.entries(command.options ?? {}).map(([name, option]): Named => ({
    ...choiceOf(option.value),
    flags: [flagOf(name), ...(option.alias === undefined ? [] : [`--${option.alias}`])],
    about: option.about,
    takesValue: option.value !== undefined,
  }));
  const ABOUT: Readonly<Record<string, string>> = {
    '--json': 'as JSON',
    '--help': 'what it takes',
    '--version': 'the version',
  };
  const common = commonFlags(command).map((flag): Named => ({
    flags: [flag],
    about: ABOUT[flag] ?? '',
    takesValue: false,
    words: [],
    path: undefined,
  }));
  return [...own, ...common];
}

/** What may stand without a name; the first place that completes to something. */
function placeOf({ positionals = {} }: Command): Choice {
  const options: readonly Option<unknown>[] = Object.values(positionals);
  return choiceOf(options.map(({ value }) => value).find((value) => value?.choices ?? value?.path));
}

const firstWords = (rows: readonly CommandRow[]): string[] => [
  ...rows.map(({ name }) => name),
  'help',
];

// bash

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const bashReply = ({ words, path }: Choice): string =>
  words.length > 0
    ? `COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$current"))`
    : path === undefined
      ? ':'
      : `compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen ${path === 'folder' ? '-d' : '-f'} -- "$current"))`;

function bashScript(rows: readonly CommandRow[]): string {
  const commands = allCommands(rows);
  const groups = rows.filter(isGroup);
  const paths = [...groups.map(({ name }) => name), ...commands.map(({ path }) => path)];
  const values = commands.flatMap(({ path, command }) =>
    optionsOf(command)
      .filter(({ takesValue }) => takesValue)
      .map(
        (option) =>
          `    ${option.flags.map((flag) => quoted(`${path} ${flag}`)).join(' | ')}) ${bashReply(option)}; return ;;`,
      ),
  );
  const places = [
    `    '') ${bashReply({ words: firstWords(rows), path: undefined })} ;;`,
    ...groups.map(
      ({ name, commands: inner }) =>
        `    ${quoted(name)}) ${bashReply({ words: inner.map((each) => each.name), path: undefined })} ;;`,
    ),
    ...commands.map(
      ({ path, command }) => `    ${quoted(path)}) ${bashReply(placeOf(command))} ;;`,
    ),
  ];
  const flags = commands.map(
    ({ path, command }) =>
      `    ${quoted(path)}) ${bashReply({ words: optionsOf(command).flatMap((each) => each.flags), path: undefined })} ;;`,
  );
  return `# probity in bash: eval "$(probity completion bash)"
_probity() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" path='' next i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
    ${paths.map(quoted).join(' | ')}) path="$next" ;;
    esac
  done
  case "$path $previous" in
${values.join('\n')}
  esac
  if [[ $current == -* ]]; then
    case "$path" in
${flags.join('\n')}
    esac
    return
  fi
  case "$path" in
${places.join('\n')}
  esac
}
complete -F _probity probity
`;
}

// zsh

/** In a specification of `_arguments`, colons and brackets end a part. */
const zshText = (text: string): string => text.replaceAll(/[[\]:\\]/gu, (each) => `\\${each}`);

const zshAction = ({ words, path }: Choice): string =>
  words.length > 0
    ? `(${words.map(zshText).join(' ')})`
    : path === undefined
      ? ''
      : path === 'folder'
        ? '_files -/'
        : '_files';

function zshArguments(command: Command): string {
  const options = optionsOf(command).flatMap((option) =>
    option.flags.map((flag) =>
      quoted(
        `*${flag}[${zshText(option.about)}]${option.takesValue ? `:value:${zshAction(option)}` : ''}`,
      ),
    ),
  );
  return [...options, quoted(`*:what:${zshAction(placeOf(command))}`)].join(' ');
}

const zshWords = (rows: readonly { readonly name: string; readonly about: string }[]): string =>
  rows.map(({ name, about }) => quoted(`${zshText(name)}:${about}`)).join(' ');

function zshScript(rows: readonly CommandRow[]): string {
  const cases = rows.map((row) => {
    if (!isGroup(row)) return `    ${quoted(row.name)}) _arguments ${zshArguments(row)} ;;`;
    const inner = row.commands.map(
      (command) => `        ${quoted(command.name)}) _arguments ${zshArguments(command)} ;;`,
    );
    return `    ${quoted(row.name)})
      if ((CURRENT == 2)); then
        local -a inner=(${zshWords(row.commands)})
        _describe command inner
        return
      fi
      local second="\${words[2]}"
      shift words; ((CURRENT--))
      case "$second" in
${inner.join('\n')}
      esac ;;`;
  });
  return `#compdef probity
# probity in zsh: this as a file _probity in a folder of $fpath
_probity() {
  if ((CURRENT == 2)); then
    local -a commands=(${zshWords(rows)})
    _describe command commands
    return
  fi
  local first="\${words[2]}"
  shift words; ((CURRENT--))
  case "$first" in
${cases.join('\n')}
  esac
}
compdef _probity probity
`;
}

// fish

const fishQuoted = (text: string): string => `'${text.replaceAll(/['\\]/gu, String.raw`\$&`)}'`;

/** When the words before the cursor are of this command. */
const fishWhen = (path: string): string =>
  fishQuoted(
    path
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and '),
  );

function fishValue({ words, path }: Choice): string {
  if (words.length > 0) return ` -x -a ${fishQuoted(words.join(' '))}`;
  if (path === 'folder') return ` -x -a '(__fish_complete_directories)'`;
  return path === 'file' ? ' -r -F' : ' -x';
}

function fishScript(rows: readonly CommandRow[]): string {
  const first = rows.map(
    ({ name, about }) =>
      `complete -c probity -n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(about)}`,
  );
  const second = rows.filter(isGroup).flatMap(({ name, commands }) => {
    const names = commands.map((each) => each.name).join(' ');
    const when = fishQuoted(
      `__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${names}`,
    );
    return commands.map(
      (each) => `complete -c probity -n ${when} -f -a ${each.name} -d ${fishQuoted(each.about)}`,
    );
  });
  const options = allCommands(rows).flatMap(({ path, command }) => {
    const when = fishWhen(path);
    const { words, path: place } = placeOf(command);
    const own = optionsOf(command).flatMap((option) =>
      option.flags.map(
        (flag) =>
          `complete -c probity -n ${when} -l ${flag.slice(2)} -d ${fishQuoted(option.about)}${option.takesValue ? fishValue(option) : ''}`,
      ),
    );
    const at =
      words.length > 0
        ? [`complete -c probity -n ${when} -f -a ${fishQuoted(words.join(' '))}`]
        : place === undefined
          ? [`complete -c probity -n ${when} -f`]
          : [];
    return [...own, ...at];
  });
  return ['# probity in fish', ...first, ...second, ...options, ''].join('\n');
}
