import { ULP } from '../solve.ts';
import type { DecisionProcess } from './decision.ts';
import type { Aim } from './reach.ts';

/** Bounds of a probability as far apart as rounding takes them. */
export interface StepBounds {
  readonly steps: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * The largest, or smallest, probability that a goal is reached within so many steps, by choices
 * that may depend on how many are left: backwards from the last step (Baier and Katoen, *Principles
 * of Model Checking*, 2008, 10.1.1 and 10.6.1), rounded down and up.
 */
export function reachWithin(process: DecisionProcess, aim: Aim, steps: number): StepBounds {
  const { nodes, start, choices, rows, targets, shares, goal } = process;
  const longest = rows.reduce((most, end, c) =>
    c === 0 ? 0 : Math.max(most, end - (rows[c - 1] as number)),
  );
  const slack = (2 * longest + 8) * ULP;
  const bound = (rounding: number): number => {
    let values = Float64Array.from(goal);
    for (let step = 0; step < steps; step += 1) {
      const next = Float64Array.from(goal);
      let same = true;
      for (let node = 0; node < nodes; node += 1) {
        const [from, to] = [choices[node] as number, choices[node + 1] as number];
        if (goal[node] === 1 || from === to) continue;
        let best = aim === 'max' ? 0 : 1;
        for (let c = from; c < to; c += 1) {
          let sum = 0;
          for (let b = rows[c] as number; b < (rows[c + 1] as number); b += 1)
            sum += (shares[b] as number) * (values[targets[b] as number] as number);
          best = aim === 'max' ? Math.max(best, sum) : Math.min(best, sum);
        }
        next[node] = Math.min(1, best * rounding);
        same &&= next[node] === values[node];
      }
      values = next;
      if (same) break;
    }
    return values[start] as number;
  };
  return { steps, lower: bound(1 - slack), upper: bound(1 + slack) };
}
