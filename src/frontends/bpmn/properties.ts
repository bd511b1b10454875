import type { PropertyDocument, Scalar } from '../../model/document.ts';
import type { DIAGRAM_KINDS } from '../../model/propertyKinds.ts';
import type { Node } from './diagram.ts';
import type { Net } from './net.ts';
import type { Cell } from './places.ts';
import { allOf, anyOf, enabled } from './terms.ts';

/**
 * What any diagram is asked, with no annotation. Exact definitions, and what published tools call
 * them: docs/bpmn.md.
 */
type DiagramKind = (typeof DIAGRAM_KINDS)[number];

/** Predicates on states, printed. */
export interface Predicates {
  /** No process has a token left. */
  readonly completed: Scalar;
  /**
   * What counts the end events of whole processes: those of a sub-process that has ended are
   * nobody's any more.
   */
  readonly ends: readonly string[];
  /** No message is under way. */
  readonly noMessages: Scalar;
  /**
   * The variable that says that an activity has happened, where its tokens do not tell that it can.
   */
  readonly happened: (node: Node) => string | undefined;
}

/** Every property is linear in the size of the diagram. */
export function properties(
  net: Net,
  cells: ReadonlyMap<Cell, string>,
  tasks: ReadonlyMap<Node, string>,
  { completed, ends: outer, noMessages, happened }: Predicates,
): Readonly<Record<DiagramKind, PropertyDocument>> {
  const named = (kind: Cell['kind']): string[] =>
    net.cells.filter((cell) => cell.kind === kind).map((cell) => cells.get(cell) ?? '');
  const ends = named('end');
  const proper = allOf([
    ...(completed === true ? [] : [`(${String(completed)})`]),
    ...outer.map((end) => `${end} <= 1`),
  ]);
  const clean = allOf([
    ...(proper === true ? [] : [String(proper)]),
    ...(noMessages === true ? [] : [`(${String(noMessages)})`]),
  ]);
  return {
    safe: {
      kind: 'safe',
      label: 'No sequence flow ever holds more than one token',
      always: allOf(named('flow').map((flow) => `${flow} <= 1`)),
    },
    optionToComplete: {
      kind: 'optionToComplete',
      label: 'Every process can always still be completed',
      recoverable: completed,
    },
    properCompletion: {
      kind: 'properCompletion',
      label: 'When all is completed, no end event has happened more than once',
      never:
        ends.length === 0
          ? false
          : allOf([
              `(${String(completed)})`,
              `(${String(anyOf(ends.map((end) => `${end} = 2`)))})`,
            ]),
    },
    noDeadActivities: {
      kind: 'noDeadActivities',
      label: 'Every activity can happen',
      reachableEach: Object.fromEntries(goals(net, cells, tasks, happened)),
    },
    noMessageLeft: {
      kind: 'noMessageLeft',
      label: 'Every process can always still be completed with no message left over',
      recoverable: allOf([
        ...(completed === true ? [] : [`(${String(completed)})`]),
        ...(noMessages === true ? [] : [`(${String(noMessages)})`]),
      ]),
    },
    messageSound: {
      kind: 'messageSound',
      label:
        'Sound but for messages left over: option to complete, proper completion and no dead activity',
      all: ['optionToComplete', 'properCompletion', 'noDeadActivities'],
    },
    sound: {
      kind: 'sound',
      label:
        'Sound: option to complete, proper completion, no dead activity, and no message left over',
      all: ['optionToComplete', 'properCompletion', 'noDeadActivities', 'noMessageLeft'],
    },
    fairMessageSound: {
      kind: 'fairMessageSound',
      label: 'Every fair run completes properly; messages may be left over',
      eventuallyAlways: proper,
    },
    fairSound: {
      kind: 'fairSound',
      label: 'Every fair run completes properly, and no message is left over',
      eventuallyAlways: clean,
    },
  };
}

/** For each activity, when it can happen: in any of its ways, in any of its copies. */
function goals(
  net: Net,
  cells: ReadonlyMap<Cell, string>,
  tasks: ReadonlyMap<Node, string>,
  happened: Predicates['happened'],
): readonly (readonly [string, Scalar])[] {
  const ways = new Map<string, Set<string>>([...tasks.values()].map((name) => [name, new Set()]));
  for (const firing of net.firings) {
    for (const node of [...(firing.partial ? [] : [firing.node]), ...(firing.also ?? [])]) {
      const name = tasks.get(node);
      const flag = happened(node);
      if (name !== undefined)
        ways
          .get(name)
          ?.add(flag === undefined ? String(allOf(enabled(firing, cells))) : `${flag} = 1`);
    }
  }
  return [...ways].map(([name, found]) => [
    name,
    anyOf([...found].map((way) => (way.includes(' and ') ? `(${way})` : way))),
  ]);
}
