import type { Diagram, Flow, Node } from '../frontends/bpmn/diagram.ts';
import type { Reading } from '../frontends/bpmn/index.ts';
import type { Cell } from '../frontends/bpmn/places.ts';
import type { PropertyReport } from '../model/outcome.ts';
import type { Trace } from '../model/trace.ts';

/**
 * Why a diagram does not have a property, in a sentence or two for whoever drew it, and what it is
 * about.
 */
export interface Why {
  readonly why: string;
  /** The elements to look at first. */
  readonly blamed: readonly string[];
  /** Activities that can never happen. */
  readonly dead: readonly string[];
}

/** A state at the end of a run, as tokens. */
export interface Standing {
  readonly counts: ReadonlyMap<Cell, number>;
  /** How many tokens or messages are on each flow. */
  on(id: string): number;
}

export function standingAt(reading: Reading, trace: Trace | undefined): Standing {
  const values = new Map<string, unknown>(Object.entries(trace?.initial ?? {}));
  for (const step of trace?.steps ?? [])
    for (const [cell, [, after]] of Object.entries(step.changed)) values.set(cell, after);
  const counts = new Map(
    [...reading.cells].map(([name, cell]) => [
      cell,
      typeof values.get(name) === 'number' ? Number(values.get(name)) : 0,
    ]),
  );
  const byId = new Map([...counts].map(([cell, count]) => [cell.id, count]));
  return { counts, on: (id) => byId.get(id) ?? 0 };
}

type Explain = (reading: Reading, report: PropertyReport, standing: Standing) => Why | undefined;

/**
 * By kind of property; what is not listed here is explained as somebody who is stuck, if anybody
 * is.
 */
const EXPLAIN: Readonly<Record<string, Explain>> = {
  safe: crowded,
  properCompletion: endedTwice,
  noDeadActivities: neverHappens,
};

/**
 * Explains a violated property of a diagram; nothing where there is nothing more to say than its
 * trace says.
 */
