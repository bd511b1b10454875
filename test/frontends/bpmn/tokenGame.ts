import type {
  Diagram,
  Flow,
  MessageFlow,
  Node,
  Process,
} from '../../../src/frontends/bpmn/diagram.ts';

/**
 * The token game of a diagram, played on the graph itself by the words of BPMN 2.0 §13 and with
 * nothing of the frontend's encoding: what the printed model is held against. A marking counts
 * things by name.
 */
export type Marking = ReadonlyMap<string, number>;

const on = (flow: Flow): string => `token ${flow.id}`;
const inTransit = (flow: MessageFlow): string => `message ${flow.id}`;
const at = (node: Node): string => `at ${node.id}`;
const ended = (node: Node): string => `ended ${node.id}`;
const running = (node: Node): string => `running ${node.id}`;
const armed = (event: Node): string => `armed ${event.id}`;
const pending = (process: Process): string => `pending ${process.id}`;

/**
 * One occurrence: who, and the marking after it. Where an activity only starts or only ends, it may
 * be nobody's.
 */
export interface Occurrence {
  readonly node: Node | undefined;
  readonly after: Marking;
}

export function initial(diagram: Diagram): Marking {
  const marking = new Map<string, number>();
  for (const process of diagram.processes.filter((found) => !found.owner)) {
    const starts = process.nodes.filter((node) => node.kind === 'start');
    const free = starts.filter((node) => node.receives.length === 0 || node.outside);
    if (starts.length === 0)
      for (const node of process.nodes)
        if (node.incoming.length === 0 && node.kind !== 'boundary') marking.set(at(node), 1);
    if (starts.length === 1 && starts[0]?.receives.length === 0 && !chooses(starts[0]))
      for (const flow of starts[0].outgoing) marking.set(on(flow), 1);
    else if (free.length > 0) marking.set(pending(process), 1);
  }
  return marking;
}

/** Every token and message has gone a little further, in every way there is. */
export function occurrences(diagram: Diagram, marking: Marking): readonly Occurrence[] {
  const found: Occurrence[] = [];
  for (const node of diagram.processes.flatMap((process) => process.nodes)) {
    if (node.kind === 'start' && !node.process.owner) startOne(node, marking, found);
    else if (node.kind === 'boundary') strike(node, marking, found);
    else if (node.kind === 'inclusive' && node.incoming.length > 1) merge(node, marking, found);
    else if (node.inside || node.boundary.length > 0) run(node, marking, found);
    else if (node.kind === 'parallel') synchronize(node, marking, found);
    else
      for (const token of tokensBefore(node, marking)) advance(node, minus(marking, token), found);
  }
  return found;
}

function startOne(node: Node, marking: Marking, found: Occurrence[]): void {
  const { process } = node;
  for (const token of tokensBefore(node, marking)) occur(node, minus(marking, token), found);
  if (!isIdle(process, marking)) return;
  const restarted = new Map(marking);
  for (const end of everywhere(process))
    if (restarted.get(ended(end)) === 1) restarted.delete(ended(end));
  for (const flow of node.receives) {
    if (has(marking, inTransit(flow))) depart(node, minus(restarted, inTransit(flow)), found);
  }
  const free = node.receives.length === 0 || node.outside;
  if (free && has(marking, pending(process)))
    depart(node, minus(restarted, pending(process)), found);
}

function synchronize(node: Node, marking: Marking, found: Occurrence[]): void {
  const needed = node.incoming.length > 0 ? node.incoming.map(on) : [at(node)];
  if (needed.every((token) => has(marking, token)))
    leave(node, node.outgoing, needed.reduce(minus, marking), found);
}

/** The inclusive gateway by the words of §13.4.3: paths are walked afresh in every marking. */
function merge(gateway: Node, marking: Marking, found: Occurrence[]): void {
  const full = gateway.incoming.filter((flow) => has(marking, on(flow)));
  if (full.length === 0) return;
  const standing = [
    ...gateway.process.flows.filter((flow) => has(marking, on(flow))).map((flow) => [flow]),
    ...gateway.process.nodes
      .filter((node) => node !== gateway && (has(marking, at(node)) || has(marking, running(node))))
      .map((node) => node.outgoing),
  ];
  for (const token of standing) {
    const path = new Set(token);
    for (const flow of path)
      if (flow.target !== gateway) for (const next of flow.target.outgoing) path.add(next);
    const reached = gateway.incoming.filter((flow) => path.has(flow));
    if (
      reached.some((flow) => !full.includes(flow)) &&
      !reached.some((flow) => full.includes(flow))
    )
      return;
  }
  depart(gateway, full.map(on).reduce(minus, marking), found);
}

/**
 * An activity that can be seen running: it starts, runs, and ends when nothing is left inside of
 * it.
 */
