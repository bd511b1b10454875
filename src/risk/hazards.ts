/** A branch taken by (a share of) a case, so long after the case came to the branch's node. */
export interface Leaving {
  readonly branch: number;
  readonly weight: number;
  readonly afterMs: number;
}

/** A case that was still at a node when it was last looked at, so long after it came there. */
export interface Waiting {
  readonly weight: number;
  readonly forMs: number;
}

/**
 * A stretch of the time that cases spend at a node: how many left it by which branch, and how many
 * were still there at its end.
 */
export interface Stage {
  readonly left: ReadonlyMap<number, number>;
  readonly stayed: number;
}

/** What is known of the way out of a node where some cases were not followed to their end. */
export interface Cascade {
  readonly stages: readonly Stage[];
  /** Cases that waited longer than anybody who left: nothing says what becomes of them. */
  readonly beyond: number;
}

/** More stages than this cost time, and say nothing new: the shortest ones are put together. */
const MAX_STAGES = 200;

/**
 * Cause-specific hazards: the time at a node is cut wherever somebody leaves after somebody was
 * lost from sight, and each stage is a choice of its own among those who were still there. The
 * product of the stages is Aalen and Johansen's estimate (Scandinavian Journal of Statistics 5(3),
 * 1978); a Dirichlet distribution for each is the Bayesian bootstrap for censored data (Lo, Annals
 * of Statistics 21(1), 1993). Between two losses from sight nothing has to be cut: there, choices
 * one after the other are the same Dirichlet distribution as the one choice among them all.
 *
 * A case that leaves in the very moment in which another is lost from sight left first.
 */
export function cascadeOf(leaving: readonly Leaving[], waiting: readonly Waiting[]): Cascade {
  const leaves = [...leaving].sort((a, b) => a.afterMs - b.afterMs);
  const waits = [...waiting].sort((a, b) => a.forMs - b.forMs);
  const last = leaves.at(-1)?.afterMs ?? -Infinity;
  const beyond = weightOf(waits.filter(({ forMs }) => forMs >= last));
  const cuts = cutsOf(leaves, waits);
  const stages: { left: Map<number, number>; stayed: number }[] = [];
  let [leaveAt, waitAt] = [0, 0];
  let there = weightOf(leaves) + weightOf(waits);
  for (const cut of [...cuts, Infinity]) {
    const first = leaves[leaveAt]?.afterMs ?? -Infinity;
    for (; waitAt < waits.length && (waits[waitAt] as Waiting).forMs < first; waitAt += 1)
      there -= (waits[waitAt] as Waiting).weight;
    const left = new Map<number, number>();
    for (; leaveAt < leaves.length; leaveAt += 1) {
      const { branch, weight, afterMs } = leaves[leaveAt] as Leaving;
      if (afterMs > cut) break;
      left.set(branch, (left.get(branch) ?? 0) + weight);
      there -= weight;
    }
    stages.push({ left, stayed: Math.max(0, there) });
  }
  return { stages, beyond };
}

/**
 * The share of those who come to the node that is still there after the last who left it was seen
 * to leave: nothing says what becomes of them.
 */
export function remaining({ stages }: Cascade): number {
  return stages.reduce((there, { left, stayed }) => {
    const all = [...left.values()].reduce((a, b) => a + b, 0) + stayed;
    return all === 0 ? there : (there * stayed) / all;
  }, 1);
}

/** The times after which a stage ends: the last departure before each loss from sight. */
function cutsOf(leaves: readonly Leaving[], waits: readonly Waiting[]): number[] {
  const cuts: number[] = [];
  let waitAt = 0;
  for (let i = 0; i + 1 < leaves.length; i += 1) {
    const [here, next] = [(leaves[i] as Leaving).afterMs, (leaves[i + 1] as Leaving).afterMs];
    while (waitAt < waits.length && (waits[waitAt] as Waiting).forMs < here) waitAt += 1;
    if (here < next && waitAt < waits.length && (waits[waitAt] as Waiting).forMs < next)
      cuts.push(here);
  }
  if (cuts.length < MAX_STAGES) return cuts;
  const step = cuts.length / (MAX_STAGES - 1);
  return Array.from({ length: MAX_STAGES - 1 }, (_, i) => cuts[Math.floor(i * step)] as number);
}

export function weightOf(items: readonly { readonly weight: number }[]): number {
  return items.reduce((sum, { weight }) => sum + weight, 0);
}
