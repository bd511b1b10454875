import { MAX_HEARD } from './broadcast.ts';
import { isAwaited, type Flow, type Node, type Process, type Trigger } from './diagram.ts';
import type { BpmnElement } from './moddle.ts';
import { text, type DiagramReading } from './reading.ts';

/**
 * What the definition of an event refers to, so that two events can be told to mean the same: not
 * the declaration, of which there may be several, but the name of a link or signal, the code of an
 * error or escalation.
 */
export function referenceOf(element: BpmnElement, trigger: Trigger): string {
  const definition = definitionOf(element);
  if (trigger === 'link') return text(definition?.name) || text(element.name);
  if (trigger === 'signal')
    return text(definition?.signalRef?.name) || (definition?.signalRef?.id ?? '');
  if (trigger === 'error') return text(definition?.errorRef?.errorCode);
  if (trigger === 'escalation') return text(definition?.escalationRef?.escalationCode);
  return '';
}

/**
 * How often a timer may go off while it is armed: once, where it says when or after how long; again
 * and again with a cycle; else nothing is known of it.
 */
export function timerOf(element: BpmnElement): 'once' | 'again' | 'unknown' {
  const definitions = definitionsOf(element);
  if (definitions.some((found) => found.timeCycle)) return 'again';
  const said = definitions.map((found) => text((found.timeDuration ?? found.timeDate)?.body));
  // Some write a repeating interval (ISO 8601, `R3/PT10M`) where a duration belongs.
  return said.every((when) => when !== '' && !/^R\d*\//.test(when)) ? 'once' : 'unknown';
}

function definitionsOf(element: BpmnElement): readonly BpmnElement[] {
  return [...(element.eventDefinitions ?? []), ...(element.eventDefinitionRef ?? [])];
}

function definitionOf(element: BpmnElement): BpmnElement | undefined {
  return definitionsOf(element)[0];
}

/** Everything that ties events to something other than a flow; asked when all nodes are known. */
export function tieEvents(reading: DiagramReading): void {
  const nodes = [...reading.nodes];
  for (const [element, node] of nodes) if (node.kind === 'boundary') attach(element, node, reading);
  const targets = linkTargets(nodes.map(([, node]) => node));
  for (const [element, node] of nodes) {
    if (node.kind === 'throw' && node.trigger === 'link')
      link(element, node, targets.get(node.process)?.get(node.reference) ?? [], reading);
  }
  for (const trigger of ['error', 'escalation'] as const) catchThrown(trigger, reading);
  tieInstantiation(reading);
  tieSignals(reading);
}

/** The events that catch errors, or escalations, by the place where they wait and their code. */
type Handlers = ReadonlyMap<Node | Process, ReadonlyMap<string, Node>>;

function handlersOf(trigger: 'error' | 'escalation', nodes: readonly Node[]): Handlers {
  const handlers = new Map<Node | Process, Map<string, Node>>();
  for (const event of nodes) {
    const place = event.trigger === trigger ? placeOf(event) : undefined;
    if (!place) continue;
    const known = handlers.get(place) ?? new Map<string, Node>();
    if (!known.has(event.reference)) known.set(event.reference, event);
    handlers.set(place, known);
  }
  return handlers;
}

/** Where what this event catches comes by: the process around it, or the activity it stands on. */
function placeOf(event: Node): Node | Process | undefined {
  const owner = event.kind === 'start' ? event.process.owner : undefined;
  return owner?.kind === 'eventSubProcess' ? owner.process : event.attachedTo;
}

/** The event for this code at a place, or the one for any. */
const at = (handlers: Handlers, place: Node | Process, code: string): Node | undefined =>
  handlers.get(place)?.get(code) ?? handlers.get(place)?.get('');

/**
 * An error or escalation is caught in the innermost place around it that has an event for its code,
 * or for any (§10.5.7): by an event sub-process beside it, else on the border of the sub-process
 * around. What an event sub-process throws is not for its neighbours.
 */
function caughtBy(handlers: Handlers, from: Process, code: string): Node | undefined {
  let handling = false;
  for (let scope: Process | undefined = from; scope; scope = scope.owner?.process) {
    const handler =
      (handling ? undefined : at(handlers, scope, code)) ??
      (scope.owner && at(handlers, scope.owner, code));
    if (handler) return handler;
    handling = scope.owner?.kind === 'eventSubProcess';
  }
  return undefined;
}

function catchThrown(trigger: 'error' | 'escalation', reading: DiagramReading): void {
  const nodes = [...reading.nodes.values()];
  const handlers = handlersOf(trigger, nodes);
  for (const source of nodes) {
    if (source.trigger !== trigger || (source.kind !== 'end' && source.kind !== 'throw')) continue;
    source.handler = caughtBy(handlers, source.process, source.reference);
    if (source.handler) source.handler.thrown = true;
    else if (trigger === 'error')
      reading.notes.add(
        'Nothing in the diagram catches the error; it ends its token, and nothing else',
        source,
      );
  }
  for (const event of nodes) {
    if (event.trigger !== trigger || event.thrown || !placeOf(event)) continue;
    event.shadowed = !mayCatch(handlers, event);
    if (!event.shadowed) continue;
    event.thrown = true;
    reading.notes.add(
      'Another event always takes the error or escalation before this one, which never happens',
      event,
    );
  }
}

/** A code that no event is for. */
const ANY_OTHER = '\0';

/**
 * Whether what an activity throws that does not say so (any may fail) can come to this event: it is
 * the first at its place, and no event sub-process further in takes everything before it.
 */
function mayCatch(handlers: Handlers, event: Node): boolean {
  const code = event.reference || ANY_OTHER;
  const place = placeOf(event);
  if (!place || at(handlers, place, code) !== event) return false;
  if (!('kind' in place) || !place.inside) return true;
  if (caughtBy(handlers, place.inside, code) === event) return true;
  return place.inside.nodes
    .filter((node) => node.kind === 'eventSubProcess')
    .flatMap(activitiesIn)
    .some(
      (activity) =>
        (at(handlers, activity, code) ?? caughtBy(handlers, activity.process, code)) === event,
    );
}

/** The activities inside of a node that have nothing inside, however deep. */
function activitiesIn(node: Node): readonly Node[] {
  return (node.inside?.nodes ?? []).flatMap((inner) =>
    inner.inside ? activitiesIn(inner) : inner.kind === 'task' ? [inner] : [],
  );
}

function attach(element: BpmnElement, event: Node, reading: DiagramReading): void {
  const host = element.attachedToRef;
  if (!host) {
    if (reading.unresolved(element, 'attachedToRef') === undefined)
      reading.report(
        'BPMN_REFERENCE',
        element,
        `the boundary event ${event.id} is attached to nothing`,
      );
    return;
  }
  if (reading.refused.has(host)) return;
  const activity = reading.nodes.get(host);
  if (activity?.kind !== 'task' || activity.process !== event.process) {
    return reading.report(
      'BPMN_STRUCTURE',
      element,
      `a boundary event stands on the border of an activity beside it, not on '${host.id ?? ''}'`,
    );
  }
  // A compensation event does not happen while the activity runs; it only says what undoes it.
  if (event.trigger !== 'compensate') activity.boundary.push(event);
  event.attachedTo = activity;
  if (event.trigger === 'cancel') {
    if (activity.element !== 'transaction')
      reading.report(
        'BPMN_STRUCTURE',
        element,
        `a cancel event stands on the border of a transaction, not of the <${activity.element}> ${activity.id}`,
      );
    event.thrown = true;
  }
}

/** The catching link events of each process, by name. */
function linkTargets(
  nodes: readonly Node[],
): ReadonlyMap<Process, ReadonlyMap<string, readonly Node[]>> {
  const targets = new Map<Process, Map<string, Node[]>>();
  for (const node of nodes) {
    if (node.kind !== 'catch' || node.trigger !== 'link') continue;
    const named = targets.get(node.process) ?? new Map<string, Node[]>();
    const same = named.get(node.reference);
    if (same) same.push(node);
    else named.set(node.reference, [node]);
    targets.set(node.process, named);
  }
  return targets;
}

/** A pair of link events is a sequence flow that is not drawn (§10.5.5). */
function link(
  element: BpmnElement,
  source: Node,
  targets: readonly Node[],
  reading: DiagramReading,
): void {
  const [target, ...more] = targets;
  if (!target)
    return reading.notes.add(
      'No catching link event beside it has the name of the throwing one; its token ends there',
      source,
    );
  if (more.length > 0)
    return reading.report(
      'BPMN_STRUCTURE',
      element,
      `${targets.length} catching link events are named '${source.reference}' beside the throwing one`,
    );
  const flow: Flow = {
    id: `${source.id}_${target.id}`,
    elementId: source.id,
    name: '',
    source,
    target,
    conditional: false,
    condition: undefined,
    isDefault: false,
  };
  source.outgoing.push(flow);
  target.incoming.push(flow);
  source.process.flows.push(flow);
}

/**
 * A signal goes to all that wait for it at that moment (§10.5.7). One without a reference is taken
 * for any.
 */
function tieSignals(reading: DiagramReading): void {
  const signals = [...reading.nodes].filter(([, node]) => node.trigger === 'signal');
  const throws = (node: Node): boolean => node.kind === 'throw' || node.kind === 'end';
  const catchers = signals.map(([, node]) => node).filter((node) => !throws(node));
  for (const [element, node] of signals) {
    if (!throws(node)) continue;
    node.heard.push(
      ...catchers.filter(
        (event) =>
          event.reference === node.reference || event.reference === '' || node.reference === '',
      ),
    );
    for (const event of node.heard) event.thrown = true;
    if (node.heard.length === 0)
      reading.notes.add(
        'A signal is thrown that nothing in the diagram catches; it changes nothing',
        node,
      );
    if (node.heard.length > MAX_HEARD)
      reading.report(
        'BPMN_UNSUPPORTED',
        element,
        `${node.heard.length} events that catch one signal are not supported; the limit is ${MAX_HEARD}`,
      );
  }
  for (const event of catchers) {
    if (!event.thrown)
      reading.notes.add(
        'Nothing in the diagram throws the signal that is waited for here; it may come at any moment',
        event,
      );
  }
}

/**
 * The events and tasks behind a gateway that begins its process (§10.6.6) begin it themselves;
 * behind a parallel one, all must happen.
 */
function tieInstantiation(reading: DiagramReading): void {
  for (const [element, gateway] of reading.nodes) {
    if (
      gateway.kind !== 'eventBased' ||
      element.instantiate !== true ||
      gateway.incoming.length > 0
    )
      continue;
    const events = gateway.outgoing.splice(0).map((flow) => {
      flow.target.incoming.splice(flow.target.incoming.indexOf(flow), 1);
      gateway.process.flows.splice(gateway.process.flows.indexOf(flow), 1);
      return flow.target;
    });
    for (const event of events) {
      event.kind = 'start';
      if (element.eventGatewayType === 'Parallel')
        event.together.push(...events.filter((other) => other !== event));
    }
  }
}

const PACED =
  'A timer that does not say when, and interrupts nothing, may go off any number of times; it is looked at as going off again once the token that it sent on has been taken up';

/** What is widened about an activity or event, and what it is played as. */
export function noteEvents(node: Node, reading: DiagramReading): void {
  if (node.trigger === 'timer')
    reading.notes.add(
      'A timer may go off at any moment once it is armed; how long it takes is not looked at',
      node,
    );
  if (node.trigger === 'condition')
    reading.notes.add('A condition that is waited for may come true at any moment', node);
  if (node.kind === 'catch' && node.trigger === 'none')
    reading.notes.add('A catching event without a trigger may happen at any moment', node);
  if (node.kind === 'eventBased' && !node.outgoing.every(isAwaited))
    reading.notes.add(
      'Behind an event-based gateway stands something that waits for nothing; the gateway may go on to it at any moment',
      node,
    );
  if (node.kind === 'eventSubProcess') {
    reading.notes.add(
      'An event sub-process runs once at a time; if it does not interrupt, its event may happen again and again',
      node,
    );
  } else if (node.activity && (node.inside || node.boundary.length > 0))
    reading.notes.add(
      'A sub-process, or an activity with events on its border, runs once at a time; another token waits before it',
      node,
    );
  if (node.kind === 'boundary' && !node.interrupting && node.trigger === 'timer') {
    if (node.paced) reading.bounds.add(PACED, node);
    else
      reading.notes.add(
        node.repeats
          ? 'A timer with a cycle may go off again and again'
          : 'A timer with a date or duration that does not interrupt its activity goes off once at most while the activity runs',
        node,
      );
  }
  if (
    node.kind === 'boundary' &&
    !node.shadowed &&
    (node.trigger === 'error' || node.trigger === 'escalation')
  ) {
    reading.notes.add(
      'An error or escalation happens where an event inside throws it; if none does, at any moment while the activity runs, or never',
      node,
    );
  }
  if (node.process.adHoc)
    reading.notes.add(
      'In an ad-hoc sub-process everything that nothing leads to may happen any number of times, perhaps never',
      node.process.owner,
    );
  if (node.kind === 'start' && node.process.owner?.kind === 'task' && node.trigger !== 'none')
    reading.notes.add(
      'A start event inside a sub-process has a trigger, which BPMN does not foresee; once the sub-process has started, it is waited for',
      node,
    );
}

/**
 * The elements whose token can't come over a sequence flow, or leave over one, whatever was meant.
 */
export function flowProblem(source: Node, target: Node): string | undefined {
  if (source.kind === 'throw' && source.trigger === 'link')
    return `a sequence flow may not leave the throwing link event ${source.id}`;
  if (target.kind === 'boundary')
    return `a sequence flow may not enter the boundary event ${target.id}`;
  if (target.kind === 'catch' && target.trigger === 'link')
    return `a sequence flow may not enter the catching link event ${target.id}`;
  return undefined;
}

/** What is said of a sequence flow that crosses a border. */
export const CROSSED = {
  subProcess: 'a sequence flow may not cross the border of a sub-process',
  pool: 'A sequence flow crosses the border of its pool, where BPMN has message flows; the token goes on over it, as between lanes',
};

/** Whether both ends stand in pools as they are, not inside of something in them. */
export function isBetweenPools(source: Node, target: Node): boolean {
  return source.process.owner === undefined && target.process.owner === undefined;
}
