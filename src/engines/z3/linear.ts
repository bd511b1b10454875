import { parseSexprs, type Sexpr } from '../../encode/smt/sexpr.ts';
import { sexprText } from '../../encode/smt/clauses.ts';
import { smtInt, type Term } from '../../encode/smt/terms.ts';
import type { SmtSystem, SmtVariable } from '../../encode/smt/system.ts';
import { OutOfTime, ticking, type Time } from '../../time/time.ts';

type Values = readonly (number | boolean)[];

/** More numbers than these are no sum that anybody keeps in mind. */
const MAX_NUMBERS = 60;
const MAX_CLAUSES = 100;
/** Coefficients of an equation, and their denominators, are at most so large. */
const MAX_COEFFICIENT = 12;
/** A prime below 2^26.5: products of two residues are exact. */
const PRIME = 94_906_249;

/**
 * What is true of the numbers of every state that was seen: none is negative, sums that are the
 * same (all that was paid is on its way or booked), and the comparisons of the model's own guards,
 * made to include equality (`returned > refunded` lets `refunded` grow up to it, and no further).
 * Candidates for Houdini, like `learned.ts`; few, and enough for most workflows that count.
 */
export function linearClauses(system: SmtSystem, states: readonly Values[], time: Time): Term[] {
  const numbers = system.variables.flatMap((variable, at) => (isNumber(variable) ? [at] : []));
  if (states.length === 0 || numbers.length === 0 || numbers.length > MAX_NUMBERS) return [];
  const tick = ticking(time);
  const signs = numbers
    .filter((at) => states.every((values) => (values[at] as number) >= 0))
    .map((at) => `(<= 0 ${(system.variables[at] as SmtVariable).name})`);
  try {
    return [
      ...new Set([
        ...signs,
        ...comparisons(system, states, tick),
        ...equations(system, numbers, states, tick),
      ]),
    ].slice(0, MAX_CLAUSES);
  } catch (error) {
    if (error instanceof OutOfTime) return [];
    throw error;
  }
}

/** Numbers that every state has: cells, and copies of a message. */
function isNumber({ sort, meaning }: SmtVariable): boolean {
  if (sort !== 'Int') return false;
  return meaning.kind === 'count' || (meaning.kind === 'cell' && !meaning.values && !meaning.held);
}

const COMPARISONS: readonly string[] = ['<', '<=', '>', '>='];

/** The comparisons in guards, with equality, that are true of all states, either way round. */
function* comparisons(
  system: SmtSystem,
  states: readonly Values[],
  tick: () => void,
): Generator<Term> {
  const index = new Map(system.variables.map(({ name }, at) => [name, at]));
  const seen = new Set<string>();
  const terms = system.rules.flatMap(({ base, guards }) => [base, ...guards.map((g) => g.term)]);
  for (const text of new Set(terms)) {
    for (const [left, right] of compared(parseSexprs(text))) {
      for (const [low, high] of [
        [left, right],
        [right, left],
      ] as const) {
        const term = `(<= ${sexprText(low)} ${sexprText(high)})`;
        if (seen.has(term)) continue;
        seen.add(term);
        const holds = states.every((values) => {
          tick();
          const [x, y] = [valueOf(low, values, index), valueOf(high, values, index)];
          return x !== undefined && y !== undefined && x <= y;
        });
        if (holds) yield term;
      }
    }
  }
}

function* compared(terms: readonly Sexpr[]): Generator<readonly [Sexpr, Sexpr]> {
  for (const term of terms) {
    if (typeof term === 'string') continue;
    const [head, left, right] = term;
    if (typeof head === 'string' && COMPARISONS.includes(head) && term.length === 3)
      yield [left as Sexpr, right as Sexpr];
    else yield* compared(term);
  }
}

