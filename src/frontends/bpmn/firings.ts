import type { Flow, Node, NodeKind, Process, Trigger } from './diagram.ts';
import { RECEIVERS } from './elements.ts';
import { joinOf } from './join.ts';
import { isFree, name, type Cell, type Firing, type Places } from './places.ts';

type Fire = (node: Node, places: Places) => Iterable<Firing>;

/** How each kind of node fires. BPMN 2.0 §13.3 (activities), §13.4 (gateways), §13.5 (events). */
export const FIRINGS: Readonly<Record<NodeKind, Fire>> = {
  task: activity,
  catch: passOn,
  throw: throwing,
  boundary,
  exclusive,
  inclusive,
  parallel,
  eventBased,
  start,
  end,
};

/** One message that lets a node fire; a node that waits for none has one way without a cell. */
interface Receipt {
  readonly cells: readonly Cell[];
  readonly way: string;
  readonly outside: boolean;
}

/** A set of flows that get a token together. */
interface Outcome {
  readonly flows: readonly Flow[];
  readonly way: string;
  readonly label: string;
}

/** An activity or event takes a token from any one flow (§13.3.1: no joining), and a message if it waits for one. */
function* passOn(node: Node, places: Places): Iterable<Firing> {
  const inputs = places.before(node);
  for (const input of inputs) {
    yield* happen(node, [input], places, { way: inputs.length > 1 ? `_from_${origin(node, input)}` : '' });
  }
}

interface Happening {
  readonly way: string;
  readonly receipts?: readonly Receipt[];
  readonly begins?: Firing['begins'];
  readonly join?: Firing['join'];
  readonly empty?: Firing['empty'];
  readonly clears?: Firing['clears'];
  readonly forgets?: Firing['forgets'];
  readonly partial?: boolean;
  /** What was taken and stays. */
  readonly keeps?: readonly Cell[];
  /** The node happens instead of another one: its fairness is that of a choice. */
  readonly choice?: boolean;
}

/** The node happens in each of its ways, once `take` is there. */
function* happen(node: Node, take: readonly Cell[], places: Places, how: Happening): Iterable<Firing> {
  const receipts = how.receipts ?? receiptsOf(node, places);
  const { begins, join, empty, clears, forgets, partial } = how;
  for (const outcome of outcomesOf(node)) {
    for (const receipt of receipts) {
      const fair = receipt.outside ? undefined : how.choice || outcome.way !== '' ? 'strong' : 'weak';
      yield {
        node, way: how.way + receipt.way + outcome.way, label: name(node) + outcome.label,
        take: [...take, ...receipt.cells],
        give: [...how.keeps ?? [], ...places.after(outcome.flows), ...node.sends.flatMap((flow) => places.message(flow))],
        ...(begins && { begins }), ...(join && { join }), ...(empty && { empty }), ...(clears && { clears }), ...(forgets && { forgets }),
        ...(partial && { partial }), ...(fair && { fair }),
      };
    }
  }
}

/** What nobody in the diagram makes happen, and what need not happen. */
const FROM_OUTSIDE: ReadonlySet<Trigger> = new Set(['condition', 'signal', 'error', 'escalation']);

function receiptsOf(node: Node, places: Places): readonly Receipt[] {
  const receives = RECEIVERS.has(node.kind);
  if (node.trigger !== 'message' || !receives) return [{ cells: [], way: '', outside: receives && FROM_OUTSIDE.has(node.trigger) }];
  const several = node.receives.length + (node.outside ? 1 : 0) > 1;
  const known = node.receives.map((flow) => ({ cells: places.message(flow), way: several ? `_on_${flow.id}` : '', outside: false }));
  return node.outside ? [...known, { cells: [], way: several ? '_on_outside' : '', outside: true }] : known;
}

/** More conditional flows than this have more outcomes than anybody wants to list. */
export const MAX_CONDITIONAL: Readonly<Partial<Record<NodeKind, number>>> = { task: 5, inclusive: 6 };

/**
 * Which flows get a token when an activity is done: all without a condition, any of those with one, the default one if
 * there is none of these (§8.4.13, §13.2.2). At an inclusive gateway every flow but the default one has a condition, be it
 * written down or not (§13.4.3). Conditions are not evaluated.
 */
