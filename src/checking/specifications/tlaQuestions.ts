import { withoutComments, type Specification } from '../../frontends/tla/specification.ts';
import { tlaOf, type TlaDocument } from './tlaDocument.ts';
import type { Asked } from './tlaReading.ts';

/** Everything that is asked of a specification, in the order of its answers. */
export function askedOf({
  modules,
  configuration,
}: Specification): readonly (Asked | { readonly name: string; readonly kind: 'postcondition' })[] {
  const { invariants, properties, checksDeadlock, postcondition } = configuration;
  const asserts = [...modules.values()].some((text) => /\bAssert\s*\(/.test(withoutComments(text)));
  // Names of ours give way to names of the configuration.
  const taken = new Set([...invariants, ...properties]);
  const ours = (name: string, kind: Asked['kind']): Asked => ({
    name: taken.has(name) ? `${name} (TLC)` : name,
    kind,
  });
  return [
    ...unique(invariants).map((name): Asked => ({ name, kind: 'invariant' })),
    ...unique(properties)
      .filter((name) => !invariants.includes(name))
      .map((name): Asked => ({ name, kind: 'temporal' })),
    ...(checksDeadlock ? [ours('deadlockFree', 'deadlock')] : []),
    ...(asserts ? [ours('assertions', 'assertion')] : []),
    ours('assumptions', 'assumption'),
    ...(postcondition === undefined
      ? []
      : [{ name: postcondition, kind: 'postcondition' } as const]),
  ];
}

/** What can be asked of it by name. */
export async function tlaPropertyNames(document: TlaDocument): Promise<ReadonlySet<string>> {
  const read = await tlaOf(document);
  return new Set(read.ok ? askedOf(read.value).map(({ name }) => name) : []);
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
