import type { ProblemCode, Refusal } from '../errors/index.ts';
import type { Io } from './io.ts';

/**
 * A command as data. What it may be told, what is said of it and how it ends stand in its row; one
 * runner (`run.ts`) reads the arguments by it, prints its help and its completion, and its answer
 * or what is wrong. `run` loads what it needs when it is called, so that a row costs nothing.
 */
export interface Command<P extends Options = Options, O extends Options = Options> {
  readonly name: string;
  /** One line, in small letters: what it does. */
  readonly about: string;
  /** What is given without a name, in this order. */
  readonly positionals?: P;
  readonly options?: O;
  /** What a user should know besides, in paragraphs. */
  readonly notes?: readonly string[];
  readonly examples: readonly Example[];
  /** What its exit codes mean; 2 (bad input), 4 (a fault) and 130 mean the same everywhere. */
  readonly exits: Readonly<Record<number, string>>;
  /** What `--json` prints, where it is not just the answer; `false` where it has no other form. */
  readonly json?: string | false;
  /**
   * `inThread`: it may compute for long in one piece, and runs in a thread so that it can be
   * interrupted. `untilStopped`: it ends when `io.interrupted` fires, and in good order.
   */
  readonly runs?: 'inThread' | 'untilStopped';
  run(values: Values<P> & Values<O>, io: CommandIo): Promise<Ended>;
}

/** Commands under a common first word: `probity keys rotate`. */
export interface CommandGroup {
  readonly name: string;
  readonly about: string;
  readonly notes?: readonly string[];
  readonly commands: readonly Command[];
}

export interface Example {
  /** What follows `probity`. */
  readonly line: string;
  readonly about: string;
}

export type CommandRow = Command | CommandGroup;

export const isGroup = (row: CommandRow): row is CommandGroup => 'commands' in row;

export function findRow(rows: readonly CommandRow[], name: string): CommandRow | undefined {
  return rows.find((row) => row.name === name);
}

/** Every command, also those under a first word, with its path. */
export function allCommands(
  rows: readonly CommandRow[],
): readonly { readonly path: string; readonly command: Command }[] {
  return rows.flatMap((row) =>
    isGroup(row)
      ? row.commands.map((each) => ({ path: `${row.name} ${each.name}`, command: each }))
      : [{ path: row.name, command: row }],
  );
}

/** A row whose values have the types that its options say. */
export function command<P extends Options = {}, O extends Options = {}>(
  row: Command<P, O>,
): Command {
  return row;
}

/** Where a command writes, whether it was asked for JSON, and what commands there are. */
export interface CommandIo extends Io {
  readonly json: boolean;
  readonly commands: readonly CommandRow[];
}

/** How a command ends: with an answer, or with what is wrong with its input. */
export type Ended = CommandAnswer | BadInput;

export interface CommandAnswer {
  readonly exit: number;
  /** Printed with `--json`. */
  readonly json?: unknown;
  /** Printed without; as it is, with its last newline. */
  readonly text?: () => string;
}

/** What is wrong, and the text that the lines of the problems are lines of. */
export interface BadInput extends Refusal {
  readonly source?: string | undefined;
}

/** Thrown by a command that was told to stop before it had anything to say. */
export class Interrupted extends Error {}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** What the options of a table come out as: `maxStates` for `--max-states`. */
export type Values<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer T> ? T : never;
};

/** An option, or what is given without a name: how it is said and how it is read. */
export interface Option<T> {
  readonly about: string;
  /** What may stand there; absent for a flag. */
  readonly value?: ValueKind<unknown>;
  readonly isRequired?: true;
  readonly isRepeated?: true;
  /** What stands in its place where it is not given, in words. */
  readonly fallback?: string;
  /** Another name that it is known by. */
  readonly alias?: string;
  /** A heading that it stands under in the help, such as the format that it is for. */
  readonly under?: string;
  /** From all that was given for it, in order. */
  collect(texts: readonly string[]): T | Wrong;
}

/** What a value may be. */
export interface ValueKind<T> {
  /** How it is called in help: FILE, N. */
  readonly shown: string;
  /** All that may stand there, where they can be listed. */
  readonly choices?: readonly string[];
  /** What a shell completes. */
  readonly path?: 'file' | 'folder';
  read(text: string): T | Wrong;
}

/** Why a value cannot be taken: said after the option's name. */
export class Wrong {
  readonly message: string;
  readonly code: ProblemCode;

  constructor(message: string, code: ProblemCode = 'OPTION_INVALID') {
    this.message = message;
    this.code = code;
  }
}

/** The way an option is written: `maxStates` is `--max-states`. */
export const flagOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`;