/** A sum of variables in one state; nothing where it is something else. */
function valueOf(
  term: Sexpr,
  values: Values,
  index: ReadonlyMap<string, number>,
): number | undefined {
  if (typeof term === 'string') {
    const at = index.get(term);
    const value = at === undefined ? (/^\d+$/u.test(term) ? Number(term) : undefined) : values[at];
    return typeof value === 'number' ? value : undefined;
  }
  const [head, ...rest] = term;
  const parts = rest.map((part) => valueOf(part, values, index));
  if (!parts.every((part) => part !== undefined)) return undefined;
  const [first = 0, ...others] = parts;
  if (head === '+') return others.reduce((sum, part) => sum + part, first);
  if (head === '*') return others.reduce((product, part) => product * part, first);
  if (head === '-')
    return others.length === 0 ? -first : others.reduce((sum, part) => sum - part, first);
  return undefined;
}

/**
 * A basis of the equations that all states satisfy: the null space of their numbers and 1, found
 * modulo a prime, kept where its coefficients are small fractions and every state satisfies it.
 */
function* equations(
  system: SmtSystem,
  numbers: readonly number[],
  states: readonly Values[],
  tick: () => void,
): Generator<Term> {
  const width = numbers.length + 1;
  const rows = reducedRows(
    states.map((values) => [...numbers.map((at) => values[at] as number), 1]),
    width,
    tick,
  );
  const pivots = rows.map((row) => row.indexOf(1));
  for (let free = 0; free < width; free += 1) {
    if (pivots.includes(free)) continue;
    const vector = new Array<number>(width).fill(0);
    vector[free] = 1;
    rows.forEach((row, r) => {
      vector[pivots[r] as number] = (PRIME - (row[free] as number)) % PRIME;
    });
    const coefficients = integersOf(vector);
    if (!coefficients) continue;
    const zero = states.every((values) => {
      const sum = numbers.reduce(
        (total, at, k) => total + (coefficients[k] as number) * (values[at] as number),
        coefficients[width - 1] as number,
      );
      return sum === 0;
    });
    if (zero) yield equationText(system, numbers, coefficients);
  }
}

/** The reduced row echelon form, modulo the prime. */
function reducedRows(rows: readonly number[][], width: number, tick: () => void): number[][] {
  const basis: number[][] = [];
  for (const given of rows) {
    tick();
    const row = given.map((value) => ((value % PRIME) + PRIME) % PRIME);
    for (const other of basis) subtract(row, other, row[other.indexOf(1)] as number);
    const pivot = row.findIndex((value) => value !== 0);
    if (pivot < 0) continue;
    const inverse = power(row[pivot] as number, PRIME - 2);
    for (let k = 0; k < width; k += 1) row[k] = ((row[k] as number) * inverse) % PRIME;
    for (const other of basis) subtract(other, row, other[pivot] as number);
    basis.push(row);
  }
  return basis;
}

function subtract(row: number[], other: readonly number[], factor: number): void {
  if (factor === 0) return;
  for (let k = 0; k < row.length; k += 1)
    row[k] = ((row[k] as number) + (PRIME - factor) * (other[k] as number)) % PRIME;
}

function power(value: number, exponent: number): number {
  let [result, base] = [1, value];
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = (result * base) % PRIME;
    base = (base * base) % PRIME;
  }
  return result;
}

/** Residues as small fractions, over their common denominator; nothing where some is none. */
function integersOf(residues: readonly number[]): number[] | undefined {
  for (let denominator = 1; denominator <= MAX_COEFFICIENT; denominator += 1) {
    const scaled = residues.map((residue) => {
      const value = (residue * denominator) % PRIME;
      return value > PRIME / 2 ? value - PRIME : value;
    });
    // The last is the constant: a price may be large.
    if (scaled.slice(0, -1).every((value) => Math.abs(value) <= MAX_COEFFICIENT)) return scaled;
  }
  return undefined;
}

function equationText(
  system: SmtSystem,
  numbers: readonly number[],
  coefficients: readonly number[],
): Term {
  const side = (sign: 1 | -1): Term => {
    const terms = coefficients.flatMap((given, k) => {
      const c = given * sign;
      if (c <= 0) return [];
      const at = numbers[k];
      if (at === undefined) return [smtInt(c)];
      const { name } = system.variables[at] as SmtVariable;
      return [c === 1 ? name : `(* ${smtInt(c)} ${name})`];
    });
    const [only = '0'] = terms;
    return terms.length < 2 ? only : `(+ ${terms.join(' ')})`;
  };
  return `(= ${side(1)} ${side(-1)})`;
}
