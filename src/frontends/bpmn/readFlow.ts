import { conditionOf } from './data.ts';
import {
  conditionalFlows,
  type Data,
  type Flow,
  isAwaited,
  type Node,
  type Process,
} from './diagram.ts';
import { CROSSED, flowProblem, isBetweenPools } from './events.ts';
import { drawnFor } from './expand.ts';
import { goesOn, MAX_CONDITIONAL } from './happen.ts';
import { MAX_JOINED } from './join.ts';
import type { BpmnElement } from './moddle.ts';
import { endOf } from './readEnd.ts';
import type { DiagramReading } from './reading.ts';
import { text } from './reading.ts';

export function readFlow(
  element: BpmnElement,
  process: Process,
  defaults: ReadonlySet<BpmnElement>,
  data: Data,
  reading: DiagramReading,
): void {
  const source = endOf(element, 'sourceRef', reading);
  const target = endOf(element, 'targetRef', reading);
  if (!source || !target) return;
  if (source.process !== process || target.process !== process) {
    if (!isBetweenPools(source, target))
      return reading.report('BPMN_STRUCTURE', element, CROSSED.subProcess);
    reading.mend('BPMN_STRUCTURE', element, CROSSED.pool);
  }
  const wrong = flowProblem(source, target);
  if (wrong !== undefined) return reading.report('BPMN_STRUCTURE', element, wrong);
  if (source.kind === 'end')
    reading.notes.add(
      `A sequence flow leaves an end event; ${goesOn(source) ? 'the token goes on over it' : 'nothing goes on over it'}`,
      source,
    );
  if (target.kind === 'start')
    reading.notes.add(
      'A sequence flow leads to a start event; its token goes on there as at an intermediate event',
      target,
    );
  const flow: Flow = {
    id: element.id ?? `${source.id}_${target.id}`,
    elementId: drawnFor(element) || source.elementId,
    name: text(element.name),
    source,
    target,
    conditional: element.conditionExpression !== undefined,
    condition: conditionOf(element, data),
    isDefault: defaults.has(element),
  };
  source.outgoing.push(flow);
  target.incoming.push(flow);
  process.flows.push(flow);
}

export function judgeChoices(element: BpmnElement, node: Node, reading: DiagramReading): void {
  const conditional = conditionalFlows(node).length;
  const limit = MAX_CONDITIONAL[node.kind] ?? 0;
  if (conditional > limit) {
    reading.report(
      'BPMN_UNSUPPORTED',
      element,
      `${conditional} conditional flows out of one <${node.element}> are not supported; the limit is ${limit}`,
    );
  }
  if ((node.kind === 'inclusive' || node.kind === 'complex') && node.incoming.length > MAX_JOINED) {
    reading.report(
      'BPMN_UNSUPPORTED',
      element,
      `${node.incoming.length} flows into one ${node.kind} gateway are not supported; the limit is ${MAX_JOINED}`,
    );
  }
  if (node.kind === 'task' && node.boundary.length > 0 && node.incoming.some(isAwaited)) {
    reading.report(
      'BPMN_STRUCTURE',
      element,
      `the receive task ${node.id} behind an event-based gateway may not have events on its border`,
    );
  }
  noteConditions(node, reading);
}

/** Each condition is evaluated, or it is said that it is not, and what is done instead. */
function noteConditions(node: Node, reading: DiagramReading): void {
  const deciding =
    node.kind === 'exclusive'
      ? node.outgoing.filter(
          (flow) => !flow.isDefault && (flow.conditional || node.outgoing.length > 1),
        )
      : conditionalFlows(node);
  if (deciding.some((flow) => flow.condition === undefined))
    reading.notes.add(
      'Choices are free: conditions are not evaluated, any way out may be taken',
      node,
    );
  for (const flow of node.outgoing)
    if (flow.conditional && !deciding.includes(flow))
      reading.notes.add(
        flow.isDefault
          ? 'A default flow has a condition, which is not looked at; it is taken where no other is'
          : 'A condition decides nothing here; the sequence flow is taken whatever it says',
        flow,
      );
}
