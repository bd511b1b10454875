import { smtAnd, smtInt, smtNot, type Term } from '../../encode/smt/terms.ts';
import type { SmtSystem, SmtVariable } from '../../encode/smt/system.ts';
import { OutOfTime, ticking, type Time } from '../../time/time.ts';

/** Something that can be said of a state, and of which of the seen states it is true. */
interface Literal {
  readonly term: Term;
  readonly of: number;
  readonly true: Bits;
  readonly count: number;
}

type Values = readonly (number | boolean)[];

/** A set of states, one bit each: what is compared in pairs is compared 32 states at a time. */
type Bits = Uint32Array;

function bitsOf(states: readonly Values[], test: (values: Values) => boolean): Bits {
  const bits = new Uint32Array(Math.ceil(states.length / 32));
  states.forEach((values, s) => {
    if (test(values)) bits[s >>> 5] = (bits[s >>> 5] as number) | (1 << (s & 31));
  });
  return bits;
}

function sizeOf(bits: Bits): number {
  let size = 0;
  for (let word of bits) for (; word !== 0; word &= word - 1) size += 1;
  return size;
}

/** Whether some state is in both. */
function meet(a: Bits, b: Bits): boolean {
  for (let w = 0; w < a.length; w += 1)
    if (((a[w] as number) & (b[w] as number)) !== 0) return true;
  return false;
}

function union(all: readonly Bits[]): Bits {
  const sum = new Uint32Array(all[0]?.length ?? 0);
  for (const bits of all)
    for (let w = 0; w < sum.length; w += 1) sum[w] = (sum[w] as number) | (bits[w] as number);
  return sum;
}

function within(a: Bits, b: Bits): boolean {
  return a.every((word, w) => (word & ~(b[w] as number)) === 0);
}

const MAX_LITERALS = 220;

const MAX_CLAUSES = 4_000;

/**
 * A number with more values than this in what was seen is compared with others, not with each
 * value.
 */
const FEW = 4;

/**
 * What is true of every state that was seen, in the forms that people use: a value that something
 * never has, two things that never are together, two numbers that are the same whenever something
 * is the case. Examples prove nothing: these are candidates for Houdini (`induction.ts`), which
 * keeps those that are inductive. A proof of them reads well, and holds for integers without
 * bounds, of which the examples are a few. What was not looked at when the time is over is left
 * out.
 */
export function learnedClauses(system: SmtSystem, states: readonly Values[], time: Time): Term[] {
  if (states.length === 0) return [];
  const tick = ticking(time);
  const literals = literalsOf(system, states).slice(0, MAX_LITERALS);
  const always = literals.filter((literal) => literal.count === states.length);
  const never = literals.filter((literal) => literal.count === 0);
  const sometimes = literals.filter(
    (literal) => literal.count > 0 && literal.count < states.length,
  );
  const clauses = [
    ...always.map((literal) => literal.term),
    ...never.map((literal) => smtNot(literal.term)),
  ];
  const more = [
    same(system, states, sometimes, tick),
    somewhere(system, literals, sometimes, tick),
    apart(sometimes, tick),
  ];
  try {
    for (const found of more)
      for (const clause of found) {
        if (clauses.length >= MAX_CLAUSES) return clauses;
        clauses.push(clause);
      }
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
  }
  return clauses;
}

/** Two things that never are together. */
function* apart(literals: readonly Literal[], tick: () => void): Generator<Term> {
  for (const [i, a] of literals.entries())
    for (const b of literals.slice(i + 1)) {
      tick();
      if (a.of !== b.of && !meet(a.true, b.true)) yield `(not (and ${a.term} ${b.term}))`;
    }
}

/**
 * Whenever something is the case, some message that carries a certain element is on its way: what
 * waits is waited for.
 */
function* somewhere(
  system: SmtSystem,
  literals: readonly Literal[],
  premises: readonly Literal[],
  tick: () => void,
): Generator<Term> {
  const groups = new Map<string, Literal[]>();
  for (const literal of literals) {
    const { meaning } = system.variables[literal.of] as SmtVariable;
    const carried =
      meaning.kind === 'count'
        ? literal.term === `(< 0 ${system.variables[literal.of]?.name})`
          ? (meaning.carries ?? [])
          : []
        : meaning.kind === 'cell' && meaning.held !== undefined && meaning.values
          ? [
              [...meaning.values].find(([value]) =>
                literal.term.includes(` ${smtInt(value)})`),
              )?.[1] ?? '',
            ]
          : [];
    for (const name of carried)
      if (!/^-?\d+$|^(true|false)$/.test(name))
        groups.set(name, [...(groups.get(name) ?? []), literal]);
  }
  for (const group of groups.values()) {
    const somewhereIn = union(group.map((literal) => literal.true));
    for (const premise of premises) {
      tick();
      if (!group.includes(premise) && within(premise.true, somewhereIn))
        yield `(=> ${premise.term} (or ${group.map((literal) => literal.term).join(' ')}))`;
    }
  }
}

