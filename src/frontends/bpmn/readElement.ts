import { assignmentsOf } from './data.ts';
import type { DiagramActor, Node, NodeKind, Process, Trigger } from './diagram.ts';
import { type ElementRole, ELEMENTS, MISPLACED } from './elements.ts';
import { referenceOf, timerOf } from './events.ts';
import { drawnFor } from './expand.ts';
import type { BpmnElement } from './moddle.ts';
import type { DiagramReading } from './reading.ts';
import { elementName, text } from './reading.ts';

export function readElement(
  element: BpmnElement,
  process: Process,
  actor: DiagramActor,
  reading: DiagramReading,
): Node | undefined {
  const role = ELEMENTS.get(element.$type);
  if (!role) {
    reading.refuse('BPMN_UNSUPPORTED', element, `a <${elementName(element)}> is not supported yet`);
    return undefined;
  }
  if (role.role === 'silent' || role.role === 'flow') return undefined;
  const trigger = triggerOf(element, role, reading);
  if (trigger === undefined) return undefined;
  const kind = kindOf(element, role);
  const node: Node = {
    id: element.id ?? '',
    elementId: drawnFor(element),
    name: text(element.name),
    element: elementName(element),
    kind,
    trigger,
    activity: (kind === 'task' || kind === 'eventSubProcess') && element.frame !== true,
    reference: referenceOf(element, trigger),
    process,
    actor,
    incoming: [],
    outgoing: [],
    sends: [],
    receives: [],
    outside: false,
    inside: undefined,
    boundary: [],
    attachedTo: undefined,
    handler: undefined,
    thrown: false,
    shadowed: false,
    interrupting:
      trigger === 'error' ||
      (kind === 'start' ? element.isInterrupting !== false : element.cancelActivity !== false),
    repeats: trigger !== 'timer' || timerOf(element) !== 'once',
    paced: trigger === 'timer' && timerOf(element) === 'unknown',
    heard: [],
    undoneBy: undefined,
    undoes: [],
    cancels: undefined,
    forCompensation: element.isForCompensation === true,
    together: [],
    sets: assignmentsOf(element),
    needs: neededTokens(element),
  };
  if (node.id === '') {
    reading.refuse(
      'BPMN_STRUCTURE',
      element,
      `a <${node.element}> has no id, so that nothing can refer to it`,
    );
    return undefined;
  }
  process.nodes.push(node);
  reading.nodes.set(element, node);
  return node;
}

function kindOf(
  element: BpmnElement,
  role: Exclude<ElementRole, { readonly role: 'silent' | 'flow' }>,
): NodeKind {
  if (role.role === 'subProcess')
    return element.triggeredByEvent === true && !element.frame ? 'eventSubProcess' : 'task';
  return role.kind === 'task' && element.instantiate === true ? 'start' : role.kind;
}

function triggerOf(
  element: BpmnElement,
  role: ElementRole,
  reading: DiagramReading,
): Trigger | undefined {
  if (role.role === 'node') return element.frame ? 'none' : role.trigger;
  if (role.role !== 'event') return 'none';
  const definitions = [...(element.eventDefinitions ?? []), ...(element.eventDefinitionRef ?? [])];
  const [only, ...more] = definitions;
  if (!only && element.$type === 'bpmn:BoundaryEvent') {
    reading.notes.add(
      'An event on a border has no trigger; it may happen at any moment, or never',
      { id: element.id ?? '', name: text(element.name) },
    );
    return 'condition';
  }
  if (!only) return 'none';
  if (more.length > 0)
    return oneOf(
      definitions.map((found) => role.triggers[found.$type]),
      THROWING.has(element.$type),
      element,
      reading,
    );
  const trigger = role.triggers[only.$type];
  if (trigger === undefined) {
    const misplaced = MISPLACED[element.$type]?.has(only.$type) ?? false;
    const what = `a <${elementName(only)}> in a <${elementName(element)}>`;
    reading.refuse(
      misplaced ? 'BPMN_STRUCTURE' : 'BPMN_UNSUPPORTED',
      element,
      misplaced ? `BPMN 2.0 has no ${what.slice(2)}` : `${what} is not supported yet`,
    );
  }
  return trigger;
}

const THROWING: ReadonlySet<string> = new Set(['bpmn:IntermediateThrowEvent', 'bpmn:EndEvent']);

/**
 * An event with several triggers (§10.5.1). One that catches happens by any of them: the one that
 * the diagram says most about stands for all. One that throws throws all of them: messages leave by
 * message flows in any case; beside them one that ends or signals something. (Some modellers write
 * an event with several triggers with any two, whatever they are.)
 */
function oneOf(
  triggers: readonly (Trigger | undefined)[],
  throws: boolean,
  element: BpmnElement,
  reading: DiagramReading,
): Trigger {
  const about = { id: element.id ?? '', name: text(element.name) };
  const [first] = triggers;
  if (first !== undefined && triggers.every((trigger) => trigger === first)) return first;
  if (!throws) {
    reading.notes.add(
      'An event with several triggers may happen by any of them, at any moment',
      about,
    );
    return (
      (['message', 'timer'] as const).find((trigger) => triggers.includes(trigger)) ?? 'condition'
    );
  }
  const others = triggers.filter((trigger) => trigger !== undefined && trigger !== 'message');
  const [only] = others;
  if (
    only !== undefined &&
    triggers.length === others.length + 1 &&
    others.length === 1 &&
    triggers.includes('message')
  )
    return only;
  reading.notes.add(
    'An event throws several things; it sends its messages, and of the rest nothing is known',
    about,
  );
  return 'none';
}

/**
 * How many tokens the condition of a complex gateway asks for, where it is a comparison of
 * `activationCount` with a number.
 */
function neededTokens(element: BpmnElement): number {
  const count = /activationCount\s*(>=|=|==|>)\s*(\d+)/.exec(
    text(element.activationCondition?.body),
  );
  return count ? Number(count[2]) + (count[1] === '>' ? 1 : 0) : 0;
}
