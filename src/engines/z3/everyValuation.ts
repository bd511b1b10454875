import { literalOf, parseSexprs, type Sexpr } from '../../encode/smt/sexpr.ts';
import { smtAnd, smtInt, smtNot, type Term } from '../../encode/smt/terms.ts';
import type { SmtSystem, SmtVariable, TransitionRule } from '../../encode/smt/system.ts';
import { valuations } from '../../model/initial.ts';
import type { Property } from '../../model/model.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Semantics } from '../../model/semantics.ts';
import { isFinite, type Type } from '../../model/types.ts';
import { definitions, type ValuePath } from './bmc.ts';
import { outcomeOfPath } from './found.ts';
import { SymbolicPath } from './kInduction.ts';
import { reproveByTwo } from './reprove.ts';
import { type SessionLimits, Z3Session } from './session.ts';

/** More valuations than these are not asked for one by one. */
const MAX_VALUATIONS = 8;

/** More ways than these are no classes any more: they follow the parameter, one for each value. */
const MAX_WAYS = 24;

/** Steps of the longest way that is looked for. */
const MAX_STEPS = 24;

/** Values that explain themselves, and that a replay looks through: tried before any others. */
const NEAR = 4;

/** Whether there are too many valuations of the parameters to look at each. */
export function manyValuations(semantics: Semantics): boolean {
  const inner = (type: Type): Type => (type.kind === 'map' ? inner(type.to) : type);
  if (semantics.model.parameters.some((p) => !isFinite(inner(p.type)))) return true;
  let count = 0;
  for (const _ of valuations(semantics)) {
    count += 1;
    if (count > MAX_VALUATIONS) return true;
  }
  return false;
}

/** A way to a goal: the rules to take, one after the other. */
type Way = readonly number[];

export type ReachedEverywhere =
  /**
   * The ways, as they stand in the evidence; the goal is reached by one of them from every initial
   * state, if `obligation` is `unsat`. `path` is the first that was found.
   */
  | {
      readonly kind: 'always';
      readonly ways: readonly string[];
      readonly obligation: string;
      readonly path: ValuePath;
    }
  /** An initial state from which no run of at most `steps` steps reaches it. */
  | {
      readonly kind: 'missed';
      readonly start: readonly (number | boolean)[];
      readonly steps: number;
    }
  /** Every initial state that was tried reaches it, by ever new ways. */
  | { readonly kind: 'open'; readonly tried: number };

/**
 * "For every price there is a run", without naming the prices: a few ways that together lead to the
 * goal from every initial state. A rule is a function, so that taking it has a weakest precondition
 * without quantifiers, and "no way leads there" is a formula over the initial state alone. Whatever
 * satisfies it is an initial state that needs another way, which bounded search finds; when nothing
 * does, the ways are enough (counterexample-guided instantiation of ∀∃, Reynolds et al. 2015). From
 * every initial state is more than SEMANTICS 6 asks for: some state of each valuation would do. So
 * what is proved is true, and where initial states are a choice not all that is true is proved.
 */
export async function reachedFromEverywhere(
  system: SmtSystem,
  goal: Term,
  limits: SessionLimits,
): Promise<ReachedEverywhere> {
  const { session } = await Z3Session.open(limits);
  const ways: Way[] = [];
  let first: ValuePath | undefined;
  try {
    await session.send(
      `${definitions(system)}\n${declared(system)}\n(assert (Init ${names(system)}))`,
    );
    for (;;) {
      const start = await missing(session, system);
      if (start === undefined) break;
      if (ways.length === MAX_WAYS) return { kind: 'open', tried: ways.length };
      const found = await wayFrom(system, start, goal, limits);
      if (!found) return { kind: 'missed', start, steps: MAX_STEPS };
      first ??= found.path;
      ways.push(found.way);
      await session.send(`(assert ${smtNot(reachesBy(system, found.way, goal))})`);
    }
  } finally {
    session.close();
  }
  if (!first) throw new Error('there is no initial state');
  return {
    kind: 'always',
    ways: ways.map((way) => wayText(system, way)),
    obligation: obligationOf(system, ways, goal),
    path: first,
  };
}

/**
 * `holds` once others have proved that the ways are enough. The trace is one of them, for values
 * that a replay finds.
 */
export async function everyValuation(
  semantics: Semantics,
  system: SmtSystem,
  property: Property,
  reached: Extract<ReachedEverywhere, { kind: 'always' }>,
  limits: SessionLimits,
): Promise<Outcome> {
  const { provedBy, refuted } = await reproveByTwo(
    [{ name: 'everyValuation', text: reached.obligation }],
    limits,
  );
  if (provedBy.length === 0 || refuted.length > 0)
    return {
      outcome: 'unknown',
      reason: 'unreplayable',
      message: 'that the ways lead there from everywhere was not proved again',
      evidence: {},
    };
  const evidence = {
    ways: reached.ways,
    everyValuation: `z3/${property.name}/everyValuation.smt2`,
    reprovedBy: provedBy,
  };
  const shown = outcomeOfPath(semantics, system, property, reached.path);
  if (shown.outcome !== 'holds') return shown;
  return {
    outcome: 'holds',
    method: 'witness',
    ...(shown.trace ? { trace: shown.trace } : {}),
    evidence,
  };
}

/**
 * Written from the model and the ways alone: `unsat` where each initial state reaches the goal by
 * one of them.
 */
