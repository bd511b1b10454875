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

/** For each task, when it can happen: in any of its ways. */
function goals(net: Net, cells: ReadonlyMap<Cell, string>, tasks: ReadonlyMap<Node, string>): readonly (readonly [string, Scalar])[] {
  const ways = new Map<Node, Set<string>>([...tasks.keys()].map((task) => [task, new Set()]));
  for (const firing of net.firings) {
    if (!firing.partial) ways.get(firing.node)?.add(String(allOf(enabled(firing, cells))));
  }
  return [...tasks].map(([task, name]) => [name, anyOf([...(ways.get(task) ?? [])].map((way) => (way.includes(' and ') ? `(${way})` : way)))]);
}
