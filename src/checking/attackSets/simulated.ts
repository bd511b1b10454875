import type { Model } from '../../model/model.ts';
import { harmlessCounters } from '../../threats/counted.ts';
import type { Ids } from './minimal.ts';

/**
 * The ids that are enough for a property of single states and steps (`always`, `never`, the
 * implicit ones): the others of the set only do what these can do as well, in more steps.
 *
 * - An outage only takes steps away.
 * - What is held back and comes again could be dropped and replayed.
 * - What is replayed could be forged, where every value can be guessed.
 * - Messages that disable nothing are not taken away.
 * - What is tampered with could be dropped and forged, in a bag that takes a message twice.
 */
export function withoutSimulated(model: Model, ids: Ids): Ids {
  const has = new Set(ids);
  const harmless = harmlessCounters(model);
  return ids.filter((id) => {
    const [operator, name = ''] = id.split('.');
    if (operator === 'unavailable') return false;
    const channel = model.channels.find((each) => each.name === name);
    const isCounted = model.variables.some((v) => v.name === name && v.messages);
    if (!channel && !isCounted) return true;
    const drops = has.has(`drop.${name}`);
    const forges = has.has(`forge.${name}`) && !channel?.unguessable?.length;
    const replays = has.has(`replay.${name}`) || forges;
    if (harmless.has(name) && (operator === 'drop' || operator === 'delay')) return false;
    if (operator === 'delay') return !(drops && replays);
    if (operator === 'replay') return !forges;
    if (operator !== 'tamper') return true;
    return !(drops && forges && channel?.order === 'bag' && !channel.fresh?.length);
  });
}
