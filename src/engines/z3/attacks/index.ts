import { smtAnd, smtOr, type Term } from '../../../encode/smt/terms.ts';
import { isOver, partOf } from '../../../time/time.ts';
import { learnedClauses } from '../learned.ts';
import { linearClauses } from '../linear.ts';
import { nativeZ3 } from '../nativeZ3.ts';
import type { SessionLimits } from '../session.ts';
import { AttackProofs } from './proofs.ts';
import type { AttackAnswer, AttackQuestion, SymbolicAttack } from './question.ts';
import { AttackSearch, setsOf, type OpenGoal } from './search.ts';
import { Switches } from './switches.ts';

/** Most attacks are this short: they are found before a proof is tried. */
const FIRST_DEPTH = 10;
const MAX_DEPTH = 60;
/** The packaged Z3 takes so many times as long as a native one. */
const PACKAGED_FACTOR = 4;
/** What the first search may take; proofs twice that, and each round twice as much again. */
const FIRST_MS = 1_500;
/** Spacer mostly knows within this, or not for long. */
const QUICK_MS = 700;
/** The part of the time that is kept for proofs of smaller sets. */
const LAST_PART = 1 / 4;

/**
 * All minimal sets of threats that break each property, where Z3 finds them and proves that there
 * is no other (SEMANTICS 21, 23): bounded search and proof in turn, the search one step deeper each
 * time, until everything is proved or the time is over.
 */
export async function decideAttacks(
  question: AttackQuestion,
  limits: SessionLimits,
): Promise<ReadonlyMap<string, AttackAnswer>> {
  const goals = question.goals.map((goal): OpenGoal => ({ ...goal, found: [] }));
  const decision = new Decision(question, goals);
  const most = { ...limits, ...partOf(limits, 1 - LAST_PART) };
  await decision.provePlainly(most);
  const search = await AttackSearch.begin(question, most);
  try {
    let depth = FIRST_DEPTH;
    for (let mostMs = FIRST_MS * slowness(); decision.left.length > 0; mostMs *= 2) {
      await search.upTo(depth, mostMs, decision.left);
      await decision.prove(2 * mostMs, most);
      if (isOver(most) || search.ended !== undefined || search.depth >= MAX_DEPTH) break;
      depth = search.depth + 1;
    }
  } finally {
    search.close();
  }
  const why = search.ended ?? 'no proof that there is no other, within the time limit';
  const answers = new Map<string, AttackAnswer>();
  for (const goal of goals)
    answers.set(goal.property.name, await decision.answer(goal, why, limits));
  return answers;
}

const slowness = (): number => (nativeZ3() === undefined ? PACKAGED_FACTOR : 1);

class Decision {
  readonly #question: AttackQuestion;
  readonly #switches: Switches;
  readonly #complete = new Map<OpenGoal, AttackAnswer['complete']>();
  /** How many sets were known when it was said that there are more. */
  readonly #reached = new Map<OpenGoal, number>();
  /** Where examples have been asked already. */
  readonly #learned = new Set<Term>();
  readonly #goals: readonly OpenGoal[];

  constructor(question: AttackQuestion, goals: readonly OpenGoal[]) {
    this.#question = question;
    this.#switches = new Switches(question.switches);
    this.#goals = goals;
  }

  get left(): readonly OpenGoal[] {
    return this.#goals.filter((goal) => !this.#complete.has(goal));
  }

