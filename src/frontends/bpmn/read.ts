import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { connect } from './connect.ts';
import type { Actor, Diagram, Flow, Node, Process, Trigger } from './diagram.ts';
import { ELEMENTS, MISPLACED, UNSUPPORTED_ROOTS, type ElementRole } from './elements.ts';
import type { BpmnElement, Dangling, Parsed } from './moddle.ts';
import { MAX_CONDITIONAL, conditionalFlows } from './firings.ts';
import { crossed, flowProblem, hasCycle, noteEvents, referenceOf, tieEvents } from './events.ts';
import { MAX_JOINED } from './join.ts';
import { Reading, elementName, text } from './reading.ts';
import { localName, type Place } from './scan.ts';

/** Builds the graph of a parsed file, or says everything that is wrong with it. */
export function readDiagram(parsed: Parsed, places: ReadonlyMap<string, Place>): Result<Diagram> {
  const reading = new Reading(places, parsed.dangling);
  for (const left of parsed.ignored) reading.notes.add(left);
  const roots = parsed.definitions.rootElements ?? [];
  const collaborations = roots.filter((root) => root.$type === 'bpmn:Collaboration');
  for (const root of roots) {
    if (UNSUPPORTED_ROOTS.has(root.$type)) reading.refuse('BPMN_UNSUPPORTED', root, `a <${elementName(root)}> is not supported yet`);
  }
  const pools = readPools(collaborations, reading);
  const bodies = roots.filter((root) => root.$type === 'bpmn:Process');
  const scopes: Scope[] = [];
  for (const root of bodies) readProcess(root, pools.get(root), scopes, reading);
  const processes = scopes.map(({ process }) => process);
  for (const { element, process } of scopes) readFlows(element, process, reading);
  tieEvents(reading);
  const drawn = new Set(bodies.filter((root) => (root.flowElements ?? []).length > 0).map((root) => root.id));
  for (const element of reading.nodes.keys()) judgeCall(element, drawn, reading);
  for (const node of reading.nodes.values()) noteEvents(node, reading);
  for (const [element, node] of reading.nodes) judgeChoices(element, node, reading);
  refuseDangling(parsed.dangling, reading);
  const messageFlows = connect(roots, collaborations, reading);
  if (processes.length === 0) {
    reading.problems.push(problem('BPMN_NO_PROCESS', '', 'the file has no <process>: there is nothing to check'));
  } else if (reading.problems.length === 0 && processes.every((process) => process.nodes.length === 0)) {
    reading.problems.push(problem('BPMN_NO_PROCESS', '', 'no process has any element: there is nothing to check'));
  }
  if (reading.problems.length > 0) return bad(...reading.problems);
  return ok({ name: nameOf(parsed.definitions, collaborations, processes), processes, messageFlows, notes: reading.notes.sentences() });
}

function nameOf(definitions: BpmnElement, collaborations: readonly BpmnElement[], processes: readonly Process[]): string {
  const named = [...collaborations.map((found) => found.name), definitions.name].find((name) => text(name) !== '');
  return text(named) || processes.filter((process) => process.nodes.length > 0 && !process.owner).map((process) => process.name || process.id).join(' and ');
}

/** The pool of each process (§9.3). */
function readPools(collaborations: readonly BpmnElement[], reading: Reading): ReadonlyMap<BpmnElement, BpmnElement> {
  const pools = new Map<BpmnElement, BpmnElement>();
  for (const participant of collaborations.flatMap((found) => found.participants ?? [])) {
    if (participant.participantMultiplicity) {
      reading.refuse('BPMN_UNSUPPORTED', participant, 'a pool with several instances (participantMultiplicity) is not supported yet');
    }
    if (participant.processRef) pools.set(participant.processRef, participant);
  }
  return pools;
}

/** A process or sub-process, and the element that it is. */
interface Scope {
  readonly element: BpmnElement;
  readonly process: Process;
}

function readProcess(element: BpmnElement, pool: BpmnElement | undefined, scopes: Scope[], reading: Reading): void {
  const id = element.id ?? 'process';
  const process: Process = { id, name: text(pool?.name) || text(element.name), nodes: [], flows: [], owner: undefined };
  const own: Actor = { id: pool?.id ?? id, name: process.name };
  readNodes({ element, process }, own, new Map(), scopes, reading);
}

