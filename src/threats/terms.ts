import type { Expr } from '../model/expression.ts';
import { truth } from '../model/scope.ts';
import { BOOL, type Type } from '../model/types.ts';

/** The conjunction, without what is true anyhow. */
export function conjunctionOf(terms: readonly Expr[]): Expr {
  const open = terms.filter((e) => !(e.kind === 'literal' && e.value === 1));
  return open.length === 0
    ? truth(true)
    : open.reduce((left, right) => ({ kind: 'and', type: BOOL, left, right }));
}

export function disjunctionOf(terms: readonly Expr[]): Expr {
  return terms.length === 0
    ? truth(false)
    : terms.reduce((left, right) => ({ kind: 'or', type: BOOL, left, right }));
}

export const negated = (body: Expr): Expr => ({ kind: 'not', type: BOOL, body });

/** Two payloads, or parts of payloads, are the same. */
export const areSame = (a: readonly Expr[], b: readonly Expr[]): Expr =>
  conjunctionOf(
    a.map((left, i) => ({
      kind: 'compare',
      type: BOOL,
      operator: '=',
      left,
      right: b[i] as Expr,
    })),
  );

export const either = (condition: Expr, yes: Expr, no: Expr): Expr => ({
  kind: 'if',
  type: no.type,
  condition,
  yes,
  no,
});

export const variableOf = (name: string, type: Type, keys: readonly Expr[] = []): Expr => ({
  kind: 'cell',
  type,
  of: 'variable',
  name,
  keys,
});
