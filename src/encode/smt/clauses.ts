import { parseSexprs, type Sexpr } from './sexpr.ts';

/** Terms larger than this, once their `let`s are written out, are left as they are. */
const MAX_NODES = 50_000;

type Env = ReadonlyMap<string, Sexpr>;

/**
 * The conjuncts of an invariant `(define-fun Inv (…) Bool term)`: `let`s written out, negations
 * driven inwards as far as they split something. Together they say what the term says. Nothing
 * comes back where that would be too much text.
 */
export function clausesOf(definition: string): Sexpr[] | undefined {
  const [list] = parseSexprs(definition);
  const body = Array.isArray(list) ? (list as readonly Sexpr[])[4] : undefined;
  if (body === undefined) return undefined;
  const budget = { nodes: MAX_NODES };
  const expanded = expand(body, new Map(), budget);
  return expanded === undefined
    ? undefined
    : distinct(conjuncts(expanded, true)).filter((clause) => clause !== 'true');
}

function expand(term: Sexpr, env: Env, budget: { nodes: number }): Sexpr | undefined {
  budget.nodes -= 1;
  if (budget.nodes < 0) return undefined;
  if (typeof term === 'string') {
    const bound = env.get(term);
    if (bound !== undefined) budget.nodes -= sizeOf(bound);
    return bound ?? term;
  }
  if (term[0] === 'let') {
    const inner = new Map(env);
    for (const [name, value] of term[1] as readonly (readonly [string, Sexpr])[]) {
      const written = expand(value, env, budget);
      if (written === undefined) return undefined;
      inner.set(name, written);
    }
    return expand(term[2] as Sexpr, inner, budget);
  }
  const parts: Sexpr[] = [];
  for (const part of term) {
    const written = expand(part, env, budget);
    if (written === undefined) return undefined;
    parts.push(written);
  }
  return parts;
}

function sizeOf(term: Sexpr): number {
  return typeof term === 'string' ? 1 : term.reduce((sum, part) => sum + sizeOf(part), 1);
}

function conjuncts(term: Sexpr, positive: boolean): Sexpr[] {
  if (typeof term !== 'string') {
    const [head, ...rest] = term;
    if (head === 'not') return conjuncts(rest[0] as Sexpr, !positive);
    if (head === 'and' && positive) return rest.flatMap((part) => conjuncts(part, true));
    if (head === 'or' && !positive) return rest.flatMap((part) => conjuncts(part, false));
    if (head === '=>' && !positive)
      return [
        ...rest.slice(0, -1).flatMap((part) => conjuncts(part, true)),
        ...conjuncts(rest.at(-1) as Sexpr, false),
      ];
    if (head === '<=' && rest.length > 2 && positive)
      return rest.slice(1).map((part, i) => ['<=', rest[i] as Sexpr, part]);
  }
  if (positive) return [term];
  return [term === 'true' ? 'false' : term === 'false' ? 'true' : ['not', term]];
}

/** The disjuncts of a clause, each with whether it stands there denied. */
export function clauseDisjuncts(
  term: Sexpr,
  positive = true,
): { readonly term: Sexpr; readonly positive: boolean }[] {
  if (typeof term !== 'string') {
    const [head, ...rest] = term;
    if (head === 'not') return clauseDisjuncts(rest[0] as Sexpr, !positive);
    if (head === 'or' && positive) return rest.flatMap((part) => clauseDisjuncts(part, true));
    if (head === 'and' && !positive) return rest.flatMap((part) => clauseDisjuncts(part, false));
    if (head === '=>' && positive)
      return [
        ...rest.slice(0, -1).flatMap((part) => clauseDisjuncts(part, false)),
        ...clauseDisjuncts(rest.at(-1) as Sexpr, true),
      ];
  }
  return [{ term, positive }];
}

function distinct(clauses: readonly Sexpr[]): Sexpr[] {
  return [...new Map(clauses.map((clause) => [sexprText(clause), clause])).values()];
}

/** A term as text again. */
export function sexprText(term: Sexpr): string {
  return typeof term === 'string' ? term : `(${term.map(sexprText).join(' ')})`;
}
