import type { ChannelBlock, Layout } from '../model/layout.ts';
import { insertMessage, messageOffset } from '../model/semantics.ts';

/**
 * The words of a state as the canonical model lays them out, whatever order its names were written
 * in: parameters, variables and channels, each sorted by name as RFC 8785 sorts keys, the fields of
 * a message likewise, and the messages of a bag anew.
 */
export function canonicalRow(layout: Layout): (state: ArrayLike<number>) => number[] {
  const order: number[] = [];
  const bags: { readonly block: ChannelBlock; readonly at: number }[] = [];
  const cells = [
    ...sorted(layout.parameters, (p) => p.name),
    ...sorted(layout.variables, (v) => v.name),
  ];
  for (const { offset, cells: count, width } of cells)
    order.push(...offsets(offset, count * width));
  for (const block of sorted(layout.channels, (each) => each.channel.name)) {
    const fields = sorted(block.fields, (field) => field.name);
    // Messages are in order by their fields as they were declared.
    if (block.channel.order === 'bag' && fields.some((field, i) => field !== block.fields[i]))
      bags.push({ block, at: order.length });
    order.push(block.offset);
    for (let i = 0; i < block.channel.capacity; i += 1)
      for (const { offset, width } of fields)
        order.push(...offsets(messageOffset(block, i) + offset, width));
  }
  return (state) => {
    const row = new Array<number>(order.length);
    for (let i = 0; i < order.length; i += 1) row[i] = state[order[i] as number] as number;
    for (const { block, at } of bags) sortMessages(row, block, at);
    return row;
  };
}

/** The messages of the bag that stands at an offset of a row, in the order of their words. */
function sortMessages(row: number[], block: ChannelBlock, at: number): void {
  const here: ChannelBlock = { ...block, offset: at };
  const count = row[at] as number;
  const words = row.slice(messageOffset(here, 0), messageOffset(here, count));
  row[at] = 0;
  for (let i = 0; i < count; i += 1)
    insertMessage(row, here, words.slice(i * block.messageWidth, (i + 1) * block.messageWidth));
}

function offsets(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function sorted<T>(items: readonly T[], name: (item: T) => string): T[] {
  return [...items].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}
