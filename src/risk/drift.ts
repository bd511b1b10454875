import type { CaseEnd } from './align.ts';
import { logGamma } from './distributions.ts';
import type { EventLog } from '../eventLog/log.ts';

/** Below this p the halves are called different. */
export const DRIFT_LEVEL = 0.05;
const POWER = 0.8;
/** A ratio beyond this is no ratio that a test should need. */
const LARGEST_RATIO = 1_000;

/** Whether cases of the later half were lost as often as those of the earlier half. */
export interface Drift {
  readonly earlier: Half;
  readonly later: Half;
  /** Odds of a loss, later ÷ earlier; absent where one half has no loss or nothing but losses. */
  readonly ratio?: number;
  /** Two-sided; absent where no case was lost, or all. */
  readonly p?: number;
  readonly found: boolean;
  /**
   * The ratio of odds that this test finds four times in five, with these cases and losses; absent
   * where it could find none.
   */
  readonly detectableRatio?: number;
}

export interface Half {
  readonly cases: number;
  readonly lost: number;
}

/**
 * Fisher's exact test on the answer itself: losses in the earlier against the later half of the
 * cases whose outcome is known (Fisher, *Statistical Methods for Research Workers*, 1934, section
 * 21.02; the two-sided p is twice the smaller tail). A rate that moves without moving the answer is
 * no drift. With times, cases that began too late for their loss to show are left out.
 */
export function driftTest(log: EventLog, ends: readonly CaseEnd[]): Drift {
  const latest = lastMature(log, ends);
  const mature = ends.filter((_, i) => begins(log, i) <= latest);
  const known = mature.filter((end) => end === 'lost' || end === 'notLost');
  const half = Math.ceil(known.length / 2);
  return compareHalves(halfOf(known.slice(0, half)), halfOf(known.slice(half)));
}

function halfOf(ends: readonly CaseEnd[]): Half {
  return { cases: ends.length, lost: ends.filter((end) => end === 'lost').length };
}

function begins({ cases }: EventLog, i: number): number {
  return cases[i]?.events[0]?.timeMs ?? -Infinity;
}

/** The last beginning after which a loss as slow as the slowest one could still be seen. */
function lastMature(log: EventLog, ends: readonly CaseEnd[]): number {
  if (log.untilMs === undefined) return Infinity;
  let slowest = 0;
  ends.forEach((end, i) => {
    const last = log.cases[i]?.events.at(-1)?.timeMs;
    if (end === 'lost' && last !== undefined) slowest = Math.max(slowest, last - begins(log, i));
  });
  return log.untilMs - slowest;
}

export function compareHalves(earlier: Half, later: Half): Drift {
  const table = new LossTable(earlier, later);
  const ratio =
    (later.lost * (earlier.cases - earlier.lost)) / (earlier.lost * (later.cases - later.lost));
  const p = table.size > 1 ? table.twoSided(later.lost) : undefined;
  const detectableRatio = table.detectableRatio();
  return {
    earlier,
    later,
    ...(Number.isFinite(ratio) && ratio > 0 ? { ratio } : {}),
    ...(p === undefined ? {} : { p }),
    found: p !== undefined && p < DRIFT_LEVEL,
    ...(detectableRatio === undefined ? {} : { detectableRatio }),
  };
}

/**
 * The distribution of the losses in the later half, given all losses: hypergeometric where the odds
 * are the same, Fisher's noncentral one (1935) at another ratio.
 */
class LossTable {
  readonly #least: number;
  readonly #logs: Float64Array;

  constructor(earlier: Half, later: Half) {
    const lost = earlier.lost + later.lost;
    this.#least = Math.max(0, lost - earlier.cases);
    const most = Math.min(lost, later.cases);
    this.#logs = Float64Array.from(
      { length: most - this.#least + 1 },
      (_, i) =>
        logChoose(earlier.cases, lost - this.#least - i) + logChoose(later.cases, this.#least + i),
    );
  }

  get size(): number {
    return this.#logs.length;
  }

  /** The probability of each number of losses from the least on, at this ratio of odds. */
  #at(ratio: number): Float64Array {
    const logs = this.#logs.map((log, i) => log + i * Math.log(ratio));
    const largest = logs.reduce((a, b) => Math.max(a, b), -Infinity);
    const weights = logs.map((log) => Math.exp(log - largest));
    const total = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / total);
  }

  twoSided(lost: number): number {
    return twoSided(this.#at(1))[lost - this.#least] as number;
  }

  /** The least ratio above 1 that is found with probability `POWER`. */
  detectableRatio(): number | undefined {
    if (this.size < 2) return undefined;
    const found = twoSided(this.#at(1)).map((p) => (p < DRIFT_LEVEL ? 1 : 0));
    const power = (ratio: number): number =>
      this.#at(ratio).reduce((sum, p, i) => sum + p * (found[i] as number), 0);
    if (power(LARGEST_RATIO) < POWER) return undefined;
    let [low, high] = [1, LARGEST_RATIO];
    for (let i = 0; i < 40; i += 1) {
      const middle = Math.sqrt(low * high);
      if (power(middle) < POWER) low = middle;
      else high = middle;
    }
    return high;
  }
}

/** For each outcome twice the smaller of the two tails that begin with it. */
function twoSided(probabilities: Float64Array): Float64Array {
  const up = new Float64Array(probabilities.length);
  let sum = 0;
  for (let i = probabilities.length - 1; i >= 0; i -= 1) up[i] = sum += probabilities[i] as number;
  sum = 0;
  return probabilities.map((p, i) => Math.min(1, 2 * Math.min((sum += p), up[i] as number)));
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}
