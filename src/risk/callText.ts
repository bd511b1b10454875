import { Codec } from '../model/codec.ts';
import type { Instance, Semantics } from '../model/semantics.ts';

/** `ship(o1)`: an action with its binding. */
export function callText(
  { layout }: Pick<Semantics, 'layout'>,
  instance: Instance,
  name = instance.action.name,
): string {
  const values = Object.values(new Codec(layout).binding(instance));
  return values.length === 0 ? name : `${name}(${values.map(String).join(', ')})`;
}
