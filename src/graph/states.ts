import type { State } from '../model/layout.ts';

/** The set of states seen, each kept whole (SEMANTICS 13), in the order of discovery. */
export interface States {
  readonly count: number;
  /** An estimate of the memory held. */
  readonly bytes: number;
  get(index: number): number[];
  /** The number of a state; of a new one, which is stored, its complement (below 0). */
  put(state: State): number;
}
