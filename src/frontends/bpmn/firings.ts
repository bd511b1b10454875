import type { Flow, Node, NodeKind } from './diagram.ts';
import { RECEIVERS } from './elements.ts';
import { isFree, name, type Cell, type Firing, type Places } from './places.ts';

type Fire = (node: Node, places: Places) => Iterable<Firing>;

/** How each kind of node fires. BPMN 2.0 §13.3 (activities), §13.4 (gateways), §13.5 (events). */
export const FIRINGS: Readonly<Record<NodeKind, Fire>> = {
  task: passOn,
  catch: passOn,
  throw: passOn,
  exclusive,
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
  /** The node happens instead of another one: its fairness is that of a choice. */
  readonly choice?: boolean;
}

/** The node happens in each of its ways, once `take` is there. */
function* happen(node: Node, take: readonly Cell[], places: Places, how: Happening): Iterable<Firing> {
  const receipts = how.receipts ?? receiptsOf(node, places);
  for (const outcome of outcomesOf(node)) {
    for (const receipt of receipts) {
      const fair = receipt.outside ? undefined : how.choice || outcome.way !== '' ? 'strong' : 'weak';
      yield {
        node, way: how.way + receipt.way + outcome.way, label: name(node) + outcome.label,
        take: [...take, ...receipt.cells],
        give: [...places.after(outcome.flows), ...node.sends.flatMap((flow) => places.message(flow))],
        ...(how.begins && { begins: how.begins }), ...(fair && { fair }),
      };
    }
  }
}

function receiptsOf(node: Node, places: Places): readonly Receipt[] {
  if (node.trigger !== 'message' || !RECEIVERS.has(node.kind)) return [{ cells: [], way: '', outside: false }];
  const several = node.receives.length + (node.outside ? 1 : 0) > 1;
  const known = node.receives.map((flow) => ({ cells: places.message(flow), way: several ? `_on_${flow.id}` : '', outside: false }));
  return node.outside ? [...known, { cells: [], way: several ? '_on_outside' : '', outside: true }] : known;
}

/** More conditional flows than this have more outcomes than anybody wants to list. */
export const MAX_CONDITIONAL = 5;

/**
 * Which flows get a token when an activity is done: all without a condition, any of those with one, the default one if
 * there is none of these (§8.4.13, §13.2.2). Conditions are not evaluated.
 */
function outcomesOf(node: Node): readonly Outcome[] {
  const conditional = conditionalFlows(node);
  const otherwise = node.kind === 'task' ? node.outgoing.filter((flow) => flow.isDefault) : [];
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

/** The flows whose condition decides, which only an activity may have. */
export function conditionalFlows(node: Node): readonly Flow[] {
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
  const begins = node.process;
  if (node.receives.length > 0) {
    yield* happen(node, [], places, { way: '', begins, receipts: receiptsOf(node, places).filter((receipt) => !receipt.outside) });
  }
  const pending = places.start(node.process);
  if (pending.length > 0 && isFree(node)) {
    yield* happen(node, pending, places, { way: node.receives.length > 0 ? '_on_outside' : '', begins, receipts: [{ cells: [], way: '', outside: false }] });
  }
}

/** The token ends here (§13.5.6); a terminate end event ends all others of its process. */
function* end(node: Node, places: Places): Iterable<Firing> {
  const inputs = places.before(node);
  for (const input of inputs) {
    yield {
      node, way: inputs.length > 1 ? `_from_${origin(node, input)}` : '', label: name(node), take: [input], fair: 'weak',
      give: [...places.end(node), ...node.sends.flatMap((flow) => places.message(flow))],
      ...(node.trigger === 'terminate' && { clears: node.process }),
    };
  }
}

/** The node that a waiting token came from. */
function origin(node: Node, input: Cell): string {
  return node.incoming.find((flow) => flow.id === input.id)?.source.id ?? 'start';
}

/** Where a flow leads, in the words of the diagram. */
function destination(flow: Flow): string {
  return flow.name || name(flow.target);
}
