import { bad, ok, type Result } from '../errors/index.ts';
import type { ModelDocument } from '../model/document.ts';
import type { Expr } from '../model/expression.ts';
import { Semantics } from '../model/semantics.ts';
import { typecheck } from '../model/typecheck.ts';

/** A model, and a predicate of its states that is no property of it. */
export interface AskedPredicate {
  readonly semantics: Semantics;
  readonly predicate: Expr;
}

/**
 * Reads a predicate as the model's own expressions are read: it is typed as the condition of one
 * more `never` property. What is wrong with it stands at `path`.
 */
export function readPredicate(
  document: ModelDocument,
  text: string,
  path: string,
): Result<AskedPredicate> {
  const taken = new Set(Object.keys(document.properties ?? {}));
  let name = 'where';
  while (taken.has(name) || JSON.stringify(document).includes(`"${name}"`)) name += '_';
  const properties = { ...document.properties, [name]: { never: text } };
  const checked = typecheck({ ...document, properties });
  if (!checked.ok) return bad(...checked.problems.map((each) => ({ ...each, path })));
  const formula = checked.value.properties.find((each) => each.name === name)?.formula;
  return formula?.kind === 'never'
    ? ok({ semantics: new Semantics(checked.value), predicate: formula.expr })
    : bad();
}
