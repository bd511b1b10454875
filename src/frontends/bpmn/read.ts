import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { connectMessageFlows } from './connect.ts';
import {
  conditionalFlows,
  isAwaited,
  isChannelSemantics,
  type DiagramActor,
  type ChannelSemantics,
  type Data,
  type Diagram,
  type Flow,
  type Node,
  type NodeKind,
  type Process,
  type Trigger,
} from './diagram.ts';
import { ELEMENTS, MISPLACED, UNSUPPORTED_ROOTS, type ElementRole } from './elements.ts';
import type { BpmnElement, Parsed } from './moddle.ts';
import { MAX_CONDITIONAL, goesOn } from './happen.ts';
import { tieCompensation } from './compensation.ts';
import type { Annotations } from './annotations.ts';
import { assignmentsOf, conditionOf, readData } from './data.ts';
import { Expansion, drawnFor } from './expand.ts';
import {
  CROSSED,
  flowProblem,
  isBetweenPools,
  noteEvents,
  referenceOf,
  tieEvents,
  timerOf,
} from './events.ts';
import { MAX_JOINED } from './join.ts';
import { judgeReferences } from './references.ts';
import { DiagramReading, elementName, text } from './reading.ts';
import type { Place } from './scan.ts';
import { actorOf } from './trust.ts';

/** Builds the graph of a parsed file, or says everything that is wrong with it. */
export function readDiagram(
  parsed: Parsed,
  places: ReadonlyMap<string, Place>,
  beside: Annotations = {},
  strict = false,
): Result<Diagram> {
  const reading = new DiagramReading(places, parsed.dangling, strict);
  for (const left of parsed.ignored) reading.notes.add(left);
  const roots = parsed.definitions.rootElements ?? [];
  const collaborations = roots.filter((root) => root.$type === 'bpmn:Collaboration');
  for (const root of roots) {
    if (UNSUPPORTED_ROOTS.has(root.$type))
      reading.refuse('BPMN_UNSUPPORTED', root, `a <${elementName(root)}> is not supported yet`);
  }
  const pools = readPools(collaborations);
  const expansion = new Expansion(roots, collaborations, reading);
  const bodies = expansion.topLevel(
    roots.filter((root) => root.$type === 'bpmn:Process'),
    pools,
  );
  const data = readData(parsed.definitions, beside, reading);
  const scopes: Scope[] = [];
  for (const root of bodies) {
    const pool = pools.get(root);
    for (const instance of expansion.instancesOf(root, pool))
      readProcess(instance, pool, scopes, reading);
  }
  const processes = scopes.map(({ process }) => process);
  for (const { element, process } of scopes) readFlows(element, process, data, reading);
  tieEvents(reading);
  for (const element of reading.nodes.keys()) noteCall(element, reading);
  tieCompensation(
    scopes.map(({ element }) => element),
    reading,
  );
  for (const node of reading.nodes.values()) noteEvents(node, reading);
  for (const [element, node] of reading.nodes) judgeChoices(element, node, reading);
  judgeReferences(parsed, reading);
  const messageFlows = connectMessageFlows(roots, collaborations, reading);
  if (processes.length === 0) {
    reading.problems.push(
      problem('BPMN_NO_PROCESS', '', 'the file has no <process>: there is nothing to check'),
    );
  } else if (
    reading.problems.length === 0 &&
    processes.every((process) => process.nodes.length === 0)
  ) {
    reading.problems.push(
      problem('BPMN_NO_PROCESS', '', 'no process has any element: there is nothing to check'),
    );
  }
  if (reading.problems.length > 0) return bad(...reading.problems);
  return ok({
    name: nameOf(parsed.definitions, collaborations, processes),
    processes,
    messageFlows,
    notes: reading.notes.sentences(),
    bounds: reading.bounds.sentences(),
    channels: channelsOf(collaborations, reading),
    data,
  });
}

function nameOf(
  definitions: BpmnElement,
  collaborations: readonly BpmnElement[],
  processes: readonly Process[],
): string {
  const named = [...collaborations.map((found) => found.name), definitions.name].find(
    (name) => text(name) !== '',
  );
  return (
    text(named) ||
    processes
      .filter((process) => process.nodes.length > 0 && !process.owner)
      .map((process) => process.name || process.id)
      .join(' and ')
  );
}

