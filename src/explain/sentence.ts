import type { Claim } from './story.ts';

/** What may be said of a diagram, if what it claims is true. */
export interface Sentence {
  readonly words: string;
  readonly claims: readonly Claim[];
  /** The elements to look at first. */
  readonly blamed: readonly string[];
  /** Activities that can never happen. */
  readonly dead?: readonly string[];
}
