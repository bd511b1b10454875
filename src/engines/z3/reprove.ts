import { runChild } from '../../processes/child.ts';
import { confined } from '../../processes/confined.ts';
import { SessionError, Z3Session, type SessionLimits } from './session.ts';
import { solverHere, solversHere, type Solver } from './solvers.ts';

/** A text that ends in `(check-sat)` and must come out `unsat`. */
export interface ToProve {
  readonly name: string;
  readonly text: string;
}

/**
 * What all solvers of this machine say to some obligations, each in processes that have seen
 * nothing else.
 */
export interface Reproof {
  /** The solvers that proved every one. */
  readonly provedBy: readonly string[];
  /** What nobody proved. Empty is a proof, unless somebody refutes. */
  readonly open: readonly string[];
  /**
   * Somebody has a counterexample (`sat`), or cannot read it. Then it is no proof, whoever else
   * says so.
   */
  readonly refuted: readonly { readonly name: string; readonly solver: string }[];
  /** Why the last process ended that gave no answer, where nobody proved everything. */
  readonly ended?: SessionError;
}

/** Others than the first to prove everything may take so much longer. */
const GRACE_MS = 5_000;

interface Said {
  readonly solver: Solver;
  readonly answers: ReadonlyMap<string, string>;
  readonly ended?: SessionError;
}

/**
 * Proves obligations again, by every solver that is here: the packaged Z3, `Z3_BIN`, cvc5. What one
 * of them proves and none refutes is proved. A solver that gives up takes nothing from what another
 * proved; it is only not named beside it. One that refutes it, or that finds no sense in it, does:
 * a lie of one solver is then no proof.
 */
export async function reproveEverywhere(
  list: readonly ToProve[],
  limits: SessionLimits,
  solvers?: readonly Solver[],
): Promise<Reproof> {
  const here = solvers ?? (await solversHere());
  const late = new AbortController();
  let grace: ReturnType<typeof setTimeout> | undefined;
  const said = await Promise.all(
    here.map(async (solver): Promise<Said> => {
      const found = await ask(solver, list, {
        ...limits,
        signal: AbortSignal.any([limits.signal, late.signal]),
      });
      if (list.every(({ name }) => found.answers.get(name) === 'unsat'))
        grace ??= setTimeout(() => late.abort(), GRACE_MS);
      return found;
    }),
  );
  clearTimeout(grace);
  const provedBy = said
    .filter(({ answers }) => list.every(({ name }) => answers.get(name) === 'unsat'))
    .map(({ solver }) => solver.name);
  const against = (answer: string | undefined): boolean =>
    answer !== undefined && !/^(?:unsat|unknown|timeout)$/.test(answer);
  const refuted = said.flatMap(({ solver, answers }) =>
    list
      .filter(({ name }) => against(answers.get(name)))
      .map(({ name }) => ({ name, solver: solver.name })),
  );
  const open = list
    .map(({ name }) => name)
    .filter(
      (name) =>
        refuted.some((found) => found.name === name) ||
        !said.some(({ answers }) => answers.get(name) === 'unsat'),
    );
  const ended =
    here.length === 0
      ? new SessionError('crash', 'no solver starts here')
      : said.findLast((found) => found.ended !== undefined)?.ended;
  return { provedBy, open, refuted, ...(provedBy.length === 0 && ended ? { ended } : {}) };
}

/**
 * So many solvers that share no build are asked before the packaged one is: it is the slowest, and
 * of the same source as the native one.
 */
export const ENOUGH = 2;

/** The solvers that are here beside the packaged one. */
export async function othersHere(): Promise<readonly Solver[]> {
  const others = await Promise.all([solverHere('native'), solverHere('cvc5')]);
  return others.filter((solver) => solver !== undefined);
}

/**
 * Proves obligations again by two solvers of different builds, or where there are not two, or not
 * both prove everything, by all that there are.
 */
export async function reproveByTwo(
  list: readonly ToProve[],
  limits: SessionLimits,
): Promise<Reproof> {
  const others = await othersHere();
  if (others.length >= ENOUGH) {
    const found = await reproveEverywhere(list, limits, others);
    if (found.refuted.length > 0 || found.provedBy.length >= ENOUGH) return found;
  }
  return reproveEverywhere(list, limits);
}

function ask(solver: Solver, list: readonly ToProve[], limits: SessionLimits): Promise<Said> {
  return solver.kind === 'cvc5' ? askCvc5(solver, list, limits) : askZ3(solver, list, limits);
}

async function askZ3(
  solver: Solver,
  list: readonly ToProve[],
  limits: SessionLimits,
): Promise<Said> {
  const answers = new Map<string, string>();
  let open: Z3Session | undefined;
  try {
    const { session } = await Z3Session.open(
      { ...limits, warm: limits.provers },
      solver.kind === 'native' ? 'native' : 'packaged',
    );
    open = session;
    for (const { name, text } of list)
      answers.set(name, (await session.send(`(reset)\n${text}`)).trim());
    return { solver, answers };
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    return { solver, answers, ended: error };
  } finally {
    open?.close();
  }
}

/** One process for each obligation, one after the other. */
async function askCvc5(
  solver: Solver,
  list: readonly ToProve[],
  limits: SessionLimits,
): Promise<Said> {
  const answers = new Map<string, string>();
  const args = ['--lang', 'smt2', '--quiet', '-'];
  const program = confined(solver.binary, args, { readable: [] });
  for (const { name, text } of list) {
    const { end, stdout } = await runChild(
      program.command,
      program.args,
      {
        timeoutMs: Math.max(1, limits.deadline - Date.now()),
        memoryMb: limits.memoryMb,
        signal: limits.signal,
      },
      { input: text },
    );
    if (end.kind === 'timeout' || end.kind === 'cancelled' || end.kind === 'memory')
      return { solver, answers, ended: new SessionError(end.kind, `cvc5: ${end.kind}`) };
    if (end.kind !== 'exited')
      return { solver, answers, ended: new SessionError('crash', 'cvc5 broke off') };
    answers.set(name, stdout.trim());
  }
  return { solver, answers };
}
