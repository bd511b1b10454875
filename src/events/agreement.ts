import type { ChannelBlock } from '../model/layout.ts';
import type { Instance } from '../model/semantics.ts';
import type { Observation } from './observation.ts';

/** Whether a step has the `for` values that an event names; what it does not name is open. */
export function bindingFits(instance: Instance, seen: Observation): boolean {
  return instance.action.binders.every(({ name }, i) => {
    const said = seen.binders.get(name);
    return said === undefined || instance.binding[i] === said;
  });
}

/** Whether a message has the fields that an event names. */
export function agrees(
  block: ChannelBlock,
  message: readonly number[],
  fields: ReadonlyMap<string, number>,
): boolean {
  return [...fields].every(([name, word]) => {
    const field = block.fields.find((found) => found.name === name);
    return field !== undefined && message[field.offset] === word;
  });
}
