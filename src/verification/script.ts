import { bad, ok, problem, type Result } from '../errors/index.ts';
import { runInCvc5, runScript, messageOf, type ScriptRun, type ScriptStep } from '../engines/z3/script.ts';
import { asks, declared, needsCvc5, prints, readScript, renamed, type SmtCommand } from '../frontends/smt/script.ts';
import type { UnknownReason } from '../model/outcome.ts';
import type { VerifyOptions } from './types.ts';

/** What a solver says to each `check-sat`. `unknown` has a reason where it is not the solver's own. */
export type SmtAnswer = 'sat' | 'unsat' | 'unknown';

/** The answers to a script (public shape, `answers.schema.json`). They are the solver's word: opaque, nothing replays them (DESIGN 3). */
export interface SmtReport {
  readonly answers: readonly SmtAnswer[];
  /** One for each command that prints, in order. */
  readonly results: readonly SmtResult[];
  readonly engines: readonly { readonly name: string; readonly version: string; readonly durationMs: number }[];
  readonly assurance: readonly never[];
}

export interface SmtResult {
  readonly command: string;
  readonly line: number;
  readonly answer?: SmtAnswer;
  readonly reason?: UnknownReason;
  /** What the solver printed: a model, a core, values. */
  readonly text?: string;
  /** The solver has none: there is no model of what is unsatisfiable. */
  readonly none?: string;
}

/** Runs an SMT-LIB script: Z3, and cvc5 where it is there, for what Z3 does not know. Differing answers are `unknown{disagreement}`. */
export async function verifyScript(source: string, options: Pick<VerifyOptions, 'timeoutMs' | 'memoryMb'>, signal: AbortSignal): Promise<Result<SmtReport>> {
  const read = readScript(source);
  if (!read.ok) return read;
  const commands = read.value;
  const limits = { deadline: Date.now() + options.timeoutMs, memoryMb: options.memoryMb, signal };
  const started = performance.now();
  const first = await askZ3(commands, limits);
  const engines = [{ name: 'z3', version: first.solver, durationMs: elapsed(started) }];
  const open = first.error !== undefined || first.ended !== undefined || resultsOf(commands, first).some((result) => result.answer === 'unknown');
  const again = performance.now();
  const second = open && !signal.aborted ? await runInCvc5(stepsOf(commands), { ...limits, deadline: Date.now() + options.timeoutMs }) : undefined;
  if (second && second.error === undefined) {
    engines.push({ name: 'cvc5', version: second.solver, durationMs: elapsed(again) });
    const [ours, theirs] = [resultsOf(commands, first), resultsOf(commands, second)];
    return ok(reportOf(first.error === undefined ? ours.map((result, i) => better(result, theirs[i])) : theirs, engines));
  }
  if (first.error) {
    const { line, column, name } = commands[first.error.step] as SmtCommand;
    return bad(problem('SMT_SYNTAX', name, first.error.message, { line, column }));
  }
  return ok(reportOf(resultsOf(commands, first), engines));
}

/** Z3 declares some names by itself that SMT-LIB leaves to the script: these are called something else there. */
const MAX_RENAMED = 20;

async function askZ3(script: readonly SmtCommand[], limits: Parameters<typeof runScript>[1]): Promise<ScriptRun> {
  if (script.some(needsCvc5)) return { solver: 'Z3', printed: [], ended: 'unsupported' };
  let commands = script;
  for (let attempt = 0; ; attempt += 1) {
    const run = await runScript(stepsOf(commands), limits);
    const failed = run.error && commands[run.error.step];
    const name = failed && /already (declared|defined)/.test(run.error?.message ?? '') ? declared(failed) : undefined;
    if (name === undefined || attempt === MAX_RENAMED || commands.filter((command) => declared(command) === name).length > 1) return run;
    commands = renamed(commands, name, `${name}_of_script`);
  }
}

function stepsOf(commands: readonly SmtCommand[]): readonly ScriptStep[] {
  return commands.map((command) => ({ text: command.text, prints: prints(command) }));
}

function elapsed(since: number): number {
  return Math.round((performance.now() - since) * 10) / 10;
}

function reportOf(results: readonly SmtResult[], engines: SmtReport['engines']): SmtReport {
  return { answers: results.flatMap((result) => result.answer ?? []), results, engines, assurance: [] };
}

function resultsOf(commands: readonly SmtCommand[], run: ScriptRun): SmtResult[] {
  return commands.filter(prints).map((command, index): SmtResult => {
    const said = run.printed[index];
    const base = { command: command.name, line: command.line };
    if (asks(command)) {
      const answer = /^(sat|unsat|unknown)$/m.exec(said ?? '')?.[1] as SmtAnswer | undefined;
      return { ...base, answer: answer ?? 'unknown', ...(answer === undefined && { reason: run.ended ?? 'crash' }) };
    }
    if (said === undefined) return { ...base, none: `the solver ended before: ${run.ended ?? 'crash'}` };
    return /^\(error /m.test(said) ? { ...base, none: messageOf(said) } : { ...base, text: said };
  });
}

/** The answer of the one that knows; two that know and differ are no answer. */
function better(ours: SmtResult, theirs: SmtResult | undefined): SmtResult {
  if (!theirs || ours.answer === undefined || theirs.answer === undefined || theirs.answer === 'unknown') return ours;
  if (ours.answer === 'unknown') return theirs;
  return ours.answer === theirs.answer ? ours : { command: ours.command, line: ours.line, answer: 'unknown', reason: 'disagreement' };
}
