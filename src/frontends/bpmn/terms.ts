import type { Cell, Firing, Join } from './places.ts';

/**
 * More terms than this in a row would nest too deeply for those who read them from left to right.
 */
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
  for (let at = 0; at < terms.length; at += IN_A_ROW)
    groups.push(`(${terms.slice(at, at + IN_A_ROW).join(operator)})`);
  return joined(groups, operator);
}

/** What must hold for this way of firing. */
export function enabled(firing: Firing, cells: ReadonlyMap<Cell, string>): string[] {
  const name = (cell: Cell): string => cells.get(cell) ?? '';
  return [
    ...firing.take.map((cell) => `${name(cell)} > 0`),
    ...(firing.join ? ready(firing.join, name) : []),
    ...(firing.empty ?? []).map((cell) => `${name(cell)} = 0`),
    ...(firing.some ?? []).map(
      (cells) => `(${String(anyOf(cells.map((cell) => `${name(cell)} > 0`)))})`,
    ),
    ...(firing.atLeast
      ? [
          `${firing.atLeast.of.map((cell) => `min(${name(cell)}, 1)`).join(' + ')} >= ${firing.atLeast.count}`,
        ]
      : []),
    ...(firing.guards ?? []).map((guard) => `(${guard})`),
    ...(firing.unless ?? []).map((other) => `not(${String(allOf(enabled(other, cells)))})`),
  ];
}

/** Some token has arrived, and none is to be waited for. */
function ready({ inputs, waits }: Join, name: (cell: Cell) => string): string[] {
  const arrived = (cells: readonly Cell[]): string[] => cells.map((cell) => `${name(cell)} > 0`);
  return [
    ...(inputs.length > 0 ? [`(${String(anyOf(arrived(inputs)))})`] : []),
    ...waits.map(({ before, unless }) => {
      const none = String(allOf(before.map((cell) => `${name(cell)} = 0`)));
      return `(${String(anyOf([...arrived(unless), before.length > 1 ? `(${none})` : none]))})`;
    }),
  ];
}
