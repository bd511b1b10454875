import { conditionalFlows, type Flow, type Node, type NodeKind, type Trigger } from './diagram.ts';
import { RECEIVERS } from './elements.ts';
import { name, type Cell, type Firing, type DiagramPlaces } from './places.ts';

/** One message that lets a node fire; a node that waits for none has one way without a cell. */
export interface AwaitedMessage {
  readonly cells: readonly Cell[];
  readonly way: string;
  readonly outside: boolean;
}

/** A set of flows that get a token together. */
interface Outcome {
  readonly flows: readonly Flow[];
  readonly way: string;
  readonly label: string;
  /** What must be true for it, where conditions can be evaluated. */
  readonly guards?: readonly string[];
}

/**
 * An activity or event takes a token from any one flow (§13.3.1: no joining), and a message if it
 * waits for one.
 */
export function* passOn(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const inputs = places.before(node);
  for (const input of inputs) {
    const keeps = again(node, input, places);
    const way = inputs.length > 1 ? `_from_${origin(node, input)}` : '';
    yield* happen(node, [input], places, {
      way,
      ...(keeps.length > 0 && { keeps, empty: places.after(node.outgoing) }),
    });
  }
}

/** The token of a flow that somebody drew into a start event. */
export function* arrive(start: Node, places: DiagramPlaces): Iterable<Firing> {
  for (const flow of start.incoming)
    yield* happen(start, places.after([flow]), places, { way: `_from_${flow.source.id}` });
}

/**
 * What an ad-hoc sub-process begins with may happen again, once what it led to has been taken up.
 */
export function again(node: Node, input: Cell, places: DiagramPlaces): readonly Cell[] {
  return node.process.adHoc && places.entry(node).includes(input) ? [input] : [];
}

interface Happening {
  readonly way: string;
  readonly receipts?: readonly AwaitedMessage[];
  readonly begins?: Firing['begins'];
  readonly join?: Firing['join'];
  readonly empty?: Firing['empty'];
  readonly clears?: Firing['clears'];
  readonly forgets?: Firing['forgets'];
  readonly partial?: boolean;
  /** What was taken and stays. */
  readonly keeps?: readonly Cell[];
  /** The node happens by this choice of a gateway before it. */
  readonly chosen?: string;
}

/** The node happens in each of its ways, once `take` is there. */
export function* happen(
  node: Node,
  take: readonly Cell[],
  places: DiagramPlaces,
  how: Happening,
): Iterable<Firing> {
  const receipts = how.receipts ?? receiptsOf(node, places);
  const { begins, join, empty, clears, forgets, partial } = how;
  for (const outcome of outcomesOf(node)) {
    for (const receipt of receipts) {
      const chosen = how.chosen ?? choiceOf(node, outcome);
      yield {
        node,
        way: how.way + receipt.way + outcome.way,
        label: name(node) + outcome.label,
        take: [...take, ...receipt.cells],
        give: [
          ...(how.keeps ?? []),
          ...places.after(outcome.flows),
          ...places.done(node),
          ...places.end(node),
          ...node.sends.flatMap((flow) => places.message(flow)),
        ],
        ...(begins && { begins }),
        ...(join && { join }),
        ...(empty && { empty }),
        ...(clears && { clears }),
        ...(forgets && { forgets }),
        ...(partial && { partial }),
        ...(outcome.guards && outcome.guards.length > 0 && { guards: outcome.guards }),
        ...(node.sets.length > 0 && { sets: node.sets }),
        ...(!receipt.outside && { fair: true }),
        ...(receipt.outside && isWaitedFor(node) && { answered: true }),
        ...(chosen !== undefined && { chosen }),
      };
    }
  }
}

/**
 * Strong fairness is asked for each single way out of an inclusive gateway, and for each outcome of
 * an activity or event with conditional flows.
 */
