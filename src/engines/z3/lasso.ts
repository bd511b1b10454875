import { type FairCondition, fairConditions } from '../../encode/smt/fairness.ts';
import { literalOf, parseSexprs, type Sexpr } from '../../encode/smt/sexpr.ts';
import { smtAnd, smtNot, smtOr, type Term } from '../../encode/smt/terms.ts';
import type { SmtSystem } from '../../encode/smt/system.ts';
import type { Formula, Property } from '../../model/model.ts';
import type { Semantics } from '../../model/semantics.ts';
import { sameState } from '../../model/semantics.ts';
import type { State } from '../../model/layout.ts';
import { liftRun } from '../../model/lift.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Trace } from '../../model/trace.ts';
import { definitions, type ValuePath } from './bmc.ts';
import { SymbolicPath } from './kInduction.ts';
import { SessionError, type SessionLimits, Z3Session } from './session.ts';

/** Longer runs than this are not looked at. */
export const MAX_LASSO_STEPS = 10;

/**
 * A run that goes round for ever from `loopStart` (its last state is that one again), or stops in
 * its last state.
 */
export interface LassoPath {
  readonly states: ValuePath;
  readonly loopStart: number;
}

export const LASSO_KINDS = ['eventually', 'eventuallyAlways', 'leadsTo'] as const;

type Liveness = Extract<Formula, { kind: (typeof LASSO_KINDS)[number] }>;

export function isLiveness(formula: Formula): formula is Liveness {
  return (LASSO_KINDS as readonly string[]).includes(formula.kind);
}

/**
 * Throws `Unencodable` where the fairness of the model, or what the property speaks of, cannot be
 * said.
 */
export function assertLassosEncodable(
  semantics: Semantics,
  system: SmtSystem,
  formula: Liveness,
): void {
  fairConditions(semantics, system);
  for (const expr of formula.kind === 'leadsTo' ? [formula.from, formula.to] : [formula.expr])
    system.truth(expr);
}

/**
 * Bounded model checking with a loop (Biere, Cimatti, Clarke and Zhu 1999): a run that closes a
 * circle, treats every fairness condition fairly on it (SEMANTICS 7) and misses what it should
 * reach; or one that stops where no fair action is enabled. No error state is on it, and each of
 * its steps changes something (3, 4). `found` hears of each property once; what no run of at most
 * `MAX_LASSO_STEPS` steps breaks comes back with the number of steps up to which there is none.
 * Nothing here ever says that a property holds.
 */
export async function findLassos(
  semantics: Semantics,
  system: SmtSystem,
  properties: readonly Property[],
  limits: SessionLimits,
  found: (property: Property, path: LassoPath) => boolean,
  onDepth: (depth: number) => void,
): Promise<{ readonly open: readonly Property[]; readonly steps: number }> {
  const { session } = await Z3Session.open(limits);
  const search = new LassoSearch(system, session, fairConditions(semantics, system), properties);
  try {
    await search.start();
    for (;;) {
      onDepth(Math.min(search.steps, search.doubtful));
      for (const kind of ['stops', 'circles'] as const) await search.look(kind, found);
      if (search.open.length === 0 || search.steps >= MAX_LASSO_STEPS || !(await search.deepen()))
        return { open: search.open, steps: Math.min(search.steps, search.doubtful - 1) };
    }
  } finally {
    session.close();
  }
}

/**
 * What lassos say of properties: `violated` with one that the model's own steps lead round, else
 * `bounded` by how far was looked. Throws `SessionError`, but for the time limit.
 */
export async function lassoOutcomes(
  semantics: Semantics,
  system: SmtSystem,
  properties: readonly Property[],
  limits: SessionLimits,
  onDepth: (depth: number) => void,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  let steps = 0;
  const looked = (depth: number): void => {
    steps = Math.max(0, depth - 1);
    onDepth(depth);
  };
  const found = ({ name }: Property, path: LassoPath): boolean => {
    const trace = runOf(semantics, system, path);
    if (trace)
      outcomes.set(name, {
        outcome: 'violated',
        witness: 'lasso',
        trace,
        evidence: { depth: path.states.length - 1 },
      });
    return trace !== undefined;
  };
  try {
    ({ steps } = await findLassos(semantics, system, properties, limits, found, looked));
  } catch (error) {
    if (!(error instanceof SessionError) || error.end !== 'timeout') throw error;
  }
  for (const { name } of properties)
    if (!outcomes.has(name))
      outcomes.set(name, {
        outcome: 'bounded',
        bound: `runs of at most ${Math.max(0, steps)} steps before they repeat or stop`,
        evidence: { depth: Math.max(0, steps) },
      });
  return outcomes;
}

