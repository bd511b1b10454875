import { describe, expect, it } from 'vitest';
import { soundBounds } from '../../src/risk/certify.ts';
import { DirectSolver } from '../../src/risk/direct.ts';
import { DEPENDS, ReachQuestion, SURELY, type NodeBounds } from '../../src/risk/question.ts';
import { solve, SOUND } from '../../src/risk/solve.ts';
import { chainOf } from '../../src/risk/topology.ts';
import {
  divided,
  exactly,
  isAtMost,
  minus,
  ONE,
  plus,
  solved,
  ZERO,
  type Rational,
} from './rational.ts';

type Transition = readonly [from: number, to: number, weight: number];

/**
 * An interval that is called sound contains the exact value, to the last bit: held against
 * fractions, not against a number that was rounded itself.
 */
function expectOutwards(nodes: number, goal: number, weights: readonly Transition[]): number {
  const transitions = weights.map(([from, to, weight]): Transition => {
    const row = weights.filter(([other]) => other === from);
    return [from, to, weight / row.reduce((sum, [, , each]) => sum + each, 0)];
  });
  const { topology, probabilities } = chainOf(nodes, 0, [goal], transitions);
  const question = new ReachQuestion(topology);
  const exact = exactValues(nodes, transitions, question);
  const solver = new DirectSolver(question);
  const both: Record<string, NodeBounds> = {
    iterated: solve(question, probabilities, SOUND),
    certified: soundBounds(question, solver, probabilities),
  };
  for (const [name, { lower, upper }] of Object.entries(both))
    // What no case comes by is not solved.
    for (const node of question.unsettled) {
      const value = exact[node] as Rational;
      const [low, high] = [lower[node] as number, upper[node] as number];
      const shown = `${name} ${node}: ${low}..${high} ${JSON.stringify(transitions)}`;
      expect(isAtMost(exactly(low), value), `${shown} lower`).toBe(true);
      expect(isAtMost(value, exactly(high)), `${shown} upper`).toBe(true);
      expect(high - low, shown).toBeLessThan(1e-7);
    }
  return question.unsettled.length;
}

/** x = Σ share · x of the target, with 1 at the goal, and what the graph settles settled. */
function exactValues(
  nodes: number,
  transitions: readonly Transition[],
  { verdicts }: ReachQuestion,
): Rational[] {
  // Rounded shares add up to 1 only nearly: what counts is each one's part of their sum.
  const total = (node: number): Rational =>
    transitions
      .filter(([from]) => from === node)
      .reduce((sum, [, , share]) => plus(sum, exactly(share)), ZERO);
  const rows = Array.from({ length: nodes }, (_, node) => {
    const row = Array.from({ length: nodes }, (_, i) => (i === node ? ONE : ZERO));
    if (verdicts[node] !== DEPENDS) return row;
    for (const [from, to, share] of transitions) {
      if (from === node) row[to] = minus(row[to] as Rational, divided(exactly(share), total(node)));
    }
    return row;
  });
  const right = Array.from({ length: nodes }, (_, node) =>
    verdicts[node] === SURELY ? ONE : ZERO,
  );
  return solved(rows, right);
}

describe('sound bounds', () => {
  it.each([3, 7, 10, 49, 97])('contain a share of 1 / %i', (parts) => {
    const ways: Transition[] = [
      [0, 1, 1],
      [0, 2, parts - 1],
    ];
    expect(expectOutwards(3, 1, ways)).toBe(1);
  });

  it('contain products of shares, down a chain', () => {
    const ways = Array.from({ length: 12 }, (_, i): Transition[] => [
      [i, i + 1, i + 2],
      [i, 13, 3],
    ]).flat();
    expect(expectOutwards(14, 12, ways)).toBe(12);
  });

  it('contain what goes round and round', () => {
    const rounds = Array.from({ length: 40 }, (_, seed): Transition[] => {
      let state = seed + 1;
      const dice = (sides: number): number => {
        state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
        return (state >>> 8) % sides;
      };
      return Array.from({ length: 4 }, (_, node): Transition[] => {
        const targets = new Set([dice(4), dice(6), 4 + dice(2)]);
        return [...targets].map((to) => [node, to, 1 + dice(9)]);
      }).flat();
    });
    const unsettled = rounds.map((ways) => expectOutwards(6, 4, ways));
    expect(unsettled.filter((count) => count > 1).length).toBeGreaterThan(20);
  });
});
