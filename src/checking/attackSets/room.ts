import type { Model } from '../../model/model.ts';
import { roomOf, withCapacities } from '../../threats/counted.ts';
import { Semantics } from '../../model/semantics.ts';
import { explored } from './search.ts';
import type { AttackGraph, AttackLimits } from './attackGraph.ts';

/**
 * A model whose messages are counted, with room for what attackers bring: two more on each channel
 * than there are without attack.
 */
export async function roomFor(model: Model, limits: AttackLimits): Promise<Model> {
  const counted = model.variables.filter(({ messages }) => messages);
  if (counted.length === 0) return model;
  const { graph } = await explored(model, [], limits);
  const { layout } = new Semantics(model);
  const most = new Map(
    counted.map(({ name }) => {
      const at = layout.cell('variable', name).offset;
      let largest = 0;
      for (let i = 0; i < graph.store.count; i += 1)
        largest = Math.max(largest, graph.store.get(i)[at] as number);
      return [name, Math.max(1, largest)];
    }),
  );
  return withCapacities(model, most);
}

/**
 * Where the room for messages was met, and more of them might do more: what was not found then was
 * not found with so many messages only.
 */
export function cutAt({ store, system }: AttackGraph): string | undefined {
  const { layout } = system.semantics;
  const met = system.model.variables.flatMap(({ name, label, messages }) => {
    if (messages?.capacity === undefined) return [];
    const at = layout.cell('variable', name).offset;
    const room = roomOf(system.model, name);
    for (let i = 0; i < store.count; i += 1)
      if ((store.get(i)[at] as number) >= room) return [`${messages.capacity} of ${label ?? name}`];
    return [];
  });
  return met.length === 0 ? undefined : `so many messages under way at once: ${met.join(', ')}`;
}

/** What an analysis of a diagram takes for granted where the diagram says nothing. */
export function takenForGranted(model: Model): readonly string[] {
  const counted = model.variables.filter(({ messages }) => messages);
  const capacities = new Set(counted.flatMap(({ messages }) => messages?.capacity ?? []));
  const isPublic = counted.filter(({ messages }) => messages?.medium === 'public');
  const trusted = model.actors.filter(({ trust }) => trust === 'trusted');
  const queues = model.channels.filter(({ unbounded }) => unbounded);
  const names = (items: readonly { readonly name: string; readonly label?: string }[]): string =>
    items.map(({ name, label }) => (label ? `${label} (${name})` : name)).join(', ');
  return [
    ...(isPublic.length > 0
      ? [`Anybody can read and write what travels as ${names(isPublic)}: its medium is public.`]
      : []),
    ...(counted.length > 0 && trusted.length > 0
      ? [`${names(trusted)} can be relied on: trusted.`]
      : []),
    ...[...capacities].map((capacity) => {
      const of = counted.filter(({ messages }) => messages?.capacity === capacity);
      return `At most ${capacity} messages of ${names(of)} are under way at once, and ${capacity - 1} after an attacker has added one; a sender waits for room.`;
    }),
    ...(queues.length > 0
      ? [
          `Nobody touches the queues ${names(queues)}: read with messages in any order (bag), their messages can be attacked.`,
        ]
      : []),
  ];
}
