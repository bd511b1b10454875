import type { ScriptReport } from '../model/outcome.ts';

/** What a script printed and what it was answered, line by line. */
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
