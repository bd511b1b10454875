import type { Cell, Firing } from './places.ts';

/** More terms than this in a row would nest too deeply for those who read them from left to right. */
const IN_A_ROW = 24;

/** `a and b and …`, in groups where there are many. */
export function allOf(terms: readonly string[]): string | boolean {
  return terms.length === 0 ? true : joined(terms, ' and ');
}

/** `a or b or …`, in groups where there are many. */
export function anyOf(terms: readonly string[]): string | boolean {
  return terms.length === 0 ? false : joined(terms, ' or ');
}

function joined(terms: readonly string[], operator: string): string {
  if (terms.length <= IN_A_ROW) return terms.join(operator);
  const groups: string[] = [];
  for (let at = 0; at < terms.length; at += IN_A_ROW) groups.push(`(${terms.slice(at, at + IN_A_ROW).join(operator)})`);
  return joined(groups, operator);
}

/** What must be there for this way of firing, but for the idleness of a process that it begins. */
export function enabled(firing: Firing, cells: ReadonlyMap<Cell, string>): string[] {
  return firing.take.map((cell) => `${cells.get(cell) ?? ''} > 0`);
}
