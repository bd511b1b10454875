import type { Stays } from '../moves.ts';
import type { Random } from '../random.ts';

/** Mean times before a step, of each node, in days; that of all stays where none was seen. */
export interface MeanStays {
  readonly days: Float64Array;
  /** How many stays each mean is worth, as the shape of a gamma variable: its certainty. */
  readonly shapes: Float64Array;
}

const DAY_MS = 86_400_000;

/**
 * All the time spent at a node over the stays that ended by a step: the mean where each stay ended,
 * and the estimate by occurrence and exposure where cases are still there (which takes it that who
 * waits has no other chances than who has just come). What is known of a mean is a gamma variable
 * with the variation of the stays that were seen over their number; with one stay, that of an
 * exponential law.
 */
export function meanStays({ ended, squares, totalMs }: Stays): MeanStays {
  const days = new Float64Array(ended.length);
  const shapes = new Float64Array(ended.length);
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  const overall = sum(totalMs) / Math.max(1, sum(ended));
  for (let node = 0; node < ended.length; node += 1) {
    const n = ended[node] as number;
    const mean = n === 0 ? overall : (totalMs[node] as number) / n;
    days[node] = mean / DAY_MS;
    const variance = n > 1 ? Math.max(0, ((squares[node] as number) - n * mean ** 2) / (n - 1)) : 0;
    const variation = n > 1 && mean > 0 ? variance / mean ** 2 : 1;
    shapes[node] = n === 0 || variation === 0 ? Infinity : n / variation;
  }
  return { days, shapes };
}

/** One draw of the means. */
export function drawStays(random: Random, { days, shapes }: MeanStays): Float64Array {
  return days.map((mean, node) => {
    const shape = shapes[node] as number;
    return Number.isFinite(shape) && mean > 0
      ? (mean * Math.exp(random.logGamma(shape))) / shape
      : mean;
  });
}
