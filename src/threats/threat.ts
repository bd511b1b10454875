import type { Channel, Model } from '../model/model.ts';
import type { Composition } from './composition.ts';
import type { World } from './world.ts';

/** One id of the analysis: an atom that may act any number of times (SEMANTICS 18). */
export interface Threat {
  readonly id: string;
  readonly operator: string;
  /** The parts of the id after the operator: a channel and a field, an action and a control. */
  readonly of: readonly string[];
  /** Not proper: a hypothesis, the bypass of a control whose actor is trusted. */
  readonly proper: boolean;
}

/** Whether a step of it is an action without one of its controls. */
export const takesControl = ({ operator }: Pick<Threat, 'operator'>): boolean =>
  operator === 'bypass' || operator === 'stepSkip';

/** Whether an actor of this name may act against the model. */
export const isUntrusted = (model: Model, name: string | undefined): boolean =>
  model.actors.some((actor) => actor.name === name && actor.trust !== 'trusted');

/** The channels that somebody beside their two ends can touch. */
export const openChannels = (model: Model): readonly Channel[] =>
  model.channels.filter(({ medium }) => medium !== 'private');

/**
 * Emits each row that one step of a threat leads to; the caller drops what changes nothing. Where
 * the step brings or changes a message: that message, and what it was before.
 */
export type ThreatSteps = (
  row: readonly number[],
  emit: (next: number[], message?: readonly number[], before?: readonly number[]) => void,
) => void;

/** One threat operator: where its ids exist, and what a step of one does. */
export interface Operator {
  readonly name: string;
  /** The parts of each id of this operator in a model, and whether it is a threat proper. */
  find(model: Model): readonly { readonly of: readonly string[]; readonly proper?: boolean }[];
  /**
   * The steps of one id. Absent where the operator rewrites actions in place of adding steps
   * (`variants.ts`).
   */
  arm?(of: readonly string[], world: World): ThreatSteps;
  /**
   * The same steps as actions of a composed model, values picked and not tried. Absent where an
   * operator has no such form.
   */
  compose?(of: readonly string[], to: Composition): void;
}