/** Whoever acts for the whole acts for each part that no lane holds. */
function readNodes(scope: Scope, own: Actor, around: ReadonlyMap<BpmnElement, Actor>, scopes: Scope[], reading: Reading): void {
  const lanes = new Map(around);
  for (const laneSet of scope.element.laneSets ?? []) readLanes(laneSet, lanes);
  scopes.push(scope);
  for (const found of scope.element.flowElements ?? []) {
    const actor = lanes.get(found) ?? own;
    const node = readElement(found, scope.process, actor, reading);
    if (!found.flowElements) continue;
    const inside: Process = { id: found.id ?? '', name: text(found.name), nodes: [], flows: [], owner: node };
    readNodes({ element: found, process: inside }, actor, lanes, scopes, reading);
    if (node && inside.nodes.length > 0) node.inside = inside;
    else if (node) reading.notes.add('A sub-process with nothing inside is taken for a task', node);
  }
}

function readFlows(element: BpmnElement, process: Process, reading: Reading): void {
  const elements = element.flowElements ?? [];
  const defaults = new Set(elements.map((found) => found.default).filter((flow) => flow !== undefined));
  for (const found of elements) {
    if (found.$type === 'bpmn:SequenceFlow') readFlow(found, process, defaults, reading);
  }
}

/** The innermost lane that holds a node acts for it (§10.8). */
function readLanes(laneSet: BpmnElement, lanes: Map<BpmnElement, Actor>): void {
  for (const lane of laneSet.lanes ?? []) {
    for (const node of lane.flowNodeRef ?? []) lanes.set(node, { id: lane.id ?? 'lane', name: text(lane.name) });
    if (lane.childLaneSet) readLanes(lane.childLaneSet, lanes);
  }
}

function readElement(element: BpmnElement, process: Process, actor: Actor, reading: Reading): Node | undefined {
  const role = ELEMENTS.get(element.$type);
  if (!role) {
    reading.refuse('BPMN_UNSUPPORTED', element, `a <${elementName(element)}> is not supported yet`);
    return undefined;
  }
  if (role.role === 'silent' || role.role === 'flow' || refuseMarkers(element, reading)) return undefined;
  const trigger = triggerOf(element, role, reading);
  if (trigger === undefined) return undefined;
  const node: Node = {
    id: element.id ?? '', name: text(element.name), element: elementName(element), kind: role.role === 'subProcess' ? 'task' : role.kind, trigger,
    reference: referenceOf(element, trigger), process, actor,
    incoming: [], outgoing: [], sends: [], receives: [], outside: false, inside: undefined, boundary: [], attachedTo: undefined, handler: undefined, thrown: false,
    interrupting: element.cancelActivity !== false || trigger === 'error', repeats: trigger !== 'timer' || hasCycle(element),
  };
  if (node.id === '') {
    reading.refuse('BPMN_STRUCTURE', element, `a <${node.element}> has no id, so that nothing can refer to it`);
    return undefined;
  }
  process.nodes.push(node);
  reading.nodes.set(element, node);
  return node;
}

/** Markers that change what an element does, and are not supported yet. */
const MARKERS: readonly (readonly [(element: BpmnElement) => boolean, string])[] = [
  [(element) => element.loopCharacteristics !== undefined, 'a loop or multi-instance marker'],
  [(element) => element.triggeredByEvent === true, 'a sub-process that an event starts'],
  [(element) => element.isForCompensation === true, 'compensation'],
  [(element) => element.instantiate === true, 'an element that starts a process by itself (instantiate="true")'],
  [(element) => element.$type === 'bpmn:EventBasedGateway' && element.eventGatewayType === 'Parallel', 'a parallel event-based gateway'],
];

function refuseMarkers(element: BpmnElement, reading: Reading): boolean {
  const found = MARKERS.filter(([has]) => has(element));
  for (const [, what] of found) reading.refuse('BPMN_UNSUPPORTED', element, `${what} is not supported yet (<${elementName(element)}>)`);
  return found.length > 0;
}

function triggerOf(element: BpmnElement, role: ElementRole, reading: Reading): Trigger | undefined {
  if (role.role === 'node') return role.trigger;
  if (role.role !== 'event') return 'none';
  const definitions = [...(element.eventDefinitions ?? []), ...(element.eventDefinitionRef ?? [])];
  const [only, ...more] = definitions;
  if (!only) return 'none';
  if (more.length > 0) {
    reading.refuse('BPMN_UNSUPPORTED', element, `an event with ${definitions.length} triggers is not supported yet`);
    return undefined;
  }
  const trigger = role.triggers[only.$type];
  if (trigger === undefined) {
    const misplaced = MISPLACED[element.$type]?.has(only.$type) ?? false;
    const what = `a <${elementName(only)}> in a <${elementName(element)}>`;
    reading.refuse(misplaced ? 'BPMN_STRUCTURE' : 'BPMN_UNSUPPORTED', element, misplaced ? `BPMN 2.0 has no ${what.slice(2)}` : `${what} is not supported yet`);
  }
  return trigger;
}

