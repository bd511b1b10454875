import type { Flow, Node } from '../frontends/bpmn/diagram.ts';

/** A node as people know it: by its name, else by what stands beside it, else by its id. */
export function called(node: Node): string {
  return node.name === '' ? unnamed(node) : `“${node.name}”`;
}

function unnamed(node: Node): string {
  const what = WORDS[node.kind] ?? node.element;
  const { attachedTo, incoming, outgoing } = node;
  const [into, ...others] = incoming;
  const [out, ...ways] = outgoing;
  if (attachedTo && attachedTo.name !== '') return `${what} on “${attachedTo.name}”`;
  if (into && others.length === 0 && into.source.name !== '')
    return `${what} after “${into.source.name}”`;
  if (out && ways.length === 0 && out.target.name !== '')
    return `${what} before “${out.target.name}”`;
  return `${what} ${node.elementId}`;
}

const WORDS: Readonly<Partial<Record<Node['kind'], string>>> = {
  exclusive: 'the exclusive gateway',
  inclusive: 'the inclusive gateway',
  parallel: 'the parallel gateway',
  complex: 'the complex gateway',
  eventBased: 'the event-based gateway',
  start: 'the start event',
  end: 'the end event',
  catch: 'the event',
  throw: 'the event',
  boundary: 'the border event',
  task: 'the activity',
  eventSubProcess: 'the event sub-process',
};

/** The distinct ones of these, with a word before the last. */
export function list(names: readonly string[], word: 'and' | 'or'): string {
  const distinct = [...new Set(names)];
  return distinct.length < 2
    ? distinct.join('')
    : `${distinct.slice(0, -1).join(', ')} ${word} ${distinct.at(-1) ?? ''}`;
}

/** How many of a list are told; of the others their number. */
const TOLD = 3;

/** The first few, and how many more there are. */
export function firstFew(parts: readonly string[], separator: string, more: string): string {
  const rest = parts.length - TOLD;
  return `${parts.slice(0, TOLD).join(separator)}${rest > 0 ? `${separator}and ${rest} ${more}` : ''}`;
}

/** Words as a sentence begins. */
export function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The flows that leave a node, or an event on its border that lets it go on. */
export function leaving(node: Node): readonly Flow[] {
  return [
    ...node.outgoing,
    ...node.boundary.filter((event) => !event.interrupting).flatMap((event) => event.outgoing),
  ];
}

/** The flows that a token on this one can come to, itself first; past no node of `not`. */
export function flowsAfter(flow: Flow, not?: (node: Node) => boolean): ReadonlySet<Flow> {
  const path = new Set([flow]);
  for (const { target } of path) {
    if (not?.(target)) continue;
    for (const next of [...target.outgoing, ...target.boundary.flatMap((event) => event.outgoing)])
      path.add(next);
  }
  return path;
}