export function whyOf(reading: Reading, report: PropertyReport): Why | undefined {
  if (report.outcome !== 'violated') return undefined;
  const explain = Object.hasOwn(EXPLAIN, report.kind)
    ? EXPLAIN[report.kind]
    : report.witness === 'exhaustion'
      ? undefined
      : stuck;
  const found = explain?.(reading, report, standingAt(reading, report.trace));
  return found && { ...found, why: sentence(found.why) };
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Two tokens on one flow. */
function crowded(reading: Reading, report: PropertyReport, standing: Standing): Why | undefined {
  const flow = flowsOf(reading.diagram).find((found) => standing.on(found.id) > 1);
  if (!flow) return undefined;
  const source = sourceOf(reading.diagram, [flow], report.trace);
  return {
    why: `${standing.on(flow.id)} tokens stand on the way from ${called(flow.source)} to ${called(flow.target)} at the same time${source ? `: ${source.words}` : ''}.`,
    blamed: [flow.elementId, flow.source.elementId, ...(source ? [source.node.elementId] : [])],
    dead: [],
  };
}

function endedTwice(reading: Reading, report: PropertyReport, standing: Standing): Why | undefined {
  const counted = [...standing.counts].find(
    ([cell, count]) => cell.kind === 'end' && count > 1,
  )?.[0];
  const end =
    counted &&
    nodesOf(reading.diagram).find(
      (node) => node.elementId === counted.elementId && node.kind === 'end',
    );
  if (!end) return undefined;
  const source = sourceOf(reading.diagram, end.incoming, report.trace);
  return {
    why: `${called(end)} happens more than once in one run${source ? `: ${source.words}` : ''}.`,
    blamed: [end.elementId, ...(source ? [source.node.elementId] : [])],
    dead: [],
  };
}

/**
 * The last place in a run where one token became several that can all come to one of these flows.
 */
function sourceOf(
  diagram: Diagram,
  flows: readonly Flow[],
  trace: Trace | undefined,
): { readonly node: Node; readonly words: string } | undefined {
  const leads = (way: Flow): boolean => flows.some((flow) => reaches(way, flow));
  for (const step of [...(trace?.steps ?? [])].reverse()) {
    const node = nodesOf(diagram).find(
      (found) => found.elementId === step.elementId && splits(found),
    );
    const ways = node ? leaving(node).filter(leads) : [];
    if (!node || ways.length === 0) continue;
    const meeting = ways.length > 1 ? meetingOf(ways, flows) : undefined;
    const back = leaving(node).some((way) =>
      node.incoming.some((incoming) => reaches(way, incoming)),
    );
    if (meeting || (ways.length > 1 && !back))
      return {
        node,
        words: `${called(node)} sends a token along each of ${ways.length} ways, and ${meeting ? `they meet at ${called(meeting)} without being joined` : 'each of them leads here'}`,
      };
    if (back)
      return {
        node,
        words: `${called(node)} sends out several tokens, and one of them comes back to it while another is still under way`,
      };
  }
  const start = nodesOf(diagram).find(
    (node) => node.kind === 'start' && node.outgoing.filter(leads).length > 1,
  );
  const meeting = start && meetingOf(start.outgoing.filter(leads), flows);
  return (
    start && {
      node: start,
      words: `${called(start)} begins ${start.outgoing.length} ways at once, and ${meeting ? `they meet at ${called(meeting)} without being joined` : 'more than one of them leads here'}`,
    }
  );
}

/** Whether more than one token can leave at once. */
function splits(node: Node): boolean {
  return (
    (node.kind === 'parallel' ||
      node.kind === 'inclusive' ||
      node.kind === 'complex' ||
      node.kind === 'task') &&
    leaving(node).length > 1
  );
}

function leaving(node: Node): readonly Flow[] {
  return [
    ...node.outgoing,
    ...node.boundary.filter((event) => !event.interrupting).flatMap((event) => event.outgoing),
  ];
}

/**
 * The first node on the ways that several of them lead into, and that takes their tokens one by
 * one.
 */
function meetingOf(ways: readonly Flow[], flows: readonly Flow[]): Node | undefined {
  const paths = ways.map((way) => [...reach(way)]);
  return paths[0]
    ?.map((step) => step.target)
    .find(
      (node) =>
        node.incoming.length > 1 &&
        node.kind !== 'parallel' &&
        node.kind !== 'inclusive' &&
        paths.every((path) => path.some((step) => step.target === node)) &&
        flows.some(
          (flow) => node === flow.target || node.outgoing.some((out) => reaches(out, flow)),
        ),
    );
}

function neverHappens(reading: Reading, report: PropertyReport): Why | undefined {
  const found = report.evidence?.['unreachable'];
  const names = new Set(Array.isArray(found) ? found : []);
  const goals = Object.keys(reading.document.properties?.[report.name]?.reachableEach ?? {});
  const dead = nodesOf(reading.diagram).filter(
    (node) =>
      node.activity &&
      (names.has(node.elementId) || (goals.includes(node.elementId) && names.has(node.elementId))),
  );
  const first = dead.filter(
    (node, i) => dead.findIndex((other) => other.elementId === node.elementId) === i,
  );
  if (first.length === 0) return undefined;
  const told = first
    .slice(0, 3)
    .map((node) => sentence(`${called(node)} can never happen: ${whyDead(node, new Set(first))}`));
  return {
    why: `${told.join('. ')}${first.length > 3 ? `. So it is with ${first.length - 3} more` : ''}.`,
    blamed: [],
    dead: first.map((node) => node.elementId),
  };
}

function whyDead(node: Node, dead: ReadonlySet<Node>): string {
  const senders = node.receives.map((flow) => flow.source);
  if (node.incoming.length === 0 && !node.process.adHoc) return 'no sequence flow leads to it';
  if (node.incoming.every((flow) => dead.has(flow.source)))
    return `it comes after ${list(node.incoming.map((flow) => called(flow.source)))}`;
  if (senders.length > 0 && senders.every((sender) => dead.has(sender)))
    return `nobody ever sends its message, ${list(senders.map(called))} cannot happen`;
  const joins = [...reachBack(node)]
    .map((flow) => flow.source)
    .filter((found) => found.kind === 'parallel' && found.incoming.length > 1);
  return joins[0]
    ? `no run gets past ${called(joins[0])}, which waits for a token on each of its ${joins[0].incoming.length} ways in`
    : 'no run leads there';
}

/** Who waits at the end of a run, and for what that never comes. */
function stuck(reading: Reading, report: PropertyReport, standing: Standing): Why | undefined {
  const { diagram } = reading;
  const waiting = flowsOf(diagram)
    .filter((flow) => standing.on(flow.id) > 0)
    .map((flow) => flow.target);
  const entered = [...standing.counts]
    .filter(([cell, count]) => cell.kind === 'entry' && count > 0)
    .flatMap(([cell]) => nodesOf(diagram).filter((node) => `${node.id}_entry` === cell.id));
  const running = [...standing.counts]
    .filter(([cell, count]) => cell.kind === 'active' && count > 0)
    .flatMap(([cell]) =>
      nodesOf(diagram).filter((node) => `${node.id}_active` === cell.id && !node.inside),
    );
  const told: { readonly node: Node; readonly words: string }[] = [];
  for (const node of new Set([...waiting, ...entered, ...running])) {
    const words = waitsFor(reading, node, standing, report.trace);
    if (words !== undefined) told.push({ node, words });
  }
  if (told.length === 0)
    return reading.diagram.processes.length > 0 && waiting.length > 0
      ? goesRound(new Set(waiting))
      : undefined;
  const shown = told.slice(0, 3).map(({ node, words }) => `${called(node)} waits ${words}`);
  return {
    why: `${shown.join('; ')}${told.length > 3 ? `; and ${told.length - 3} more wait` : ''}.`,
    blamed: told.map(({ node }) => node.elementId),
    dead: [],
  };
}

function goesRound(waiting: ReadonlySet<Node>): Why {
  return {
    why: `From here on ${list([...waiting].slice(0, 3).map(called))} and what follows can go on for ever, but no way leads to an end of everything.`,
    blamed: [...waiting].map((node) => node.elementId),
    dead: [],
  };
}

function waitsFor(
  { diagram, document }: Reading,
  node: Node,
  standing: Standing,
  trace: Trace | undefined,
): string | undefined {
  const queued = document.channels !== undefined;
  if (node.kind === 'parallel') {
    const missing = node.incoming.filter((flow) => standing.on(flow.id) === 0);
    if (missing.length === 0) return undefined;
    const passed = missing
      .map((flow) => passedOver(diagram, flow, trace))
      .find((found) => found !== undefined);
    return `for a token from ${list(missing.map((flow) => called(flow.source)))}, which never comes${passed ? `: ${passed}` : ''}`;
  }
  if (node.kind === 'inclusive' && node.incoming.length > 1)
    return 'for tokens that could still come to it, and never do';
  const events = node.kind === 'eventBased' ? node.outgoing.map((flow) => flow.target) : [node];
  const receives = events.flatMap((event) =>
    event.outside || event.trigger !== 'message' ? [] : event.receives,
  );
  const free = events.some(
    (event) =>
      event.outside || (event.trigger !== 'message' && node.kind === 'eventBased' && !event.thrown),
  );
  if (receives.length > 0 && !free) {
    const missing = receives.filter((flow) => standing.on(flow.id) === 0);
    if (missing.length < receives.length)
      return queued ? 'for a message that others stand before in their queue' : undefined;
    const sender = missing[0]?.source;
    const passed =
      sender &&
      sender.incoming
        .map((flow) => passedOver(diagram, flow, trace))
        .find((found) => found !== undefined);
    return `for a message from ${list(missing.map((flow) => called(flow.source)))}, which is not sent any more${passed ? `: ${passed}` : ''}`;
  }
  if (events.every((event) => event.thrown))
    return 'for a signal that is not thrown any more: it is lost where nobody waits for it yet';
  return undefined;
}

/** The choice in a run that led away from a flow that is waited for. */
function passedOver(diagram: Diagram, wanted: Flow, trace: Trace | undefined): string | undefined {
  for (const step of [...(trace?.steps ?? [])].reverse()) {
    const node = nodesOf(diagram).find((found) => found.elementId === step.elementId);
    const choice =
      node &&
      (chooses(node)
        ? node
        : node.incoming
            .map((flow) => flow.source)
            .find((gateway) => gateway.kind === 'eventBased'));
    if (!choice) continue;
    const taken =
      choice.kind === 'eventBased'
        ? choice.outgoing.filter((flow) => flow.target === node)
        : choice.outgoing.filter((flow) => grew(step.changed[flow.id]));
    const others = choice.outgoing.filter((flow) => !taken.includes(flow));
    if (
      taken.length > 0 &&
      !taken.some((flow) => reaches(flow, wanted)) &&
      others.some((flow) => reaches(flow, wanted))
    ) {
      return `${called(choice)} took the way to ${list(taken.map((flow) => called(flow.target)))} instead of the one to ${list(others.filter((flow) => reaches(flow, wanted)).map((flow) => called(flow.target)))}`;
    }
  }
  return undefined;
}

function chooses(node: Node): boolean {
  return (
    (node.kind === 'exclusive' ||
      node.kind === 'inclusive' ||
      node.kind === 'complex' ||
      node.kind === 'task') &&
    node.outgoing.length > 1
  );
}

function grew(change: readonly [unknown, unknown] | undefined): boolean {
  return typeof change?.[0] === 'number' && typeof change[1] === 'number' && change[1] > change[0];
}

/** The flows that a token on this one can come to, itself first. */
function reach(flow: Flow): ReadonlySet<Flow> {
  const path = new Set([flow]);
  for (const step of path)
    for (const next of [
      ...step.target.outgoing,
      ...step.target.boundary.flatMap((event) => event.outgoing),
    ])
      path.add(next);
  return path;
}

function reachBack(node: Node): ReadonlySet<Flow> {
  const path = new Set(node.incoming);
  for (const step of path)
    for (const earlier of (step.source.attachedTo ?? step.source).incoming) path.add(earlier);
  return path;
}

function reaches(from: Flow, to: Flow): boolean {
  return reach(from).has(to);
}

function nodesOf(diagram: Diagram): readonly Node[] {
  return diagram.processes.flatMap((process) => process.nodes);
}

function flowsOf(diagram: Diagram): readonly Flow[] {
  return diagram.processes.flatMap((process) => process.flows);
}

/** A node as people know it. */
function called(node: Node): string {
  return node.name === ''
    ? `${WORDS[node.kind] ?? node.element} ${node.elementId}`
    : `“${node.name}”`;
}

const WORDS: Readonly<Partial<Record<Node['kind'], string>>> = {
  exclusive: 'the exclusive gateway',
  inclusive: 'the inclusive gateway',
  parallel: 'the parallel gateway',
  complex: 'the complex gateway',
  eventBased: 'the event-based gateway',
  start: 'the start event',
  end: 'the end event',
  catch: 'the event',
  throw: 'the event',
  boundary: 'the border event',
  task: 'the activity',
  eventSubProcess: 'the event sub-process',
};

function list(names: readonly string[]): string {
  const distinct = [...new Set(names)];
  return distinct.length < 2
    ? distinct.join('')
    : `${distinct.slice(0, -1).join(', ')} or ${distinct.at(-1) ?? ''}`;
}
