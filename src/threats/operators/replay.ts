import { conjunctionOf } from '../terms.ts';
import { counterAt, replayed, openCounters } from '../counted.ts';
import { openChannels, type Operator } from '../threat.ts';

/** A message that has ever stood in the channel comes once more. */
export const replay: Operator = {
  name: 'replay',
  find: (model) =>
    [...openChannels(model), ...openCounters(model)].map(({ name }) => ({ of: [name] })),
  arm: ([channel = ''], world) => {
    const counter = counterAt(world, channel);
    if (counter !== undefined) return replayed(counter, channel, world);
    const block = world.layout.channel(channel);
    const history = world.record(`history ${channel}`);
    if (block.channel.fresh?.length) world.watch(block);
    return (row, emit) => {
      for (const text of world.sets.items(row[history] as number)) {
        const payload = text === '()' ? [] : text.slice(1, -1).split(',').map(Number);
        const next = world.added(row, block, payload);
        if (next) emit(next, payload);
      }
    };
  },
  compose: ([channel = ''], to) => {
    const payload = to.picked(channel);
    to.step({
      when: conjunctionOf([to.hasStood(channel, payload), to.isFresh(channel, payload)]),
      sends: [{ channel, values: payload }],
    });
  },
};