function run(node: Node, marking: Marking, found: Occurrence[]): void {
  const receives = node.trigger === 'message';
  if (has(marking, running(node))) {
    if (node.inside && !isIdle(node.inside, marking)) return;
    const ended: Occurrence[] = [];
    occur(node, minus(disarmed(node, marking), running(node)), ended);
    found.push(...ended.map(({ after }) => ({ node: receives ? node : undefined, after })));
    return;
  }
  const arms = node.boundary.filter((event) => !event.interrupting && !event.repeats).map(armed);
  const starts = node.inside?.nodes.filter((inner) => inner.kind === 'start') ?? [];
  const loose =
    node.inside?.nodes
      .filter((inner) => inner.incoming.length === 0 && inner.kind !== 'boundary')
      .map(at) ?? [];
  const ways =
    starts.length > 0
      ? starts.map((start) =>
          start.trigger === 'none' && !chooses(start) ? start.outgoing.map(on) : [at(start)],
        )
      : [loose];
  for (const token of tokensBefore(node, marking)) {
    const fresh = new Map(minus(marking, token));
    for (const end of node.inside ? everywhere(node.inside) : [])
      if (fresh.get(ended(end)) === 1) fresh.delete(ended(end));
    for (const way of ways)
      found.push({
        node: receives ? undefined : node,
        after: [running(node), ...arms, ...way].reduce(plus, fresh),
      });
  }
}

function disarmed(node: Node, marking: Marking): Marking {
  const rest = new Map(marking);
  for (const event of node.boundary) rest.delete(armed(event));
  return rest;
}

function interrupted(node: Node, marking: Marking): Marking {
  const inside = node.inside;
  return minus(
    new Map([...disarmed(node, marking)].filter(([token]) => !inside || !ofProcess(inside, token))),
    running(node),
  );
}

/** An event on the border of an activity that runs. */
function strike(event: Node, marking: Marking, found: Occurrence[]): void {
  const host = event.attachedTo;
  if (!host || !has(marking, running(host))) return;
  const thrown =
    ['error', 'escalation'].includes(event.trigger) &&
    host.inside &&
    everywhere(host.inside).some(
      (node) =>
        node.kind !== 'boundary' && node.trigger === event.trigger && catcher(node) === event,
    );
  if (thrown) return;
  if (event.interrupting) return occur(event, interrupted(host, marking), found);
  if (event.paced && event.outgoing.some((flow) => has(marking, on(flow)))) return;
  if (event.repeats) return occur(event, marking, found);
  if (has(marking, armed(event))) occur(event, minus(marking, armed(event)), found);
}

/** Errors and escalations climb out of sub-processes until someone waits for them. */
function catcher(end: Node): Node | undefined {
  let scope: Process | undefined = end.process;
  while (scope?.owner) {
    const here = scope.owner.boundary.filter(
      (event) => event.trigger === end.trigger && ['', end.reference].includes(event.reference),
    );
    if (here.length > 0) return here.find((event) => event.reference === end.reference) ?? here[0];
    scope = scope.owner.process;
  }
  return undefined;
}

/** A token has been taken from before the node. */
function advance(node: Node, rest: Marking, found: Occurrence[]): void {
  if (node.kind === 'exclusive') {
    if (node.outgoing.length === 0) found.push({ node, after: rest });
    for (const flow of node.outgoing) leave(node, [flow], rest, found);
  } else if (node.kind === 'eventBased') {
    for (const { target } of node.outgoing) occur(target, rest, found);
  } else if (node.kind === 'end') {
    const kept = new Map(
      node.trigger === 'terminate'
        ? [...rest].filter(([token]) => !ofProcess(node.process, token))
        : rest,
    );
    kept.set(ended(node), Math.min((kept.get(ended(node)) ?? 0) + 1, 2));
    raise(
      node,
      ['error', 'terminate', 'cancel'].includes(node.trigger) ? [] : node.outgoing,
      kept,
      found,
    );
  } else if (node.kind === 'throw') {
    for (const way of waysOut(node)) raise(node, way, rest, found);
  } else occur(node, rest, found);
}

/** What is thrown goes to whoever waits for it around; if that interrupts, nothing goes on here. */
function raise(node: Node, flows: readonly Flow[], rest: Marking, found: Occurrence[]): void {
  const handler = ['error', 'escalation'].includes(node.trigger) ? catcher(node) : undefined;
  if (!handler?.attachedTo) return leave(node, flows, rest, found);
  for (const way of waysOut(handler)) {
    if (handler.interrupting) leave(node, way, interrupted(handler.attachedTo, rest), found);
    else leave(node, [...flows, ...way], rest, found);
  }
}

function occur(node: Node, rest: Marking, found: Occurrence[]): void {
  const waits = node.trigger === 'message' && node.kind !== 'throw';
  if (!waits || node.outside) depart(node, rest, found);
  if (waits)
    for (const flow of node.receives)
      if (has(rest, inTransit(flow))) depart(node, minus(rest, inTransit(flow)), found);
}

