import type { State } from '../model/layout.ts';
import type { Model } from '../model/model.ts';
import { messageOffset, type Instance, type Semantics } from '../model/semantics.ts';

/**
 * One condition of SEMANTICS 7, by a key: an instance, with `perMessage` also the messages that it
 * receives, or several actions together.
 */
export interface Condition {
  readonly key: string;
  readonly strength: 'weak' | 'strong';
}

/** The conditions for several actions together that each action belongs to. */
export function jointConditions(model: Model): ReadonlyMap<string, readonly Condition[]> {
  const joint = new Map<string, Condition[]>(model.actions.map((action) => [action.name, []]));
  model.fairness.forEach(({ strength, actions }, index) => {
    for (const name of actions) joint.get(name)?.push({ key: `${JOINT}${index}`, strength });
  });
  return joint;
}

const JOINT = 'joint ';

/** What a condition speaks of, in words. */
export function conditionName(semantics: Semantics, { key }: Condition): string {
  if (key.startsWith(JOINT))
    return (semantics.model.fairness[Number(key.slice(JOINT.length))]?.actions ?? []).join(' or ');
  return semantics.instances[Number.parseInt(key, 10)]?.action.name ?? key;
}

/**
 * The fair conditions that are enabled in a state (a step that changes something, or an error
 * step), and where each may lead.
 */
export function enabledConditions(
  semantics: Semantics,
  state: State,
): Map<string, { readonly condition: Condition; readonly targets: State[] }> {
  const enabled = new Map<string, { condition: Condition; targets: State[] }>();
  const joint = jointConditions(semantics.model);
  for (const instance of semantics.instances) {
    const { fair, name } = instance.action;
    const together = joint.get(name) ?? [];
    if (fair === 'none' && together.length === 0) continue;
    semantics.stepsOf(instance, state, (_, next, _errors, taken) => {
      const own =
        fair === 'none'
          ? []
          : [{ key: conditionKey(semantics, instance, state, taken), strength: fair }];
      for (const condition of [...own, ...together]) {
        const entry = enabled.get(condition.key) ?? { condition, targets: [] };
        enabled.set(condition.key, entry);
        if (next) entry.targets.push(next);
      }
    });
  }
  return enabled;
}

export function conditionKey(
  semantics: Semantics,
  instance: Instance,
  state: ArrayLike<number>,
  taken: readonly number[],
): string {
  if (!instance.action.perMessage) return String(instance.index);
  const messages = instance.action.receives.map((receive, i) => {
    const block = semantics.layout.channel(receive.channel);
    const at = messageOffset(block, taken[i] as number);
    return Array.from({ length: block.messageWidth }, (_, word) => state[at + word]).join(',');
  });
  return `${instance.index}|${messages.join('|')}`;
}
