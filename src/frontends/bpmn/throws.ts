import { ownOf, running } from './activities.ts';
import type { Node } from './diagram.ts';
import { happen, origin, outcomesOf, passOn } from './happen.ts';
import { name, type Cell, type Firing, type DiagramPlaces } from './places.ts';

/** The token ends here (§13.5.6); a terminate end event ends all others of its process. */
export function* end(node: Node, places: DiagramPlaces): Iterable<Firing> {
  if (node.cancels) return yield* cancelling(node, places);
  if (node.undoes.length > 0) return yield* undoing(node, places);
  for (const firing of passOn(node, places)) {
    if (node.trigger === 'terminate') yield { ...firing, clears: places.of(node.process) };
    else yield* caught(firing, places);
  }
}

/** What is thrown here is caught, or leaves no trace or a message. */
export function* throwing(node: Node, places: DiagramPlaces): Iterable<Firing> {
  if (node.undoes.length > 0) return yield* undoing(node, places);
  for (const firing of passOn(node, places)) yield* caught(firing, places);
}

/**
 * An error or escalation goes to the event that catches it, in the same step (§10.5.7): on a
 * border, or in an event sub-process.
 */
function* caught(firing: Firing, places: DiagramPlaces): Iterable<Firing> {
  const event = firing.node.handler;
  if (!event) return yield firing;
  for (const outcome of outcomesOf(event)) {
    const guards = [...(firing.guards ?? []), ...(outcome.guards ?? [])];
    yield* caughtBy(
      event,
      {
        ...firing,
        way: firing.way + outcome.way,
        label: `${firing.label} → ${name(event)}${outcome.label}`,
        give: [...firing.give, ...places.after(outcome.flows)],
        ...(guards.length > 0 && { guards }),
      },
      firing,
      places,
    );
  }
}

/** `caught` is what happens where the event takes what is thrown, `firing` where it does not. */
function* caughtBy(
  event: Node,
  caught: Firing,
  firing: Firing,
  places: DiagramPlaces,
): Iterable<Firing> {
  if (event.attachedTo)
    return yield {
      ...caught,
      ...(event.interrupting && { clears: running(event.attachedTo, places) }),
    };
  const owner = event.process.owner;
  if (!owner) return yield firing;
  const active = places.active(owner);
  const own = ownOf(owner, places);
  const begun = {
    ...caught,
    also: [owner],
    give: [...caught.give, ...active],
    forgets: owner.inside ? places.endsOf(owner.inside) : [],
  };
  if (event.interrupting)
    return yield { ...begun, clears: places.of(owner.process).filter((cell) => !own.has(cell)) };
  yield { ...begun, way: `${caught.way}_caught`, empty: active };
  // It runs once at a time: while it does, what is thrown again changes nothing.
  yield {
    ...firing,
    way: `${firing.way}_missed`,
    take: [...firing.take, ...active],
    give: [...firing.give, ...active],
  };
}

/**
 * A compensation (§13.5.5): first everything that has been done is undone, then the token goes on.
 */
function* undoing(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const active = places.active(node);
  for (const firing of entering(node, places)) yield { ...firing, empty: active, give: active };
  yield* handlers(node, places);
  yield* happen(node, active, places, { way: '_done', empty: awaited(node, places) });
}

/**
 * A cancelled transaction: everything in it ends, what has been done in it is undone, and it leaves
 * by its cancel event.
 */
function* cancelling(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const { cancels: transaction, handler } = node;
  if (!transaction?.inside) return;
  const active = places.active(node);
  const left = places.after(handler?.outgoing ?? []);
  const armed = transaction.boundary.flatMap((event) => places.armed(event));
  const inside = places.of(transaction.inside).filter((cell) => !active.includes(cell));
  for (const firing of entering(node, places)) {
    if (active.length > 0) yield { ...firing, empty: active, give: active, clears: inside };
    else
      yield {
        ...firing,
        give: [...left, ...places.end(node)],
        clears: running(transaction, places),
        partial: false,
      };
  }
  if (active.length === 0) return;
  yield* handlers(node, places);
  for (const firing of happen(node, [...active, ...places.active(transaction)], places, {
    way: '_done',
    empty: awaited(node, places),
    clears: armed,
  })) {
    yield {
      ...firing,
      give: [...firing.give, ...left],
      label: `${firing.label}${handler ? ` → ${name(handler)}` : ''}`,
    };
  }
}

function* entering(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const inputs = places.before(node);
  for (const input of inputs) {
    yield {
      node,
      way: inputs.length > 1 ? `_from_${origin(node, input)}` : '',
      label: name(node),
      take: [input],
      give: [],
      fair: true,
      partial: true,
    };
  }
}

/** What undoes something is called, once for each thing that has been done. */
function* handlers(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const active = places.active(node);
  for (const done of node.undoes) {
    if (!done.undoneBy) continue;
    yield {
      node,
      way: `_undo_${done.id}`,
      label: `${name(node)}: undo ${name(done)}`,
      take: [...active, ...places.done(done)],
      give: [...active, ...places.entry(done.undoneBy)],
      fair: true,
      partial: true,
    };
  }
}

/** What must have happened before everything is undone. */
function awaited(node: Node, places: DiagramPlaces): readonly Cell[] {
  return [
    ...new Set(
      node.undoes.flatMap((done) => {
        const handler = done.undoneBy;
        return [
          ...places.done(done),
          ...(handler ? [...places.entry(handler), ...running(handler, places)] : []),
        ];
      }),
    ),
  ];
}
