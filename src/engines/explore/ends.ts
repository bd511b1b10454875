import { anyNode, children, type Expr } from '../../model/expression.ts';
import type { Model } from '../../model/model.ts';
import type { Touch } from './structure.ts';

/**
 * Variables that only say how often something was done, as far as `most`: 0 at first, and changed
 * by nothing but `min(v + 1, most)`, with `most` at least 2. No step reads them otherwise.
 */
export function talliesOf(model: Model, touches: readonly Touch[]): ReadonlySet<string> {
  const tallies = new Set<string>();
  for (const { name, init } of model.variables)
    if (init.kind === 'value' && init.value.kind === 'literal' && init.value.value === 0)
      tallies.add(name);
  const raised = new Set<string>();
  for (const { instance, other, sets, adds, zero, needs, some } of touches) {
    const own = new Set<string>();
    for (const { variable, keys, value } of instance.action.assignments)
      if (keys.length === 0 && raises(variable, value)) own.add(variable);
    // What else a step reads or writes is no tally; its guards read none, nor do its values.
    for (const name of [
      ...other,
      ...sets.keys(),
      ...adds.keys(),
      ...zero,
      ...needs,
      ...some.flatMap((each) => [...each]),
    ])
      if (!own.has(name)) tallies.delete(name);
    for (const name of own) {
      if (readsBeside(instance.action, name)) tallies.delete(name);
      raised.add(name);
    }
  }
  return new Set([...tallies].filter((name) => raised.has(name)));
}

/** `min(v + 1, n)` with n ≥ 2. */
function raises(name: string, value: Expr): boolean {
  if (value.kind !== 'min' || value.list.kind !== 'list' || value.list.items.length !== 2)
    return false;
  const [sum, most] = value.list.items;
  return (
    most?.kind === 'literal' &&
    most.value >= 2 &&
    sum?.kind === 'arithmetic' &&
    sum.operator === '+' &&
    isCell(sum.left, name) &&
    sum.right.kind === 'literal' &&
    sum.right.value === 1
  );
}

const isVariable = (e: Expr, name: string): boolean =>
  e.kind === 'cell' && e.of === 'variable' && e.name === name;

const isCell = (e: Expr, name: string): boolean =>
  isVariable(e, name) && e.kind === 'cell' && e.keys.length === 0;

/** Whether a step reads the variable anywhere but where it raises it. */
function readsBeside(action: Touch['instance']['action'], name: string): boolean {
  const read = [
    ...(action.when ? [action.when] : []),
    ...action.controls.map(({ condition }) => condition),
    ...action.assignments.flatMap(({ variable, keys, value }) =>
      variable === name ? keys : [...keys, value],
    ),
    ...action.sends.flatMap(({ values }) => values),
  ];
  return read.some((e) => anyNode(e, (node) => isVariable(node, name)));
}

/**
 * Whether a predicate has the same value for a tally of 0 and of 1: all that it asks is whether
 * there were more.
 */
export function asksOnlyForMany(e: Expr, name: string): boolean {
  if (e.kind === 'compare' && isCell(e.left, name) && e.right.kind === 'literal') {
    const { value } = e.right;
    switch (e.operator) {
      case '=':
      case '!=':
      case '>=':
      case '<':
        return value >= 2;
      case '>':
      case '<=':
        return value >= 1;
    }
  }
  return !isVariable(e, name) && children(e).every((child) => asksOnlyForMany(child, name));
}

/** A step that takes a token away, and of which only is kept how often it was done. */
export interface End {
  readonly counter: string;
  readonly tally: string;
}

/** Whether a step does nothing but take a token and count that it did. */
export function endStep(
  { instance, needs, zero, some, adds, sets, other }: Touch,
  tallies: ReadonlySet<string>,
): End | undefined {
  const [counter] = needs;
  const [tally] = other;
  const { receives, sends } = instance.action;
  if (counter === undefined || tally === undefined || !tallies.has(tally)) return undefined;
  const alone = needs.size === 1 && adds.size === 1 && other.size === 1 && sets.size === 0;
  const asksNothing = zero.size === 0 && some.length === 0;
  return alone &&
    asksNothing &&
    adds.get(counter) === -1 &&
    receives.length === 0 &&
    sends.length === 0
    ? { counter, tally }
    : undefined;
}
