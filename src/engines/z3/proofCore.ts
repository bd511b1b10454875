import { clausesOf, sexprText } from '../../encode/smt/clauses.ts';
import { smtAnd, type Term } from '../../encode/smt/terms.ts';
import type { NamedGuard, SmtSystem } from '../../encode/smt/system.ts';
import { type SessionLimits, Z3Session } from './session.ts';

/** What a proof rests on. */
export interface ProofCore {
  /** The invariant without the clauses that the proof does not need, as `(define-fun Inv …)`. */
  readonly invariant: string;
  /**
   * The guards and controls that keep it inductive: with all others dropped, the same invariant
   * still proves the same.
   */
  readonly needs: readonly string[];
}

/** More clauses than this are a list of states; they are left as they are. */
const MAX_CLAUSES = 2_000;

/**
 * The part of an invariant that a proof rests on, by unsat cores: the clauses that exclude what is
 * bad, then those that keep these, and so on. A subset of an invariant's clauses holds at first
 * because the whole does; that each is kept was just asked. What is looked for is a small set, not
 * a smallest one. Nothing comes back where the solver does not manage: then the invariant stays as
 * it is.
 */
export async function proofCore(
  system: SmtSystem,
  bad: Term,
  invariant: string,
  limits: SessionLimits,
): Promise<ProofCore | undefined> {
  const clauses = clausesOf(invariant)?.map(sexprText);
  if (clauses === undefined || clauses.length === 0 || clauses.length > MAX_CLAUSES)
    return undefined;
  const { session } = await Z3Session.open(limits);
  try {
    return await new Core(system, session, clauses).find(bad);
  } finally {
    session.close();
  }
}

class Core {
  readonly #system: SmtSystem;
  readonly #session: Z3Session;
  readonly #clauses: readonly Term[];
  readonly #guards: readonly string[];

  constructor(system: SmtSystem, session: Z3Session, clauses: readonly Term[]) {
    this.#system = system;
    this.#session = session;
    this.#clauses = clauses;
    this.#guards = [
      ...new Set(system.rules.flatMap((rule) => rule.guards.map((guard) => guard.name))),
    ];
  }

  async find(bad: Term): Promise<ProofCore | undefined> {
    await this.#session.send(this.#head());
    const all = this.#clauses.map((_, i) => `in@${i}`);
    const first = await this.#least(`(assert ${bad})`, all);
    if (!first) return undefined;
    const chosen = new Set(first);
    const needs = new Set<string>();
    const guards = this.#guards.map((_, k) => `need@${k}`);
    for (const literal of chosen) {
      const broken = `(assert StepBy)\n(assert (not (let (${this.#primed()}) ${this.#clauses[Number(literal.slice('in@'.length))] as Term})))`;
      // What is chosen already is tried first: it costs nothing more.
      const core =
        (await this.#core(broken, [...chosen, ...guards])) ??
        (await this.#least(broken, [...all, ...guards]));
      if (!core) return undefined;
      for (const name of core) {
        if (name.startsWith('in@')) chosen.add(name);
        else needs.add(this.#guards[Number(name.slice('need@'.length))] as string);
      }
    }
    const bound = this.#system.variables.map((v) => `(${v.name} ${v.sort})`).join(' ');
    const kept = this.#clauses.filter((_, i) => chosen.has(`in@${i}`));
    return {
      invariant: `(define-fun Inv (${bound}) Bool ${kept.length < 2 ? (kept[0] ?? 'true') : `(and\n  ${kept.join('\n  ')})`})`,
      needs: this.#guards.filter((name) => needs.has(name)),
    };
  }

  #primed(): string {
    return this.#system.variables.map((v) => `(${v.name} ${v.name}!next)`).join(' ');
  }

  #head(): string {
    const { variables, rules } = this.#system;
    const literal = (guard: NamedGuard): Term =>
      `(=> need@${this.#guards.indexOf(guard.name)} ${guard.term})`;
    const steps = rules.map((rule) => {
      const next = variables.map((v, i) => `(= ${v.name}!next ${rule.next[i]})`);
      return smtAnd([rule.base, ...rule.guards.map(literal), ...next]);
    });
    return [
      '(set-option :produce-unsat-cores true)',
      '(set-option :timeout 2000)',
      ...variables.flatMap((v) => [
        `(declare-const ${v.name} ${v.sort})`,
        `(declare-const ${v.name}!next ${v.sort})`,
      ]),
      ...this.#guards.map((_, k) => `(declare-const need@${k} Bool)`),
      ...this.#clauses.map(
        (clause, i) => `(declare-const in@${i} Bool)\n(assert (=> in@${i} ${clause}))`,
      ),
      `(define-fun StepBy () Bool ${steps.length === 0 ? 'false' : `(or ${steps.join('\n  ')})`})`,
    ].join('\n');
  }

  /**
   * A core of a core of a core: each is asked with less, in another order, until none of it can be
   * spared any more.
   */
  async #least(text: string, assumed: readonly string[]): Promise<string[] | undefined> {
    let core = await this.#core(text, assumed);
    for (let before = Infinity; core && core.length < before;) {
      before = core.length;
      core = (await this.#core(text, [...core].reverse())) ?? core;
    }
    return core;
  }

  /**
   * The assumptions under which something is impossible, of those given; nothing where it is
   * possible, or not known.
   */
  async #core(text: string, assumed: readonly string[]): Promise<string[] | undefined> {
    const answer = (
      await this.#session.send(`(push)\n${text}\n(check-sat-assuming (${assumed.join(' ')}))`)
    ).trim();
    const core = answer === 'unsat' ? await this.#session.send('(get-unsat-core)') : undefined;
    await this.#session.send('(pop)');
    return core?.match(/(?:in|need)@\d+/g) ?? (core === undefined ? undefined : []);
  }
}