/** Two numbers that are the same, always or whenever something is the case. */
function* same(
  system: SmtSystem,
  states: readonly Values[],
  premises: readonly Literal[],
  tick: () => void,
): Generator<Term> {
  const numbers = system.variables.flatMap((variable, at) =>
    isNumber(variable) ? [{ variable, at, isHeld: holder(system, at) }] : [],
  );
  for (const [i, x] of numbers.entries())
    for (const y of numbers.slice(i + 1)) {
      const held = [heldOf(x.variable), heldOf(y.variable)].filter((term) => term !== 'true');
      const equal = `(= ${x.variable.name} ${y.variable.name})`;
      const differs = bitsOf(
        states,
        (values) => x.isHeld(values) && y.isHeld(values) && values[x.at] !== values[y.at],
      );
      if (sizeOf(differs) === 0) {
        yield held.length === 0 ? equal : `(=> ${smtAnd(held)} ${equal})`;
        continue;
      }
      for (const premise of premises) {
        tick();
        if (premise.of !== x.at && premise.of !== y.at && !meet(premise.true, differs))
          yield `(=> ${smtAnd([...held, premise.term])} ${equal})`;
      }
    }
}

function literalsOf(system: SmtSystem, states: readonly Values[]): Literal[] {
  return system.variables.flatMap((variable, at) => {
    const isHeld = holder(system, at);
    const literal = (term: Term, test: (value: number | boolean) => boolean): Literal => {
      const held = heldOf(variable);
      const truth = bitsOf(
        states,
        (values) => isHeld(values) && test(values[at] as number | boolean),
      );
      return {
        term: held === 'true' ? term : `(and ${held} ${term})`,
        of: at,
        true: truth,
        count: sizeOf(truth),
      };
    };
    const { meaning } = variable;
    if (meaning.kind === 'error') return [];
    if (variable.sort === 'Bool')
      return [
        literal(variable.name, (v) => v === true),
        literal(smtNot(variable.name), (v) => v === false),
      ];
    if (meaning.kind === 'count')
      return countLiterals(
        variable,
        states.map((values) => values[at] as number),
        literal,
      );
    const distinct =
      meaning.kind === 'cell' && meaning.values
        ? [...meaning.values.keys()]
        : [...new Set(states.filter(isHeld).map((values) => values[at] as number))];
    const named = meaning.kind === 'cell' && meaning.values !== undefined;
    const compared =
      named || distinct.length <= FEW ? distinct : distinct.filter((value) => value === 0);
    const equal = compared.map((value) =>
      literal(`(= ${variable.name} ${smtInt(value)})`, (v) => v === value),
    );
    return named
      ? equal
      : [
          ...equal,
          ...compared.map((value) =>
            literal(`(not (= ${variable.name} ${smtInt(value)}))`, (v) => v !== value),
          ),
          literal(`(<= 0 ${variable.name})`, (v) => (v as number) >= 0),
        ];
  });
}

function countLiterals(
  variable: SmtVariable,
  counts: readonly number[],
  literal: (term: Term, test: (value: number | boolean) => boolean) => Literal,
): Literal[] {
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  return [
    literal(`(= ${variable.name} 0)`, (v) => v === 0),
    literal(`(<= ${variable.name} ${most})`, (v) => (v as number) <= most),
    ...Array.from({ length: Math.min(most, FEW) }, (_, i) =>
      literal(`(< ${i} ${variable.name})`, (v) => (v as number) > i),
    ),
  ];
}

function isNumber({ sort, meaning }: SmtVariable): boolean {
  return sort === 'Int' && meaning.kind === 'cell' && meaning.values === undefined;
}

function heldOf({ meaning }: SmtVariable): Term {
  return meaning.kind === 'cell' ? (meaning.held ?? 'true') : 'true';
}

/**
 * Whether there is what a variable speaks of: `held` is `(< slot count)`, and the count a value of
 * the same state.
 */
function holder(system: SmtSystem, at: number): (values: Values) => boolean {
  const [, slot, count] =
    /^\(< (\d+) (\S+)\)$/.exec(heldOf(system.variables[at] as SmtVariable)) ?? [];
  if (slot === undefined) return () => true;
  const index = system.variables.findIndex((v) => v.name === count);
  return (values) => (values[index] as number) > Number(slot);
}
