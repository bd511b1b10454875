import { unreachable } from '../errors/index.ts';
import type { Type } from './types.ts';

/**
 * The comparison operators, and the arithmetic ones. `=` and `!=` work on every type that a cell
 * can have.
 */
export type CompareOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*';

/**
 * A checked expression: every name resolved, every node typed. All engines start from it.
 * Whole maps never stand alone: a `cell` carries all its keys.
 */
export type Expr =
  | { readonly kind: 'literal'; readonly type: Type; readonly value: number }
  | {
      readonly kind: 'cell';
      readonly type: Type;
      readonly of: 'variable' | 'parameter';
      readonly name: string;
      readonly keys: readonly Expr[];
    }
  | { readonly kind: 'local'; readonly type: Type; readonly name: string }
  | {
      readonly kind: 'field';
      readonly type: Type;
      readonly message: Expr;
      readonly channel: string;
      readonly field: string;
    }
  | { readonly kind: 'elements'; readonly type: Type; readonly set: string }
  | { readonly kind: 'messages'; readonly type: Type; readonly channel: string }
  | { readonly kind: 'list'; readonly type: Type; readonly items: readonly Expr[] }
  | { readonly kind: 'toSet'; readonly type: Type; readonly list: Expr }
  | { readonly kind: 'not'; readonly type: Type; readonly body: Expr }
  | { readonly kind: 'negate'; readonly type: Type; readonly body: Expr }
  | { readonly kind: 'and' | 'or'; readonly type: Type; readonly left: Expr; readonly right: Expr }
  | {
      readonly kind: 'compare';
      readonly type: Type;
      readonly operator: CompareOperator;
      readonly left: Expr;
      readonly right: Expr;
    }
  | {
      readonly kind: 'arithmetic';
      readonly type: Type;
      readonly operator: ArithmeticOperator;
      readonly left: Expr;
      readonly right: Expr;
    }
  | {
      readonly kind: 'between';
      readonly type: Type;
      readonly value: Expr;
      readonly lo: Expr;
      readonly hi: Expr;
    }
  | { readonly kind: 'contains'; readonly type: Type; readonly list: Expr; readonly value: Expr }
  | {
      readonly kind: 'if';
      readonly type: Type;
      readonly condition: Expr;
      readonly yes: Expr;
      readonly no: Expr;
    }
  | {
      readonly kind: 'some' | 'every';
      readonly type: Type;
      readonly local: string;
      readonly domain: Expr;
      readonly body: Expr;
    }
  | {
      readonly kind: 'for';
      readonly type: Type;
      readonly local: string;
      readonly domain: Expr;
      readonly body: Expr;
    }
  | {
      readonly kind: 'filter';
      readonly type: Type;
      readonly local: string;
      readonly domain: Expr;
      readonly body: Expr;
    }
  | { readonly kind: 'count' | 'sum' | 'min' | 'max'; readonly type: Type; readonly list: Expr }
  | { readonly kind: 'union'; readonly type: Type; readonly lists: readonly Expr[] };

export type ExprKind = Expr['kind'];

/** The parts of an expression, left to right. */
export function children(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case 'literal':
    case 'local':
    case 'elements':
    case 'messages':
      return [];
    case 'cell':
      return e.keys;
    case 'field':
      return [e.message];
    case 'list':
      return e.items;
    case 'toSet':
    case 'count':
    case 'sum':
    case 'min':
    case 'max':
      return [e.list];
    case 'not':
    case 'negate':
      return [e.body];
    case 'and':
    case 'or':
    case 'compare':
    case 'arithmetic':
      return [e.left, e.right];
    case 'between':
      return [e.value, e.lo, e.hi];
    case 'contains':
      return [e.list, e.value];
    case 'if':
      return [e.condition, e.yes, e.no];
    case 'some':
    case 'every':
    case 'for':
    case 'filter':
      return [e.domain, e.body];
    case 'union':
      return e.lists;
    default:
      return unreachable(e);
  }
}

/** Whether any node of the expression satisfies the test. */
export function anyNode(e: Expr, test: (node: Expr) => boolean): boolean {
  return test(e) || children(e).some((child) => anyNode(child, test));
}

/** The terms of a conjunction, however it is bracketed; `true` has none. */
export function conjuncts(e: Expr): readonly Expr[] {
  if (e.kind === 'and') return [...conjuncts(e.left), ...conjuncts(e.right)];
  return e.kind === 'literal' && e.value === 1 ? [] : [e];
}

/** The terms of a disjunction; `false` has none. */
export function disjuncts(e: Expr): readonly Expr[] {
  if (e.kind === 'or') return [...disjuncts(e.left), ...disjuncts(e.right)];
  return e.kind === 'literal' && e.value === 0 ? [] : [e];
}
