import { isTotal } from '../../encode/definedness.ts';
import { Symmetry } from '../../graph/symmetry/symmetry.ts';
import { anyNode, type Expr } from '../../model/expression.ts';
import {
  predicatesOf,
  type Action,
  type FormulaKind,
  type Model,
  type Property,
} from '../../model/model.ts';
import type { Semantics } from '../../model/semantics.ts';
import { NULL_VALUE, type SetLookup, type Type } from '../../model/types.ts';

/** Sets whose elements nothing tells apart, and which properties may be asked of the quotient. */
export interface Interchangeable {
  readonly symmetry: Symmetry;
  decides(property: Property): boolean;
}

/**
 * The index sets whose elements can be exchanged: every exchange takes the steps of the model to
 * its steps (docs/adr/031-interchangeable-elements.md). Nothing where there are none.
 *
 * The language compares elements with each other and with `null` alone, and has no order of them;
 * what could still tell them apart is a name (`o1`), the order of a list, and a quantifier that
 * stops before a term without a value. The first excludes its set, the others all sets.
 */
export function interchangeable(semantics: Semantics): Interchangeable | undefined {
  const { model, layout } = semantics;
  if (!model.sets.some(({ elements }) => elements.length > 1)) return undefined;
  const steps = [...model.actions.flatMap(termsOf), ...(model.final ? [model.final] : [])];
  const judged = model.properties.flatMap(({ formula }) => predicatesOf(formula));
  const isOrdered = (expr: Expr): boolean =>
    anyNode(expr, (node) => dependsOnOrder(node, layout.set));
  if ([...steps, ...judged].some(isOrdered)) return undefined;
  // A predicate that may have no value is judged at every state, whatever is asked (SEMANTICS 4).
  const partial = judged.filter((expr) => !isTotal(expr, layout.set));
  const named = namedSets([...steps, ...partial]);
  const sets = model.sets.filter(
    ({ name, elements }) => elements.length > 1 && !named.has(name) && isUsed(model, name),
  );
  if (sets.length === 0) return undefined;
  const names = new Set(sets.map(({ name }) => name));
  const valuesDiffer = model.parameters.some(({ type }) => mentions(type, names));
  return {
    symmetry: new Symmetry(layout, sets),
    decides: ({ formula }) =>
      DECIDED.has(formula.kind) &&
      !(valuesDiffer && OF_EACH_VALUATION.has(formula.kind)) &&
      ![...namedSets(predicatesOf(formula))].some((name) => names.has(name)),
  };
}

/**
 * What a state says, or what can be reached from it. Of fair runs the quotient does not say whose
 * turn it was.
 */
const DECIDED: ReadonlySet<FormulaKind> = new Set([
  'always',
  'never',
  'reachable',
  'reachableEach',
  'recoverable',
  'deadlockFree',
  'implicit',
]);

/** Asked of each valuation by itself: an exchange may lead from one to another. */
const OF_EACH_VALUATION: ReadonlySet<FormulaKind> = new Set(['reachable', 'reachableEach']);

/** All terms of an action. */
function termsOf({ when, controls, assignments, sends }: Action): readonly Expr[] {
  return [
    ...(when ? [when] : []),
    ...controls.map(({ condition }) => condition),
    ...assignments.flatMap(({ keys, value }) => [...keys, value]),
    ...sends.flatMap(({ values }) => values),
  ];
}

/** The sets of which some term names an element. */
function namedSets(terms: readonly Expr[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const term of terms)
    anyNode(term, (node) => {
      if (node.kind === 'literal' && node.type.kind === 'element' && node.value !== NULL_VALUE)
        names.add(node.type.set);
      return false;
    });
  return names;
}

function dependsOnOrder(node: Expr, sets: SetLookup): boolean {
  if (node.kind === 'some' || node.kind === 'every') return !isTotal(node.body, sets);
  return node.kind === 'compare' && node.left.type.kind === 'list';
}

function isUsed({ parameters, variables, channels }: Model, set: string): boolean {
  const types = [
    ...[...parameters, ...variables].map(({ type }) => type),
    ...channels.flatMap(({ fields }) => fields.map(({ type }) => type)),
  ];
  return types.some((type) => mentions(type, new Set([set])));
}

/** Whether a type has elements of one of these sets as keys or values. */
function mentions(type: Type, sets: ReadonlySet<string>): boolean {
  switch (type.kind) {
    case 'element':
      return sets.has(type.set);
    case 'map':
      return sets.has(type.from) || mentions(type.to, sets);
    case 'set':
      return mentions(type.of, sets);
    default:
      return false;
  }
}
