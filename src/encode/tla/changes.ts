import { conjuncts, type Expr } from '../../model/expression.ts';
import type { LoweredAction } from '../lower.ts';

/**
 * Whether a step of an action always changes something, as can be told without running it: it only
 * takes, or only adds, a message, or a guard says that a cell has another value than it is given.
 * Of all others TLC is told that a step that changes nothing is none (SEMANTICS 3), and that costs
 * it a comparison for each step.
 */
export function alwaysChanges(
  { action, guard }: LoweredAction,
  text: (e: Expr) => string,
): boolean {
  const received = new Set(action.receives.map((r) => r.channel));
  const sent = new Set(action.sends.map((s) => s.channel));
  if ([...received].some((c) => !sent.has(c)) || [...sent].some((c) => !received.has(c)))
    return true;
  const facts = conjuncts(guard).flatMap((e) => factsIn(e, text));
  return action.assignments.some(({ variable, keys, value }) => {
    const cell = cellText(variable, keys, text);
    const isSame = (e: Expr): boolean =>
      e.kind === 'cell' && e.of === 'variable' && cellText(e.name, e.keys, text) === cell;
    if (value.kind === 'not') return isSame(value.body);
    if (value.kind === 'arithmetic')
      return (
        (value.operator === '+' || value.operator === '-') &&
        isSame(value.left) &&
        value.right.kind === 'literal' &&
        value.right.value !== 0
      );
    return (
      value.kind === 'literal' &&
      facts.some(
        (fact) =>
          fact.cell === cell && (fact.is ? fact.value !== text(value) : fact.value === text(value)),
      )
    );
  });
}

/** A cell has this value, or has it not. */
interface Fact {
  readonly cell: string;
  readonly is: boolean;
  readonly value: string;
}

function factsIn(e: Expr, text: (e: Expr) => string): Fact[] {
  const flag = (of: Expr, value: 'TRUE' | 'FALSE'): Fact[] =>
    of.kind === 'cell' && of.of === 'variable'
      ? [{ cell: cellText(of.name, of.keys, text), is: true, value }]
      : [];
  if (e.kind === 'cell') return flag(e, 'TRUE');
  if (e.kind === 'not') return flag(e.body, 'FALSE');
  if (e.kind !== 'compare' || (e.operator !== '=' && e.operator !== '!=')) return [];
  const [cell, other] = e.left.kind === 'cell' ? [e.left, e.right] : [e.right, e.left];
  if (cell.kind !== 'cell' || cell.of !== 'variable' || other.kind !== 'literal') return [];
  return [
    { cell: cellText(cell.name, cell.keys, text), is: e.operator === '=', value: text(other) },
  ];
}

/** Keys that read the same are the same: names in scope mean one thing in a step. */
function cellText(name: string, keys: readonly Expr[], text: (e: Expr) => string): string {
  return [name, ...keys.map((key) => `[${text(key)}]`)].join('');
}
