import { nodesOf } from './diagram.ts';
import type { ReadDiagram } from './index.ts';

/**
 * The actions of a diagram that need no events in a log: gateways and events, which nobody reports,
 * and the beginning of an activity that takes two steps, whose completion is the one that counts.
 * Activities do need theirs.
 */
export function quietActions({ diagram, document }: ReadDiagram): Set<string> {
  const activities = new Set(
    nodesOf(diagram).flatMap(({ kind, elementId }) => (kind === 'task' ? elementId : [])),
  );
  const steps = Object.entries(document.actions ?? {});
  const times = new Map<string, number>();
  for (const [, { elementId }] of steps)
    if (elementId !== undefined) times.set(elementId, (times.get(elementId) ?? 0) + 1);
  return new Set(
    steps
      .filter(([, { elementId, label }]) => {
        if (elementId === undefined) return false;
        if (!activities.has(elementId)) return true;
        return (times.get(elementId) ?? 0) > 1 && (label ?? '').endsWith(' starts');
      })
      .map(([name]) => name),
  );
}