function choiceOf(node: Node, { flows, way }: Outcome): string | undefined {
  if (way === '') return undefined;
  const gateway = node.kind === 'inclusive' || node.kind === 'complex';
  return !gateway ? node.id + way : flows.length === 1 ? flows[0]?.id : undefined;
}

/** What nobody in the diagram makes happen, and what need not happen. */
const FROM_OUTSIDE: ReadonlySet<Trigger> = new Set(['condition', 'signal', 'error', 'escalation']);

/**
 * Whether the outside is expected to answer in the end: a token waits for nothing else. A border,
 * an event sub-process or the start of a process need not happen; an error need not come.
 */
function isWaitedFor({ kind, trigger }: Node): boolean {
  return (
    (kind === 'catch' || kind === 'task') &&
    (['message', 'condition', 'signal'] as Trigger[]).includes(trigger)
  );
}

export function receiptsOf(node: Node, places: DiagramPlaces): readonly AwaitedMessage[] {
  const receives = RECEIVERS.has(node.kind);
  if (node.trigger !== 'message' || !receives)
    return [{ cells: [], way: '', outside: receives && FROM_OUTSIDE.has(node.trigger) }];
  const several = node.receives.length + (node.outside ? 1 : 0) > 1;
  const known = node.receives.map((flow) => ({
    cells: places.message(flow),
    way: several ? `_on_${flow.id}` : '',
    outside: false,
  }));
  return node.outside
    ? [...known, { cells: [], way: several ? '_on_outside' : '', outside: true }]
    : known;
}

/** More conditional flows than this have more outcomes than anybody wants to list. */
export const MAX_CONDITIONAL: Readonly<Partial<Record<NodeKind, number>>> = {
  task: 5,
  start: 5,
  catch: 5,
  throw: 5,
  boundary: 5,
  inclusive: 6,
  complex: 6,
};

/**
 * Which flows get a token when an activity is done, or an event has happened: all without a
 * condition, any of those with one, the default one if there is none of these (§8.4.13, §13.2.2).
 * At an inclusive gateway every flow but the default one has a condition, be it written down or not
 * (§13.4.3).
 */
export function outcomesOf(node: Node): readonly Outcome[] {
  if (node.kind === 'end')
    return [{ flows: goesOn(node) ? node.outgoing : [], way: '', label: '' }];
  const conditional = conditionalFlows(node);
  const otherwise =
    node.kind in MAX_CONDITIONAL ? node.outgoing.filter((flow) => flow.isDefault) : [];
  const sure = node.outgoing.filter(
    (flow) => !conditional.includes(flow) && !otherwise.includes(flow),
  );
  if (conditional.length === 0)
    return [{ flows: sure.length > 0 ? sure : otherwise, way: '', label: '' }];
  const outcomes: Outcome[] = [];
  for (let chosen = 0; chosen < 2 ** conditional.length; chosen++) {
    const some = conditional.filter((_, index) => (chosen >> index) % 2 === 1);
    const flows = sure.length + some.length > 0 ? [...sure, ...some] : otherwise;
    if (flows.length === 0) continue;
    const guards = conditional.flatMap((flow) =>
      flow.condition === undefined
        ? []
        : [some.includes(flow) ? flow.condition : `not(${flow.condition})`],
    );
    outcomes.push({
      guards,
      flows,
      way: `_to_${flows.map((flow) => flow.target.id).join('_')}`,
      label: ` → ${flows.map(destination).join(', ')}`,
    });
  }
  return outcomes;
}

/** Whether there is anything left to take the flow that somebody drew out of this end event. */
export function goesOn({ trigger }: Node): boolean {
  return !(['error', 'terminate', 'cancel'] as Trigger[]).includes(trigger);
}

/** The node that a waiting token came from. */
export function origin(node: Node, input: Cell): string {
  return node.incoming.find((flow) => flow.id === input.id)?.source.id ?? 'start';
}

/** Where a flow leads, in the words of the diagram. */
export function destination(flow: Flow): string {
  return flow.name || name(flow.target);
}
