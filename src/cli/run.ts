import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../config/packageRoot.ts';
import { Fault, problem } from '../errors/index.ts';
import { unknownName } from '../errors/nearest.ts';
import { asksFor, readArguments } from './arguments.ts';
import {
  findRow,
  Interrupted,
  isGroup,
  type Command,
  type CommandGroup,
  type CommandIo,
  type CommandRow,
  type Ended,
} from './command.ts';
import { commandText, groupText, overviewText } from './help.ts';
import { EXIT, type Io } from './io.ts';
import { jsonText } from './jsonText.ts';
import { printProblems } from './problems.ts';
import { RefusedByServer } from './refused.ts';

/** How a command is run that may compute for long in one piece. */
export type InThread = (args: readonly string[], io: Io) => Promise<number>;

/** What one call of `probity` is about. */
interface Call {
  readonly rows: readonly CommandRow[];
  /** What follows `probity`, all of it. */
  readonly args: readonly string[];
  readonly io: Io;
  readonly inThread: InThread | undefined;
}

/**
 * The one runner: finds the command, answers `--help` and `--version`, reads the arguments by its
 * row, runs it, prints its answer (with `--json` as JSON) or what is wrong, and gives the exit
 * code. Without `inThread` everything runs here.
 */
export async function runProbity(
  rows: readonly CommandRow[],
  args: readonly string[],
  io: Io,
  inThread?: InThread,
): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === 'help' && rest[0] !== undefined)
    return runProbity(rows, [...rest, '--help'], io, inThread);
  if (name === '--version') return printed(io, versionText());
  if (name === '' || name === 'help' || name === '--help' || name === '-h') {
    io.stdout(overviewText(rows));
    return name === '' ? EXIT.badInput : EXIT.ok;
  }
  const call: Call = { rows, args, io, inThread };
  const row = findRow(rows, name);
  if (row === undefined) return unknownCommand(call, rows, '', name);
  return isGroup(row) ? runInGroup(call, row, rest) : runCommand(call, row, row.name, rest);
}

async function runInGroup(
  call: Call,
  group: CommandGroup,
  [name = '', ...rest]: readonly string[],
): Promise<number> {
  const command = group.commands.find((each) => each.name === name);
  if (command) return runCommand(call, command, `${group.name} ${name}`, rest);
  if (asksFor(call.args, '--version')) return printed(call.io, versionText());
  if (asksFor(call.args, '--help', '-h')) return printed(call.io, groupText(group));
  return unknownCommand(call, group.commands, `${group.name} `, name);
}

function unknownCommand(
  { args, io }: Call,
  rows: readonly CommandRow[],
  path: string,
  name: string,
): number {
  const names = rows.map((row) => row.name);
  const message =
    name === '' || name.startsWith('-')
      ? `expected \`probity ${path}COMMAND\`, where COMMAND is one of ${names.join(', ')}`
      : unknownName('command', name, names);
  return printProblems([problem('COMMAND_UNKNOWN', '', message)], asksFor(args, '--json'), io);
}

async function runCommand(
  { rows, args: all, io, inThread }: Call,
  command: Command,
  path: string,
  args: readonly string[],
): Promise<number> {
  if (asksFor(args, '--help', '-h')) return printed(io, commandText(command, path));
  if (asksFor(args, '--version')) return printed(io, versionText());
  const json = command.json !== false && asksFor(args, '--json');
  const values = readArguments(command, args);
  if (!values.ok) return printProblems(values.problems, json, io);
  if (inThread && command.runs === 'inThread') return inThread(all, io);
  const signals = command.runs === 'untilStopped' ? signalled(io) : { io, done: () => undefined };
  const commandIo: CommandIo = { ...signals.io, json, commands: rows };
  try {
    return printEnded(await command.run(values.value, commandIo), commandIo);
  } catch (error) {
    return printThrown(error, commandIo);
  } finally {
    signals.done();
  }
}

function printEnded(ended: Ended, io: CommandIo): number {
  if ('problems' in ended) return printProblems(ended.problems, io.json, io, ended.source);
  const { exit, json, text } = ended;
  if (!io.json) {
    if (text) io.stdout(text());
  } else if (json !== undefined) {
    for (const part of jsonText(json)) io.stdout(part);
    io.stdout('\n');
  }
  return exit;
}

/** What a server refused is bad input; a fault is said by its code. Anything else is a bug. */
function printThrown(error: unknown, io: CommandIo): number {
  if (error instanceof RefusedByServer) return printProblems(error.problems, io.json, io);
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (!(error instanceof Fault)) throw error;
  const { code, message } = error;
  if (io.json) io.stdout(`${JSON.stringify({ fault: { code, message } }, null, 2)}\n`);
  else io.stderr(`${code}  ${message}\n`);
  return EXIT.fault;
}

/**
 * `io.interrupted` fires at the first signal. Later ones are ignored: npm forwards a Ctrl-C that
 * the terminal has sent already, and stopping takes a moment.
 */
function signalled(io: Io): { readonly io: Io; done(): void } {
  if (io.interrupted) return { io, done: () => undefined };
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of SIGNALS) process.on(signal, stop);
  return {
    io: { ...io, interrupted: stopped.signal },
    done: () => {
      for (const signal of SIGNALS) process.off(signal, stop);
    },
  };
}

function printed(io: Io, text: string): number {
  io.stdout(text);
  return EXIT.ok;
}

function versionText(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  return `${(manifest as { readonly version: string }).version}\n`;
}