  /** What no set breaks, as it stands. */
  async provePlainly(limits: SessionLimits): Promise<void> {
    const proofs = new AttackProofs(this.#question.system, 'true');
    this.#settle(await proofs.byInduction(this.left, [], limits));
  }

  /** Proves what it can of those that are left; those that the same sets break by one proof. */
  async prove(mostMs: number, limits: SessionLimits): Promise<void> {
    const groups = new Map<Term, OpenGoal[]>();
    for (const goal of this.left.filter((each) => this.#isDue(each))) {
      const others = this.#switches.without(setsOf(goal));
      groups.set(others, [...(groups.get(others) ?? []), goal]);
    }
    for (const [others, goals] of groups) await this.#proveAll(goals, others, mostMs, limits);
  }

  /**
   * What is known in the end. Of a goal that was not proved: up to which size there is no other
   * set, and those sets of which no proper part breaks it.
   */
  async answer(goal: OpenGoal, why: string, limits: SessionLimits): Promise<AttackAnswer> {
    const known = this.#complete.get(goal);
    if (known !== undefined) return { attacks: minimalAmong(goal.found), complete: known };
    const upTo = await this.#provedUpTo(goal, limits);
    const attacks: SymbolicAttack[] = [];
    for (const attack of minimalAmong(goal.found))
      if (attack.threats.length <= upTo + 1 || (await this.#isMinimal(goal, attack, limits)))
        attacks.push(attack);
    return { attacks, complete: { upTo: Math.max(0, upTo) }, reason: why };
  }

  /** The largest size of which no other set breaks it; -1 where not even that is proved. */
  async #provedUpTo(goal: OpenGoal, limits: SessionLimits): Promise<number> {
    const others = this.#switches.without(setsOf(goal));
    const isSafe = this.#question.safe.has(goal.property.name);
    const terms = isOver(limits) ? [] : this.#suggested([goal], others, limits);
    const most = Math.min(this.#question.most, this.#switches.count);
    for (let size = isSafe ? 1 : 0; size < most; size += 1) {
      const few = smtAnd([others, this.#switches.atMost(size)]);
      if (!(await this.#excludes(goal, few, terms, limits))) return size - 1;
    }
    return most - 1;
  }

  /** That no proper part of a set breaks it. */
  #isMinimal(goal: OpenGoal, { threats }: SymbolicAttack, limits: SessionLimits): Promise<boolean> {
    const parts = smtAnd([this.#switches.only(threats), this.#switches.without([threats])]);
    return this.#excludes(goal, parts, [], limits);
  }

  async #excludes(
    goal: OpenGoal,
    constraint: Term,
    terms: readonly Term[],
    limits: SessionLimits,
  ): Promise<boolean> {
    if (isOver(limits)) return false;
    const proofs = new AttackProofs(this.#question.system, constraint);
    const third = (): SessionLimits => ({ ...limits, ...partOf(limits, 1 / 3) });
    if ((await proofs.byInduction([goal], terms, third())).length > 0) return true;
    return (await proofs.byInvariant(goal.bad, third())) === 'none';
  }

  /** Whether something new may be proved of a goal. */
  #isDue(goal: OpenGoal): boolean {
    return this.#reached.get(goal) !== goal.found.length;
  }

  /**
   * That none of the sets which are left breaks any of these: by what examples suggest, then by one
   * invariant for all, then each by an invariant of its own.
   */
  async #proveAll(
    goals: readonly OpenGoal[],
    others: Term,
    mostMs: number,
    limits: SessionLimits,
  ): Promise<void> {
    const budget = smtAnd([others, this.#switches.atMost(this.#question.most)]);
    const proofs = new AttackProofs(this.#question.system, budget);
    const open = (): readonly OpenGoal[] => goals.filter((goal) => !this.#complete.has(goal));
    const within = (ms: number): SessionLimits => ({ ...limits, ...partOf(limits, 1, ms) });
    if (!this.#learned.has(others)) {
      await this.#byInvariant(open(), proofs, within(QUICK_MS * slowness()));
      if (open().length === 0) return;
      const terms = this.#suggested(open(), others, limits);
      this.#settle(await proofs.byInduction(open(), terms, within(2 * mostMs)));
    }
    await this.#byInvariant(open(), proofs, within(mostMs));
    if (open().length > 1)
      for (const goal of open()) await this.#byInvariant([goal], proofs, within(mostMs));
  }

  async #byInvariant(
    goals: readonly OpenGoal[],
    proofs: AttackProofs,
    limits: SessionLimits,
  ): Promise<void> {
    const [only] = goals;
    if (!only || isOver(limits)) return;
    const said = await proofs.byInvariant(smtOr(goals.map((goal) => goal.bad)), limits);
    if (said === 'none') this.#settle(goals);
    if (said === 'reached' && goals.length === 1) this.#reached.set(only, only.found.length);
  }

  #settle(proved: readonly OpenGoal[]): void {
    const { most } = this.#question;
    for (const goal of proved)
      this.#complete.set(goal, most < this.#switches.count ? { upTo: most } : true);
  }

  /** What is true of all examples in which none of the sets that were found is on. */
  #suggested([goal]: readonly OpenGoal[], others: Term, limits: SessionLimits): readonly Term[] {
    const { system, examples } = this.#question;
    const rows = examples(goal ? setsOf(goal) : []);
    this.#learned.add(others);
    return [...linearClauses(system, rows, limits), ...learnedClauses(system, rows, limits)];
  }
}

/** Those of which no other is a part. */
function minimalAmong(found: readonly SymbolicAttack[]): readonly SymbolicAttack[] {
  const isPart = (a: SymbolicAttack, b: SymbolicAttack): boolean =>
    a.threats.length < b.threats.length && a.threats.every((id) => b.threats.includes(id));
  return found.filter((each) => !found.some((other) => isPart(other, each)));
}
