import {
  isAwaited,
  nodesOf,
  type Diagram,
  type Node,
  type NodeKind,
} from '../frontends/bpmn/diagram.ts';
import { drawSequenceFlow, giveUp, joinBefore, makeDefault, retype, terminate } from './edits.ts';
import { called } from './words.ts';

/** A small change to a diagram that might mend something. */
export interface Candidate {
  readonly sentence: string;
  readonly elements: readonly string[];
  /**
   * How much it asks of the process, the least first: another way to end or to go on; tokens that
   * are joined; a split that becomes another one; a join that no longer waits for everybody; two
   * gateways together.
   */
  readonly rank: number;
  readonly edit: (source: string) => string | undefined;
}

/** From this rank on, a change is tried only where no smaller one mends anything. */
export const LARGER = 4;
const RANK = { ending: 0, joining: 1, splitting: 2, loosening: 3, both: LARGER } as const;

const GATEWAYS: readonly (readonly [NodeKind, string, string])[] = [
  ['exclusive', 'exclusiveGateway', 'exclusive'],
  ['parallel', 'parallelGateway', 'parallel'],
  ['inclusive', 'inclusiveGateway', 'inclusive'],
];

/**
 * Known patterns of mistakes: an end that leaves others running, no way out where no condition
 * holds, waiting for what nobody sends, tokens that meet without being joined, a way that leads
 * nowhere, a split and a join that do not match.
 */
export function candidatesOf(diagram: Diagram): readonly Candidate[] {
  const nodes = nodesOf(diagram).filter((node) => node.id === node.elementId);
  return [
    ...nodes.flatMap((node) => [
      ...ending(node),
      ...otherwise(node),
      ...givingUp(node),
      ...joined(node),
      ...connected(node),
      ...retyped(node),
    ]),
    ...pairsOf(diagram),
  ];
}

/** An end event that ends everything, where other ways would wait for its token. */
function ending(node: Node): Candidate[] {
  const alone = !node.process.nodes.some(
    (other) => other.outgoing.length > 1 || other.boundary.length > 0,
  );
  if (node.kind !== 'end' || node.trigger !== 'none' || alone) return [];
  return [
    {
      sentence: `Let ${named(node)} end everything: a terminate end event.`,
      elements: [node.id],
      rank: RANK.ending,
      edit: (source) => terminate(source, node.id),
    },
  ];
}

/** A way to take where no condition holds. */
function otherwise(node: Node): Candidate[] {
  if (node.outgoing.some((flow) => flow.isDefault) || node.outgoing.length < 2) return [];
  return node.outgoing
    .filter((flow) => flow.condition !== undefined)
    .map((flow) => ({
      sentence: `Make the way from ${named(node)} to ${named(flow.target)} the default: it is taken where no condition holds.`,
      elements: [node.id, flow.elementId],
      rank: RANK.ending,
      edit: (source) => makeDefault(source, node.id, flow.elementId),
    }));
}

/** The gateway should have been of another kind. */
function retyped(node: Node): Candidate[] {
  if (
    !GATEWAYS.some(([kind]) => kind === node.kind) ||
    node.incoming.length + node.outgoing.length < 3
  )
    return [];
  return GATEWAYS.filter(([kind]) => kind !== node.kind).map(([, element, word]) => ({
    sentence: `Make ${named(node)} ${word === 'exclusive' || word === 'inclusive' ? 'an' : 'a'} ${word} gateway.`,
    elements: [node.id],
    rank: rankOfRetyping(node, element),
    edit: (source) => retype(source, node.id, element),
  }));
}

/** A join that becomes parallel waits for more than before, each other change of one for less. */
function rankOfRetyping(node: Node, element: string): number {
  if (node.incoming.length < 2) return RANK.splitting;
  return element === 'parallelGateway' ? RANK.joining : RANK.loosening;
}

/** Several ways lead into something that takes each token by itself. */
function joined(node: Node): Candidate[] {
  if (
    node.incoming.length < 2 ||
    ['parallel', 'inclusive', 'exclusive', 'complex', 'eventBased'].includes(node.kind)
  )
    return [];
  const flows = node.incoming.map((flow) => flow.elementId);
  return [
    ['parallelGateway', 'a parallel'],
    ['inclusiveGateway', 'an inclusive'],
  ].map(([element = '', words = '']) => ({
    sentence: `Join the ${flows.length} ways into ${named(node)} by ${words} gateway before it.`,
    elements: [node.id, ...flows],
    rank: RANK.joining,
    edit: (source) => joinBefore(source, node.id, flows, element),
  }));
}

/** Nothing leads to it; whatever ends without an end event beside it might. */
function connected(node: Node): Candidate[] {
  const reached =
    node.incoming.length > 0 ||
    node.kind === 'start' ||
    node.kind === 'boundary' ||
    node.forCompensation ||
    node.kind === 'eventSubProcess';
  if (reached || !node.process.nodes.some((other) => other.kind === 'start')) return [];
  const loose = node.process.nodes.filter(
    (other) =>
      other !== node &&
      other.outgoing.length === 0 &&
      ['task', 'catch', 'throw', 'boundary', 'start'].includes(other.kind) &&
      other.trigger !== 'link',
  );
  return loose.slice(0, 5).map((from) => ({
    sentence: `Draw a sequence flow from ${named(from)} to ${named(node)}.`,
    elements: [node.id, from.id],
    rank: RANK.joining,
    edit: (source) => drawSequenceFlow(source, from.id, node.id),
  }));
}

/** A task that waits for a message gives up after a time. */
function givingUp(node: Node): Candidate[] {
  if (
    node.element !== 'receiveTask' ||
    node.kind !== 'task' ||
    node.boundary.length > 0 ||
    node.incoming.some(isAwaited)
  )
    return [];
  return [
    {
      sentence: `Let ${named(node)} give up after a time: a timer on its border that leads to an end event.`,
      elements: [node.id],
      rank: RANK.ending,
      edit: (source) => giveUp(source, node.id),
    },
  ];
}

/** A split and the join behind it, changed together. */
function pairsOf(diagram: Diagram): readonly Candidate[] {
  const gateways = nodesOf(diagram).filter(
    (node) => node.id === node.elementId && GATEWAYS.some(([kind]) => kind === node.kind),
  );
  const splits = gateways.filter((node) => node.outgoing.length > 1);
  const joins = gateways.filter((node) => node.incoming.length > 1);
  return splits.flatMap((split) =>
    joins
      .filter((join) => join !== split && join.process === split.process)
      .flatMap((join) =>
        GATEWAYS.filter(([kind]) => kind !== split.kind || kind !== join.kind).map(
          ([, element, word]): Candidate => ({
            sentence: `Make both ${named(split)} and ${named(join)} ${word} gateways.`,
            elements: [split.id, join.id],
            rank: RANK.both,
            edit: (source) => {
              const once = retype(source, split.id, element);
              return once === undefined ? undefined : retype(once, join.id, element);
            },
          }),
        ),
      ),
  );
}

/** With its id, since it is to be found in a file. */
function named(node: Node): string {
  const name = called(node);
  return name.endsWith(` ${node.id}`) ? name : `${name} (${node.id})`;
}
