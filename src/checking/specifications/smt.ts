import { setTimeout as delay } from 'node:timers/promises';
import { bad, ok, problem, type Result } from '../../errors/index.ts';
import {
  runInCvc5,
  runScript,
  messageOf,
  type ScriptRun,
  type ScriptStep,
} from '../../engines/z3/script.ts';
import {
  asks,
  declared,
  needsCvc5,
  prints,
  readScript,
  renamed,
  type SmtCommand,
} from '../../frontends/smt/script.ts';
import type { Report, ScriptAnswer, ScriptReport, ScriptResult } from '../../model/outcome.ts';
import type { SpecificationDocument } from '../../model/specification.ts';
import type { CheckContext } from '../context.ts';
import type { CheckOptions } from '../types.ts';

/** Cvc5 starts where Z3 has not answered everything by then: most scripts never need it. */
const PATIENCE_MS = 5_000;

/**
 * Runs an SMT-LIB script: Z3, and cvc5 where it is there, for what Z3 does not know, or not soon.
 * Whoever has all answers first ends the other. Differing answers are `unknown{disagreement}`.
 */
export async function checkSmt(
  source: string,
  options: Pick<CheckOptions, 'timeoutMs' | 'memoryMb'>,
  signal: AbortSignal,
): Promise<Result<ScriptReport>> {
  const read = readScript(source);
  if (!read.ok) return read;
  const commands = read.value;
  const { first, second, engines } = await race(commands, options, signal);
  if (second && second.error === undefined) {
    const [ours, theirs] = [resultsOf(commands, first), resultsOf(commands, second)];
    return ok(
      reportOf(
        first.error === undefined ? ours.map((result, i) => better(result, theirs[i])) : theirs,
        engines,
      ),
    );
  }
  if (first.error) {
    const { line, column, name } = commands[first.error.step] as SmtCommand;
    return bad(problem('SMT_SYNTAX', name, first.error.message, { line, column }));
  }
  return ok(reportOf(resultsOf(commands, first), engines));
}

interface Raced {
  readonly first: ScriptRun;
  readonly second?: ScriptRun;
  readonly engines: ScriptReport['engines'];
}

async function race(
  commands: readonly SmtCommand[],
  options: Pick<CheckOptions, 'timeoutMs' | 'memoryMb'>,
  signal: AbortSignal,
): Promise<Raced> {
  const limits = { deadline: Date.now() + options.timeoutMs, memoryMb: options.memoryMb };
  const [stopZ3, stopCvc5] = [new AbortController(), new AbortController()];
  const engines: ScriptReport['engines'][number][] = [];
  const timed = <T extends ScriptRun | undefined>(name: string, run: Promise<T>): Promise<T> => {
    const started = performance.now();
    return run.then((found) => {
      if ((found && found.error === undefined) || name === 'z3')
        engines.push({
          name,
          version: found?.solver ?? name,
          durationMs: Math.round((performance.now() - started) * 10) / 10,
        });
      return found;
    });
  };
  const z3 = timed(
    'z3',
    askZ3(commands, { ...limits, signal: AbortSignal.any([signal, stopZ3.signal]) }),
  );
  const early = await Promise.race([z3, delay(PATIENCE_MS, undefined, { ref: false })]);
  if ((early && complete(commands, early)) || signal.aborted) return { first: await z3, engines };
  const cvc5 = timed(
    'cvc5',
    runInCvc5(stepsOf(commands), {
      ...limits,
      signal: AbortSignal.any([signal, stopCvc5.signal]),
    }),
  );
  void z3.then((run) => complete(commands, run) && stopCvc5.abort());
  void cvc5.then((run) => run && complete(commands, run) && stopZ3.abort());
  const [first, second] = await Promise.all([z3, cvc5]);
  return {
    first,
    ...(second && !(second.ended === 'cancelled' && complete(commands, first)) ? { second } : {}),
    engines: engines.sort((a, b) => (a.name < b.name ? 1 : -1)),
  };
}

/** Whether every question has its answer. */
function complete(commands: readonly SmtCommand[], run: ScriptRun): boolean {
  return (
    run.error === undefined &&
    run.ended === undefined &&
    !resultsOf(commands, run).some((result) => result.answer === 'unknown')
  );
}

