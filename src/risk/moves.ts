import {
  cascadeOf,
  remaining,
  weightOf,
  type Cascade,
  type Leaving,
  type Waiting,
} from './hazards.ts';
import type { BranchEvidence } from './posterior.ts';
import { STOP, type Topology } from './topology.ts';

/**
 * How long cases were seen to stay at each node before a step: of the stays that ended by one their
 * number and the sum of their squares (ms²), and of all the time together (ms).
 */
export interface Stays {
  readonly ended: Float64Array;
  readonly squares: Float64Array;
  readonly totalMs: Float64Array;
}

/** How the open ends of cases were read. */
export interface Censoring {
  /** Nodes whose branches were learned by cause-specific hazards. */
  readonly nodes: number;
  /** Cases that were still at such a node when the log ended, in shares of paths. */
  readonly waiting: number;
  /**
   * Cases that would wait at a node longer than anybody who was seen to leave it, where they may
   * not stop: of all that come there, not only of those that were watched for so long.
   */
  readonly beyond: number;
  /** Cases, in shares of paths, that wait in a log without times: only left out. */
  readonly untimed: number;
}

/**
 * Collects what the cases of a log say of each branch: moves with the time that they took, and ends
 * with the time until the log ended. Weights are shares of the paths that explain a case.
 */
export class Moves {
  readonly counts: Float64Array;
  readonly #topology: Topology;
  readonly #leaving = new Map<number, Leaving[]>();
  readonly #waiting = new Map<number, Waiting[]>();
  readonly stays: Stays;
  #untimed = 0;

  constructor(topology: Topology) {
    this.#topology = topology;
    this.counts = new Float64Array(topology.targets.length);
    const zeros = (): Float64Array => new Float64Array(topology.nodes);
    this.stays = { ended: zeros(), squares: zeros(), totalMs: zeros() };
  }

  /** The case took the branch of the node; `afterMs` is how long it was there, if known. */
  took(node: number, branch: number, weight: number, afterMs: number | undefined): void {
    this.counts[branch] = (this.counts[branch] as number) + weight;
    if (afterMs === undefined) return;
    const { ended, squares, totalMs } = this.stays;
    totalMs[node] = (totalMs[node] as number) + weight * afterMs;
    if (this.#topology.targets[branch] === node) return;
    ended[node] = (ended[node] as number) + weight;
    squares[node] = (squares[node] as number) + weight * afterMs ** 2;
    listOf(this.#leaving, node).push({ branch, weight, afterMs });
  }

  /** The last that is known of the case: it was at the node, `forMs` before the log ended. */
  ended(node: number, weight: number, forMs: number | undefined): void {
    const last = (this.#topology.rows[node + 1] as number) - 1;
    const first = this.#topology.rows[node] as number;
    const mayStop = last >= first && this.#topology.targets[last] === STOP;
    const { totalMs } = this.stays;
    // Who may stop there may have stopped: how long that took says nothing of the next step.
    if (forMs !== undefined && !mayStop) totalMs[node] = (totalMs[node] as number) + weight * forMs;
    if (forMs !== undefined && !(mayStop && last === first))
      listOf(this.#waiting, node).push({ weight, forMs });
    else if (mayStop) this.counts[last] = (this.counts[last] as number) + weight;
    else if (last >= first) this.#untimed += weight;
  }

  /** What all of it comes to; `counts` then has the stops that are sure. */
  evidence(): BranchEvidence & { readonly censoring: Censoring } {
    const { rows, targets } = this.#topology;
    const cascades = new Map<number, Cascade>();
    let [waiting, beyond] = [0, 0];
    for (const [node, waits] of this.#waiting) {
      const leaves = this.#leaving.get(node) ?? [];
      const longest = leaves.reduce((most, { afterMs }) => Math.max(most, afterMs), -Infinity);
      const cascade = cascadeOf(leaves, waits);
      const unsure = waits.filter(({ forMs }) => forMs < longest);
      if (unsure.length > 0) {
        cascades.set(node, cascade);
        waiting += unsure.reduce((sum, { weight }) => sum + weight, 0);
      }
      const stop = (rows[node + 1] as number) - 1;
      if (targets[stop] === STOP)
        this.counts[stop] = (this.counts[stop] as number) + cascade.beyond;
      else beyond += (weightOf(leaves) + weightOf(waits)) * remaining(cascade);
    }
    return {
      counts: this.counts,
      cascades,
      censoring: { nodes: cascades.size, waiting, beyond, untimed: this.#untimed },
    };
  }
}

function listOf<T>(lists: Map<number, T[]>, node: number): T[] {
  const list = lists.get(node) ?? [];
  lists.set(node, list);
  return list;
}
