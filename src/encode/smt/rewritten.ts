/**
 * What the rewriting of a model under threats (`threats/composed.ts`) asks of its encoding, beside
 * the model. With it, a send to a full channel is no step (SEMANTICS 20).
 */
export interface Rewritten {
  /** Steps of threats by their actions; what they take lies at any place, also of a queue. */
  readonly attacks: ReadonlyMap<string, 'moved' | 'in place'>;
  /** Actions without some control: no steps of the model either. */
  readonly bypasses: ReadonlySet<string>;
  /** Variables that have any value again after each step: what an attacker picks. */
  readonly free: ReadonlySet<string>;
  /** Variables that only remember: what changes these alone is no step (SEMANTICS 3). */
  readonly records: ReadonlySet<string>;
  /** By variable, the one whose cells say that a cell of it sticks. */
  readonly sticking: ReadonlyMap<string, string>;
}
