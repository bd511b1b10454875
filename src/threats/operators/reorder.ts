import { insertMessage } from '../../model/semantics.ts';
import { openChannels, type Operator } from '../threat.ts';

/** One message goes to the end of the queue. */
export const reorder: Operator = {
  name: 'reorder',
  find: (model) =>
    openChannels(model)
      .filter(({ order, capacity }) => order === 'fifo' && capacity > 1)
      .map(({ name }) => ({ of: [name] })),
  arm: ([channel = ''], world) => {
    const block = world.layout.channel(channel);
    return (row, emit) => {
      world.messages(row, block).forEach((message, i) => {
        const next = world.without(row, block, i);
        insertMessage(next, block, message);
        emit(next);
      });
    };
  },
  compose: ([channel = ''], to) =>
    to.step({ takes: channel, sends: [{ channel, values: to.taken(channel) }] }),
};
