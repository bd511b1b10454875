import { conjunctionOf } from '../terms.ts';
import { counterAt, forgeableCounters, forged } from '../counted.ts';
import { isUntrusted, type Operator } from '../threat.ts';

/** Anybody can write to a public channel; an actor who is not trusted to one of the own. */
export const forge: Operator = {
  name: 'forge',
  find: (model) =>
    [
      ...model.channels.filter(
        ({ medium, from }) => medium === 'public' || isUntrusted(model, from),
      ),
      ...forgeableCounters(model),
    ].map(({ name }) => ({ of: [name] })),
  arm: ([channel = ''], world) => {
    const counter = counterAt(world, channel);
    if (counter !== undefined) return forged(counter, channel, world);
    const block = world.layout.channel(channel);
    const payloads = world.payloads(block);
    world.watch(block);
    return (row, emit) => {
      for (const payload of payloads) {
        if (!world.knows(row, block, payload)) continue;
        const next = world.added(row, block, payload);
        if (next) emit(next, payload);
      }
    };
  },
  compose: ([channel = ''], to) => {
    const payload = to.picked(channel);
    to.step({
      when: conjunctionOf([to.isKnown(channel, payload), to.isFresh(channel, payload)]),
      sends: [{ channel, values: payload }],
      isRepeatable: !to.layout.channel(channel).channel.unguessable?.length,
    });
  },
};
