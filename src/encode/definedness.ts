import { BOOL, INT, NULL, type SetLookup } from '../model/types.ts';
import { truth } from '../model/scope.ts';
import type { Expr } from '../model/expression.ts';

/**
 * A model, or a property, that an encoding does not cover. Engines turn it into
 * `unknown{unsupported}`, with these words.
 */
export class Unencodable extends Error {}

export const TRUTH_LITERAL: Expr = truth(true);

/** Conjunction and disjunction without the units. */
export function and(left: Expr, right: Expr): Expr {
  if (isTrue(left)) return right;
  if (isTrue(right)) return left;
  return { kind: 'and', type: BOOL, left, right };
}

export function not(body: Expr): Expr {
  return { kind: 'not', type: BOOL, body };
}

export function isTrue(e: Expr): boolean {
  return e.kind === 'literal' && e.type.kind === 'bool' && e.value === 1;
}

function implies(condition: Expr, then: Expr): Expr {
  return isTrue(then)
    ? TRUTH_LITERAL
    : { kind: 'if', type: BOOL, condition, yes: then, no: TRUTH_LITERAL };
}

/**
 * The condition under which a term has a value (SEMANTICS 4), itself a term that always has one
 * where it is evaluated: left to right, with short circuit. `TRUE` for almost every expression that
 * people write.
 */
export function definedness(e: Expr, sets: SetLookup): Expr {
  switch (e.kind) {
    case 'literal':
    case 'local':
    case 'elements':
    case 'messages':
      return TRUTH_LITERAL;
    case 'cell':
      return e.keys.reduce(
        (all, key) => and(and(all, definedness(key, sets)), notNull(key)),
        TRUTH_LITERAL,
      );
    case 'field':
      return definedness(e.message, sets);
    case 'list':
      return all(e.items, sets);
    case 'union':
      return all(e.lists, sets);
    case 'toSet':
    case 'count':
    case 'sum':
      return definedness(e.list, sets);
    case 'min':
    case 'max':
      return and(definedness(e.list, sets), notEmpty(e.list));
    case 'not':
    case 'negate':
      return definedness(e.body, sets);
    case 'and':
      return and(definedness(e.left, sets), implies(e.left, definedness(e.right, sets)));
    case 'or':
      return and(definedness(e.left, sets), implies(not(e.left), definedness(e.right, sets)));
    case 'compare':
    case 'arithmetic':
      return all([e.left, e.right], sets);
    case 'between':
      return all([e.value, e.lo, e.hi], sets);
    case 'contains':
      return all([e.list, e.value], sets);
    case 'if': {
      const [yes, no] = [definedness(e.yes, sets), definedness(e.no, sets)];
      const branches: Expr =
        isTrue(yes) && isTrue(no)
          ? TRUTH_LITERAL
          : { kind: 'if', type: BOOL, condition: e.condition, yes, no };
      return and(definedness(e.condition, sets), branches);
    }
    case 'some':
    case 'every':
    case 'for':
    case 'filter':
      return and(definedness(e.domain, sets), overDomain(e, sets));
  }
}

/** Asked again of every mutant of a model: the predicates are the same, and so are the sets. */
const total = new WeakMap<Expr, boolean>();

/** Whether a term has a value wherever it is evaluated. */
export function isTotal(e: Expr, sets: SetLookup): boolean {
  const known = total.get(e) ?? isTrue(definedness(e, sets));
  total.set(e, known);
  return known;
}

function all(list: readonly Expr[], sets: SetLookup): Expr {
  return list.reduce((sofar, e) => and(sofar, definedness(e, sets)), TRUTH_LITERAL);
}

export function notNull(e: Expr): Expr {
  if (e.type.kind !== 'element' || !e.type.nullable)
    return e.type.kind === 'null' ? truth(false) : TRUTH_LITERAL;
  return {
    kind: 'compare',
    type: BOOL,
    operator: '!=',
    left: e,
    right: { kind: 'literal', type: NULL, value: -1 },
  };
}

function notEmpty(list: Expr): Expr {
  if (list.kind === 'list') return truth(list.items.length > 0);
  if (list.kind === 'for' && list.domain.kind === 'elements') return TRUTH_LITERAL;
  return {
    kind: 'compare',
    type: BOOL,
    operator: '>',
    left: { kind: 'count', type: INT, list },
    right: { kind: 'literal', type: INT, value: 0 },
  };
}

type Bound = Extract<Expr, { kind: 'some' | 'every' | 'for' | 'filter' }>;

/**
 * The body's definedness over the domain. Quantifiers stop at the first element that decides, and
 * so does this.
 */
function overDomain(e: Bound, sets: SetLookup): Expr {
  const body = definedness(e.body, sets);
  if (isTrue(body)) return TRUTH_LITERAL;
  if (e.kind === 'for' || e.kind === 'filter')
    return { kind: 'every', type: BOOL, local: e.local, domain: e.domain, body };
  if (e.domain.kind !== 'elements')
    throw new Unencodable(`a quantifier over ${e.domain.kind} whose body may be undefined`);
  const values = sets(e.domain.set).elements.map((_, value): Expr => ({
    kind: 'literal',
    type: { kind: 'element', set: (e.domain as { set: string }).set, nullable: false },
    value,
  }));
  return values.reduceRight((rest, value) => {
    const here = substitute(e.body, e.local, value);
    return and(
      substitute(body, e.local, value),
      implies(e.kind === 'some' ? not(here) : here, rest),
    );
  }, TRUTH_LITERAL);
}

/**
 * The expression with a local name replaced by a term. Locals never repeat an outer name, except
 * `item`, which hides it.
 */
export function substitute(e: Expr, local: string, by: Expr): Expr {
  const go = (x: Expr): Expr => substitute(x, local, by);
  switch (e.kind) {
    case 'local':
      return e.name === local ? by : e;
    case 'literal':
    case 'elements':
    case 'messages':
      return e;
    case 'cell':
      return { ...e, keys: e.keys.map(go) };
    case 'field':
      return { ...e, message: go(e.message) };
    case 'list':
      return { ...e, items: e.items.map(go) };
    case 'union':
      return { ...e, lists: e.lists.map(go) };
    case 'toSet':
    case 'count':
    case 'sum':
    case 'min':
    case 'max':
      return { ...e, list: go(e.list) };
    case 'not':
    case 'negate':
      return { ...e, body: go(e.body) };
    case 'and':
    case 'or':
    case 'compare':
    case 'arithmetic':
      return { ...e, left: go(e.left), right: go(e.right) };
    case 'between':
      return { ...e, value: go(e.value), lo: go(e.lo), hi: go(e.hi) };
    case 'contains':
      return { ...e, list: go(e.list), value: go(e.value) };
    case 'if':
      return { ...e, condition: go(e.condition), yes: go(e.yes), no: go(e.no) };
    case 'some':
    case 'every':
    case 'for':
    case 'filter':
      return { ...e, domain: go(e.domain), body: e.local === local ? e.body : go(e.body) };
  }
}
