import type { Model } from '../model/model.ts';
import type { Assumptions, PropertyReport } from '../model/outcome.ts';
import { typeText } from '../model/types.ts';

/** What every answer of a report rests on, in words (DESIGN 3). */
export function assumptionsOf(model: Model, reports: readonly PropertyReport[]): Assumptions {
  return {
    fairness: [
      ...model.actions
        .filter((a) => a.fair !== 'none')
        .map(
          (a) =>
            `${a.fair}: ${a.name}${a.binders.length > 0 ? `(${a.binders.map((b) => b.name).join(', ')})` : ''}${a.perMessage ? ' per message' : ''}`,
        ),
      ...model.fairness.map((joint) => `${joint.strength}: ${joint.actions.join(' or ')}`),
    ],
    bounds: [
      ...model.parameters.map((p) => `every ${p.name} in ${typeText(p.type)}`),
      ...new Set([
        ...model.bounds,
        ...reports.flatMap((r) => (r.bound === undefined ? [] : [r.bound])),
      ]),
    ],
    channels: model.channels.map(
      (c) => `${c.name}: ${c.order}, capacity ${c.capacity}, ${c.medium}`,
    ),
    abstractions: [...model.abstractions],
  };
}
