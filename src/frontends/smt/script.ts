import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';

/** One command of an SMT-LIB script, as it was written. */
export interface SmtCommand {
  /** `assert`, `check-sat`, … */
  readonly name: string;
  readonly text: string;
  /** Where it starts; both count from 1. */
  readonly line: number;
  readonly column: number;
}

/**
 * What a script may say (SMT-LIB 2.6, section 4): everything but what reaches outside of the
 * solver.
 */
const COMMANDS: ReadonlySet<string> = new Set([
  'assert',
  'check-sat',
  'check-sat-assuming',
  'declare-const',
  'declare-datatype',
  'declare-datatypes',
  'declare-codatatype',
  'declare-codatatypes',
  'declare-fun',
  'declare-sort',
  'declare-heap',
  'declare-rel',
  'declare-var',
  'rule',
  'query',
  'define-const',
  'define-fun',
  'define-fun-rec',
  'define-funs-rec',
  'define-sort',
  'echo',
  'exit',
  'get-assertions',
  'get-assignment',
  'get-model',
  'get-option',
  'get-proof',
  'get-unsat-assumptions',
  'get-unsat-core',
  'get-value',
  'minimize',
  'maximize',
  'assert-soft',
  'get-objectives',
  'pop',
  'push',
  'reset',
  'reset-assertions',
  'set-info',
  'set-logic',
  'set-option',
  'simplify',
]);

/**
 * Options that a script may set; `get-info` and others would tell about, or write to, the machine.
 * What only another solver knows is left out.
 */
const OPTIONS: ReadonlySet<string> = new Set([
  ':produce-models',
  ':produce-unsat-cores',
  ':produce-assignments',
  ':produce-unsat-assumptions',
  ':produce-assertions',
  ':produce-proofs',
  ':global-declarations',
  ':random-seed',
  ':interactive-mode',
]);
/** Options that name files or traces: a sign of somebody who wants out. */
const REACHES_OUT = /channel|trace|log|file|dump|tag|path|lib|output/;

/** Commands that print. */
const PRINTS = /^(check-sat|check-sat-assuming|get-|echo|simplify|query)/;

const MAX_SOURCE = 8 * 1024 * 1024;
const MAX_COMMANDS = 50_000;
const MAX_DEPTH = 2_000;

/**
 * Reads a script as its commands; what is refused or unreadable comes back with its place, all of
 * it at once.
 */
export function readScript(source: string): Result<readonly SmtCommand[]> {
  if (source.length > MAX_SOURCE)
    return bad(
      problem(
        'INPUT_TOO_LARGE',
        '',
        `the script has ${source.length} characters; the limit is ${MAX_SOURCE}`,
      ),
    );
  const problems: Problem[] = [];
  const commands: SmtCommand[] = [];
  const lines = new Lines(source);
  let depth = 0;
  let start = 0;
  let name = '';
  let rationals = false;
  for (const token of source.matchAll(TOKEN)) {
    const [text] = token;
    const at = token.index;
    if (text.startsWith(';') || text.trim() === '') continue;
    if (text === '(') {
      if (depth === 0) [start, name, rationals] = [at, '', false];
      depth += 1;
      if (depth > MAX_DEPTH)
        return bad(
          problem(
            'INPUT_TOO_COMPLEX',
            '',
            `more than ${MAX_DEPTH} nested parentheses`,
            lines.at(at),
          ),
        );
    } else if (text === ')') {
      depth -= 1;
      if (depth < 0)
        return bad(
          problem('SMT_SYNTAX', '', 'a parenthesis is closed that was not opened', lines.at(at)),
        );
      const written = source.slice(start, at + 1);
      if (depth === 0)
        commands.push({
          name,
          text: rationals
            ? written.replace(RATIONAL, (_, sign: string, over: string, under: string) =>
                sign === '-' ? `(- (/ ${over} ${under}))` : `(/ ${over} ${under})`,
              )
            : written,
          ...lines.at(start),
        });
    } else if (depth === 0)
      problems.push(
        problem(
          'SMT_SYNTAX',
          '',
          `a command stands in parentheses, not \`${text.slice(0, 40)}\``,
          lines.at(at),
        ),
      );
    else if (/^["|]/.test(text) && !/^(".*"|\|.*\|)$/s.test(text))
      return bad(
        problem(
          'SMT_SYNTAX',
          '',
          `a ${text.startsWith('"') ? 'string' : 'quoted symbol'} is never closed`,
          lines.at(at),
        ),
      );
    else if (depth === 1 && name === '') name = text;
    else if (/^-?\d+\/\d+$/.test(text)) rationals = true;
    if (problems.length > 100 || commands.length > MAX_COMMANDS) break;
  }
  if (depth > 0)
    problems.push(problem('SMT_SYNTAX', '', 'a command is never closed', lines.at(start)));
  if (commands.length > MAX_COMMANDS)
    problems.push(problem('INPUT_TOO_LARGE', '', `more than ${MAX_COMMANDS} commands`));
  problems.push(...commands.flatMap(refusal));
  if (problems.length === 0 && commands.length === 0)
    problems.push(problem('SMT_SYNTAX', '', 'the script has no command', { line: 1, column: 1 }));
  const end = commands.findIndex((command) => command.name === 'exit');
  return problems.length > 0
    ? bad(...problems.slice(0, 100))
    : ok(commands.slice(0, end < 0 ? undefined : end).filter((command) => !isIgnored(command)));
}

/** `1/4`, which SMT-LIB does not know and some solvers write. */
const RATIONAL = /(?<=[\s(])(-?)(\d+)\/(\d+)(?=[\s)])/g;

/**
 * Comments, quoted symbols, strings, parentheses, everything else up to the next of these; what
 * never ends is one token.
 */
const TOKEN = /;[^\n]*|\|[^|]*\|?|"(?:[^"]|"")*"?|[()]|[^\s()|";]+/g;

