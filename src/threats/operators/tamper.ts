import type { Expr } from '../../model/expression.ts';
import { conjunctionOf, areSame, negated } from '../terms.ts';
import { insertMessage, messageOffset } from '../../model/semantics.ts';
import type { Operator } from '../threat.ts';

/** A message keeps its place and gets another value in a field that no signature covers. */
export const tamper: Operator = {
  name: 'tamper',
  find: (model) =>
    model.channels.flatMap(({ name, medium, fields, signed }) =>
      fields
        .filter(
          (field) =>
            medium === 'public' || (medium === 'signed' && !(signed ?? []).includes(field.name)),
        )
        .map((field) => ({ of: [name, field.name] })),
    ),
  arm: ([channel = '', name], world) => {
    const block = world.layout.channel(channel);
    const field = block.fields.find((each) => each.name === name);
    if (!field) return () => undefined;
    const values = world.values(field.type);
    const secret = world.isUnguessable(block, field);
    if (secret) world.record('seen');
    const alone = { ...block, fields: [field] };
    return (row, emit) => {
      world.messages(row, block).forEach((message, i) => {
        for (const value of values) {
          const changed = [...message];
          value.forEach((word, k) => (changed[field.offset + k] = word));
          if (secret && !world.knows(row, alone, changed)) continue;
          if (block.channel.order === 'bag') {
            const next = world.without(row, block, i);
            insertMessage(next, block, changed);
            emit(next, changed, message);
          } else {
            const next = [...row];
            changed.forEach((word, k) => (next[messageOffset(block, i) + k] = word));
            emit(next, changed, message);
          }
        }
      });
    };
  },
  compose: ([channel = '', name], to) => {
    const { fields, channel: of } = to.layout.channel(channel);
    const [taken, picked] = [to.taken(channel), to.picked(channel)];
    const values = taken.map((old, i) => (fields[i]?.name === name ? (picked[i] as Expr) : old));
    to.step({
      takes: channel,
      inPlace: of.order === 'fifo',
      when: conjunctionOf([negated(areSame(values, taken)), to.isKnown(channel, values, name)]),
      sends: [{ channel, values }],
    });
  },
};