export function obligationOf(system: SmtSystem, ways: readonly Way[], goal: Term): string {
  const missed = ways.map(
    (way, i) =>
      `; way ${i + 1}: ${wayText(system, way)}\n(assert ${smtNot(reachesBy(system, way, goal))})`,
  );
  return `(set-logic ALL)\n${declared(system)}\n(assert ${system.init})\n${missed.join('\n')}\n(check-sat)\n`;
}

/**
 * `checkout(0), capture [redirect 1]`: each step by its action, its binding and the places of its
 * messages.
 */
function wayText(system: SmtSystem, way: Way): string {
  return way.map((rule) => stepText(system.rules[rule] as TransitionRule)).join(', ');
}

function stepText({ label, by }: TransitionRule): string {
  return by.takes.length === 0 ? label : `${label} [${by.takes.join('; ')}]`;
}

/**
 * The ways that somebody else hands over; nothing where they are too many or too long, or name a
 * step that the model has not.
 */
export function readWays(system: SmtSystem, texts: unknown): readonly Way[] | undefined {
  if (!Array.isArray(texts) || texts.length > MAX_WAYS) return undefined;
  const rules = new Map(system.rules.map((rule, index) => [stepText(rule), index]));
  const ways = texts.map((text: unknown) =>
    typeof text !== 'string'
      ? [undefined]
      : text === ''
        ? []
        : text.split(', ').map((step) => rules.get(step)),
  );
  return ways.every((way): way is number[] => way.length <= MAX_STEPS && !way.includes(undefined))
    ? ways
    : undefined;
}

/**
 * The weakest precondition: each rule is possible where the one before it has led, and the last
 * leads to the goal. `let` binds all at once, as a step does.
 */
function reachesBy(system: SmtSystem, way: Way, goal: Term): Term {
  return way.reduceRight<Term>((then, index) => {
    const rule = system.rules[index] as TransitionRule;
    const changed = system.variables.flatMap((v, i) =>
      rule.next[i] === v.name ? [] : [`(${v.name} ${rule.next[i]})`],
    );
    return smtAnd([
      rule.condition,
      changed.length === 0 ? then : `(let (${changed.join(' ')}) ${then})`,
    ]);
  }, goal);
}

/** An initial state that no way serves, with small numbers where there is one. */
async function missing(
  session: Z3Session,
  system: SmtSystem,
): Promise<(number | boolean)[] | undefined> {
  const near = smtAnd(
    system.variables
      .filter(({ sort }) => sort === 'Int')
      .map((v) => `(<= ${smtInt(-NEAR)} ${v.name} ${NEAR})`),
  );
  for (const close of [near, 'true']) {
    const answer = (await session.send(`(push)\n(assert ${close})\n(check-sat)`)).trim();
    const start =
      answer === 'sat'
        ? await valuesOf(
            session,
            system.variables.map(({ name }) => name),
          )
        : undefined;
    await session.send('(pop)');
    if (start) return start;
    if (close === 'true' && answer !== 'unsat')
      throw new Error(`Z3 answered ${answer.slice(0, 200)}`);
  }
  return undefined;
}

/** The shortest way from one initial state to the goal, and the states on it. */
async function wayFrom(
  system: SmtSystem,
  start: readonly (number | boolean)[],
  goal: Term,
  limits: SessionLimits,
): Promise<{ readonly way: Way; readonly path: ValuePath } | undefined> {
  const { session } = await Z3Session.open(limits);
  const path = new SymbolicPath(system);
  try {
    await session.send(
      `${definitions(system)}\n${path.declared(0)}\n(assert ${path.at(0, smtAnd(system.variables.map((v, i) => is(v, start[i] as number | boolean))))})`,
    );
    for (let steps = 0; steps <= MAX_STEPS; steps += 1) {
      if (
        (await session.send(`(push)\n(assert ${path.at(steps, goal)})\n(check-sat)`)).trim() ===
        'sat'
      ) {
        const states: (number | boolean)[][] = [];
        for (let i = 0; i <= steps; i += 1)
          states.push(await valuesOf(session, path.names(i).split(' ')));
        const way: number[] = [];
        for (let i = 0; i < steps; i += 1)
          way.push(
            (
              await valuesOf(
                session,
                system.rules.map((_, r) => `(Rule${r} ${path.names(i)} ${path.names(i + 1)})`),
              )
            ).indexOf(true),
          );
        return { way, path: states };
      }
      await session.send(`(pop)\n${path.declared(steps + 1)}\n(assert ${path.step(steps)})`);
    }
    return undefined;
  } finally {
    session.close();
  }
}

function is(variable: SmtVariable, value: number | boolean): Term {
  if (typeof value === 'boolean') return value ? variable.name : smtNot(variable.name);
  return `(= ${variable.name} ${smtInt(value)})`;
}

async function valuesOf(session: Z3Session, terms: readonly Term[]): Promise<(number | boolean)[]> {
  const [pairs] = parseSexprs(await session.send(`(get-value (${terms.join(' ')}))`));
  return (pairs as readonly Sexpr[]).map((pair) =>
    literalOf((pair as readonly Sexpr[])[1] as Sexpr),
  );
}

function declared(system: SmtSystem): string {
  return system.variables.map((v) => `(declare-const ${v.name} ${v.sort})`).join('\n');
}

function names(system: SmtSystem): string {
  return system.variables.map((v) => v.name).join(' ');
}
