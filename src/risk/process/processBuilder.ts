import type { DecisionProcess } from '../markov/decision.ts';

/** One way that a choice may go on. */
export interface Share {
  /** The node, or `undefined` for the end of the case. */
  readonly to: number | undefined;
  /** What counts is its part of the sum over the choice. */
  readonly weight: number;
}

/**
 * Makes a decision process node by node, in their order. The end of a case is a node of its own,
 * the last, which nothing leaves.
 */
export class ProcessBuilder {
  readonly #choices: number[] = [0];
  readonly #rows: number[] = [0];
  readonly #targets: number[] = [];
  readonly #shares: number[] = [];

  /** The next node, with its choices; one without weight is none. */
  node(choices: readonly (readonly Share[])[]): void {
    for (const choice of choices) {
      const possible = choice.filter(({ weight }) => weight > 0);
      const sum = possible.reduce((all, { weight }) => all + weight, 0);
      if (possible.length === 0) continue;
      for (const { to, weight } of possible) {
        this.#targets.push(to ?? END);
        this.#shares.push(weight / sum);
      }
      this.#rows.push(this.#targets.length);
    }
    this.#choices.push(this.#rows.length - 1);
  }

  process(start: number, goals: Iterable<number>): DecisionProcess {
    const end = this.#choices.length - 1;
    this.#choices.push(this.#rows.length - 1);
    const goal = new Uint8Array(end + 1);
    for (const node of goals) goal[node] = 1;
    return {
      nodes: end + 1,
      start,
      choices: Int32Array.from(this.#choices),
      rows: Int32Array.from(this.#rows),
      targets: Int32Array.from(this.#targets, (target) => (target === END ? end : target)),
      shares: Float64Array.from(this.#shares),
      goal,
    };
  }
}

const END = -1;

/** A step costs 1; that a case begins, and that it stops, is none. */
export function stepCosts({
  nodes,
  start,
  choices,
  rows,
  targets,
  shares,
}: DecisionProcess): Float64Array {
  const end = nodes - 1;
  const costs = new Float64Array(rows.length - 1);
  for (let c = 0; c < costs.length; c += 1)
    for (let b = rows[c] as number; b < (rows[c + 1] as number); b += 1)
      if (targets[b] !== end) costs[c] = (costs[c] as number) + (shares[b] as number);
  return costs.fill(0, choices[start], choices[start + 1]);
}
