/** An SMT-LIB term as text. */
export type Term = string;

export const smtInt = (n: number): Term => (n < 0 ? `(- ${-n})` : String(n));

export const smtAnd = (terms: readonly Term[]): Term =>
  nary(
    'and',
    terms.filter((t) => t !== 'true'),
    'true',
  );

export const smtOr = (terms: readonly Term[]): Term =>
  nary(
    'or',
    terms.filter((t) => t !== 'false'),
    'false',
  );

export const smtNot = (t: Term): Term =>
  t === 'true' ? 'false' : t === 'false' ? 'true' : `(not ${t})`;

function nary(operator: string, terms: readonly Term[], unit: Term): Term {
  const zero = unit === 'true' ? 'false' : 'true';
  if (terms.includes(zero)) return zero;
  if (terms.length === 0) return unit;
  return terms.length === 1 ? (terms[0] as Term) : `(${operator} ${terms.join(' ')})`;
}

export function smtIte(condition: Term, yes: Term, no: Term): Term {
  if (condition === 'true' || yes === no) return yes;
  return condition === 'false' ? no : `(ite ${condition} ${yes} ${no})`;
}

export function smtEq(a: Term, b: Term): Term {
  if (a === b) return 'true';
  return NUMERAL.test(a) && NUMERAL.test(b) ? 'false' : `(= ${a} ${b})`;
}

const NUMERAL = /^(?:\d+|\(- \d+\))$/;