function refusal({ name, text, line, column }: SmtCommand): Problem[] {
  const place = { line, column };
  if (!COMMANDS.has(name))
    return name === 'get-info'
      ? []
      : [
          problem(
            'SMT_REFUSED',
            name,
            `the command \`${name.slice(0, 40)}\` is not among those that a script may use`,
            place,
          ),
        ];
  if (name !== 'set-option') return [];
  const option = /^\(\s*set-option\s+(:[^\s()]+)/.exec(text)?.[1] ?? '';
  return REACHES_OUT.test(option)
    ? [
        problem(
          'SMT_REFUSED',
          option,
          `the option \`${option.slice(0, 40)}\` writes outside of the solver, or tells of what is there`,
          place,
        ),
      ]
    : [];
}

/**
 * What changes no answer and what no solver here knows: options of other solvers, information about
 * the script.
 */
function isIgnored({ name, text }: SmtCommand): boolean {
  if (name === 'set-option')
    return !OPTIONS.has(/^\(\s*set-option\s+(:[^\s()]+)/.exec(text)?.[1] ?? '');
  if (name === 'get-info')
    return !INFORMATION.has(/^\(\s*get-info\s+(:[^\s()]+)/.exec(text)?.[1] ?? '');
  return name === 'set-info' || name === 'get-option';
}

/** What a script may ask of its solver: nothing about the machine. */
const INFORMATION: ReadonlySet<string> = new Set([
  ':name',
  ':version',
  ':authors',
  ':error-behavior',
  ':reason-unknown',
  ':assertion-stack-levels',
]);

/** What Z3 has no word for. */
export function needsCvc5(command: SmtCommand): boolean {
  return (
    command.name === 'declare-codatatypes' ||
    command.name === 'declare-codatatype' ||
    command.name === 'declare-heap'
  );
}

/** The name that a command declares, if it does. */
export function declared(command: SmtCommand): string | undefined {
  return /^\(\s*(?:declare|define)-\S+\s+([^\s()|";]+)/.exec(command.text)?.[1];
}

/** The script with another name for a symbol. */
export function renamed(
  commands: readonly SmtCommand[],
  from: string,
  to: string,
): readonly SmtCommand[] {
  return commands.map((command) => ({
    ...command,
    text: command.text.replace(TOKEN, (token) => (token === from ? to : token)),
  }));
}

export function prints(command: SmtCommand): boolean {
  return PRINTS.test(command.name);
}

export function asks(command: SmtCommand): boolean {
  return command.name === 'check-sat' || command.name === 'check-sat-assuming';
}

/** Offsets as lines and columns, each found once from the last. */
class Lines {
  private readonly source: string;
  private offset = 0;
  private line = 1;
  private lineStart = 0;

  constructor(source: string) {
    this.source = source;
  }

  at(offset: number): { readonly line: number; readonly column: number } {
    if (offset < this.offset) [this.offset, this.line, this.lineStart] = [0, 1, 0];
    for (
      let next = this.source.indexOf('\n', this.offset);
      next >= 0 && next < offset;
      next = this.source.indexOf('\n', next + 1)
    ) {
      this.line += 1;
      this.lineStart = next + 1;
    }
    this.offset = offset;
    return { line: this.line, column: offset - this.lineStart + 1 };
  }
}
