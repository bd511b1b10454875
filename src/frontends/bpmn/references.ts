import type { BpmnElement, Parsed } from './moddle.ts';
import type { DiagramReading } from './reading.ts';
import { localName } from './scanner.ts';

/**
 * References that carry meaning and name nothing. Those of `incoming` and `outgoing` only repeat
 * what the flows say.
 */
const MEANT = new Set([
  'sourceRef',
  'targetRef',
  'processRef',
  'default',
  'attachedToRef',
  'eventDefinitionRef',
  'calledElement',
  'signalRef',
  'errorRef',
  'escalationRef',
  'activityRef',
]);

const FLOW_ENDS = new Set(['sourceRef', 'targetRef']);

/**
 * Lines between things that say nothing about the order of things; compensation asks for its own.
 */
const SILENT_ENDS = /Association$/;

/** What people know: an event, not the definition in it. */
function ownerOf(element: BpmnElement): BpmnElement {
  const around = element.$type.endsWith('EventDefinition') ? element.$parent : undefined;
  return around && around.$type !== 'bpmn:Definitions' ? around : element;
}

/**
 * What is wrong with references: one that names nothing is a problem where it carries meaning, else
 * a note, as is one by a prefix that nothing declares.
 */
export function judgeReferences({ dangling, undeclared }: Parsed, reading: DiagramReading): void {
  for (const { element, property, value } of dangling) {
    const name = localName(property);
    if (name === 'processRef')
      reading.mend(
        'BPMN_REFERENCE',
        element,
        `The process of a pool is not in the file (processRef names '${value}'); nothing is known of what it does`,
      );
    else if (element.$type === 'bpmn:SequenceFlow' && FLOW_ENDS.has(name) && value !== '')
      reading.mend(
        'BPMN_REFERENCE',
        element,
        `A sequence flow whose ${name} names '${value}', which does not exist, was left out`,
      );
    else if (
      MEANT.has(name) &&
      value !== '' &&
      !SILENT_ENDS.test(element.$type) &&
      !(element.$type === 'bpmn:MessageFlow' && reading.poolsElsewhere)
    ) {
      const { $parent: event } = element;
      const at = element.id === undefined && event?.id !== undefined ? event : element;
      reading.report(
        'BPMN_REFERENCE',
        at,
        `${name} names '${value}', which does not exist${reading.nearestId(value)}`,
      );
    } else
      reading.mend(
        'BPMN_REFERENCE',
        element,
        `A reference (${name}) to something that does not exist was left out`,
        ownerOf(element),
      );
  }
  for (const { element, value } of undeclared)
    reading.mend(
      'BPMN_REFERENCE',
      element,
      `The prefix of ${value} is declared nowhere; the name is taken for one of this file`,
      ownerOf(element),
    );
}
