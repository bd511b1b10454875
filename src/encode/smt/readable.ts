import { clauseDisjuncts, clausesOf, sexprText } from './clauses.ts';
import type { Sexpr } from './sexpr.ts';
import type { Term } from './terms.ts';
import type { SmtMeaning, SmtSystem } from './system.ts';

/** A disjunction of more parts than this is a list of states, not a sentence. */
const MAX_PARTS = 40;

const MAX_CHARACTERS = 2_000;

/**
 * An invariant in the model's own words, a sentence for each clause: `if status[o1] = paid then
 * captured[o1] = price else true`. To be read, not to be re-proved: that is what the SMT-LIB text
 * is for. A clause that is a property of `goals` is named; what every value of a type is, and that
 * no error has been reached before, is said once.
 */
export function readableInvariant(
  system: SmtSystem,
  definition: string,
  goals: ReadonlyMap<string, Term> = new Map(),
): string[] {
  const clauses = clausesOf(definition);
  if (clauses === undefined) return ['the invariant is too large to be read'];
  const parts = new Map(
    [...goals].flatMap(([name, term]) =>
      (clausesOf(`(define-fun Inv () Bool ${term})`) ?? []).map(
        (clause) => [sexprText(clause), name] as const,
      ),
    ),
  );
  const itself = new Set(clauses.flatMap((clause) => parts.get(sexprText(clause)) ?? []));
  const others = clauses.filter((clause) => !parts.has(sexprText(clause)));
  return [
    ...[...itself].map((name) => `${name}, the property itself`),
    ...reader(system).sentences(others),
  ];
}

function reader(system: SmtSystem): Reader {
  return new Reader(
    new Map(system.variables.map((v) => [v.name, { meaning: v.meaning, sort: v.sort }])),
  );
}

/** A sum of named things, with what is added to it. */
interface Linear {
  readonly constant: number;
  readonly parts: ReadonlyMap<string, number>;
  /** The one variable that it is about, where it is about one alone. */
  readonly alone?: Extract<SmtMeaning, { kind: 'cell' }>;
}

type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';

