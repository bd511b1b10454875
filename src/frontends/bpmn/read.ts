import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { connectMessageFlows } from './connect.ts';
import {
  type ChannelSemantics,
  type Data,
  type Diagram,
  type DiagramActor,
  isChannelSemantics,
  type Process,
} from './diagram.ts';
import { UNSUPPORTED_ROOTS } from './elements.ts';
import type { BpmnElement, Parsed } from './moddle.ts';
import { tieCompensation } from './compensation.ts';
import type { Annotations } from './annotations.ts';
import { readData } from './data.ts';
import { Expansion } from './expand.ts';
import { noteEvents, tieEvents } from './events.ts';
import { judgeReferences } from './references.ts';
import { DiagramReading, elementName, text } from './reading.ts';
import type { Place } from './scanner.ts';
import { actorOf } from './trust.ts';
import { readElement } from './readElement.ts';
import { judgeChoices, readFlow } from './readFlow.ts';

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

/** A call (§10.3.6) of something that is drawn elsewhere is an activity like any other. */
function noteCall(element: BpmnElement, reading: DiagramReading): void {
  if (element.$type !== 'bpmn:CallActivity' || element.flowElements) return;
  reading.notes.add('What is called here is not in the file; the call is taken for a task', {
    id: element.id ?? '',
    name: text(element.name),
  });
}
