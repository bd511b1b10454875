import type { ChannelBlock, Layout, State } from '../model/layout.ts';
import { insertMessage, messageOffset } from '../model/semantics.ts';

/**
 * The words of a state as the canonical model lays them out, whatever order its names were written
 * in: parameters, variables and channels, each sorted by name as RFC 8785 sorts keys, the fields of
 * a message likewise, and the messages of a bag anew.
 */
export function canonicalRow(layout: Layout): (state: State) => number[] {
  const cells = [
    ...sorted(layout.parameters, (p) => p.name),
    ...sorted(layout.variables, (v) => v.name),
  ];
  const channels = sorted(layout.channels, (block) => block.channel.name);
  return (state) => [
    ...cells.flatMap((block) =>
      state.slice(block.offset, block.offset + block.cells * block.width),
    ),
    ...channels.flatMap((block) => channelWords(block, state)),
  ];
}

function channelWords(block: ChannelBlock, state: State): number[] {
  const fields = sorted(block.fields, (field) => field.name);
  const alone: ChannelBlock = { ...block, offset: 0 };
  const words = new Array<number>(messageOffset(alone, block.channel.capacity)).fill(0);
  for (let i = 0; i < (state[block.offset] as number); i += 1) {
    const at = messageOffset(block, i);
    insertMessage(
      words,
      alone,
      fields.flatMap((field) => state.slice(at + field.offset, at + field.offset + field.width)),
    );
  }
  return words;
}

function sorted<T>(items: readonly T[], name: (item: T) => string): T[] {
  return [...items].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}
