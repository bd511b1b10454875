import type { Node } from './diagram.ts';
import type { BpmnElement } from './moddle.ts';
import type { DiagramReading } from './reading.ts';
import { elementName } from './reading.ts';

/** The node at one end of a flow; what is wrong with it is reported, unless it has been. */
export function endOf(
  element: BpmnElement,
  property: 'sourceRef' | 'targetRef',
  reading: DiagramReading,
): Node | undefined {
  const end = element[property];
  if (end && reading.refused.has(end)) return undefined;
  const node = end && reading.nodes.get(end);
  if (node) return node;
  if (end) {
    reading.report(
      'BPMN_STRUCTURE',
      element,
      `a sequence flow may not have the <${elementName(end)}> '${end.id ?? ''}' as its ${property}`,
    );
  } else if (!reading.unresolved(element, property)) {
    reading.mend(
      'BPMN_STRUCTURE',
      element,
      `A sequence flow without ${property === 'sourceRef' ? 'a source' : 'a target'} was left out`,
    );
  }
  return undefined;
}