function depart(node: Node, rest: Marking, found: Occurrence[]): void {
  for (const way of waysOut(node)) leave(node, way, rest, found);
}

/** Conditions of the flows out of an activity, event or inclusive gateway come out in every way. */
function waysOut(node: Node): readonly (readonly Flow[])[] {
  if (!['task', 'inclusive', 'start', 'catch', 'throw', 'boundary'].includes(node.kind))
    return [node.outgoing];
  let ways: (readonly Flow[])[] = [[]];
  for (const flow of node.outgoing) {
    if (flow.isDefault) continue;
    const free =
      node.kind === 'inclusive' ? node.outgoing.length > 1 : flow.conditional && !isSole(node);
    ways = free ? ways.flatMap((way) => [way, [...way, flow]]) : ways.map((way) => [...way, flow]);
  }
  const otherwise = node.outgoing.filter((flow) => flow.isDefault);
  return ways
    .filter((way) => way.length > 0 || otherwise.length > 0 || node.outgoing.length === 0)
    .map((way) => (way.length > 0 ? way : otherwise));
}

const isSole = (node: Node): boolean => node.outgoing.length === 1;
const chooses = (node: Node): boolean =>
  !isSole(node) && node.outgoing.some((flow) => flow.conditional);

function leave(node: Node, flows: readonly Flow[], rest: Marking, found: Occurrence[]): void {
  found.push({ node, after: [...flows.map(on), ...node.sends.map(inTransit)].reduce(plus, rest) });
}

const has = (marking: Marking, thing: string): boolean => (marking.get(thing) ?? 0) > 0;
const plus = (marking: Marking, thing: string): Marking =>
  new Map(marking).set(thing, (marking.get(thing) ?? 0) + 1);
function minus(marking: Marking, thing: string): Marking {
  const less = new Map(marking).set(thing, (marking.get(thing) ?? 0) - 1);
  if (less.get(thing) === 0) less.delete(thing);
  return less;
}
function tokensBefore(node: Node, marking: Marking): readonly string[] {
  return [...node.incoming.map(on), at(node)].filter((token) => has(marking, token));
}
function ofProcess(process: Process, token: string): boolean {
  return (
    process.flows.some((flow) => on(flow) === token) ||
    process.nodes.some(
      (node) =>
        [at(node), running(node), armed(node)].includes(token) ||
        (node.inside !== undefined && ofProcess(node.inside, token)),
    )
  );
}
function everywhere(process: Process): readonly Node[] {
  return process.nodes.flatMap((node) => [node, ...(node.inside ? everywhere(node.inside) : [])]);
}
function isIdle(process: Process, marking: Marking): boolean {
  return ![...marking.keys()].some((token) => ofProcess(process, token));
}

export interface Verdicts {
  readonly states: number;
  readonly safe: boolean;
  readonly optionToComplete: boolean;
  readonly properCompletion: boolean;
  readonly noDeadActivities: boolean;
}

/** All markings and what they say, or nothing if there are more than `limit`. */
export function play(diagram: Diagram, limit: number): Verdicts | undefined {
  const key = (marking: Marking): string =>
    [...marking]
      .map(([thing, count]) => `${thing}=${count}`)
      .sort()
      .join(';');
  const first = initial(diagram);
  const known = new Map<string, Marking>([[key(first), first]]);
  const before = new Map<string, string[]>();
  const happened = new Set<Node>();
  for (const [name, marking] of known) {
    for (const { node, after } of occurrences(diagram, marking)) {
      if (node) happened.add(node);
      const next = key(after);
      before.set(next, [...(before.get(next) ?? []), name]);
      if (!known.has(next)) known.set(next, after);
    }
    if (known.size > limit) return undefined;
  }
  const complete = [...known].filter(
    ([, marking]) =>
      ![...marking.keys()].some((thing) => /^(token|at|pending|running|armed) /.test(thing)),
  );
  const canComplete = new Set(complete.map(([name]) => name));
  for (const name of canComplete)
    for (const earlier of before.get(name) ?? []) canComplete.add(earlier);
  const tasks = diagram.processes
    .flatMap((process) => process.nodes)
    .filter((node) => node.kind === 'task');
  return {
    states: known.size,
    safe: ![...known.values()].some((marking) =>
      [...marking].some(([thing, count]) => thing.startsWith('token ') && count > 1),
    ),
    optionToComplete: canComplete.size === known.size,
    properCompletion: !complete.some(([, marking]) =>
      [...marking].some(([thing, count]) => thing.startsWith('ended ') && count > 1),
    ),
    noDeadActivities: tasks.every((task) => happened.has(task)),
  };
}