const DENIED: Readonly<Record<Operator, Operator>> = {
  '=': '!=',
  '!=': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

const MIRRORED: Readonly<Record<Operator, Operator>> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

const HOLDS: Readonly<Record<Operator, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

class Reader {
  readonly #variables: ReadonlyMap<
    string,
    { readonly meaning: SmtMeaning; readonly sort: 'Int' | 'Bool' }
  >;

  constructor(
    variables: ReadonlyMap<string, { readonly meaning: SmtMeaning; readonly sort: 'Int' | 'Bool' }>,
  ) {
    this.#variables = variables;
  }

  sentences(clauses: readonly Sexpr[]): string[] {
    const errors: string[] = [];
    const said: string[] = [];
    for (const clause of clauses) {
      const error =
        Array.isArray(clause) && clause[0] === 'not' && typeof clause[1] === 'string'
          ? this.#variables.get(clause[1])?.meaning
          : undefined;
      if (error?.kind === 'error') errors.push(error.of);
      else said.push(this.#sentence(clause));
    }
    const plain = [...new Set(said)].filter(
      (text) =>
        !/^(?:if [^=]* then )?\(?(?:\S+ has a value of its type(?: and )?)+\)?(?: else true)?$/.test(
          text,
        ),
    );
    return [
      ...intervals(plain),
      ...(plain.length < new Set(said).size ? ['every name has a value of its type'] : []),
      ...(errors.length > 0 ? [`no step so far has broken ${errors.join(', ')}`] : []),
    ];
  }

  /** What a clause denies is its premise, what it affirms its conclusion. */
  #sentence(clause: Sexpr): string {
    const whole = clauseDisjuncts(clause);
    const running = whole.filter(
      (part) =>
        !(
          part.positive &&
          typeof part.term === 'string' &&
          this.#variables.get(part.term)?.meaning.kind === 'error'
        ),
    );
    const parts = running.length > 0 ? running : whole;
    if (parts.length > MAX_PARTS || sexprText(clause).length > 20 * MAX_CHARACTERS)
      return `the state is one of ${parts.length} that are listed in the invariant`;
    const premises = parts
      .filter((part) => !part.positive)
      .map((part) => this.#text(part.term, true, true));
    const conclusions = parts
      .filter((part) => part.positive)
      .map((part) => this.#text(part.term, true, parts.length > 1));
    const text =
      premises.length > 0 && conclusions.length > 0
        ? `if ${premises.join(' and ')} then ${conclusions.join(' or ')} else true`
        : conclusions.length > 0
          ? conclusions.join(' or ')
          : premises.length > 1
            ? `not(${premises.join(' and ')})`
            : this.#text(parts[0]?.term as Sexpr, false, false);
    return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
  }

  /** A term that is true or false. */
  #text(term: Sexpr, positive: boolean, inside: boolean): string {
    if (typeof term === 'string') {
      const text = this.#name(term);
      return positive ? text : `not(${text})`;
    }
    const [head, ...rest] = term as readonly [string, ...Sexpr[]];
    if (head === 'not') return this.#text(rest[0] as Sexpr, !positive, inside);
    if (head === 'and' || head === 'or') {
      const joined = rest
        .map((part) => this.#text(part, positive, true))
        .join((head === 'and') === positive ? ' and ' : ' or ');
      return inside ? `(${joined})` : joined;
    }
    if (head === '=>')
      return this.#text(
        ['or', ...rest.slice(0, -1).map((part): Sexpr => ['not', part]), rest.at(-1) as Sexpr],
        positive,
        inside,
      );
    const comparison = (
      { '=': '=', distinct: '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=' } as const
    )[head];
    if (comparison !== undefined && rest.length === 2)
      return this.#comparison(
        positive ? comparison : DENIED[comparison],
        rest[0] as Sexpr,
        rest[1] as Sexpr,
      );
    if (head === 'ite')
      return `${positive ? '' : 'not'}(if ${this.#text(rest[0] as Sexpr, true, false)} then ${this.#text(rest[1] as Sexpr, true, false)} else ${this.#text(rest[2] as Sexpr, true, false)})`;
    return positive ? sexprText(term) : `not(${sexprText(term)})`;
  }

  #name(symbol: string): string {
    const meaning = this.#variables.get(symbol)?.meaning;
    if (meaning === undefined) return symbol;
    return meaning.kind === 'error' ? `${meaning.of} is broken` : meaning.text;
  }

  #isTruth(term: Sexpr): boolean {
    if (typeof term === 'string')
      return term === 'true' || term === 'false' || this.#variables.get(term)?.sort === 'Bool';
    return (
      /^(not|and|or|=>|=|distinct|<|<=|>|>=)$/.test(String(term[0])) ||
      (term[0] === 'ite' && this.#isTruth(term[2] as Sexpr))
    );
  }

  #comparison(operator: Operator, left: Sexpr, right: Sexpr): string {
    if (this.#isTruth(left) || this.#isTruth(right))
      return `(${this.#text(left, true, true)}) ${operator} (${this.#text(right, true, true)})`;
    const named =
      this.#namedComparison(operator, left, right) ??
      this.#namedComparison(MIRRORED[operator], right, left);
    if (named !== undefined) return named;
    const [a, b] = [this.#linear(left), this.#linear(right)];
    const parts = new Map(a.parts);
    for (const [name, times] of b.parts) parts.set(name, (parts.get(name) ?? 0) - times);
    const present = [...parts].filter(([, times]) => times !== 0);
    const constant = b.constant - a.constant;
    const positives = present.filter(([, times]) => times > 0);
    const negatives = present
      .filter(([, times]) => times < 0)
      .map(([name, times]) => [name, -times] as const);
    if (positives.length === 0) return `${sum(negatives, 0)} ${MIRRORED[operator]} ${-constant}`;
    return `${sum(positives, constant < 0 && negatives.length > 0 ? -constant : 0)} ${operator} ${sum(negatives, negatives.length > 0 ? Math.max(0, constant) : constant)}`;
  }

  /** `status[o1] <= 1` of an enumeration: the members that it allows. */
  #namedComparison(operator: Operator, left: Sexpr, right: Sexpr): string | undefined {
    const { alone, parts, constant } = this.#linear(left);
    if (alone?.values === undefined) return undefined;
    const times = [...parts.values()][0] as number;
    const other = this.#linear(right);
    if (
      other.alone?.values !== undefined &&
      times === 1 &&
      constant === 0 &&
      other.constant === 0 &&
      (operator === '=' || operator === '!=')
    )
      return `${alone.text} ${operator} ${other.alone.text}`;
    if (other.parts.size > 0) return undefined;
    const allowed = [...alone.values]
      .filter(([value]) => HOLDS[operator](times * value + constant, other.constant))
      .map(([, name]) => name);
    if (allowed.length === alone.values.size) return `${alone.text} has a value of its type`;
    if (allowed.length === 0) return `${alone.text} has no value of its type`;
    if (allowed.length === 1) return `${alone.text} = ${allowed[0]}`;
    if (operator === '!=')
      return `${alone.text} != ${[...alone.values.values()].find((name) => !allowed.includes(name))}`;
    return `${alone.text} in (${allowed.join(', ')})`;
  }

  #linear(term: Sexpr): Linear {
    if (typeof term === 'string') {
      if (/^\d+$/.test(term)) return { constant: Number(term), parts: new Map() };
      const meaning = this.#variables.get(term)?.meaning;
      return {
        constant: 0,
        parts: new Map([[this.#name(term), 1]]),
        ...(meaning?.kind === 'cell' ? { alone: meaning } : {}),
      };
    }
    const [head, ...rest] = term as readonly [string, ...Sexpr[]];
    const sides = rest.map((part) => (head === 'ite' ? undefined : this.#linear(part)));
    const scaled = (of: Linear, by: number): Linear => ({
      ...of,
      constant: of.constant * by,
      parts: new Map([...of.parts].map(([name, times]) => [name, times * by])),
    });
    if (head === '-' && sides.length === 1) return scaled(sides[0] as Linear, -1);
    if (head === '+' || head === '-')
      return (sides as Linear[])
        .map((side, i) => (head === '-' && i > 0 ? scaled(side, -1) : side))
        .reduce(added);
    if (head === '*' && sides.length === 2) {
      const number = (sides as Linear[]).find((side) => side.parts.size === 0);
      const other = (sides as Linear[]).find((side) => side !== number);
      if (number && other) return scaled(other, number.constant);
    }
    const text =
      head === 'ite'
        ? `(if ${this.#text(rest[0] as Sexpr, true, false)} then ${this.#sum(rest[1] as Sexpr)} else ${this.#sum(rest[2] as Sexpr)})`
        : head === '*'
          ? `(${rest.map((part) => this.#sum(part)).join(' * ')})`
          : sexprText(term);
    return { constant: 0, parts: new Map([[text, 1]]) };
  }

  #sum(term: Sexpr): string {
    const { parts, constant } = this.#linear(term);
    return sum([...parts], constant);
  }
}

function added(a: Linear, b: Linear): Linear {
  const parts = new Map(a.parts);
  for (const [name, times] of b.parts) parts.set(name, (parts.get(name) ?? 0) + times);
  const alone = b.parts.size === 0 ? a.alone : a.parts.size === 0 ? b.alone : undefined;
  return { constant: a.constant + b.constant, parts, ...(alone ? { alone } : {}) };
}

function sum(parts: readonly (readonly [string, number])[], constant: number): string {
  const words = parts.map(([name, times], i) => {
    const size = Math.abs(times) === 1 ? name : `${Math.abs(times)} * ${name}`;
    return i === 0 ? (times < 0 ? `-${size}` : size) : `${times < 0 ? '-' : '+'} ${size}`;
  });
  if (constant !== 0 || words.length === 0)
    words.push(
      words.length === 0 ? String(constant) : `${constant < 0 ? '-' : '+'} ${Math.abs(constant)}`,
    );
  return words.join(' ');
}

/** `n >= 0` and `n <= 3` are one sentence: `n in [0..3]`. */
function intervals(sentences: readonly string[]): string[] {
  const lower = new Map(
    sentences.flatMap((text) => {
      const m = /^(\S+) >= (-?\d+)$/.exec(text);
      return m ? [[m[1] as string, m[2] as string] as const] : [];
    }),
  );
  const upper = new Map(
    sentences.flatMap((text) => {
      const m = /^(\S+) <= (-?\d+)$/.exec(text);
      return m ? [[m[1] as string, m[2] as string] as const] : [];
    }),
  );
  const both = (name: string): boolean => lower.has(name) && upper.has(name);
  return sentences.flatMap((text) => {
    const [, name, operator] = /^(\S+) ([<>]=) -?\d+$/.exec(text) ?? [];
    if (name === undefined || !both(name)) return [text];
    return operator === '>=' ? [`${name} in [${lower.get(name)}..${upper.get(name)}]`] : [];
  });
}