/** `in` is no name that a model can give: what begins with it is ours. */
const looping = (i: number): Term => `in@${i}`;

class LassoSearch {
  readonly #system: SmtSystem;
  readonly #session: Z3Session;
  readonly #fair: readonly FairCondition[];
  readonly #properties: readonly Property[];
  readonly #path: SymbolicPath;
  open: Property[];
  steps = 0;
  /**
   * The least number of steps at which Z3 did not know, or showed what is no run: from there on
   * nothing is known.
   */
  doubtful = Infinity;

  constructor(
    system: SmtSystem,
    session: Z3Session,
    fair: readonly FairCondition[],
    properties: readonly Property[],
  ) {
    this.#system = system;
    this.#session = session;
    this.#fair = fair;
    this.#properties = properties;
    this.#path = new SymbolicPath(system);
    this.open = [...properties];
  }

  async start(): Promise<void> {
    const one = this.#system.variables.map((v) => `(${v.name} ${v.sort})`).join(' ');
    const two = `${one} ${this.#system.variables.map((v) => `(${v.name}!next ${v.sort})`).join(' ')}`;
    const names = this.#system.variables.map((v) => v.name).join(' ');
    const both = `${names} ${this.#system.variables.map((v) => `${v.name}!next`).join(' ')}`;
    await this.#session.send(
      [
        definitions(this.#system),
        `(define-fun in!erring (${one}) Bool ${this.#system.erring})`,
        ...this.#fair.flatMap(({ enabled, rules }, c) => [
          `(define-fun in!enabled${c} (${one}) Bool ${enabled})`,
          `(define-fun in!taken${c} (${two}) Bool ${smtOr(rules.map((rule) => `(Rule${rule} ${both})`))})`,
        ]),
        ...this.#properties.flatMap(({ formula }, p) =>
          this.#predicates(formula as Liveness).map(
            (term, i) => `(define-fun in!p${p}q${i} (${one}) Bool ${term})`,
          ),
        ),
        this.#path.declared(0),
        `(assert ${this.#path.starts('true')})`,
        `(assert ${smtNot(this.#said('erring', 0))})`,
      ].join('\n'),
    );
  }

  /** Adds a step; false where no run goes on. */
  async deepen(): Promise<boolean> {
    const [from, to] = [this.steps, this.steps + 1];
    this.steps = to;
    const step = [
      this.#path.declared(to),
      ...[
        this.#path.step(from),
        smtNot(this.#path.same(from, to)),
        smtNot(this.#said('erring', to)),
      ].map((term) => `(assert ${term})`),
      '(check-sat)',
    ];
    return !(await this.#session.send(step.join('\n'))).trim().startsWith('unsat');
  }

  /**
   * Asks for runs of exactly the present length that stop, or that circle; what is found is told,
   * and asked no more.
   */
  async look(
    kind: 'stops' | 'circles',
    found: (property: Property, path: LassoPath) => boolean,
  ): Promise<void> {
    if (this.open.length === 0 || (kind === 'circles' && this.steps < 2)) return;
    const shape =
      kind === 'stops'
        ? this.#fair.map((_, c) => smtNot(this.#said(`enabled${c}`, this.steps)))
        : this.#circle();
    const declared =
      kind === 'stops'
        ? []
        : Array.from({ length: this.steps }, (_, i) => `(declare-const ${looping(i)} Bool)`);
    await this.#session.send(
      ['(push)', ...declared, ...shape.map((term) => `(assert ${term})`)].join('\n'),
    );
    const missed = (p: Property): Term => this.#misses(p, kind);
    if (this.open.length === 1 || (await this.#lasso(smtOr(this.open.map(missed)), kind))) {
      for (const property of this.open) {
        const path = await this.#lasso(missed(property), kind);
        if (path && found(property, path)) this.open = this.open.filter((p) => p !== property);
        else if (path) this.doubtful = Math.min(this.doubtful, this.steps);
      }
    }
    await this.#session.send('(pop)');
  }

  /**
   * The states from some place on are the loop, the last one is its first again, and each condition
   * is treated fairly on it.
   */
  #circle(): Term[] {
    const places = Array.from({ length: this.steps }, (_, i) => i);
    const grows = places.slice(1).map((i) => `(=> ${looping(i - 1)} ${looping(i)})`);
    const closes = places.map(
      (i) =>
        `(=> ${smtAnd([looping(i), ...(i === 0 ? [] : [smtNot(looping(i - 1))])])} ${this.#path.same(i, this.steps)})`,
    );
    const fair = this.#fair.map(({ strength }, c) => {
      const taken = places.map((i) =>
        smtAnd([looping(i), `(in!taken${c} ${this.#path.names(i)} ${this.#path.names(i + 1)})`]),
      );
      const off = places.map((i) => smtNot(this.#said(`enabled${c}`, i)));
      const spared =
        strength === 'weak'
          ? smtOr(places.map((i) => smtAnd([looping(i), off[i] as Term])))
          : smtAnd(places.map((i) => smtOr([smtNot(looping(i)), off[i] as Term])));
      return smtOr([...taken, spared]);
    });
    return [looping(this.steps - 1), ...grows, ...closes, ...fair];
  }

  /**
   * That a run of this shape breaks a property: what is asked for is false where it must be, not
   * merely without a value.
   */
  #misses(property: Property, kind: 'stops' | 'circles'): Term {
    const { formula } = property;
    const p = this.#properties.indexOf(property);
    const places = Array.from({ length: this.steps + 1 }, (_, i) => i);
    const said = (q: number, i: number): Term => this.#said(`p${p}q${q}`, i);
    // A state of the loop: of a run that stops the last one alone.
    const inLoop = (i: number): Term =>
      kind === 'stops' ? String(i === this.steps) : i === this.steps ? 'true' : looping(i);
    if (formula.kind === 'eventually') return smtAnd(places.map((i) => said(0, i)));
    if (formula.kind === 'eventuallyAlways')
      return smtOr(places.map((i) => smtAnd([inLoop(i), said(0, i)])));
    // `from` at some place, `to` false from there on, and wherever the loop comes round.
    const never = smtAnd(places.map((i) => smtOr([smtNot(inLoop(i)), said(1, i)])));
    return smtAnd([
      never,
      smtOr(
        places.map((i) => smtAnd([said(0, i), ...places.slice(i).map((later) => said(1, later))])),
      ),
    ]);
  }

  #predicates(formula: Liveness): Term[] {
    const { truth } = this.#system;
    return formula.kind === 'leadsTo'
      ? [truth(formula.from).holds, truth(formula.to).fails]
      : [truth(formula.expr).fails];
  }

  #said(name: string, index: number): Term {
    return `(in!${name} ${this.#path.names(index)})`;
  }

  async #lasso(condition: Term, kind: 'stops' | 'circles'): Promise<LassoPath | undefined> {
    const answer = (await this.#session.send(`(push)\n(assert ${condition})\n(check-sat)`)).trim();
    const path = answer.startsWith('sat') ? await this.#read(kind) : undefined;
    await this.#session.send('(pop)');
    // "unknown" (products of unknowns) finds nothing, and excludes nothing.
    if (answer.startsWith('unknown')) this.doubtful = Math.min(this.doubtful, this.steps);
    if (!/^(?:sat|unsat|unknown)/.test(answer))
      throw new Error(`Z3 answered ${answer.slice(0, 200)}`);
    return path;
  }

  async #read(kind: 'stops' | 'circles'): Promise<LassoPath> {
    const values = async (names: string): Promise<(number | boolean)[]> => {
      const [pairs] = parseSexprs(await this.#session.send(`(get-value (${names}))`));
      return (pairs as readonly Sexpr[]).map((pair) =>
        literalOf((pair as readonly Sexpr[])[1] as Sexpr),
      );
    };
    const states: (number | boolean)[][] = [];
    for (let i = 0; i <= this.steps; i += 1) states.push(await values(this.#path.names(i)));
    if (kind === 'stops') return { states, loopStart: this.steps };
    const inside = await values(Array.from({ length: this.steps }, (_, i) => looping(i)).join(' '));
    return { states, loopStart: inside.indexOf(true) };
  }
}

/**
 * The run of the model that a path of values is; nothing where it is none, or goes round without a
 * step (slots of a bag that change places).
 */
export function runOf(
  semantics: Semantics,
  system: SmtSystem,
  { states, loopStart }: LassoPath,
): Trace | undefined {
  const rows = states.map((values) => system.row(values).state);
  const moves = (i: number): boolean =>
    i === 0 || !sameState(rows[i] as State, rows[i - 1] as State);
  const kept = rows.filter((_, i) => moves(i));
  const start = rows.slice(0, loopStart + 1).filter((_, i) => moves(i)).length - 1;
  if (loopStart < rows.length - 1 && start === kept.length - 1) return undefined;
  return liftRun(semantics, { states: kept, loopStart: start });
}
