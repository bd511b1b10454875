import { counterAt, dropped, openCounters } from '../counted.ts';
import { openChannels, type Operator } from '../threat.ts';

/** One message is gone. */
export const drop: Operator = {
  name: 'drop',
  find: (model) =>
    [...openChannels(model), ...openCounters(model)].map(({ name }) => ({ of: [name] })),
  arm: ([channel = ''], world) => {
    const counter = counterAt(world, channel);
    if (counter !== undefined) return dropped(counter);
    const block = world.layout.channel(channel);
    return (row, emit) => {
      for (let i = 0; i < (row[block.offset] as number); i += 1) emit(world.without(row, block, i));
    };
  },
  compose: ([channel = ''], to) => to.step({ takes: channel }),
};
