import { activity, eventSubProcess, intrude, strike } from './activities.ts';
import { isAwaited, type Flow, type Node, type NodeKind, type Process } from './diagram.ts';
import { arrive, destination, happen, origin, passOn, receiptsOf } from './happen.ts';
import { joinOf } from './join.ts';
import { isFree, name, type Firing, type DiagramPlaces } from './places.ts';
import { end, throwing } from './throws.ts';

type Fire = (node: Node, places: DiagramPlaces) => Iterable<Firing>;

/** How each kind of node fires. BPMN 2.0 §13.3 (activities), §13.4 (gateways), §13.5 (events). */
export const FIRINGS: Readonly<Record<NodeKind, Fire>> = {
  task: activity,
  eventSubProcess,
  catch: (node, places) => (node.thrown ? [] : passOn(node, places)),
  throw: throwing,
  boundary: (node, places) => (node.thrown ? [] : strike(node, places)),
  exclusive,
  inclusive,
  complex,
  parallel,
  eventBased,
  start,
  end,
};

/**
 * Each token that comes in goes out on exactly one flow (§13.4.2); without a way out it ends here.
 */
function* exclusive(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const inputs = places.before(node);
  const outputs: readonly (Flow | undefined)[] =
    node.outgoing.length > 0 ? node.outgoing : [undefined];
  const choice = outputs.length > 1;
  const guarded = (output: Flow | undefined): Pick<Firing, 'guards'> => {
    const guards = output ? guardsOf(node, output) : [];
    return guards.length > 0 ? { guards } : {};
  };
  for (const input of inputs) {
    const from = inputs.length > 1 ? `_from_${origin(node, input)}` : '';
    for (const output of outputs) {
      yield {
        node,
        take: [input],
        give: output ? places.after([output]) : [],
        fair: true,
        ...(choice && output && { chosen: output.id }),
        ...guarded(output),
        way: from + (choice && output ? `_to_${output.target.id}` : ''),
        label: name(node) + (choice && output ? ` → ${destination(output)}` : ''),
      };
    }
  }
}

/**
 * When an exclusive gateway may take a way: its condition holds; the default one, if none of those
 * does that can be evaluated.
 */
function guardsOf(node: Node, output: Flow): readonly string[] {
  if (!output.isDefault) return output.condition === undefined ? [] : [output.condition];
  return node.outgoing.flatMap((flow) =>
    flow === output || flow.condition === undefined ? [] : [`not(${flow.condition})`],
  );
}

/**
 * A token from every incoming flow that has one, once no other can come; then any choice of ways
 * out (§13.4.3).
 */
function* inclusive(node: Node, places: DiagramPlaces): Iterable<Firing> {
  if (node.incoming.length > 1)
    yield* happen(node, [], places, { way: '', join: joinOf(node, places) });
  else yield* passOn(node, places);
}

/**
 * A complex gateway (§13.4.5) goes on as soon as its condition is met by the tokens that are there,
 * then takes one token from each of the other ways in as it comes, or sees that none can come any
 * more, and begins again. Of what leaves it nothing is known.
 */
function* complex(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const [waits] = places.waits(node);
  if (!waits) return yield* passOn(node, places);
  const sights = places.sightsOf(node);
  const inputs = sights.map((sight) => sight.input);
  for (const firing of happen(node, [], places, { way: '', empty: [waits] })) {
    yield {
      ...firing,
      atLeast: { of: inputs, count: Math.min(node.needs || 1, inputs.length) },
      sees: sights,
      give: [...firing.give, waits],
    };
  }
  const others = joinOf(node, places).waits.map(({ before, unless }) => ({
    before,
    unless: [
      ...unless,
      ...sights.filter((sight) => unless.includes(sight.input)).map((sight) => sight.seen),
    ],
  }));
  yield {
    node,
    way: '_reset',
    label: `${name(node)} begins again`,
    take: [waits],
    give: [],
    resets: sights,
    fair: true,
    partial: true,
    join: { inputs: [], waits: others },
  };
}

/** One token from every incoming flow, one to every outgoing flow (§13.4.1). */
function* parallel(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const take = places.before(node);
  if (take.length > 0)
    yield { node, way: '', label: name(node), take, give: places.after(node.outgoing), fair: true };
}

/**
 * The token waits before the gateway for the first event behind it that happens, and takes that way
 * (§13.4.4).
 */
function* eventBased(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const inputs = places.before(node);
  for (const input of inputs) {
    const way = inputs.length > 1 ? `_from_${origin(node, input)}` : '';
    for (const flow of node.outgoing) {
      const chosen = node.outgoing.length > 1 && { chosen: flow.id };
      if (!isAwaited(flow))
        yield {
          node,
          way: `${way}_to_${flow.target.id}`,
          label: `${name(node)} → ${destination(flow)}`,
          take: [input],
          give: places.after([flow]),
          fair: true,
          ...chosen,
        };
      else if (!flow.target.thrown) yield* happen(flow.target, [input], places, { way, ...chosen });
    }
  }
}

/** How an event happens that something in the diagram makes happen, if it is waited for. */
export function* reactionsTo(event: Node, places: DiagramPlaces): Iterable<Firing> {
  for (const { source: gateway } of event.incoming) {
    if (gateway.kind === 'eventBased')
      for (const input of places.before(gateway))
        yield* happen(event, [input], places, { way: '' });
  }
  if (event.kind === 'start') yield* arrive(event, places);
  if (event.kind === 'boundary') yield* strike(event, places);
  else if (
    event.kind !== 'start' ||
    (event.process.owner && event.process.owner.kind !== 'eventSubProcess')
  )
    yield* passOn(event, places);
  else if (event.process.owner) yield* intrude(event, event.process.owner, places);
  else
    yield* happen(event, [], places, {
      way: '',
      ...beginning(event.process, places),
      receipts: [{ cells: [], way: '', outside: false }],
    });
}

/**
 * A process is started by one of its start events (§10.5.2); where only one can, its token stands
 * behind it from the beginning.
 */
function* start(node: Node, places: DiagramPlaces): Iterable<Firing> {
  if (!node.thrown) yield* arrive(node, places);
  if (node.process.owner) return yield* node.thrown ? [] : passOn(node, places);
  const begun = {
    ...beginning(node.process, places),
    keeps: node.together.flatMap((other) => places.entry(other)),
  };
  if (node.receives.length > 0) {
    yield* happen(node, [], places, {
      way: '',
      ...begun,
      receipts: receiptsOf(node, places).filter((receipt) => !receipt.outside),
    });
  }
  const pending = places.start(node.process);
  if (pending.length > 0 && isFree(node)) {
    yield* happen(node, pending, places, {
      way: node.receives.length > 0 ? '_on_outside' : '',
      ...begun,
      receipts: [{ cells: [], way: '', outside: false }],
    });
  }
  for (const entry of places.entry(node)) yield* happen(node, [entry], places, { way: '_as_well' });
}

function beginning(
  process: Process,
  places: DiagramPlaces,
): Pick<Firing, 'begins' | 'empty' | 'forgets' | 'clears'> & { readonly begins: Process } {
  const clears = places.memoriesOf(process);
  return {
    begins: process,
    empty: places.of(process),
    forgets: places.endsOf(process),
    ...(clears.length > 0 && { clears }),
  };
}