function readFlow(element: BpmnElement, process: Process, defaults: ReadonlySet<BpmnElement>, reading: Reading): void {
  const source = endOf(element, 'sourceRef', reading);
  const target = endOf(element, 'targetRef', reading);
  if (!source || !target) return;
  if (source.process !== process || target.process !== process) {
    return reading.report('BPMN_STRUCTURE', element, crossed(source, target));
  }
  const wrong = flowProblem(source, target);
  if (wrong !== undefined) return reading.report('BPMN_STRUCTURE', element, wrong);
  const flow: Flow = {
    id: element.id ?? `${source.id}_${target.id}`, elementId: element.id ?? source.id, name: text(element.name), source, target,
    conditional: element.conditionExpression !== undefined, isDefault: defaults.has(element),
  };
  source.outgoing.push(flow);
  target.incoming.push(flow);
  process.flows.push(flow);
}

/** A call (§10.3.6) of something that is drawn elsewhere is an activity like any other. */
function judgeCall(element: BpmnElement, drawn: ReadonlySet<string | undefined>, reading: Reading): void {
  if (element.$type !== 'bpmn:CallActivity') return;
  const about = { id: element.id ?? '', name: text(element.name) };
  if (drawn.has(localName(element.calledElement ?? ''))) {
    reading.report('BPMN_UNSUPPORTED', element, `a <callActivity> of a process in the same file ('${element.calledElement}') is not supported yet`);
  } else reading.notes.add('What is called here is not in the file; the call is taken for a task', about);
}

function judgeChoices(element: BpmnElement, node: Node, reading: Reading): void {
  const conditional = conditionalFlows(node).length;
  const limit = MAX_CONDITIONAL[node.kind] ?? 0;
  if (conditional > limit) {
    reading.report('BPMN_UNSUPPORTED', element, `${conditional} conditional flows out of one <${node.element}> are not supported; the limit is ${limit}`);
  }
  if (node.kind === 'inclusive' && node.incoming.length > MAX_JOINED) {
    reading.report('BPMN_UNSUPPORTED', element, `${node.incoming.length} flows into one inclusive gateway are not supported; the limit is ${MAX_JOINED}`);
  }
  if (node.kind === 'task' && node.boundary.length > 0 && node.incoming.some((flow) => flow.source.kind === 'eventBased')) {
    reading.report('BPMN_STRUCTURE', element, `the receive task ${node.id} behind an event-based gateway may not have events on its border`);
  }
  if (conditional > 0 || (node.kind === 'exclusive' && node.outgoing.length > 1)) {
    reading.notes.add('Choices are free: conditions are not evaluated, any way out may be taken', node);
  }
}

/** The node at one end of a flow; what is wrong with it is reported, unless it has been. */
function endOf(element: BpmnElement, property: 'sourceRef' | 'targetRef', reading: Reading): Node | undefined {
  const end = element[property];
  if (end && reading.refused.has(end)) return undefined;
  const node = end && reading.nodes.get(end);
  if (node) return node;
  if (end) {
    reading.report('BPMN_STRUCTURE', element, `a sequence flow may not have the <${elementName(end)}> '${end.id ?? ''}' as its ${property}`);
  } else if (reading.unresolved(element, property) === undefined) {
    reading.report('BPMN_REFERENCE', element, `the sequence flow has no ${property}`);
  }
  return undefined;
}

/** References that carry meaning and name nothing. Those of `incoming` and `outgoing` only repeat what the flows say. */
const MEANT = new Set(['sourceRef', 'targetRef', 'processRef', 'default', 'attachedToRef', 'eventDefinitionRef', 'calledElement']);

function refuseDangling(dangling: readonly Dangling[], reading: Reading): void {
  for (const { element, property, value } of dangling) {
    const name = localName(property);
    if (MEANT.has(name)) reading.report('BPMN_REFERENCE', element, `${name} names '${value}', which does not exist`);
    else reading.notes.add(`A reference (${name}) to something that does not exist was left out`, { id: element.id ?? elementName(element), name: '' });
  }
}
