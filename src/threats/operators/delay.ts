import type { ChannelBlock } from '../../model/layout.ts';
import { insertMessage } from '../../model/semantics.ts';
import { counterAt, delayed, openCounters } from '../counted.ts';
import { openChannels, type Operator } from '../threat.ts';

/** One message goes to a hold place, or one from there comes back as if it was sent now. */
export const delay: Operator = {
  name: 'delay',
  find: (model) =>
    [...openChannels(model), ...openCounters(model)].map(({ name }) => ({ of: [name] })),
  arm: ([channel = ''], world) => {
    const counter = counterAt(world, channel);
    if (counter !== undefined) return delayed(counter, channel, world);
    const block = world.layout.channel(channel);
    const hold: ChannelBlock = {
      ...block,
      channel: { ...block.channel, order: 'bag' },
      offset: world.place(`hold ${channel}`, 1 + block.channel.capacity * block.messageWidth),
    };
    if (block.channel.fresh?.length) world.watch(block);
    return (row, emit) => {
      if ((row[hold.offset] as number) < block.channel.capacity)
        world.messages(row, block).forEach((message, i) => {
          const next = world.without(row, block, i);
          insertMessage(next, hold, message);
          emit(next);
        });
      world.messages(row, hold).forEach((message, i) => {
        const next = world.added(world.without(row, hold, i), block, message);
        if (next) emit(next);
      });
    };
  },
  compose: ([channel = ''], to) => {
    const hold = to.hold(channel);
    to.step({ takes: channel, sends: [{ channel: hold, values: to.taken(channel) }] });
    const values = to.taken(hold, channel);
    to.step({ takes: hold, when: to.isFresh(channel, values), sends: [{ channel, values }] });
  },
};
