import type { PropertyDocument, Scalar } from '../../model/document.ts';
import type { Node } from './diagram.ts';
import type { Net } from './net.ts';
import type { Cell } from './places.ts';
import { allOf, anyOf, enabled } from './terms.ts';

/** What any diagram is asked, with no annotation. Exact definitions, and what published tools call them: docs/bpmn.md. */
export const PROPERTY_NAMES = ['safe', 'optionToComplete', 'properCompletion', 'noDeadActivities', 'sound'] as const;
type PropertyName = (typeof PROPERTY_NAMES)[number];

/** `completed` says of a state that no process has a token left. Every property is linear in the size of the diagram. */
export function properties(
  net: Net, cells: ReadonlyMap<Cell, string>, tasks: ReadonlyMap<Node, string>, completed: Scalar,
): Readonly<Record<PropertyName, PropertyDocument>> {
  const named = (kind: Cell['kind']): string[] => net.cells.filter((cell) => cell.kind === kind).map((cell) => cells.get(cell) ?? '');
  const ends = named('end');
  return {
    safe: {
      kind: 'safe', label: 'No sequence flow ever holds more than one token',
      always: allOf(named('flow').map((flow) => `${flow} <= 1`)),
    },
    optionToComplete: {
      kind: 'optionToComplete', label: 'Every process can always still be completed',
      recoverable: completed,
    },
    properCompletion: {
      kind: 'properCompletion', label: 'When all is completed, no end event has happened more than once',
      never: ends.length === 0 ? false : allOf([`(${String(completed)})`, `(${String(anyOf(ends.map((end) => `${end} = 2`)))})`]),
    },
    noDeadActivities: {
      kind: 'noDeadActivities', label: 'Every activity can happen',
      reachableEach: Object.fromEntries(goals(net, cells, tasks)),
    },
    sound: {
      kind: 'sound', label: 'Sound: option to complete, proper completion and no dead activity',
      all: ['optionToComplete', 'properCompletion', 'noDeadActivities'],
    },
  };
}

/** For each activity, when it can happen: in any of its ways, in any of its copies. */
function goals(net: Net, cells: ReadonlyMap<Cell, string>, tasks: ReadonlyMap<Node, string>): readonly (readonly [string, Scalar])[] {
  const ways = new Map<string, Set<string>>([...tasks.values()].map((name) => [name, new Set()]));
  for (const firing of net.firings) {
    for (const node of [...(firing.partial ? [] : [firing.node]), ...firing.also ?? []]) {
      const name = tasks.get(node);
      if (name !== undefined) ways.get(name)?.add(String(allOf(enabled(firing, cells))));
    }
  }
  return [...ways].map(([name, found]) => [name, anyOf([...found].map((way) => (way.includes(' and ') ? `(${way})` : way)))]);
}
