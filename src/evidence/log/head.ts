/** A leaf that a durable, signed checkpoint covers. */

import type { LogNode } from './store.ts';

export interface LoggedLeaf {
  readonly index: number;
  /** `c2sp.org/tlog-proof@v1`. */
  readonly receipt: string;
}

/** What the log has committed to, with the nodes at its right edge: all that appending needs. */
export interface Head {
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed note, or nothing for a log without leaves. */
  readonly checkpoint: string | undefined;
  readonly edge: readonly LogNode[];
}
