import type { Node, Process } from './diagram.ts';
import { again, happen, origin, passOn } from './happen.ts';
import { isLoose, name, type Cell, type Firing, type DiagramPlaces } from './places.ts';

/**
 * An event sub-process (§10.3.5, §13.5.4) waits for its event while anything else of its process
 * goes on; it ends when nothing is left inside.
 */
export function* eventSubProcess(node: Node, places: DiagramPlaces): Iterable<Firing> {
  for (const event of node.inside?.nodes ?? []) {
    if (event.kind === 'start' && !event.thrown) yield* intrude(event, node, places);
    if (event.kind === 'start' && event.trigger === 'compensate') yield* undo(event, node, places);
  }
  yield* happen(node, places.active(node), places, {
    way: '_done',
    empty: node.inside ? places.of(node.inside) : [],
    partial: true,
  });
}

/** What undoes the sub-process around it begins, where it has been called. */
function* undo(event: Node, owner: Node, places: DiagramPlaces): Iterable<Firing> {
  const active = places.active(owner);
  yield {
    node: owner,
    way: `_with_${event.id}`,
    label: `${name(event)} starts ${name(owner)}`,
    take: places.entry(owner),
    give: [...active, ...places.after(event.outgoing)],
    empty: active,
    forgets: owner.inside ? places.endsOf(owner.inside) : [],
    fair: true,
  };
}

/**
 * The event of an event sub-process happens: it begins, at the side of everything else in its
 * process or in the place of it.
 */
export function* intrude(event: Node, owner: Node, places: DiagramPlaces): Iterable<Firing> {
  const [active, own] = [places.active(owner), ownOf(owner, places)];
  const others = places.of(owner.process).filter((cell) => !own.has(cell));
  const rivals = owner.process.nodes
    .filter((node) => node !== owner && node.kind === 'eventSubProcess' && interrupts(node))
    .flatMap((node) => places.active(node));
  for (const firing of happen(event, [], places, { way: '' })) {
    yield {
      ...firing,
      node: owner,
      way: `_with_${event.id}${firing.way}`,
      label: `${name(event)} starts ${name(owner)}`,
      give: [...firing.give, ...active],
      some: [others],
      empty: [...active, ...rivals],
      forgets: owner.inside ? places.endsOf(owner.inside) : [],
      ...(event.interrupting && { clears: others }),
    };
  }
}

function interrupts(owner: Node): boolean {
  return owner.inside?.nodes.some((event) => event.kind === 'start' && event.interrupting) ?? false;
}

/** Everything of an event sub-process. */
export function ownOf(owner: Node, places: DiagramPlaces): ReadonlySet<Cell> {
  return new Set([...places.active(owner), ...(owner.inside ? places.of(owner.inside) : [])]);
}

/** An activity is one step, unless there is something to see of it while it runs. */
export function* activity(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const active = places.active(node);
  if (active.length === 0) return yield* passOn(node, places);
  const receives = node.trigger === 'message';
  const inputs = places.before(node);
  const ways = node.inside ? beginnings(node.inside, places) : [{ way: '', gives: [] }];
  const armed = node.boundary.flatMap((event) => places.armed(event));
  for (const input of inputs) {
    for (const { way, gives } of ways) {
      yield {
        node,
        way: (inputs.length > 1 ? `_from_${origin(node, input)}` : '') + way,
        label: `${name(node)} starts`,
        take: [input],
        empty: [
          ...active,
          ...(again(node, input, places).length > 0 ? places.after(node.outgoing) : []),
        ],
        give: [...again(node, input, places), ...active, ...armed, ...gives],
        fair: true,
        ...(node.inside && { forgets: places.endsOf(node.inside) }),
        ...(receives && { partial: true }),
      };
    }
  }
  const offered = node.inside?.adHoc
    ? node.inside.nodes.flatMap((inner) => (isLoose(inner) ? places.entry(inner) : []))
    : [];
  yield* happen(node, active, places, {
    way: '_done',
    clears: [...armed, ...offered],
    ...(node.inside && { empty: places.of(node.inside).filter((cell) => !offered.includes(cell)) }),
    ...(!receives && { partial: true }),
  });
}

/**
 * How the inside of a sub-process begins: with one of its start events; without any, with all that
 * nothing leads to.
 */
function beginnings(
  inside: Process,
  places: DiagramPlaces,
): readonly { readonly way: string; readonly gives: readonly Cell[] }[] {
  const starts = inside.nodes.filter((node) => node.kind === 'start');
  if (starts.length === 0)
    return [
      { way: '', gives: inside.nodes.flatMap((node) => (isLoose(node) ? places.entry(node) : [])) },
    ];
  return starts.map((start) => {
    const entry = places.entry(start);
    return {
      way: starts.length > 1 ? `_with_${start.id}` : '',
      gives: entry.length > 0 ? entry : places.after(start.outgoing),
    };
  });
}

/** All that shows that an activity is running. */
export function running(node: Node, places: DiagramPlaces): readonly Cell[] {
  return [
    ...places.active(node),
    ...node.boundary.flatMap((event) => places.armed(event)),
    ...(node.inside ? places.of(node.inside) : []),
  ];
}

/**
 * An event on the border of a running activity (§10.5.4): it ends the activity, or leaves it alone
 * and happens besides.
 */
export function* strike(node: Node, places: DiagramPlaces): Iterable<Firing> {
  const host = node.attachedTo;
  if (!host) return;
  const active = places.active(host);
  const armed = places.armed(node);
  if (node.interrupting)
    yield* happen(node, active, places, { way: '', clears: running(host, places) });
  else if (armed.length > 0) yield* happen(node, armed, places, { way: '' });
  else
    yield* happen(node, active, places, {
      way: '',
      keeps: active,
      ...(node.paced && { empty: places.after(node.outgoing) }),
    });
}
