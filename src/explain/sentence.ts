import type { Rule } from '../model/outcome.ts';
import type { StoryClaim, Story } from './story.ts';

/** What may be said of a diagram, if what it claims is true. */
export interface Sentence {
  readonly rule: Rule;
  /** Where it comes from: what has the same root has the same cause. */
  readonly root: readonly string[];
  readonly words: string;
  readonly claims: readonly StoryClaim[];
  /** The elements to look at first. */
  readonly blamed: readonly string[];
  /** Activities that can never happen. */
  readonly dead?: readonly string[];
}

/** Something that was found, and the run that shows it. */
export interface ShownSentence {
  readonly sentence: Sentence;
  readonly story: Story;
  /** The properties that it breaks. */
  readonly breaks: readonly string[];
}
