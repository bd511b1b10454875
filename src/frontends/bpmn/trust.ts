import type { Medium } from '../../model/document.ts';
import { MEDIA, TRUSTS, type DiagramActor } from './diagram.ts';
import type { BpmnElement } from './moddle.ts';
import { text, type DiagramReading } from './reading.ts';

/**
 * A lane, pool or process as somebody who acts: `probity:trust` and `probity:recovers`. A lane that
 * says nothing is as what is around it.
 */
export function actorOf(
  element: BpmnElement,
  about: Pick<DiagramActor, 'id' | 'name'>,
  reading: DiagramReading,
  around?: DiagramActor,
): DiagramActor {
  const recovers = oneOf(element, 'recovers', ['true', 'false'], reading);
  return {
    ...about,
    trust: oneOf(element, 'trust', TRUSTS, reading) ?? around?.trust ?? 'trusted',
    recovers: recovers === undefined ? (around?.recovers ?? false) : recovers === 'true',
  };
}

/** `probity:medium` of a message flow. */
export function mediumOf(element: BpmnElement, reading: DiagramReading): Medium | undefined {
  return oneOf(element, 'medium', MEDIA, reading);
}

function oneOf<T extends string>(
  element: BpmnElement,
  name: string,
  allowed: readonly T[],
  reading: DiagramReading,
): T | undefined {
  const said = element.$attrs?.[`probity:${name}`];
  if (said === undefined) return undefined;
  const found = allowed.find((value) => value === said);
  if (found === undefined)
    reading.report(
      'OPTION_INVALID',
      element,
      `probity:${name} is one of ${allowed.join(', ')}, not \`${text(said).slice(0, 40)}\``,
    );
  return found;
}
