import type { Init, Scalar } from './document.ts';
import type { Expr } from './expression.ts';
import type { Syntax } from './feelSyntax.ts';
import type { DeclaredNames } from './typecheckNames.ts';
import type { InitRule } from './model.ts';
import type { Scope } from './scope.ts';
import { sizeOf } from './typeText.ts';
import { typeExpression } from './typing.ts';
import { isProblem } from './typingFit.ts';
import { cellType, isFinite, MAX_TYPE_VALUES, type Type, typeText } from './types.ts';

/** Checks how variables start. */
export class InitialRules {
  readonly #names: DeclaredNames;

  constructor(names: DeclaredNames) {
    this.#names = names;
  }

  /** The rule for a variable, or for a part of a map, of this type. */
  rule(path: readonly string[], init: Init, type: Type): InitRule {
    if (typeof init === 'object' && init !== null && !Array.isArray(init))
      return this.#initEach(path, init as Readonly<Record<string, Init>>, type);
    const cell = cellType(type);
    if (init === 'any' && !this.#names.globals.has('any')) return this.#any(path, cell);
    const scope = this.#names.scope('parameters');
    if (typeof init === 'string' && /^in\s*[[(]/.test(init))
      return this.#choice(path, init, cell, scope);
    return {
      kind: 'value',
      value: this.#names.expression(path, init as Scalar | readonly Scalar[], scope, cell),
    };
  }

  #any(path: readonly string[], cell: Type): InitRule {
    if (cell.kind === 'set' && sizeOf(cell.of, this.#names.elements) > 16)
      this.#names.report(
        'TYPE_TOO_LARGE',
        path,
        'any subset of more than 16 values is too many initial states',
      );
    if (sizeOf(cell, this.#names.elements) > MAX_TYPE_VALUES && isFinite(cell))
      this.#names.report(
        'TYPE_TOO_LARGE',
        path,
        `a free choice among more than ${MAX_TYPE_VALUES} values`,
      );
    return { kind: 'any' };
  }

  /** `init: { o1: 1, o2: 2 }` gives every key of a map its own rule. */
  #initEach(path: readonly string[], init: Readonly<Record<string, Init>>, type: Type): InitRule {
    if (type.kind !== 'map') {
      this.#names.report(
        'TYPE_MISMATCH',
        path,
        `only a map starts from a mapping, and this is ${typeText(type)}`,
      );
      return { kind: 'any' };
    }
    const elements = this.#names.sets.get(type.from)?.elements ?? [];
    for (const key of Object.keys(init))
      if (!elements.includes(key))
        this.#names.report(
          'NAME_UNKNOWN',
          [...path, key],
          `\`${key}\` is not an element of ${type.from}`,
        );
    const rules = elements.map((element): InitRule => {
      const rule = Object.hasOwn(init, element) ? init[element] : undefined;
      if (rule !== undefined) return this.rule([...path, element], rule, type.to);
      this.#names.report('MISSING_KEY', path, `no initial value for \`${element}\``);
      return { kind: 'any' };
    });
    return { kind: 'each', rules };
  }

  /** `in [lo..hi]` and `in (a, b)`: read as the right side of a membership test. */
  #choice(path: readonly string[], text: string, cell: Type, scope: Scope): InitRule {
    const syntax = this.#names.syntax(path, `0 ${text}`);
    if (!syntax) return { kind: 'any' };
    const typed = (part: Syntax): Expr => {
      const e = typeExpression(part, scope, cell);
      if (!isProblem(e)) return e;
      this.#names.report(e.code, path, e.message, Math.max(0, e.at - 2));
      return { kind: 'literal', type: cell, value: 0 };
    };
    if (syntax.kind === 'interval') {
      if (cell.kind !== 'int')
        this.#names.report(
          'TYPE_MISMATCH',
          path,
          `a range of integers cannot start ${typeText(cell)}`,
        );
      return { kind: 'range', lo: typed(syntax.lo), hi: typed(syntax.hi) };
    }
    if (syntax.kind === 'in') {
      const options = syntax.options.flatMap((option) =>
        option.kind === 'list' && cell.kind !== 'set' ? option.items : [option],
      );
      return { kind: 'oneOf', options: options.map(typed) };
    }
    this.#names.report(
      'EXPRESSION_SYNTAX',
      path,
      'an initial choice is `any`, `in [lo..hi]` or `in (a, b, …)`',
    );
    return { kind: 'any' };
  }
}
