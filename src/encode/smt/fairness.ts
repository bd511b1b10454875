import type { Action } from '../../model/model.ts';
import type { Semantics } from '../../model/semantics.ts';
import { Unencodable } from '../definedness.ts';
import { smtAnd, smtOr, type Term } from './terms.ts';
import type { SmtSystem } from './transition.ts';

/** One fairness condition (SEMANTICS 7), over the rules of a system. */
export interface FairCondition {
  readonly strength: 'weak' | 'strong';
  /** As `graph/fairness.ts` calls it; nothing where it is one for each message. */
  readonly key?: string;
  /** That some step of it is possible: one that changes something, or an error step. */
  readonly enabled: Term;
  /** The rules, by index, that are steps of it. */
  readonly rules: readonly number[];
}

/**
 * The fairness conditions of a model: one for each instance of a fair action, with `perMessage` for
 * each message that it may receive, and one for each group of actions. Throws `Unencodable` where
 * messages have no rules of their own, or a step may put back what it takes.
 */
export function fairConditions(semantics: Semantics, system: SmtSystem): FairCondition[] {
  const { model } = semantics;
  const keyed = new Map<
    string,
    { readonly strength: 'weak' | 'strong'; readonly rules: number[]; readonly key?: string }
  >();
  const note = (key: string, strength: 'weak' | 'strong', rule: number, shared?: string): void => {
    const entry = keyed.get(key) ?? { strength, rules: [], ...(shared && { key: shared }) };
    entry.rules.push(rule);
    keyed.set(key, entry);
  };
  system.rules.forEach(({ by }, index) => {
    const { action } = by.instance;
    if (action.fair !== 'none')
      note(
        `${by.instance.index} ${messageKey(action, by.messages)}`,
        action.fair,
        index,
        action.perMessage ? undefined : String(by.instance.index),
      );
    model.fairness.forEach((joint, group) => {
      if (joint.actions.includes(action.name))
        note(`group ${group}`, joint.strength, index, `joint ${group}`);
    });
  });
  return [...keyed.values()].map(({ strength, rules, key }) => ({
    strength,
    rules,
    ...(key === undefined ? {} : { key }),
    enabled: smtOr(
      rules.map((index) =>
        smtAnd([system.rules[index]?.condition ?? 'false', system.changes(index)]),
      ),
    ),
  }));
}

function messageKey(action: Action, messages: readonly number[] | undefined): string {
  if (!action.perMessage || action.receives.length === 0) return '';
  if (!messages)
    throw new Unencodable('fairness per message where messages are not counted by their values');
  return messages.join();
}
