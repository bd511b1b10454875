import type { SmtSystem, TransitionRule } from '../../encode/smt/system.ts';
import type { Term } from '../../encode/smt/terms.ts';
import { literalOf, parseSexprs, type Sexpr } from '../../encode/smt/sexpr.ts';
import { type SessionLimits, Z3Session } from './session.ts';

/**
 * The largest part of `candidates` that is inductive together (Houdini: Flanagan and Leino 2001):
 * all are assumed of a state, those that some step breaks are dropped, until none is. Cheap, and
 * for ranges, capacities and plain invariants usually enough.
 */
export async function inductiveSubset(
  system: SmtSystem,
  candidates: readonly Term[],
  constraint: Term,
  limits: SessionLimits,
): Promise<Term[]> {
  const { session } = await Z3Session.open(limits);
  try {
    return await new Houdini(system, session, candidates).run(constraint);
  } finally {
    session.close();
  }
}

/** Names of variables in a term. */
const SYMBOL = /[^\s()]+/gu;

class Houdini {
  readonly #system: SmtSystem;
  readonly #session: Z3Session;
  readonly #candidates: readonly Term[];
  readonly #reads: readonly ReadonlySet<string>[];
  /** The candidates that are left, by their numbers. */
  #open: readonly number[];

  constructor(system: SmtSystem, session: Z3Session, candidates: readonly Term[]) {
    this.#system = system;
    this.#session = session;
    this.#candidates = candidates;
    this.#reads = candidates.map((term) => new Set(term.match(SYMBOL)));
    this.#open = candidates.map((_, i) => i);
  }

  async run(constraint: Term): Promise<Term[]> {
    const { variables, init, rules } = this.#system;
    await this.#session.send(
      [
        // False first: a model in which little is the case breaks more candidates at once.
        '(set-option :timeout 2000)',
        '(set-option :smt.phase_selection 0)',
        '(set-option :produce-unsat-cores true)',
        ...variables.flatMap((v) => [
          `(declare-const ${v.name} ${v.sort})`,
          `(declare-const ${v.name}!next ${v.sort})`,
        ]),
        ...this.#candidates.map(
          (c, i) => `(declare-const before@${i} Bool)\n(assert (= before@${i} ${c}))`,
        ),
      ].join('\n'),
    );
    await this.#drop(`(assert ${init})\n(assert ${constraint})`, this.#open, 'before');
    // What the proof of each rule rests on: a rule is asked again when some of it is gone.
    const rests = new Map<TransitionRule, ReadonlySet<number>>();
    const isDue = (rule: TransitionRule): boolean => {
      const on = rests.get(rule);
      return on === undefined || [...on].some((i) => !this.#open.includes(i));
    };
    for (let due = rules.filter(isDue); due.length > 0; due = rules.filter(isDue))
      for (const rule of due) if (isDue(rule)) rests.set(rule, await this.#keptBy(rule));
    return this.#open.map((i) => this.#candidates[i] as Term);
  }

  /** Drops what a rule breaks, and says what the others rest on. */
  async #keptBy(rule: TransitionRule): Promise<ReadonlySet<number>> {
    const changed = this.#system.variables.flatMap(({ name }, i) =>
      rule.next[i] === name ? [] : [{ name, next: rule.next[i] as Term }],
    );
    const touched = this.#open.filter((i) => changed.some(({ name }) => this.#reads[i]?.has(name)));
    const after = touched.map((i) => {
      const lets = changed.flatMap(({ name, next }) =>
        this.#reads[i]?.has(name) ? [`(${name} ${next})`] : [],
      );
      return `(declare-const after@${i} Bool)\n(assert (= after@${i} (let (${lets.join(' ')}) ${this.#candidates[i] as Term})))`;
    });
    return this.#drop(`(assert ${rule.condition})\n${after.join('\n')}`, touched, 'after');
  }

  async #drop(
    asserted: string,
    touched: readonly number[],
    side: 'before' | 'after',
  ): Promise<ReadonlySet<number>> {
    await this.#session.send(`(push)\n${asserted}`);
    let asked = touched;
    for (let core: ReadonlySet<number> | undefined; ;) {
      if (asked.length === 0) core = new Set();
      else {
        const found = await this.#failing(asked, side);
        if ('core' in found) core = found.core;
        else {
          const failing =
            found.failing.length > 0 ? found.failing : await this.#unproved(asked, side);
          this.#open = this.#open.filter((i) => !failing.includes(i));
          asked = asked.filter((i) => !failing.includes(i));
          continue;
        }
      }
      await this.#session.send('(pop)');
      return core;
    }
  }

  /** Where all together are too hard: those that are not proved one by one. */
  async #unproved(asked: readonly number[], side: 'before' | 'after'): Promise<readonly number[]> {
    const unproved: number[] = [];
    for (const i of asked) if (!('core' in (await this.#failing([i], side)))) unproved.push(i);
    return unproved.length > 0 ? unproved : asked;
  }

  /** Those that fail in some model of "one of these fails", or what keeps all of them. */
  async #failing(
    asked: readonly number[],
    side: 'before' | 'after',
  ): Promise<{ readonly failing: readonly number[] } | { readonly core: ReadonlySet<number> }> {
    const named = asked.map((i) => `${side}@${i}`).join(' ');
    const assumed = side === 'before' ? '' : this.#open.map((i) => `before@${i}`).join(' ');
    const answer = (
      await this.#session.send(
        `(push)\n(assert (not (and ${named})))\n(check-sat-assuming (${assumed}))`,
      )
    ).trim();
    try {
      if (answer === 'unsat') {
        const core = await this.#session.send('(get-unsat-core)');
        return { core: new Set([...core.matchAll(/before@(\d+)/gu)].map(([, i]) => Number(i))) };
      }
      if (answer !== 'sat') return { failing: [] };
      const [pairs] = parseSexprs(await this.#session.send(`(get-value (${named}))`));
      return {
        failing: asked.filter(
          (_, k) =>
            literalOf(((pairs as readonly Sexpr[])[k] as readonly Sexpr[])[1] as Sexpr) === false,
        ),
      };
    } finally {
      await this.#session.send('(pop)');
    }
  }
}
