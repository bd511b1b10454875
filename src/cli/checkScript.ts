import { bad, problem, type Result } from '../errors/index.ts';
import type { CheckOptions } from '../checking/types.ts';
import type { ScriptReport } from '../model/outcome.ts';
import { checkScript } from '../checking/script.ts';
import { EXIT, type Io } from './io.ts';

/** Answers an SMT-LIB script. Exit 0: each check has an answer; 3: some is unknown. */
export async function answerScript(
  source: string,
  options: CheckOptions,
  signal: AbortSignal,
): Promise<Result<ScriptReport>> {
  if (options.properties.length > 0)
    return bad(
      problem('OPTION_INVALID', 'property', 'a script has no properties: it asks for itself'),
    );
  return checkScript(source, options, signal);
}

export function scriptText(report: ScriptReport, exit: number): string {
  const lines = report.results.map(
    ({ command, line, answer, reason, text, none }) =>
      `  ${String(line).padStart(5)}  ${command.padEnd(18)}  ${answer ?? text ?? `none: ${none ?? ''}`}${reason === undefined ? '' : ` (${reason})`}`,
  );
  const solvers = report.engines.map((engine) => engine.version).join(', ');
  return [
    ...lines,
    '',
    `${solvers} · the solver's word: nothing replays it   exit ${exit}`,
    '',
  ].join('\n');
}

export function print(report: ScriptReport, json: boolean, io: Io): number {
  const exit = report.answers.includes('unknown') ? EXIT.open : EXIT.ok;
  io.stdout(json ? `${JSON.stringify(report, null, 2)}\n` : scriptText(report, exit));
  return exit;
}
