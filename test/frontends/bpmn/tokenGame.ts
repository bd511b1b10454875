import type { Diagram, Flow, MessageFlow, Node, Process } from '../../../src/frontends/bpmn/diagram.ts';

/**
 * The token game of a diagram, played on the graph itself by the words of BPMN 2.0 §13 and with nothing of the frontend's
 * encoding: what the printed model is held against. A marking counts things by name.
 */
export type Marking = ReadonlyMap<string, number>;

const on = (flow: Flow): string => `token ${flow.id}`;
const inTransit = (flow: MessageFlow): string => `message ${flow.id}`;
const at = (node: Node): string => `at ${node.id}`;
const ended = (node: Node): string => `ended ${node.id}`;
const pending = (process: Process): string => `pending ${process.id}`;

/** One occurrence: who, and the marking after it. */
export interface Occurrence {
  readonly node: Node;
  readonly after: Marking;
}

export function initial(diagram: Diagram): Marking {
  const marking = new Map<string, number>();
  for (const process of diagram.processes) {
    const starts = process.nodes.filter((node) => node.kind === 'start');
    const free = starts.filter((node) => node.receives.length === 0 || node.outside);
    if (starts.length === 0) for (const node of process.nodes) if (node.incoming.length === 0) marking.set(at(node), 1);
    if (starts.length === 1 && starts[0]?.receives.length === 0) for (const flow of starts[0].outgoing) marking.set(on(flow), 1);
    else if (free.length > 0) marking.set(pending(process), 1);
  }
  return marking;
}

/** Every token and message has gone a little further, in every way there is. */
export function occurrences(diagram: Diagram, marking: Marking): readonly Occurrence[] {
  const found: Occurrence[] = [];
  for (const node of diagram.processes.flatMap((process) => process.nodes)) {
    if (node.kind === 'start') startOne(node, marking, found);
    else if (node.kind === 'parallel') synchronize(node, marking, found);
    else for (const token of tokensBefore(node, marking)) advance(node, minus(marking, token), found);
  }
  return found;
}

function startOne(node: Node, marking: Marking, found: Occurrence[]): void {
  const { process } = node;
  if (!isIdle(process, marking)) return;
  const restarted = new Map(marking);
  for (const end of process.nodes) if (restarted.get(ended(end)) === 1) restarted.delete(ended(end));
  for (const flow of node.receives) {
    if (has(marking, inTransit(flow))) leave(node, node.outgoing, minus(restarted, inTransit(flow)), found);
  }
  const free = node.receives.length === 0 || node.outside;
  if (free && has(marking, pending(process))) leave(node, node.outgoing, minus(restarted, pending(process)), found);
}

function synchronize(node: Node, marking: Marking, found: Occurrence[]): void {
  const needed = node.incoming.length > 0 ? node.incoming.map(on) : [at(node)];
  if (needed.every((token) => has(marking, token))) leave(node, node.outgoing, needed.reduce(minus, marking), found);
}

/** A token has been taken from before the node. */
function advance(node: Node, rest: Marking, found: Occurrence[]): void {
  if (node.kind === 'exclusive') {
    if (node.outgoing.length === 0) found.push({ node, after: rest });
    for (const flow of node.outgoing) leave(node, [flow], rest, found);
  } else if (node.kind === 'eventBased') {
    for (const { target } of node.outgoing) occur(target, rest, found);
  } else if (node.kind === 'end') {
    const kept = new Map(node.trigger === 'terminate' ? [...rest].filter(([token]) => !ofProcess(node.process, token)) : rest);
    kept.set(ended(node), Math.min((kept.get(ended(node)) ?? 0) + 1, 2));
    leave(node, [], kept, found);
  } else occur(node, rest, found);
}

function occur(node: Node, rest: Marking, found: Occurrence[]): void {
  const waits = node.trigger === 'message' && node.kind !== 'throw';
  if (!waits || node.outside) depart(node, rest, found);
  if (waits) for (const flow of node.receives) if (has(rest, inTransit(flow))) depart(node, minus(rest, inTransit(flow)), found);
}

/** Conditions of an activity's flows come out in every way. */
function depart(node: Node, rest: Marking, found: Occurrence[]): void {
  if (node.kind !== 'task') return leave(node, node.outgoing, rest, found);
  let ways: (readonly Flow[])[] = [[]];
  for (const flow of node.outgoing) {
    if (flow.isDefault) continue;
    ways = flow.conditional ? ways.flatMap((way) => [way, [...way, flow]]) : ways.map((way) => [...way, flow]);
  }
  const otherwise = node.outgoing.filter((flow) => flow.isDefault);
  for (const way of ways) {
    if (way.length === 0 && otherwise.length === 0 && node.outgoing.length > 0) continue;
    leave(node, way.length > 0 ? way : otherwise, rest, found);
  }
}

function leave(node: Node, flows: readonly Flow[], rest: Marking, found: Occurrence[]): void {
  found.push({ node, after: [...flows.map(on), ...node.sends.map(inTransit)].reduce(plus, rest) });
}

const has = (marking: Marking, thing: string): boolean => (marking.get(thing) ?? 0) > 0;
const plus = (marking: Marking, thing: string): Marking => new Map(marking).set(thing, (marking.get(thing) ?? 0) + 1);
function minus(marking: Marking, thing: string): Marking {
  const less = new Map(marking).set(thing, (marking.get(thing) ?? 0) - 1);
  if (less.get(thing) === 0) less.delete(thing);
  return less;
}
function tokensBefore(node: Node, marking: Marking): readonly string[] {
  return [...node.incoming.map(on), at(node)].filter((token) => has(marking, token));
}
function ofProcess(process: Process, token: string): boolean {
  return process.flows.some((flow) => on(flow) === token) || process.nodes.some((node) => at(node) === token);
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
  const key = (marking: Marking): string => [...marking].map(([thing, count]) => `${thing}=${count}`).sort().join(';');
  const first = initial(diagram);
  const known = new Map<string, Marking>([[key(first), first]]);
  const before = new Map<string, string[]>();
  const happened = new Set<Node>();
  for (const [name, marking] of known) {
    for (const { node, after } of occurrences(diagram, marking)) {
      happened.add(node);
      const next = key(after);
      before.set(next, [...(before.get(next) ?? []), name]);
      if (!known.has(next)) known.set(next, after);
    }
    if (known.size > limit) return undefined;
  }
  const complete = [...known].filter(([, marking]) => ![...marking.keys()].some((thing) => /^(token|at|pending) /.test(thing)));
  const canComplete = new Set(complete.map(([name]) => name));
  for (const name of canComplete) for (const earlier of before.get(name) ?? []) canComplete.add(earlier);
  const tasks = diagram.processes.flatMap((process) => process.nodes).filter((node) => node.kind === 'task');
  return {
    states: known.size,
    safe: ![...known.values()].some((marking) => [...marking].some(([thing, count]) => thing.startsWith('token ') && count > 1)),
    optionToComplete: canComplete.size === known.size,
    properCompletion: !complete.some(([, marking]) => [...marking].some(([thing, count]) => thing.startsWith('ended ') && count > 1)),
    noDeadActivities: tasks.every((task) => happened.has(task)),
  };
}
