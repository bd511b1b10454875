import { anyNode, type Expr } from './expression.ts';
import { judgedPredicates, type InitRule, type Model } from './model.ts';

/**
 * The parameters and variables that nothing in a model reads: whoever wrote them meant something.
 */
export function neverRead(model: Model): readonly string[] {
  const read = new Set<string>();
  for (const e of expressionsOf(model))
    anyNode(e, (node) => {
      if (node.kind === 'cell') read.add(node.name);
      return false;
    });
  return [...model.parameters, ...model.variables]
    .map(({ name }) => name)
    .filter((name) => !read.has(name));
}

function expressionsOf(model: Model): readonly Expr[] {
  return [
    ...judgedPredicates(model),
    ...model.variables.flatMap(({ init }) => inInit(init)),
    ...model.actions.flatMap(({ when, controls, assignments, sends }) => [
      ...(when ? [when] : []),
      ...controls.map(({ condition }) => condition),
      ...assignments.flatMap(({ keys, value }) => [...keys, value]),
      ...sends.flatMap(({ values }) => values),
    ]),
  ];
}

function inInit(rule: InitRule): readonly Expr[] {
  switch (rule.kind) {
    case 'value':
      return [rule.value];
    case 'oneOf':
      return rule.options;
    case 'range':
      return [rule.lo, rule.hi];
    case 'each':
      return rule.rules.flatMap(inInit);
    case 'any':
      return [];
  }
}
