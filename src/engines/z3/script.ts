import { runChild } from '../../processes/child.ts';
import { confined } from '../../processes/confined.ts';
import { SessionError, Z3Session, type SessionEnd, type SessionLimits } from './session.ts';
import { cvc5Binary } from './solvers.ts';

/** A command, and whether something is printed for it. */
export interface ScriptStep {
  readonly text: string;
  readonly prints: boolean;
}

/**
 * What a solver printed for each printing command, in order, as far as it came; and what it did not
 * understand.
 */
export interface ScriptRun {
  readonly solver: string;
  readonly printed: readonly (string | undefined)[];
  /** The first command that the solver called an error, and what it said. */
  readonly error?: { readonly step: number; readonly message: string };
  readonly ended?: SessionEnd | 'unsupported';
}

/** More commands than this are sent many at a time: then an error is known to be among these. */
const ONE_BY_ONE = 2_000;
const TOGETHER = 100;

/**
 * Runs a script in a fresh Z3 (`Z3_BIN`, else wasm), command by command, so that what a killed
 * process has said is not lost.
 */
export async function runScript(
  steps: readonly ScriptStep[],
  limits: SessionLimits,
): Promise<ScriptRun> {
  const printed: (string | undefined)[] = [];
  let version = 'Z3';
  let open: Z3Session | undefined;
  try {
    const { session, version: found } = await Z3Session.open(limits);
    [open, version] = [session, found];
    const size = steps.length > ONE_BY_ONE ? TOGETHER : 1;
    for (let at = 0; at < steps.length;) {
      let end = at;
      while (end < steps.length && end - at < size && !steps[end]?.prints) end += 1;
      const upTo = end === at ? at + 1 : end;
      const said = (
        await session.send(
          steps
            .slice(at, upTo)
            .map((step) => step.text)
            .join('\n'),
        )
      ).trim();
      const prints = upTo === at + 1 && steps[at]?.prints === true;
      if (prints) printed.push(said);
      // Asked for a model that is not there, a solver says so as an error: that is an answer to
      // that command, not a wrong script.
      else if (/^\(error /m.test(said))
        return {
          solver: solverName(version),
          printed,
          error: { step: at, message: messageOf(said) },
        };
      at = upTo;
    }
    return { solver: solverName(version), printed };
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    return { solver: solverName(version), printed, ended: error.end };
  } finally {
    open?.close();
  }
}

/** `Z3 5.1.0 native`, `Z3 5.1.0.0`: never its name twice. */
function solverName(version: string): string {
  return version.replace(/^z3 Z3/, 'Z3');
}

/** The text of `(error "line 1 column 3: …")`, without the place in what was sent. */
export function messageOf(said: string): string {
  const text = /\(error "((?:[^"]|"")*)"\)/.exec(said)?.[1] ?? said;
  return text
    .replace(/^line \d+ column \d+:\s*/, '')
    .replaceAll('""', '"')
    .slice(0, 400);
}

const MARK = '<<answered>>';

/**
 * Runs a script in cvc5 (`CVC5_BIN`), where it is there: a second opinion on what Z3 cannot answer.
 */
export async function runInCvc5(
  steps: readonly ScriptStep[],
  limits: SessionLimits,
): Promise<ScriptRun | undefined> {
  const binary = await cvc5Binary();
  if (binary === undefined) return undefined;
  const text = steps
    .map((step) => (step.prints ? `${step.text}\n(echo "${MARK}")` : step.text))
    .join('\n');
  const program = confined(binary, ['--lang', 'smt2', '--incremental', '--quiet', '-'], {
    readable: [],
  });
  const ran = await runChild(
    program.command,
    program.args,
    {
      timeoutMs: Math.max(1, limits.deadline - Date.now()),
      memoryMb: limits.memoryMb,
      signal: limits.signal,
    },
    { input: text },
  );
  if (ran.end.kind === 'failed') return undefined;
  const pieces = ran.stdout.split(new RegExp(`^"?${MARK}"?\\s*$`, 'm'));
  const printed = pieces.slice(0, -1).map((piece) => piece.trim());
  const failed = [...pieces, ran.stderr].find((piece) => /^\(error /m.test(piece));
  const solver = 'cvc5';
  if (ran.end.kind === 'timeout' || ran.end.kind === 'cancelled' || ran.end.kind === 'memory')
    return { solver, printed, ended: ran.end.kind };
  if (printed.length < steps.filter((step) => step.prints).length)
    return failed === undefined
      ? { solver, printed, ended: 'crash' }
      : { solver, printed, error: { step: 0, message: messageOf(failed) } };
  return { solver, printed };
}
