import { smtAnd, smtOr, type Term } from '../../../encode/smt/terms.ts';
import { BoundedSearch, type ValuePath } from '../bmc.ts';
import { SessionError, type SessionLimits, Z3Session } from '../session.ts';
import type { Goal } from '../tactics/tactic.ts';
import type { AttackQuestion, SymbolicAttack } from './question.ts';
import { Switches } from './switches.ts';

/** A property that is open, and the sets that were found to break it. */
export interface OpenGoal extends Goal {
  readonly found: SymbolicAttack[];
}

export const setsOf = ({ found }: OpenGoal): readonly (readonly string[])[] =>
  found.map(({ threats }) => threats);

/**
 * Looks for sets of threats by bounded search with all switches free (SEMANTICS 23): depth by
 * depth, each set made as small as it can be at that depth, and its supersets left out from then
 * on. What is found first of a set is therefore a shortest attack of it.
 */
export class AttackSearch {
  readonly #question: AttackQuestion;
  readonly #switches: Switches;
  readonly #session: Z3Session;
  readonly #bounded: BoundedSearch;
  #over = false;

  private constructor(question: AttackQuestion, session: Z3Session, bounded: BoundedSearch) {
    this.#question = question;
    this.#switches = new Switches(question.switches);
    this.#session = session;
    this.#bounded = bounded;
  }

  static async begin(question: AttackQuestion, limits: SessionLimits): Promise<AttackSearch> {
    const { session } = await Z3Session.open(limits);
    const { system, switches, most } = question;
    const budget = new Switches(switches).atMost(most);
    const bounded = await BoundedSearch.start(system, session, budget);
    return new AttackSearch(question, session, bounded);
  }

  /** Why nothing more is looked for; nothing while something is. */
  get ended(): string | undefined {
    if (this.#bounded.unsure) return 'Z3 does not know whether there is an attack of some length';
    return this.#over ? 'the time limit of the search for attacks' : undefined;
  }

  get depth(): number {
    return this.#bounded.depth;
  }

  /** Notes all that is found up to this depth, or until so much time has passed. */
  async upTo(depth: number, mostMs: number, goals: readonly OpenGoal[]): Promise<void> {
    const until = Date.now() + mostMs;
    try {
      for (;;) {
        await this.#look(goals);
        if (this.ended !== undefined || this.depth >= depth || Date.now() > until) return;
        await this.#bounded.deepen();
      }
    } catch (error) {
      if (!(error instanceof SessionError) || error.end !== 'timeout') throw error;
      this.#over = true;
    }
  }

  close(): void {
    this.#session.close();
  }

  /** At the current depth, until nothing is found any more. */
  async #look(goals: readonly OpenGoal[]): Promise<void> {
    const broken = (goal: OpenGoal): Term =>
      smtAnd([goal.bad, this.#switches.without(setsOf(goal))]);
    if (!(await this.#reaches(smtOr(goals.map(broken))))) return;
    for (const goal of goals)
      for (let path = await this.#reaches(broken(goal)); path;) {
        goal.found.push(await this.#smallest(goal, path));
        path = await this.#reaches(broken(goal));
      }
  }

  #reaches(condition: Term): Promise<ValuePath | undefined> {
    return this.#bounded.reaches(smtAnd([condition, this.#question.exact]));
  }

  /** A part of the set that is on along the path, of which nothing can be spared at this depth. */
  async #smallest(goal: OpenGoal, path: ValuePath): Promise<SymbolicAttack> {
    const { system } = this.#question;
    let found: SymbolicAttack = { threats: this.#switches.on(system, path), path };
    for (const id of found.threats) {
      if (!found.threats.includes(id)) continue;
      const rest = found.threats.filter((other) => other !== id);
      const shorter = await this.#reaches(smtAnd([goal.bad, this.#switches.only(rest)]));
      if (shorter) found = { threats: this.#switches.on(system, shorter), path: shorter };
    }
    return found;
  }
}