/** `probity:channels` of the collaboration. */
function channelsOf(
  collaborations: readonly BpmnElement[],
  reading: DiagramReading,
): ChannelSemantics {
  for (const element of collaborations) {
    const said = element.$attrs?.['probity:channels'];
    if (said !== undefined && isChannelSemantics(said)) return said;
    if (said !== undefined)
      reading.notes.add(`\`${said}\` is no semantics of channels; messages travel in any order`, {
        id: element.id ?? '',
        name: '',
      });
  }
  return 'bag';
}

/** The pool of each process (§9.3). */
function readPools(collaborations: readonly BpmnElement[]): ReadonlyMap<BpmnElement, BpmnElement> {
  const participants = collaborations.flatMap((found) => found.participants ?? []);
  return new Map(
    participants.flatMap((participant) =>
      participant.processRef ? [[participant.processRef, participant] as const] : [],
    ),
  );
}

/** A process or sub-process, and the element that it is. */
interface Scope {
  readonly element: BpmnElement;
  readonly process: Process;
}

function readProcess(
  element: BpmnElement,
  pool: BpmnElement | undefined,
  scopes: Scope[],
  reading: DiagramReading,
): void {
  const id = element.id ?? 'process';
  const process: Process = {
    id,
    name: text(pool?.name) || text(element.name),
    nodes: [],
    flows: [],
    owner: undefined,
    adHoc: false,
  };
  const own = actorOf(pool ?? element, { id: pool?.id ?? id, name: process.name }, reading);
  readNodes({ element, process }, own, new Map(), scopes, reading);
}

/** Whoever acts for the whole acts for each part that no lane holds. */
function readNodes(
  scope: Scope,
  own: DiagramActor,
  around: ReadonlyMap<BpmnElement, DiagramActor>,
  scopes: Scope[],
  reading: DiagramReading,
): void {
  const lanes = new Map(around);
  for (const laneSet of scope.element.laneSets ?? []) readLanes(laneSet, own, lanes, reading);
  scopes.push(scope);
  for (const found of scope.element.flowElements ?? []) {
    const actor = lanes.get(found) ?? own;
    const node = readElement(found, scope.process, actor, reading);
    if (!found.flowElements) continue;
    const inside: Process = {
      id: found.id ?? '',
      name: text(found.name),
      nodes: [],
      flows: [],
      owner: node,
      adHoc: found.$type === 'bpmn:AdHocSubProcess' && !found.frame,
    };
    readNodes({ element: found, process: inside }, actor, lanes, scopes, reading);
    if (node && inside.nodes.length > 0) node.inside = inside;
    else if (node) reading.notes.add('A sub-process with nothing inside is taken for a task', node);
  }
}

function readFlows(
  element: BpmnElement,
  process: Process,
  data: Data,
  reading: DiagramReading,
): void {
  const elements = element.flowElements ?? [];
  const defaults = new Set(
    elements.map((found) => found.default).filter((flow) => flow !== undefined),
  );
  for (const found of elements) {
    if (found.$type === 'bpmn:SequenceFlow') readFlow(found, process, defaults, data, reading);
  }
}

/** The innermost lane that holds a node acts for it (§10.8). */
function readLanes(
  laneSet: BpmnElement,
  around: DiagramActor,
  lanes: Map<BpmnElement, DiagramActor>,
  reading: DiagramReading,
): void {
  for (const lane of laneSet.lanes ?? []) {
    const actor = actorOf(lane, { id: lane.id ?? 'lane', name: text(lane.name) }, reading, around);
    for (const node of lane.flowNodeRef ?? []) lanes.set(node, actor);
    if (lane.childLaneSet) readLanes(lane.childLaneSet, actor, lanes, reading);
  }
}

function readElement(
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

function readFlow(
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

/** A call (§10.3.6) of something that is drawn elsewhere is an activity like any other. */
function noteCall(element: BpmnElement, reading: DiagramReading): void {
  if (element.$type !== 'bpmn:CallActivity' || element.flowElements) return;
  reading.notes.add('What is called here is not in the file; the call is taken for a task', {
    id: element.id ?? '',
    name: text(element.name),
  });
}

function judgeChoices(element: BpmnElement, node: Node, reading: DiagramReading): void {
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

/** The node at one end of a flow; what is wrong with it is reported, unless it has been. */
function endOf(
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
