import { outermost, type MessageFlow, type Node } from './diagram.ts';
import { RECEIVERS, SENDERS } from './elements.ts';
import type { BpmnElement } from './moddle.ts';
import { elementName, text, type DiagramReading } from './reading.ts';
import { mediumOf } from './trust.ts';

/**
 * One end of a message flow: a node (all copies of it, where it is drawn once and runs several
 * times), or the border of a pool, behind which nothing is known.
 */
type End = readonly [Node, ...Node[]] | 'pool';
/** Something that table 7.4 does not foresee. */
type Nothing = 'nothing';

const WIDENED = {
  unsent: 'No message flow brings the message that is waited for here; it may arrive at any moment',
  fromPool: 'A message flow comes from a pool as a whole; its message may arrive at any moment',
  toPool: 'A message flow ends at a pool as a whole; nothing waits for its message',
  within:
    'A message flow stays inside one pool, where BPMN has sequence flows; it is taken for what it is',
  nowhere:
    'A message flow is tied to something that neither sends nor receives; it changes nothing, and a message that would come from there may come at any moment',
  deaf: 'A message flow ends at an element that does not wait for messages; it changes nothing there',
};

/**
 * Ties nodes by message flows (§9.4, table 7.4). A flow that nobody waits for is not kept: nobody
 * could notice it.
 */
export function connectMessageFlows(
  roots: readonly BpmnElement[],
  collaborations: readonly BpmnElement[],
  reading: DiagramReading,
): MessageFlow[] {
  const flows: MessageFlow[] = [];
  for (const element of collaborations.flatMap((found) => found.messageFlows ?? [])) {
    const source = endOf(element, 'sourceRef', reading);
    const target = endOf(element, 'targetRef', reading);
    if (source === undefined || target === undefined) continue;
    if (source === 'nothing' || target === 'nothing') {
      if (Array.isArray(target)) for (const node of target) node.outside = true;
      reading.mend('BPMN_STRUCTURE', element, WIDENED.nowhere);
      continue;
    }
    const flow = tie(element, source, target, reading);
    if (flow) flows.push(flow);
  }
  for (const node of reading.nodes.values()) {
    if (
      node.trigger !== 'message' ||
      !RECEIVERS.has(node.kind) ||
      node.receives.length > 0 ||
      node.outside
    )
      continue;
    node.outside = true;
    reading.notes.add(WIDENED.unsent, node);
  }
  const idle = roots.filter(
    (root) =>
      root.$type === 'bpmn:Process' && (root.flowElements ?? []).length === 0 && flows.length > 0,
  );
  for (const root of idle)
    reading.notes.add('A process without elements does nothing', {
      id: root.id ?? elementName(root),
      name: text(root.name),
    });
  return flows;
}

function tie(
  element: BpmnElement,
  source: End,
  target: End,
  reading: DiagramReading,
): MessageFlow | undefined {
  const id = element.id ?? `message${reading.nodes.size}`;
  const about = { id, name: text(element.name) };
  if (source === 'pool' || target === 'pool') {
    if (target !== 'pool') {
      const waits = target.some((node) => node.trigger === 'message');
      if (waits) for (const node of target) node.outside = true;
      reading.notes.add(waits ? WIDENED.fromPool : WIDENED.deaf, about);
    } else if (source !== 'pool') reading.notes.add(WIDENED.toPool, about);
    return undefined;
  }
  if (target[0].trigger !== 'message') {
    reading.notes.add(WIDENED.deaf, about);
    return undefined;
  }
  const isWithin = outermost(source[0].process) === outermost(target[0].process);
  if (isWithin) reading.mend('BPMN_STRUCTURE', element, WIDENED.within);
  const flow: MessageFlow = {
    ...about,
    source: source[0],
    target: target[0],
    medium: mediumOf(element, reading) ?? (isWithin ? 'private' : undefined),
  };
  for (const node of source) node.sends.push(flow);
  for (const node of target) node.receives.push(flow);
  return flow;
}

function endOf(
  element: BpmnElement,
  property: 'sourceRef' | 'targetRef',
  reading: DiagramReading,
): End | Nothing | undefined {
  const end = element[property];
  if (!end) {
    // What names nothing has been reported, unless it may stand in a process that is not here.
    return !reading.unresolved(element, property) || reading.poolsElsewhere ? 'nothing' : undefined;
  }
  if (end.$type === 'bpmn:Participant') return 'pool';
  if (reading.refused.has(end)) return undefined;
  const [node, ...more] = reading.nodesOf(end);
  const allowed = property === 'sourceRef' ? SENDERS : RECEIVERS;
  return node && allowed.has(node.kind) ? [node, ...more] : 'nothing';
}
