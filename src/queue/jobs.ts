/** Names and payloads of what travels through the queue: ids only, for the row is the truth. */
export const CHECK_QUEUE = 'probity-check';
export const ANCHOR_QUEUE = 'probity-anchor';

export interface CheckJob {
  readonly runId: string;
}

/** Says "look whether something is to be anchored"; which checkpoint that is, the store knows. */
export type AnchorJob = Record<string, never>;
