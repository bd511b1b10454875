import type { Cell, Firing } from './places.ts';

/**
 * More ways for a signal to be heard than this nobody can read; each listener at least doubles
 * them.
 */
export const MAX_HEARD = 8;

/**
 * A signal that is thrown (§10.5.7): everything that waits for it at that moment goes on, in the
 * same step. So there is one way of firing for each choice of who waits: those that react are
 * enabled, all others are not, or would need what another one takes.
 */
export function* broadcast(
  thrown: Firing,
  listeners: readonly (readonly Firing[])[],
): Iterable<Firing> {
  yield* hear(thrown, listeners, [], []);
}

function* hear(
  thrown: Firing,
  listeners: readonly (readonly Firing[])[],
  reactions: readonly Firing[],
  passed: readonly Firing[],
): Iterable<Firing> {
  const [listener, ...others] = listeners;
  if (!listener) {
    // Whoever needs a token that another listener takes goes without it.
    yield together(
      thrown,
      reactions,
      passed.filter((reaction) => !contends(reaction, reactions)),
    );
    return;
  }
  for (const reaction of listener)
    if (!contends(reaction, reactions))
      yield* hear(thrown, others, [...reactions, reaction], passed);
  yield* hear(thrown, others, reactions, [...passed, ...listener]);
}

function contends(reaction: Firing, others: readonly Firing[]): boolean {
  return others.some((other) => other.take.some((cell) => reaction.take.includes(cell)));
}

function together(thrown: Firing, reactions: readonly Firing[], unless: readonly Firing[]): Firing {
  const all = [thrown, ...reactions];
  const joined = <T>(pick: (firing: Firing) => readonly T[] | undefined): readonly T[] =>
    all.flatMap((firing) => pick(firing) ?? []);
  const cells = (pick: (firing: Firing) => readonly Cell[] | undefined): readonly Cell[] => [
    ...new Set(joined(pick)),
  ];
  return {
    node: thrown.node,
    way: `${thrown.way}${reactions.map((reaction) => `_to_${reaction.node.id}${reaction.way}`).join('')}`,
    label:
      reactions.length === 0
        ? thrown.label
        : `${thrown.label} ⇒ ${reactions.map((reaction) => reaction.label).join(', ')}`,
    take: joined((firing) => firing.take),
    give: joined((firing) => firing.give),
    empty: cells((firing) => firing.empty),
    some: joined((firing) => firing.some),
    clears: cells((firing) => firing.clears),
    forgets: cells((firing) => firing.forgets),
    unless,
    also: joined((firing) =>
      firing === thrown ? thrown.also : [firing.node, ...(firing.also ?? [])],
    ),
    ...(thrown.fair && { fair: thrown.fair }),
    guards: joined((firing) => firing.guards),
    sets: joined((firing) => firing.sets),
    ...begun(reactions),
  };
}

function begun(reactions: readonly Firing[]): Pick<Firing, 'begins'> {
  const begins = reactions
    .map((reaction) => reaction.begins)
    .find((process) => process !== undefined);
  return begins ? { begins } : {};
}
