import type { Expr } from '../../model/expression.ts';
import type { Layout } from '../../model/layout.ts';
import { ltlAtoms, type Ltl } from '../../model/ltl.ts';
import { judgedPredicates, type Model, type Property } from '../../model/model.ts';
import { definedness, isTrue, Unencodable } from '../definedness.ts';
import type { TlaExpressions } from './expression.ts';
import { temporalText } from './temporal.ts';

/** A property as TLC is asked for it. */
export interface TlaProperty {
  readonly property: Property;
  readonly as: 'invariant' | 'temporal' | 'deadlock' | 'reachable';
  /** The name defined in the module; empty for `deadlock`. */
  readonly name: string;
}

/**
 * Prints properties over the state of a module, which has an `error` only where a step can break an
 * implicit property.
 */
export class PropertyPrinter {
  readonly #tla: TlaExpressions;
  readonly #layout: Layout;
  readonly #model: Model;
  readonly #mayErr: boolean;
  readonly #mentionsState: RegExp;

  constructor(
    tla: TlaExpressions,
    layout: Layout,
    model: Model,
    mayErr: boolean,
    variables: readonly string[],
  ) {
    [this.#tla, this.#layout, this.#model, this.#mayErr] = [tla, layout, model, mayErr];
    this.#mentionsState = new RegExp(`\\b(${variables.join('|')})\\b`);
  }

  print(property: Property): { readonly text: string; readonly property: TlaProperty } {
    const { formula } = property;
    const name = this.#tla.names.of('property', property.name);
    const made = (
      as: TlaProperty['as'],
      text: string,
    ): { text: string; property: TlaProperty } => ({ text, property: { property, as, name } });
    switch (formula.kind) {
      case 'deadlockFree':
        return made('deadlock', '');
      case 'implicit':
        return made('invariant', `${name} == ${this.#implicit(formula.of)}`);
      case 'always':
        return made(
          'invariant',
          `${name} == ${this.#unlessError(this.#judged(formula.expr, 'TRUE'))}`,
        );
      case 'never':
        return made(
          'invariant',
          `${name} == ${this.#unlessError(`~(${this.#judged(formula.expr, 'FALSE')})`)}`,
        );
      case 'eventually':
        return made(
          'temporal',
          `${name} == <>(${this.#unlessError(this.#judged(formula.expr, 'TRUE'))})`,
        );
      case 'eventuallyAlways':
        return made(
          'temporal',
          `${name} == <>[](${this.#unlessError(this.#judged(formula.expr, 'TRUE'))})`,
        );
      case 'leadsTo':
        return made(
          'temporal',
          `${name} == (${this.#withoutError(this.#judged(formula.from, 'FALSE'))}) ~> (${this.#unlessError(this.#judged(formula.to, 'TRUE'))})`,
        );
      case 'ltl': {
        // A run that ends in an error, or meets a state where an atom has no value, is no
        // counterexample (SEMANTICS 4).
        const undefinedAtoms = ltlAtoms(formula.formula)
          .map((e) => definedness(e, this.#layout.set))
          .filter((e) => !isTrue(e))
          .map((e) => `~${this.#tla.atom(e)}`);
        const excused = [
          ...(this.#mayErr ? ['error # {}'] : []),
          ...undefinedAtoms,
          ...(isTakenApart(formula.formula) && !this.#mayErr && undefinedAtoms.length === 0
            ? ['vars # vars']
            : []),
        ];
        return made(
          'temporal',
          `${name} == ${temporalText(formula.formula, (e) => this.#unlessError(this.#judged(e, 'TRUE')))}${excused.length > 0 ? ` \\/ <>(${excused.join(' \\/ ')})` : ''}`,
        );
      }
      case 'reachable':
        return made(
          'reachable',
          `\\* Its violation is a run that reaches the goal.\n${name} == ~(${this.#withoutError(this.#judged(formula.expr, 'FALSE'))})`,
        );
      default:
        throw new Unencodable(`the property kind ${formula.kind}`);
    }
  }

  /** SEMANTICS 4: after an error nothing is asked. */
  #unlessError(text: string): string {
    return this.#mayErr ? `error # {} \\/ (${text})` : this.#ofState(text);
  }

  #withoutError(text: string): string {
    return this.#mayErr ? `error = {} /\\ (${text})` : this.#ofState(text);
  }

  /**
   * TLC takes a predicate without variables for a constant: a false one is an error to it, and what
   * leads to a true one a violation.
   */
  #ofState(text: string): string {
    return this.#mentionsState.test(text.replace(/"[^"]*"/g, ''))
      ? text
      : `vars = vars /\\ (${text})`;
  }

  /**
   * A predicate where it has a value, and what stands in for it where it has none (SEMANTICS 4).
   */
  #judged(e: Expr, otherwise: 'TRUE' | 'FALSE'): string {
    const defined = definedness(e, this.#layout.set);
    return isTrue(defined)
      ? this.#tla.text(e)
      : `IF ${this.#tla.text(defined)} THEN ${this.#tla.text(e)} ELSE ${otherwise}`;
  }

  #implicit(kind: string): string {
    const conditions =
      kind === 'defined'
        ? judgedPredicates(this.#model)
            .map((e) => definedness(e, this.#layout.set))
            .filter((e) => !isTrue(e))
            .map((e) => this.#tla.atom(e))
        : [];
    const judged = conditions.length === 0 ? [] : [this.#unlessError(conditions.join(' /\\ '))];
    if (this.#mayErr)
      return [`"${kind}" \\notin error`, ...judged.map((text) => `(${text})`)].join(' /\\ ');
    return judged[0] ?? 'TRUE \\* no step can break it';
  }
}

/**
 * Whether TLC takes a property, or a conjunct of it, for an invariant or a predicate of the first
 * state: it does so with `[]P`, and then shows no lasso. What can never happen is added to it, so
 * that it stays a formula of temporal logic.
 */
function isTakenApart(formula: Ltl<Expr>): boolean {
  switch (formula.kind) {
    case 'and':
      return isTakenApart(formula.left) || isTakenApart(formula.right);
    case 'always':
      return formula.body.kind !== 'eventually';
    default:
      return !isTemporal(formula);
  }
}

function isTemporal(formula: Ltl<Expr>): boolean {
  switch (formula.kind) {
    case 'atom':
      return false;
    case 'not':
      return isTemporal(formula.body);
    case 'and':
    case 'or':
    case 'implies':
      return isTemporal(formula.left) || isTemporal(formula.right);
    default:
      return true;
  }
}