function outcomesOf(node: Node): readonly Outcome[] {
  const conditional = conditionalFlows(node);
  const otherwise = node.kind in MAX_CONDITIONAL ? node.outgoing.filter((flow) => flow.isDefault) : [];
  const sure = node.outgoing.filter((flow) => !conditional.includes(flow) && !otherwise.includes(flow));
  if (conditional.length === 0) return [{ flows: sure.length > 0 ? sure : otherwise, way: '', label: '' }];
  const outcomes: Outcome[] = [];
  for (let chosen = 0; chosen < 2 ** conditional.length; chosen++) {
    const some = conditional.filter((_, index) => (chosen >> index) % 2 === 1);
    const flows = sure.length + some.length > 0 ? [...sure, ...some] : otherwise;
    if (flows.length === 0) continue;
    outcomes.push({ flows, way: `_to_${flows.map((flow) => flow.target.id).join('_')}`, label: ` → ${flows.map(destination).join(', ')}` });
  }
  return outcomes;
}

/** The flows whose condition decides. */
export function conditionalFlows(node: Node): readonly Flow[] {
  if (node.kind === 'inclusive') return node.outgoing.length > 1 ? node.outgoing.filter((flow) => !flow.isDefault) : [];
  return node.kind === 'task' ? node.outgoing.filter((flow) => flow.conditional && !flow.isDefault) : [];
}

/** Each token that comes in goes out on exactly one flow (§13.4.2); without a way out it ends here. */
function* exclusive(node: Node, places: Places): Iterable<Firing> {
  const inputs = places.before(node);
  const outputs: readonly (Flow | undefined)[] = node.outgoing.length > 0 ? node.outgoing : [undefined];
  const choice = outputs.length > 1;
  for (const input of inputs) {
    const from = inputs.length > 1 ? `_from_${origin(node, input)}` : '';
    for (const output of outputs) {
      yield {
        node, take: [input], give: output ? places.after([output]) : [], fair: choice ? 'strong' : 'weak',
        way: from + (choice && output ? `_to_${output.target.id}` : ''),
        label: name(node) + (choice && output ? ` → ${destination(output)}` : ''),
      };
    }
  }
}

/** A token from every incoming flow that has one, once no other can come; then any choice of ways out (§13.4.3). */
function* inclusive(node: Node, places: Places): Iterable<Firing> {
  if (node.incoming.length > 1) yield* happen(node, [], places, { way: '', join: joinOf(node, places) });
  else yield* passOn(node, places);
}

/** One token from every incoming flow, one to every outgoing flow (§13.4.1). */
function* parallel(node: Node, places: Places): Iterable<Firing> {
  const take = places.before(node);
  if (take.length > 0) yield { node, way: '', label: name(node), take, give: places.after(node.outgoing), fair: 'weak' };
}

/** The token waits before the gateway for the first event behind it that happens, and takes that way (§13.4.4). */
function* eventBased(node: Node, places: Places): Iterable<Firing> {
  const inputs = places.before(node);
  for (const input of inputs) {
    const way = inputs.length > 1 ? `_from_${origin(node, input)}` : '';
    for (const { target } of node.outgoing) {
      yield* happen(target, [input], places, { way, choice: true });
    }
  }
}

/** A process is started by one of its start events (§10.5.2); where only one can, its token stands behind it from the beginning. */
function* start(node: Node, places: Places): Iterable<Firing> {
  if (node.process.owner) return yield* passOn(node, places);
  const begun = { begins: node.process, empty: places.of(node.process), forgets: places.endsOf(node.process) };
  if (node.receives.length > 0) {
    yield* happen(node, [], places, { way: '', ...begun, receipts: receiptsOf(node, places).filter((receipt) => !receipt.outside) });
  }
  const pending = places.start(node.process);
  if (pending.length > 0 && isFree(node)) {
    yield* happen(node, pending, places, { way: node.receives.length > 0 ? '_on_outside' : '', ...begun, receipts: [{ cells: [], way: '', outside: false }] });
  }
}

