import type { ProblemCode } from '../errors/codes.ts';
import type { Expr } from './expression.ts';
import type { Syntax } from './feelSyntax.ts';
import { isCollection, sameType, type Type, typeText } from './types.ts';

/** Something wrong inside one expression; the offset is into its text. */
export interface ExpressionProblem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly at: number;
}

/**
 * Thrown inside one expression when nothing sensible can follow; `typeExpression` turns it into a
 * problem.
 */
export class Untyped extends Error {
  readonly problem: ExpressionProblem;
  constructor(code: ProblemCode, message: string, at: number) {
    super(message);
    this.problem = { code, message, at };
  }
}

export function isProblem(result: Expr | ExpressionProblem): result is ExpressionProblem {
  return 'code' in result;
}

/**
 * Whether a value of the type `from` may stand where `to` is expected. A range is checked when the
 * step is taken, not here.
 */
function fits(from: Type, to: Type): boolean {
  if (from.kind === 'never') return true;
  if (from.kind === 'null') return to.kind === 'element' || to.kind === 'null';
  if (isCollection(from) && isCollection(to))
    return fits(from.of, to.of) && (to.kind === 'set' || from.kind === 'list');
  return sameType(from, to);
}

export function coerce(e: Expr, expected: Type, syntax: Syntax): Expr {
  if (!fits(e.type, expected))
    fail(
      'TYPE_MISMATCH',
      `this is ${withArticle(e.type)}, where ${withArticle(expected)} is needed`,
      syntax,
    );
  return expected.kind === 'set' && e.type.kind === 'list'
    ? { kind: 'toSet', type: { kind: 'set', of: expected.of }, list: e }
    : e;
}

export function withArticle(type: Type): string {
  const text = typeText(type);
  return type.kind === 'null' || type.kind === 'never' || text.startsWith('the ')
    ? text
    : `${/^[aeiou]/i.test(text) ? 'an' : 'a'} ${text}`;
}

export function fail(code: ProblemCode, message: string, syntax: { readonly at: number }): never {
  throw new Untyped(code, message, syntax.at);
}

export function scalar(e: Expr, syntax: Syntax): Expr {
  if (isCollection(e.type) || e.type.kind === 'map')
    fail('TYPE_MISMATCH', `a list holds single values, and this is ${withArticle(e.type)}`, syntax);
  return e;
}
