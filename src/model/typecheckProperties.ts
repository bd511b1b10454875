import { didYouMean } from '../errors/nearest.ts';
import { PREDICATE_KINDS, type PropertyDocument, type Scalar } from './document.ts';
import type { Expr } from './expression.ts';
import { parseFeel } from './feel.ts';
import { FeelError } from './feelTokens.ts';
import { feelOf } from './feelText.ts';
import { mapLtl } from './ltl.ts';
import { ltlText, parseLtl } from './ltlText.ts';
import type { DeclaredNames } from './typecheckNames.ts';
import type { Formula, JointFairness, Property } from './model.ts';
import type { Scope } from './scope.ts';
import { BOOL } from './types.ts';
import { FORMULA_KINDS, IMPLICIT_KINDS } from './propertyKinds.ts';

/** What an author can ask for; the implicit properties are always asked. */
type DeclaredFormula = Exclude<Formula, { kind: 'implicit' }>;

/** Checks what is asked of a model, and what is assumed of its runs. */
export class PropertyRules {
  readonly #names: DeclaredNames;

  constructor(names: DeclaredNames) {
    this.#names = names;
  }

  /**
   * The declared properties, then the implicit ones that always stand beside them (SEMANTICS 4, 8).
   */
  properties(): Property[] {
    const declared = Object.entries(this.#names.document.properties ?? {}).flatMap(
      ([name, given]) => {
        const path = ['properties', name];
        this.#names.name(path, name);
        if ((IMPLICIT_KINDS as readonly string[]).includes(name))
          this.#names.report(
            'NAME_TAKEN',
            path,
            `\`${name}\` is an implicit property: it is always judged`,
          );
        const formula = this.#formula(path, given);
        if (!formula) return [];
        return [
          {
            name,
            kind: given.kind ?? formula.kind,
            formula,
            label: given.label,
            severityEur: given.severity?.eur,
            references: given.references,
          },
        ];
      },
    );
    const implicit = IMPLICIT_KINDS.map((of): Property => ({
      name: of,
      kind: of,
      formula: { kind: 'implicit', of },
    }));
    const deadlockFree: Property = {
      name: 'deadlockFree',
      kind: 'deadlockFree',
      formula: { kind: 'deadlockFree' },
    };
    return [
      ...declared,
      ...implicit,
      ...(declared.some((p) => p.name === 'deadlockFree') ? [] : [deadlockFree]),
    ];
  }

  jointFairness(): JointFairness[] {
    return (this.#names.document.fairness ?? []).flatMap((given, index) => {
      const path = ['fairness', String(index)];
      const kinds = (['weak', 'strong'] as const).filter(
        (strength) => given[strength] !== undefined,
      );
      const [strength] = kinds;
      if (strength === undefined || kinds.length > 1) {
        this.#names.report('MODEL_SHAPE', path, 'fairness of several actions is weak or strong');
        return [];
      }
      const actions = given[strength] ?? [];
      for (const name of actions)
        if (!Object.hasOwn(this.#names.document.actions, name))
          this.#names.report(
            'NAME_UNKNOWN',
            [...path, strength],
            `no action is called \`${name}\`${didYouMean(name, Object.keys(this.#names.document.actions))}`,
          );
      return [{ strength, actions: [...new Set(actions)] }];
    });
  }

  #formula(path: readonly string[], given: PropertyDocument): DeclaredFormula | undefined {
    const kinds = FORMULA_KINDS.filter((key) => given[key] !== undefined);
    if (kinds.length > 1)
      this.#names.report(
        'PROPERTY_SHAPE',
        path,
        `a property has one kind, and this one has ${kinds.join(' and ')}`,
      );
    const scope = this.#names.scope();
    const predicate = (key: string, value: Scalar): Expr =>
      this.#names.expression([...path, key], value, scope, BOOL);
    for (const kind of PREDICATE_KINDS) {
      const value = given[kind];
      if (value !== undefined) return { kind, expr: predicate(kind, value) };
    }
    if (given.leadsTo) {
      return {
        kind: 'leadsTo',
        from: this.#names.expression([...path, 'leadsTo', 'from'], given.leadsTo.from, scope, BOOL),
        to: this.#names.expression([...path, 'leadsTo', 'to'], given.leadsTo.to, scope, BOOL),
      };
    }
    if (given.reachableEach) {
      const goals = Object.entries(given.reachableEach).map(([name, value]) => ({
        name,
        expr: this.#names.expression([...path, 'reachableEach', name], value, scope, BOOL),
      }));
      return { kind: 'reachableEach', goals };
    }
    if (given.all) return this.#conjunction(path, given.all);
    if (given.ltl !== undefined) return this.#ltl([...path, 'ltl'], given.ltl, scope);
    if (given.deadlockFree !== undefined || path[1] === 'deadlockFree')
      return { kind: 'deadlockFree' };
    this.#names.report(
      'PROPERTY_SHAPE',
      path,
      `a property says one of ${FORMULA_KINDS.join(', ')}`,
    );
    return undefined;
  }

  /**
   * The text of the formula is kept in one spelling, with its quantifiers over temporal operators
   * written out.
   */
  #ltl(path: readonly string[], text: string, scope: Scope): DeclaredFormula | undefined {
    const names = {
      isDeclared: (name: string): boolean => this.#names.globals.has(name),
      elementsOf: (set: string): readonly string[] | undefined =>
        this.#names.sets.get(set)?.elements,
    };
    try {
      const parsed = parseLtl(text, names);
      const formula = mapLtl(parsed, (atom) =>
        this.#names.expression(path, atom.text, scope, BOOL, atom.at),
      );
      return { kind: 'ltl', text: ltlText(parsed, (atom) => spelling(atom.text)), formula };
    } catch (error) {
      if (!(error instanceof FeelError)) throw error;
      this.#names.report(error.code, path, error.message, error.at);
      return undefined;
    }
  }

  #conjunction(path: readonly string[], names: readonly string[]): DeclaredFormula {
    const properties = this.#names.document.properties ?? {};
    for (const name of names) {
      const known =
        Object.hasOwn(properties, name) ||
        (IMPLICIT_KINDS as readonly string[]).includes(name) ||
        name === 'deadlockFree';
      if (!known)
        this.#names.report(
          'PROPERTY_UNKNOWN',
          [...path, 'all'],
          `no property is called \`${name}\`${didYouMean(name, Object.keys(properties))}`,
        );
      else if (Object.hasOwn(properties, name) && properties[name]?.all)
        this.#names.report(
          'PROPERTY_SHAPE',
          [...path, 'all'],
          `\`${name}\` is itself a conjunction`,
        );
    }
    return { kind: 'all', of: names };
  }
}

/** Text that was found wrong before is kept as it is: nobody will see it. */
function spelling(text: string): string {
  try {
    return feelOf(parseFeel(text));
  } catch (error) {
    if (error instanceof FeelError) return text;
    throw error;
  }
}