/** The token ends here (§13.5.6); a terminate end event ends all others of its process, an error or escalation the sub-process that it interrupts. */
function* end(node: Node, places: Places): Iterable<Firing> {
  const inputs = places.before(node);
  const { handler } = node;
  const clears = node.trigger === 'terminate' ? places.of(node.process) : interruptedBy(handler, places);
  for (const input of inputs) {
    yield {
      node, way: inputs.length > 1 ? `_from_${origin(node, input)}` : '', label: name(node) + (handler ? ` → ${name(handler)}` : ''),
      take: [input], fair: 'weak',
      give: [...places.end(node), ...places.after(handler?.outgoing ?? []), ...node.sends.flatMap((flow) => places.message(flow))],
      ...(clears && { clears }),
    };
  }
}

/** An escalation that is caught on a border goes there too (§10.5.7); all else that is thrown here leaves no trace or a message. */
function* throwing(node: Node, places: Places): Iterable<Firing> {
  const clears = interruptedBy(node.handler, places);
  const label = node.handler ? ` → ${name(node.handler)}` : '';
  for (const firing of passOn(node, places)) {
    yield { ...firing, label: firing.label + label, give: [...firing.give, ...places.after(node.handler?.outgoing ?? [])], ...(clears && { clears }) };
  }
}

/** What is gone when an event on a border happens. */
function interruptedBy(event: Node | undefined, places: Places): readonly Cell[] | undefined {
  return event?.interrupting && event.attachedTo ? running(event.attachedTo, places) : undefined;
}

/** An activity is one step, unless there is something to see of it while it runs. */
function* activity(node: Node, places: Places): Iterable<Firing> {
  const active = places.active(node);
  if (active.length === 0) return yield* passOn(node, places);
  const receives = node.trigger === 'message';
  const inputs = places.before(node);
  const ways = node.inside ? beginnings(node.inside, places) : [{ way: '', gives: [] }];
  const armed = node.boundary.flatMap((event) => places.armed(event));
  for (const input of inputs) {
    for (const { way, gives } of ways) {
      yield {
        node, way: (inputs.length > 1 ? `_from_${origin(node, input)}` : '') + way, label: `${name(node)} starts`, take: [input], empty: active,
        give: [...active, ...armed, ...gives], fair: ways.length > 1 ? 'strong' : 'weak',
        ...(node.inside && { forgets: places.endsOf(node.inside) }), ...(receives && { partial: true }),
      };
    }
  }
  yield* happen(node, active, places, {
    way: '_done', choice: node.boundary.length > 0, clears: armed, ...(node.inside && { empty: places.of(node.inside) }), ...(!receives && { partial: true }),
  });
}

/** How the inside of a sub-process begins: with one of its start events; without any, with all that nothing leads to. */
function beginnings(inside: Process, places: Places): readonly { readonly way: string; readonly gives: readonly Cell[] }[] {
  const starts = inside.nodes.filter((node) => node.kind === 'start');
  if (starts.length === 0) return [{ way: '', gives: inside.nodes.flatMap((node) => places.entry(node)) }];
  return starts.map((start) => {
    const entry = places.entry(start);
    return { way: starts.length > 1 ? `_with_${start.id}` : '', gives: entry.length > 0 ? entry : places.after(start.outgoing) };
  });
}

/** All that shows that an activity is running. */
function running(node: Node, places: Places): readonly Cell[] {
  return [...places.active(node), ...node.boundary.flatMap((event) => places.armed(event)), ...(node.inside ? places.of(node.inside) : [])];
}

/** An event on the border of a running activity (§10.5.4): it ends the activity, or leaves it alone and happens besides. */
function* boundary(node: Node, places: Places): Iterable<Firing> {
  const host = node.attachedTo;
  if (!host || node.thrown) return;
  const active = places.active(host);
  const armed = places.armed(node);
  if (node.interrupting) yield* happen(node, active, places, { way: '', choice: true, clears: running(host, places) });
  else if (armed.length > 0) yield* happen(node, armed, places, { way: '' });
  else yield* happen(node, active, places, { way: '', keeps: active });
}

/** The node that a waiting token came from. */
function origin(node: Node, input: Cell): string {
  return node.incoming.find((flow) => flow.id === input.id)?.source.id ?? 'start';
}

/** Where a flow leads, in the words of the diagram. */
function destination(flow: Flow): string {
  return flow.name || name(flow.target);
}
