import type { SmtSystem, SmtVariable } from '../../encode/smt/system.ts';
import type { Term } from '../../encode/smt/terms.ts';
import { literalOf, parseSexprs, type Sexpr } from '../../encode/smt/sexpr.ts';
import type { Z3Session } from './session.ts';

/** A path of states by their variables' values. */
export type ValuePath = readonly (readonly (number | boolean)[])[];

/**
 * Incremental bounded model checking (Biere, Cimatti, Clarke and Zhu 1999): one more unrolling of
 * the rules at each depth, all questions asked of it in turn. Depth grows by one, so the first path
 * to anything is a shortest one.
 */
export class BoundedSearch {
  readonly #system: SmtSystem;
  readonly #session: Z3Session;
  #depth = 0;
  /** What no step changes has one name for all depths. */
  readonly #rigid: ReadonlySet<string>;
  /** Z3 did not know an answer: what is found later may not be a shortest way any more. */
  unsure = false;

  private constructor(system: SmtSystem, session: Z3Session) {
    this.#system = system;
    this.#session = session;
    this.#rigid = new Set(
      system.variables
        .filter(({ name }, i) => system.rules.every(({ next }) => next[i] === name))
        .map(({ name }) => name),
    );
  }

  static async start(
    system: SmtSystem,
    session: Z3Session,
    constraint: Term = 'true',
  ): Promise<BoundedSearch> {
    const search = new BoundedSearch(system, session);
    await session.send(
      [
        definitions(system),
        search.#declare(0),
        `(assert (Init ${search.#at(0)}))`,
        `(assert (let (${search.#lets(0)}) ${constraint}))`,
      ].join('\n'),
    );
    return search;
  }

  get depth(): number {
    return this.#depth;
  }

  /** Whether a state of the current depth satisfies a condition, and a path to it if so. */
  async reaches(condition: Term): Promise<ValuePath | undefined> {
    const answer = await this.#session.send(
      `(push)\n(assert (let (${this.#lets(this.#depth)}) ${condition}))\n(check-sat)`,
    );
    // "unknown" (non-linear arithmetic) finds nothing and proves nothing; a search never proves
    // anyhow.
    if (/^(unsat|unknown)/.test(answer.trim())) {
      this.unsure ||= answer.trim().startsWith('unknown');
      await this.#session.send('(pop)');
      return undefined;
    }
    if (!answer.trim().startsWith('sat'))
      throw new Error(`Z3 answered ${answer.trim().slice(0, 200)}`);
    const path = await this.#path();
    await this.#session.send('(pop)');
    return path;
  }

  /** One step more; false when no step is possible from any state at this depth. */
  async deepen(): Promise<boolean> {
    this.#depth += 1;
    const answer = await this.#session.send(
      [
        this.#declare(this.#depth),
        `(assert (Step ${this.#at(this.#depth - 1)} ${this.#at(this.#depth)}))`,
        '(check-sat)',
      ].join('\n'),
    );
    return !answer.trim().startsWith('unsat');
  }

  /** Leaves only the states that satisfy a condition at the current depth. */
  async fix(condition: Term): Promise<void> {
    await this.#session.send(`(assert (let (${this.#lets(this.#depth)}) ${condition}))`);
  }

  #declare(step: number): string {
    return this.#system.variables
      .filter(({ name }) => step === 0 || !this.#rigid.has(name))
      .map((v) => `(declare-const ${this.#name(v, step)} ${v.sort})`)
      .join('\n');
  }

  #name(v: SmtVariable, step: number): string {
    return `${v.name}@${this.#rigid.has(v.name) ? 0 : step}`;
  }

  #at(step: number): string {
    return this.#system.variables.map((v) => this.#name(v, step)).join(' ');
  }

  #lets(step: number): string {
    return this.#system.variables.map((v) => `(${v.name} ${this.#name(v, step)})`).join(' ');
  }

  async #path(): Promise<ValuePath> {
    const path: (number | boolean)[][] = [];
    for (let step = 0; step <= this.#depth; step += 1) {
      const [pairs] = parseSexprs(await this.#session.send(`(get-value (${this.#at(step)}))`));
      path.push(
        (pairs as readonly Sexpr[]).map((pair) =>
          literalOf((pair as readonly Sexpr[])[1] as Sexpr),
        ),
      );
    }
    return path;
  }
}

/**
 * `Init` and `Step` as named functions, one named disjunct per rule: the same text that the
 * obligations use.
 */
export function definitions(system: SmtSystem): string {
  const parameters = system.variables.map((v) => `(${v.name} ${v.sort})`).join(' ');
  const primed = system.variables.map((v) => `(${v.name}!next ${v.sort})`).join(' ');
  const rules = system.rules.map((rule, i) => {
    const equalities = system.variables
      .map((v, k) => `(= ${v.name}!next ${rule.next[k]})`)
      .join(' ');
    return `; ${rule.label}\n(define-fun Rule${i} (${parameters} ${primed}) Bool (and ${rule.condition} ${equalities}))`;
  });
  const names = `${system.variables.map((v) => v.name).join(' ')} ${system.variables.map((v) => `${v.name}!next`).join(' ')}`;
  const step =
    system.rules.length === 0
      ? 'false'
      : `(or ${system.rules.map((_, i) => `(Rule${i} ${names})`).join(' ')})`;
  return [
    `(define-fun Init (${parameters}) Bool ${system.init})`,
    ...rules,
    `(define-fun Step (${parameters} ${primed}) Bool ${step})`,
  ].join('\n');
}
