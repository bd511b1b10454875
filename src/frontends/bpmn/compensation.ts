import { outermost, type Node, type Process } from './diagram.ts';
import type { BpmnElement } from './moddle.ts';
import type { DiagramReading } from './reading.ts';

/**
 * Ties what is done to what undoes it, and what throws a compensation or cancels a transaction to
 * what it undoes (§10.7, §13.5.5).
 */
export function tieCompensation(scopes: readonly BpmnElement[], reading: DiagramReading): void {
  const handlers = new Map(
    scopes
      .flatMap((scope) => scope.artifacts ?? [])
      .map((artifact) => [artifact.sourceRef, artifact.targetRef]),
  );
  for (const [element, node] of reading.nodes) {
    if (node.kind === 'boundary' && node.trigger === 'compensate')
      tieHandler(element, node, handlers.get(element), reading);
  }
  for (const [element, node] of reading.nodes)
    if (node.kind === 'start' && node.trigger === 'compensate') tieStart(element, node, reading);
  for (const [element, node] of reading.nodes) {
    if (node.kind !== 'end' && node.kind !== 'throw') continue;
    if (node.trigger === 'cancel') cancel(element, node, reading);
    if (node.trigger === 'compensate') compensate(element, node, reading);
  }
}

/**
 * The association of a compensation event leads to the activity that undoes the one on whose border
 * the event stands.
 */
function tieHandler(
  element: BpmnElement,
  event: Node,
  target: BpmnElement | undefined,
  reading: DiagramReading,
): void {
  if (!event.attachedTo) return;
  const handler = target && reading.nodes.get(target);
  if (handler?.kind !== 'task' || !handler.forCompensation || handler.process !== event.process) {
    return reading.report(
      'BPMN_STRUCTURE',
      element,
      `an association leads from the compensation event ${event.id} to an activity with the compensation marker beside it; here is none`,
    );
  }
  if (handler.incoming.length > 0)
    return reading.report(
      'BPMN_STRUCTURE',
      element,
      `${handler.id} is for compensation: no sequence flow may lead to it`,
    );
  event.attachedTo.undoneBy = handler;
  event.thrown = true;
}

/**
 * An event sub-process that a compensation starts undoes the sub-process that it stands in, once
 * that has been done (§10.7.1); what it leaves out of that is not undone.
 */
function tieStart(element: BpmnElement, event: Node, reading: DiagramReading): void {
  const handler = event.process.owner;
  if (handler?.kind !== 'eventSubProcess')
    return reading.report(
      'BPMN_STRUCTURE',
      element,
      `the compensation start event ${event.id} belongs into an event sub-process`,
    );
  event.thrown = true;
  const undone = handler.process.owner;
  if (!undone || undone.undoneBy)
    return reading.notes.add(
      undone
        ? 'An event on its border says already how this is undone; its event sub-process for that never begins'
        : 'A process as a whole is not undone; its event sub-process for that never begins',
      handler,
    );
  undone.undoneBy = handler;
}

/** What can be undone in a process: its own activities, and those of the sub-processes in it. */
function undoable(process: Process): readonly Node[] {
  return process.nodes.flatMap((node) => [
    ...(node.undoneBy ? [node] : []),
    ...(node.inside && node.undoneBy?.kind !== 'eventSubProcess' ? undoable(node.inside) : []),
  ]);
}

function compensate(element: BpmnElement, node: Node, reading: DiagramReading): void {
  const scope =
    node.process.owner?.kind === 'eventSubProcess' ? node.process.owner.process : node.process;
  const definition = (element.eventDefinitions ?? [])[0];
  const wanted = definition?.activityRef;
  const only =
    wanted &&
    reading.nodesOf(wanted).filter((found) => outermost(found.process) === outermost(node.process));
  const targets = only
    ? only.flatMap((found) =>
        found.undoneBy ? [found] : found.inside ? undoable(found.inside) : [],
      )
    : undoable(scope);
  node.undoes.push(...targets);
  if (targets.length === 0)
    reading.notes.add('A compensation is thrown that undoes nothing; it changes nothing', node);
  else reading.notes.add(ORDER, node);
}

const ORDER =
  'What is undone is undone once and in any order, not in the reverse order in which it was done';

/**
 * A cancel end event ends the transaction around it, undoes what was done in it, and leaves by the
 * cancel event on its border (§13.5.5).
 */
function cancel(element: BpmnElement, node: Node, reading: DiagramReading): void {
  let transaction = node.process.owner;
  while (transaction && transaction.element !== 'transaction')
    transaction = transaction.process.owner;
  if (!transaction?.inside)
    return reading.report(
      'BPMN_STRUCTURE',
      element,
      `the cancel end event ${node.id} stands in no transaction`,
    );
  node.undoes.push(...undoable(transaction.inside));
  const event = transaction.boundary.find((found) => found.trigger === 'cancel');
  node.cancels = transaction;
  if (event) {
    event.thrown = true;
    node.handler = event;
  } else
    reading.notes.add(
      'No cancel event stands on the border of the transaction that is cancelled here; its token ends',
      node,
    );
  if (node.undoes.length > 0) reading.notes.add(ORDER, node);
}