/**
 * Z3 declares some names by itself that SMT-LIB leaves to the script: these are called something
 * else there.
 */
const MAX_RENAMED = 20;

async function askZ3(
  script: readonly SmtCommand[],
  limits: Parameters<typeof runScript>[1],
): Promise<ScriptRun> {
  if (script.some(needsCvc5)) return { solver: 'Z3', printed: [], ended: 'unsupported' };
  let commands = script;
  for (let attempt = 0; ; attempt += 1) {
    const run = await runScript(stepsOf(commands), limits);
    const failed = run.error && commands[run.error.step];
    const name =
      failed && /already (declared|defined)/.test(run.error?.message ?? '')
        ? declared(failed)
        : undefined;
    if (
      name === undefined ||
      attempt === MAX_RENAMED ||
      commands.filter((command) => declared(command) === name).length > 1
    )
      return run;
    commands = renamed(commands, name, `${name}_of_script`);
  }
}

function stepsOf(commands: readonly SmtCommand[]): readonly ScriptStep[] {
  return commands.map((command) => ({ text: command.text, prints: prints(command) }));
}

function reportOf(
  results: readonly ScriptResult[],
  engines: ScriptReport['engines'],
): ScriptReport {
  return {
    answers: results.flatMap((result) => result.answer ?? []),
    results,
    engines,
    assurance: [],
  };
}

function resultsOf(commands: readonly SmtCommand[], run: ScriptRun): ScriptResult[] {
  return commands.filter(prints).map((command, index): ScriptResult => {
    const said = run.printed[index];
    const base = { command: command.name, line: command.line };
    if (asks(command)) {
      const answer = /^(sat|unsat|unknown)$/m.exec(said ?? '')?.[1] as ScriptAnswer | undefined;
      return {
        ...base,
        answer: answer ?? 'unknown',
        ...(answer === undefined && { reason: run.ended ?? 'crash' }),
      };
    }
    if (said === undefined)
      return { ...base, none: `the solver ended before: ${run.ended ?? 'crash'}` };
    return /^\(error /m.test(said) ? { ...base, none: messageOf(said) } : { ...base, text: said };
  });
}

/** The answer of the one that knows; two that know and differ are no answer. */
function better(ours: ScriptResult, theirs: ScriptResult | undefined): ScriptResult {
  if (
    !theirs ||
    ours.answer === undefined ||
    theirs.answer === undefined ||
    theirs.answer === 'unknown'
  )
    return ours;
  if (ours.answer === 'unknown') return theirs;
  return ours.answer === theirs.answer
    ? ours
    : { command: ours.command, line: ours.line, answer: 'unknown', reason: 'disagreement' };
}

type SmtDocument = Extract<SpecificationDocument, { readonly format: 'smt' }>;

/** A script as it is kept, named and signed. */
export function readSmt(source: string): Result<SmtDocument> {
  const read = readScript(source);
  return read.ok ? ok({ specification: 1, format: 'smt', script: source }) : read;
}

/** Text that a solver printed and that is longer is left out of the answer. */
const MAX_PRINTED = 1024 * 1024;

/** The answers to a script as it was submitted; nothing of ours vouches for them. */
export async function checkSmtDocument(
  { script: source }: SmtDocument,
  { name, digest }: { readonly name: string; readonly digest: string },
  options: CheckOptions,
  context: CheckContext,
): Promise<Result<Report>> {
  context.onProgress({ engine: 'z3', phase: 'solving' });
  const checked = await checkSmt(source, options, context.signal);
  if (!checked.ok) return checked;
  const script = withoutLongText(checked.value);
  return ok({
    model: { name, digest, format: 'smt' },
    properties: [],
    script,
    assumptions: {
      fairness: [],
      bounds: [],
      channels: [],
      abstractions: [
        `The answers are those of ${script.engines.map(({ version }) => version).join(' and ')} on the script as submitted; nothing else has checked them.`,
      ],
    },
  });
}

function withoutLongText(script: ScriptReport): ScriptReport {
  let left = MAX_PRINTED;
  const results = script.results.map((result): ScriptResult => {
    left -= (result.text ?? '').length;
    if (result.text === undefined || left >= 0) return result;
    const { text: _text, ...rest } = result;
    return { ...rest, none: `left out: more than ${MAX_PRINTED} characters were printed` };
  });
  return { ...script, results };
}
