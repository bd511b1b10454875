import type { State } from '../model/layout.ts';
import { messageOffset, type Instance, type Semantics } from '../model/semantics.ts';

/** One condition of SEMANTICS 7, by a key: an instance, and with `perMessage` also the messages that it receives. */
export interface Condition {
  readonly key: string;
  readonly strength: 'weak' | 'strong';
}

/** The fair conditions that are enabled in a state (a step that changes something, or an error step), and where each may lead. */
export function enabledConditions(semantics: Semantics, state: State): Map<string, { readonly condition: Condition; readonly targets: State[] }> {
  const enabled = new Map<string, { condition: Condition; targets: State[] }>();
  for (const instance of semantics.instances) {
    const { fair } = instance.action;
    if (fair === 'none') continue;
    semantics.stepsOf(instance, state, (_, next, _errors, taken) => {
      const key = conditionKey(semantics, instance, state, taken);
      const entry = enabled.get(key) ?? { condition: { key, strength: fair }, targets: [] };
      enabled.set(key, entry);
      if (next) entry.targets.push(next);
    });
  }
  return enabled;
}

export function conditionKey(semantics: Semantics, instance: Instance, state: State, taken: readonly number[]): string {
  if (!instance.action.perMessage) return String(instance.index);
  const messages = instance.action.receives.map((receive, i) => {
    const block = semantics.layout.channel(receive.channel);
    const at = messageOffset(block, taken[i] as number);
    return state.slice(at, at + block.messageWidth).join(',');
  });
  return `${instance.index}|${messages.join('|')}`;
}
