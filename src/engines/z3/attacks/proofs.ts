import type { SmtSystem } from '../../../encode/smt/system.ts';
import { smtAnd, smtNot, smtOr, type Term } from '../../../encode/smt/terms.ts';
import { withinShare } from '../context.ts';
import { inductiveSubset } from '../induction.ts';
import { type Depth, ONE_STEP } from '../kInduction.ts';
import { reproveEverywhere } from '../reprove.ts';
import type { SessionLimits } from '../session.ts';
import { solverHere, type Solver } from '../solvers.ts';
import { obligations } from '../spacer.ts';
import { firstSure } from '../tactics/spacer.ts';

/** `reached`: there is something to find. */
export type ProofOutcome = 'none' | 'reached' | 'open';

/** Proofs that nothing bad is reached from the initial states that satisfy a constraint. */
export class AttackProofs {
  readonly #system: SmtSystem;
  readonly #constraint: Term;
  /** Declared ranges and capacities, as far as they were found to be inductive. */
  #ranges: readonly Term[] = [];

  /** `constraint`: of what no step changes. */
  constructor(system: SmtSystem, constraint: Term) {
    this.#system = system;
    this.#constraint = constraint;
  }

  /**
   * Those that are excluded by what is inductive of these terms, the declared ranges and
   * themselves (Houdini: Flanagan and Leino 2001).
   */
  async byInduction<T extends { readonly bad: Term }>(
    open: readonly T[],
    terms: readonly Term[],
    limits: SessionLimits,
  ): Promise<readonly T[]> {
    const good = ({ bad }: T): Term => smtNot(bad);
    const { lemmas, erring } = this.#system;
    const candidates = new Set([
      this.#constraint,
      ...lemmas,
      smtNot(erring),
      ...open.map(good),
      ...terms,
    ]);
    candidates.delete('true');
    const proved = async (): Promise<readonly T[]> => {
      const kept = await inductiveSubset(this.#system, [...candidates], this.#constraint, limits);
      const names = new Set([...kept, 'true']);
      this.#ranges = lemmas.filter((term) => names.has(term));
      const excluded = open.filter((each) => names.has(good(each)));
      const bad = smtOr(excluded.map((each) => each.bad));
      const isProved =
        excluded.length > 0 && (await this.#isProved(bad, smtAnd(kept), ONE_STEP, limits));
      return isProved ? excluded : [];
    };
    return withinShare(proved(), []);
  }

  /** Whether no run reaches what is bad, by Spacer or by induction over several steps. */
  async byInvariant(bad: Term, limits: SessionLimits): Promise<ProofOutcome> {
    const good = smtAnd([...this.#ranges, smtNot(bad)]);
    const found = async (): Promise<ProofOutcome> => {
      const { answer, depth } = await firstSure(bad, good, this.#constraint, this.#system, limits);
      if (answer?.kind === 'unsafe') return 'reached';
      if (answer?.kind === 'safe')
        return (await this.#isReproved(bad, answer.invariant, ONE_STEP, limits)) ? 'none' : 'open';
      for (const term of depth ? [smtNot(bad), good] : [])
        if (depth && (await this.#isProved(bad, term, depth, limits))) return 'none';
      return 'open';
    };
    return withinShare(found(), 'open');
  }

  #isProved(bad: Term, body: Term, depth: Depth, limits: SessionLimits): Promise<boolean> {
    const bound = this.#system.variables.map((v) => `(${v.name} ${v.sort})`).join(' ');
    return this.#isReproved(bad, `(define-fun Inv (${bound}) Bool ${body})`, depth, limits);
  }

  /** Nothing is believed that a process which knows only the obligations does not prove again. */
  async #isReproved(
    bad: Term,
    invariant: string,
    depth: Depth,
    limits: SessionLimits,
  ): Promise<boolean> {
    const list = obligations(this.#system, bad, this.#constraint, invariant, depth);
    const prover = await oneProver();
    const { provedBy, refuted } = await reproveEverywhere(list, limits, prover);
    return provedBy.length > 0 && refuted.length === 0;
  }
}

/** The fastest solver that is here. */
async function oneProver(): Promise<readonly Solver[]> {
  const solver = (await solverHere('native')) ?? (await solverHere('packaged'));
  return solver ? [solver] : [];
}
